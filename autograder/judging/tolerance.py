"""What counts as a number, and how far a right one may be off."""

from __future__ import annotations

import numbers
from dataclasses import dataclass
from typing import Any

import numpy as np

FLOAT32 = float(np.finfo(np.float32).eps)
FLOAT64 = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Rounding:
    """What a right result may lose: a rounding for each of so many products that are summed.

    ``eps`` is the finest precision that is asked for; coarser results have a coarser one.
    """

    terms: int = 1
    eps: float = FLOAT32


EXACT = Rounding()
"""One product: what most exercises sum."""


def tolerance(expected: np.ndarray, rounding: Rounding) -> float:
    """How far a right answer may be off.

    Absolute, in units of the largest expected value (at least 1): every product and every
    addition rounds once, and eight more roundings are allowed for everything around the sum.
    They are float32's roundings, for float64, too: a constant of the field that is written as
    float32 is no mistake.

    Parameters
    ----------
    expected : ndarray, any shape
    rounding : Rounding

    Returns
    -------
    float
        In the units of ``expected``.

    Examples
    --------
    >>> tolerance(np.float32([1.0]), Rounding(terms=27)) < 5e-6
    True
    """
    kind = expected.dtype.kind
    eps = max(float(np.finfo(expected.dtype).eps) if kind in "fc" else 0.0, rounding.eps)
    finite = np.abs(expected[np.isfinite(expected)])
    scale = max(1.0, float(np.max(finite, initial=0)))
    return eps * (rounding.terms + 8) * scale


def is_number(value: Any) -> bool:
    """A plain or NumPy real number, or an array without axes that holds one."""
    if isinstance(value, np.ndarray):
        return value.ndim == 0 and value.dtype.kind in "iuf"
    return isinstance(value, numbers.Real) and not isinstance(value, bool | np.bool_)


def is_whole(value: Any) -> bool:
    """An int, a NumPy integer, or an array without axes that holds one."""
    return isinstance(value, int | np.integer) or (
        isinstance(value, np.ndarray) and value.dtype.kind in "iu"
    )


def as_numbers(value: Any) -> np.ndarray | None:
    """The value as an array of numbers, or None where it is not one."""
    if isinstance(value, list | tuple):
        if not _of_numbers(value):
            return None  # text would become as wide as the widest, in every cell
        try:
            value = np.array(value)
        except (ValueError, TypeError, OverflowError):
            return None
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        return value
    return np.asarray(value) if is_number(value) else None


def _of_numbers(value: list[Any] | tuple[Any, ...]) -> bool:
    """Whether there is nothing but numbers and arrays in a list and in its lists."""
    return all(
        _of_numbers(item)
        if isinstance(item, list | tuple)
        else isinstance(item, np.ndarray | np.generic | numbers.Number)
        for item in value
    )


def constant(value: Any) -> bool:
    """Whether one number, or the same number everywhere, is all there is."""
    if isinstance(value, np.ndarray) and value.ndim:
        return bool(value.size == 0 or (value == value.flat[0]).all())
    if isinstance(value, list | tuple):
        return all(map(constant, value))
    if isinstance(value, dict):
        return all(map(constant, value.values()))
    return is_number(value) and not isinstance(value, np.ndarray) and value == 0
