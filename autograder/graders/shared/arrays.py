"""Arrays as the references take them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def floats(value: Any) -> Array:
    """As Keras's layers take it: lists and integers as float64."""
    array = np.asarray(value)
    return array if array.dtype.kind == "f" else array.astype(np.float64)
