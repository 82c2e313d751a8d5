"""Expected against received: do they agree, and if not, where is the first difference."""

from __future__ import annotations

import numbers
from dataclasses import dataclass, replace
from typing import Any

import numpy as np


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


def show(value: Any) -> str:
    """A value in the learner's words, kept short."""
    if isinstance(value, np.ndarray) and value.ndim:
        return f"an array of shape {value.shape}"
    if isinstance(value, int) and abs(value) > 10**15:
        return "a huge number"
    if is_number(value):
        return f"{value.item() if hasattr(value, 'item') else value:.6g}"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def show_apart(expected: Any, received: Any) -> tuple[str, str]:
    """Two values, with as many digits as it takes to see that they differ.

    >>> show_apart(1.0, 1.00000002)
    ('1', '1.00000002')
    """
    texts = show(expected), show(received)
    if texts[0] == texts[1] and is_number(expected) and is_number(received):
        digits = (f"{float(expected):.{n}g} {float(received):.{n}g}".split() for n in range(7, 18))
        texts = next(((a, b) for a, b in digits if a != b), texts)
    return texts


LOST = 100
"""An error of so many tolerances at most is one of precision, not of the formula."""


def agrees(expected: Any, received: Any, rounding: Rounding = EXACT) -> bool:
    """Whether `value_difference` finds nothing; quicker, because nothing is put into words.

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


def _same_cells(expected: np.ndarray, received: np.ndarray) -> Any:
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


def constant(value: Any) -> bool:
    """Whether one number, or the same number everywhere, is all there is."""
    if isinstance(value, np.ndarray) and value.ndim:
        return bool(value.size == 0 or (value == value.flat[0]).all())
    if isinstance(value, list | tuple):
        return all(map(constant, value))
    if isinstance(value, dict):
        return all(map(constant, value.values()))
    return is_number(value) and not isinstance(value, np.ndarray) and value == 0


def dtype_difference(expected: Any, received: Any, where: str = "") -> Difference | None:
    """The first difference in dtype, or a float for a whole number; shapes agree already."""
    if isinstance(expected, np.ndarray) and expected.ndim:
        if not isinstance(received, np.ndarray) or expected.dtype == received.dtype:
            return None
        said = f"{_place(where)}expected dtype {expected.dtype}, received {received.dtype}"
        return Difference("dtype", said, where, None, expected, received)
    if isinstance(expected, int | np.integer) and not isinstance(expected, bool):
        if not is_number(received) or _is_whole(received):
            return None
        said = f"{_place(where)}expected a whole number (int), received {_kind(received)}"
        return Difference("dtype", said, where, None, expected, received)
    if isinstance(expected, dict) and isinstance(received, dict):
        return _dict_difference(expected, received, EXACT, where, dtype_difference)
    if isinstance(expected, tuple | list):
        return _sequence_difference(expected, received, EXACT, where, dtype_difference)
    return None


def shape_difference(expected: Any, received: Any, where: str = "") -> Difference | None:
    """The first difference in type or shape; values and dtypes do not count here."""
    if isinstance(received, Undescribed):
        return shape_difference(expected, received.value, where) or _strange(received)
    if isinstance(expected, np.ndarray) and expected.ndim:
        if not isinstance(received, np.ndarray):
            said = f"{_place(where)}expected a NumPy array, received {_kind(received)}"
            return Difference("type", said, where, None, expected, received)
        if expected.shape != received.shape:
            return _shapes(expected, received, where)
        return None
    if is_number(expected):
        if is_number(received):
            return None
        said = f"{_place(where)}expected a number, received {_kind(received)}"
        return Difference("type", said, where, None, expected, received)
    if isinstance(expected, dict):
        return _dict_difference(expected, received, EXACT, where, shape_difference)
    if isinstance(expected, tuple | list):
        return _sequence_difference(expected, received, EXACT, where, shape_difference)
    if type(expected) is type(received):
        return None
    said = f"{_place(where)}expected {_kind(expected)}, received {_kind(received)}"
    return Difference("type", said, where, None, expected, received)


def _array_difference(
    expected: np.ndarray, received: Any, rounding: Rounding, where: str
) -> Difference | None:
    array = as_numbers(received)
    if expected.dtype.kind == "c" and isinstance(received, np.ndarray):
        array = received if received.dtype.kind == "c" else None  # a mistake's own prediction
    if array is None:
        said = f"{_place(where)}expected {show(expected)}, received {_kind(received)}"
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
    said = (
        f"{_place(where)}{count} of {wrong.size} numbers differ. The first is at "
        f"{list(index)}: expected {wanted}, received {came}"
    )
    if array.dtype == np.float16 and expected.dtype != np.float16:
        said += " (float16 keeps three digits only)"
    elif np.all(np.isfinite(array)) and np.max(off) < LOST * tolerance(expected, rounding):
        said += " (close, but precision was lost on the way)"
    return Difference("values", said, where, index, expected, array)


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


def _number_difference(
    expected: Any, received: Any, rounding: Rounding, where: str
) -> Difference | None:
    if not is_number(received):
        described = isinstance(received, str) and "“" in where  # a description's own words
        came = received if described else _kind(received)
        said = f"{_place(where)}expected {show(expected)}, received {came}"
        return Difference("type", said, where, None, expected, received)
    try:
        off = abs(float(received) - float(expected))
    except OverflowError:
        off = float("inf")
    if off == 0 or off <= tolerance(np.asarray(expected), rounding):
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
        said = f"{_place(where)}expected a tuple of {len(expected)}, received {_kind(received)}"
        return Difference("type", said, where, None, expected, received)
    if len(received) != len(expected):
        said = (
            f"{_place(where)}expected {len(expected)} entries, received {length or len(received)}"
        )
        entry = _first_entry(expected, received, rounding, where)
        return Difference("shape", said, where, None, expected, received, entry)
    for i, (one, other) in enumerate(zip(expected, received, strict=True)):
        place = f"{where}[{i}]"
        found = (
            compare(one, other, place) if compare else value_difference(one, other, rounding, place)
        )
        if found and not found.entry and isinstance(one, tuple | list):
            found = replace(found, entry=_entry(place, one, other))
        if found:
            return found
    return None


def _first_entry(expected: Any, received: Any, rounding: Rounding, where: str) -> str:
    """A sentence on the first entry that differs between sequences of different lengths."""
    short = min(len(expected), len(received))
    differs = (i for i in range(short) if not agrees(expected[i], received[i], rounding))
    i = next(differs, short)
    return _entry(f"{where}[{i}]", *(s[i] if i < len(s) else None for s in (expected, received)))


def _entry(place: str, expected: Any, received: Any) -> str:
    """``"Entry [2]: expected (7, 3), received (7, 5)."``; None is no entry at all."""
    wanted, came = (_flat(entry) for entry in (expected, received))
    return f"Entry {place}: expected {wanted}, received {came}."


def _flat(entry: Any) -> str:
    """An entry of a list, its own entries one by one where they are few."""
    if isinstance(entry, tuple | list) and len(entry) <= 8:
        return f"({', '.join(map(show, entry))}{',' * (len(entry) == 1)})"
    return "nothing" if entry is None else show(entry)


def _dict_difference(
    expected: dict[str, Any], received: Any, rounding: Rounding, where: str, compare: Any = None
) -> Difference | None:
    if not isinstance(received, dict):
        said = f"{_place(where)}expected a dict, received {_kind(received)}"
        return Difference("type", said, where, None, expected, received)
    for name in list(expected) + [n for n in received if n not in expected]:
        if name not in received or name not in expected:
            said = f"{_place(where)}{name!r} is {'missing' if name in expected else 'not expected'}"
            return Difference("values", said, where, None, expected, received)
        if isinstance(expected[name], bool) and isinstance(received[name], bool | np.bool_):
            if expected[name] != received[name]:
                said = f"{_place(where)}“{name}” should be {'true' if expected[name] else 'false'}"
                return Difference("values", said, where, None, expected, received)
            continue
        place = _member(where, name)
        found = (
            compare(expected[name], received[name], place)
            if compare
            else value_difference(expected[name], received[name], rounding, place)
        )
        if found:
            return found
    return None


def _shapes(expected: np.ndarray, received: np.ndarray, where: str) -> Difference:
    said = f"{_place(where)}expected shape {expected.shape}, received {received.shape}"
    return Difference("shape", said, where, None, expected, received)


def _differ(kind: str, expected: Any, received: Any, where: str) -> Difference:
    wanted, came = show_apart(expected, received)
    said = f"{_place(where)}expected {wanted}, received {came}"
    return Difference(kind, said, where, None, expected, received)


def _strange(received: Undescribed) -> Difference:
    said = f"this is not what the exercise asks for: {_kind(received.value)}"
    return Difference("type", said, received=received.value)


def _member(where: str, name: Any) -> str:
    """Where an entry of a dict is: ``"['maps']"``, or in words, where its name is a phrase."""
    return f"{where}[{name!r}]" if " " not in str(name) else f"{where} “{name}”".lstrip()


def _place(where: str) -> str:
    if not where:
        return ""
    return f"{where}: " if where.startswith("“") else f"at {where}: "


def _is_whole(value: Any) -> bool:
    """An int, a NumPy integer, or an array without axes that holds one."""
    return isinstance(value, int | np.integer) or (
        isinstance(value, np.ndarray) and value.dtype.kind in "iu"
    )


def _kind(value: Any) -> str:
    if value is None:
        return "None (is the return missing?)"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and dtype {value.dtype}"
    if isinstance(value, str) and len(value) <= 40:
        return f"the text {value!r}"
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
