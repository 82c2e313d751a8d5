"""Parts of a split: read from what a learner returned, and compared whatever their order."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.int64]


def places_of(part: Any, count: int) -> Places:
    """One part as places in the labels.

    Raises
    ------
    ValueError
        It is something else.
    """
    places = np.asarray(part)
    if places.ndim != 1 or places.dtype.kind not in "iuf":
        raise ValueError("a part must be a row of numbers")
    whole = places.astype(np.int64)
    if np.any(whole != places) or np.any(whole < 0) or np.any(whole >= count):
        raise ValueError("a part must hold places in the labels")
    return whole


def same_parts(one: list[Places], other: list[Places]) -> bool:
    """Whether the same examples are in the same parts, in whatever order.

    Examples
    --------
    >>> same_parts([np.array([1, 0])], [np.array([0, 1])])
    True
    """
    return len(one) == len(other) and all(
        np.array_equal(np.sort(a), np.sort(b)) for a, b in zip(one, other, strict=True)
    )
