"""What the ops do with their arguments first: floats of one type, and a clear complaint."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]


def as_floats(**named: ArrayLike) -> list[Array]:
    """Each argument as a float array of their common type; lists and integers as float64.

    Raises
    ------
    ValueError
        An argument holds something other than real numbers; the message names it.

    Examples
    --------
    >>> [a.dtype.name for a in as_floats(x=[1, 2], bias=np.float32(3))]
    ['float64', 'float64']
    """
    arrays = {}
    for name, value in named.items():
        array = np.asarray(value)
        if array.dtype.kind not in "biuf":
            raise ValueError(f"{name} must hold real numbers. Received: dtype {array.dtype}")
        arrays[name] = array if array.dtype.kind == "f" else array.astype(np.float64)
    dtype = np.result_type(*arrays.values())
    return [array.astype(dtype, copy=False) for array in arrays.values()]


def require(condition: bool, name: str, rule: str, received: Any) -> None:
    """Raise `ValueError` that names the argument, unless the condition holds.

    Parameters
    ----------
    condition : bool
    name, rule : str
        The argument, and what is demanded of it: "must be positive".
    received
        What came instead.

    Raises
    ------
    ValueError
        The condition does not hold.
    """
    if not condition:
        raise ValueError(f"{name} {rule}. Received: {received}")
