"""Expected against received: do they agree, and if not, where is the first difference."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cnnlab.autograder.judging.tolerance import (
    EXACT,
    Rounding,
    as_numbers,
    is_number,
    is_whole,
    tolerance,
)
from cnnlab.autograder.judging.wording import at, entry_text, kind_of, member, show, show_apart


@dataclass(frozen=True)
class Difference:
    """Where two results part.

    ``where`` is the place inside a tuple or dict (``"[1]"``), ``index`` the first cell of an
    array that differs; ``expected`` and ``received`` are the two leaves, for a picture.
    ``entry`` is a sentence on the first entry of a list that differs, where ``text`` has only a
    part of it.
    """

    kind: str
    text: str
    where: str = ""
    index: tuple[int, ...] | None = None
    expected: Any = None
    received: Any = None
    entry: str = ""


@dataclass(frozen=True)
class Undescribed:
    """A result that is too strange to be described. It equals nothing that is right.

    It can equal what a mistake gives, where that is as strange.
    """

    value: Any


LOST = 100
"""An error of so many tolerances at most is one of precision, not of the formula."""


def agrees(expected: Any, received: Any, rounding: Rounding = EXACT) -> bool:
    """Whether `value_difference` finds nothing; quicker, because nothing is put into words.

    Parameters
    ----------
    expected, received : tree of arrays, numbers, strings, tuples, lists and dicts
    rounding : Rounding
        See `cnnlab.autograder.judging.tolerance.tolerance`.

    Examples
    --------
    >>> agrees(np.ones(2), np.ones(2)), agrees(np.ones(2), np.ones(3))
    (True, False)
    """
    arrays = isinstance(expected, np.ndarray) and isinstance(received, np.ndarray)
    if not arrays or not expected.ndim or {expected.dtype.kind, received.dtype.kind} - set("biuf"):
        return value_difference(expected, received, rounding) is None
    if expected.shape != received.shape:
        return False
    if (received == expected).all():
        return True
    with np.errstate(all="ignore"):
        off = np.abs(np.subtract(received, expected, dtype=np.float64))
    wrong = ~(off <= tolerance(expected, rounding))
    return not wrong.any() or not np.any(wrong & ~_same_cells(expected, received))


def _same_cells(expected: Any, received: Any) -> Any:
    """Where both hold the same, nan and inf too.

    Keras gives no such numbers, but a mistake that overflows is known by them.
    """
    return (received == expected) | (np.isnan(received) & np.isnan(expected))


def value_difference(
    expected: Any, received: Any, rounding: Rounding = EXACT, where: str = ""
) -> Difference | None:
    """The first difference in value; dtype and list-for-array do not count here.

    Parameters
    ----------
    expected, received : tree of arrays, numbers, strings, tuples, lists and dicts
    rounding : Rounding
        See `tolerance`.
    """
    if isinstance(received, Undescribed):
        if isinstance(expected, Undescribed):
            return value_difference(expected.value, received.value, rounding, where)
        return value_difference(expected, received.value, rounding, where) or _strange(received)
    if isinstance(expected, np.ndarray) and expected.ndim:
        return _array_difference(expected, received, rounding, where)
    if is_number(expected):
        return _number_difference(expected, received, rounding, where)
    if isinstance(expected, dict):
        return _dict_difference(expected, received, rounding, where)
    if isinstance(expected, tuple | list):
        return _sequence_difference(expected, received, rounding, where)
    if type(expected) is type(received) and expected == received:
        return None
    if isinstance(expected, bool) and isinstance(received, np.bool_) and expected == received:
        return None
    return _differ("values", expected, received, where)


def dtype_difference(expected: Any, received: Any, where: str = "") -> Difference | None:
    """The first difference in dtype, or a float for a whole number; shapes agree already.

    Parameters
    ----------
    expected, received : tree of arrays, numbers, strings, tuples, lists and dicts
    where : str
        Their place in a larger tree.
    """
    if isinstance(expected, np.ndarray) and expected.ndim:
        if not isinstance(received, np.ndarray) or expected.dtype == received.dtype:
            return None
        said = f"{at(where)}expected dtype {expected.dtype}, received {received.dtype}"
        return Difference("dtype", said, where, None, expected, received)
    if isinstance(expected, int | np.integer) and not isinstance(expected, bool):
        if not is_number(received) or is_whole(received):
            return None
        said = f"{at(where)}expected a whole number (int), received {kind_of(received)}"
        return Difference("dtype", said, where, None, expected, received)
    if isinstance(expected, dict) and isinstance(received, dict):
        return _dict_difference(expected, received, EXACT, where, dtype_difference)
    if isinstance(expected, tuple | list):
        return _sequence_difference(expected, received, EXACT, where, dtype_difference)
    return None


def shape_difference(expected: Any, received: Any, where: str = "") -> Difference | None:
    """The first difference in type or shape; values and dtypes do not count here.

    Parameters
    ----------
    expected, received : tree of arrays, numbers, strings, tuples, lists and dicts
    where : str
        Their place in a larger tree.
    """
    if isinstance(received, Undescribed):
        return shape_difference(expected, received.value, where) or _strange(received)
    if isinstance(expected, np.ndarray) and expected.ndim:
        if not isinstance(received, np.ndarray):
            said = f"{at(where)}expected a NumPy array, received {kind_of(received)}"
            return Difference("type", said, where, None, expected, received)
        if expected.shape != received.shape:
            return _shapes(expected, received, where)
        return None
    if is_number(expected):
        if is_number(received):
            return None
        said = f"{at(where)}expected a number, received {kind_of(received)}"
        return Difference("type", said, where, None, expected, received)
    if isinstance(expected, dict):
        return _dict_difference(expected, received, EXACT, where, shape_difference)
    if isinstance(expected, tuple | list):
        return _sequence_difference(expected, received, EXACT, where, shape_difference)
    if type(expected) is type(received):
        return None
    said = f"{at(where)}expected {kind_of(expected)}, received {kind_of(received)}"
    return Difference("type", said, where, None, expected, received)


def _array_difference(
    expected: np.ndarray, received: Any, rounding: Rounding, where: str
) -> Difference | None:
    array = as_numbers(received)
    if expected.dtype.kind == "c" and isinstance(received, np.ndarray):
        array = received if received.dtype.kind == "c" else None  # a mistake's own prediction
    if array is None:
        said = f"{at(where)}expected {show(expected)}, received {kind_of(received)}"
        return Difference("type", said, where, None, expected, received)
    if array.shape != expected.shape:
        return _shapes(expected, array, where)
    if (array == expected).all():
        return None
    with np.errstate(all="ignore"):
        off = np.abs(array.astype(np.result_type(array, np.float64)) - expected)
        wrong = ~(off <= tolerance(expected, rounding))
    wrong &= ~_same_cells(expected, array)
    count = int(np.count_nonzero(wrong))
    if not count:
        return None
    index = tuple(int(i) for i in np.unravel_index(int(np.argmax(wrong)), wrong.shape))
    wanted, came = show_apart(expected[index], array[index])
    place = f"differs, at {list(index)}" if count == 1 else f"differ. The first is at {list(index)}"
    many = f"{count} of {wrong.size} numbers {place}: " if wrong.size > 1 else ""
    said = f"{at(where)}{many}expected {wanted}, received {came}"
    if array.dtype == np.float16 and expected.dtype != np.float16:
        said += " (float16 keeps three digits only)"
    elif np.all(np.isfinite(array)) and np.max(off) < LOST * tolerance(expected, rounding):
        said += " (close, but precision was lost on the way)"
    return Difference("values", said, where, index, expected, array)


def _number_difference(
    expected: Any, received: Any, rounding: Rounding, where: str
) -> Difference | None:
    if not is_number(received):
        described = isinstance(received, str) and "“" in where  # a description's own words
        came = received if described else kind_of(received)
        said = f"{at(where)}expected {show(expected)}, received {came}"
        return Difference("type", said, where, None, expected, received)
    try:
        one, other = np.float64(expected), np.float64(received)
        off, same = abs(float(other) - float(one)), bool(_same_cells(one, other))
    except OverflowError:
        off, same = float("inf"), False
    if same or off <= tolerance(np.asarray(expected), rounding):
        return None
    return _differ("values", expected, received, where)


def _sequence_difference(
    expected: Any, received: Any, rounding: Rounding, where: str, compare: Any = None
) -> Difference | None:
    length = received.size if isinstance(received, np.ndarray) else 0
    if isinstance(received, np.ndarray) and received.ndim == 1:
        # (3, 4) and array([3, 4]) say the same; more than one entry too many says no more
        received = received[: len(expected) + 1].tolist()
    if not isinstance(received, tuple | list):
        said = f"{at(where)}expected a tuple of {len(expected)}, received {kind_of(received)}"
        return Difference("type", said, where, None, expected, received)
    if len(received) != len(expected):
        said = f"{at(where)}expected {len(expected)} entries, received {length or len(received)}"
        entry = _first_entry(expected, received, rounding, where)
        return Difference("shape", said, where, None, expected, received, entry)
    for i, (one, other) in enumerate(zip(expected, received, strict=True)):
        place = f"{where}[{i}]"
        found = (
            compare(one, other, place) if compare else value_difference(one, other, rounding, place)
        )
        if found and not found.entry and isinstance(one, tuple | list):
            found = replace(found, entry=entry_text(place, one, other))
        if found:
            return found
    return None


def _first_entry(expected: Any, received: Any, rounding: Rounding, where: str) -> str:
    """A sentence on the first entry that differs between sequences of different lengths."""
    short = min(len(expected), len(received))
    differs = (i for i in range(short) if not agrees(expected[i], received[i], rounding))
    i = next(differs, short)
    return entry_text(
        f"{where}[{i}]", *(s[i] if i < len(s) else None for s in (expected, received))
    )


def _dict_difference(
    expected: dict[str, Any], received: Any, rounding: Rounding, where: str, compare: Any = None
) -> Difference | None:
    if not isinstance(received, dict):
        said = f"{at(where)}expected a dict, received {kind_of(received)}"
        return Difference("type", said, where, None, expected, received)
    for name in list(expected) + [n for n in received if n not in expected]:
        if name not in received or name not in expected:
            said = f"{at(where)}{name!r} is {'missing' if name in expected else 'not expected'}"
            return Difference("values", said, where, None, expected, received)
        if isinstance(expected[name], bool) and isinstance(received[name], bool | np.bool_):
            if expected[name] != received[name]:
                said = f"{at(where)}“{name}” should be {'true' if expected[name] else 'false'}"
                return Difference("values", said, where, None, expected, received)
            continue
        place = member(where, name)
        found = (
            compare(expected[name], received[name], place)
            if compare
            else value_difference(expected[name], received[name], rounding, place)
        )
        if found:
            return found
    return None


def _shapes(expected: np.ndarray, received: np.ndarray, where: str) -> Difference:
    said = f"{at(where)}expected shape {expected.shape}, received {received.shape}"
    return Difference("shape", said, where, None, expected, received)


def _differ(kind: str, expected: Any, received: Any, where: str) -> Difference:
    wanted, came = show_apart(expected, received)
    said = f"{at(where)}expected {wanted}, received {came}"
    return Difference(kind, said, where, None, expected, received)


def _strange(received: Undescribed) -> Difference:
    said = f"this is not what the exercise asks for: {kind_of(received.value)}"
    return Difference("type", said, received=received.value)
