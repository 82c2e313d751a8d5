"""Values and places in a learner's words, for the sentences on a difference."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnnlab.autograder.judging.tolerance import is_number


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


def kind_of(value: Any) -> str:
    """What a value is: ``"a dict"``, ``"an array of shape (3,) and dtype int64"``."""
    if value is None:
        return "None (is the return missing?)"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and dtype {value.dtype}"
    if isinstance(value, str) and len(value) <= 40:
        return f"the text {value!r}"
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def member(where: str, name: Any) -> str:
    """Where an entry of a dict is: ``"['maps']"``, or in words, where its name is a phrase."""
    return f"{where}[{name!r}]" if " " not in str(name) else f"{where} “{name}”".lstrip()


def at(where: str) -> str:
    """How a sentence on a place inside a result begins: ``"at [1]: "``, or empty for all of it."""
    if not where:
        return ""
    return f"{where}: " if where.startswith("“") else f"at {where}: "


def entry_text(place: str, expected: Any, received: Any) -> str:
    """``"Entry [2]: expected (7, 3), received (7, 5)."``; None is no entry at all."""
    wanted, came = (_flat(entry) for entry in (expected, received))
    return f"Entry {place}: expected {wanted}, received {came}."


def _flat(entry: Any) -> str:
    """An entry of a list, its own entries one by one where they are few."""
    if isinstance(entry, tuple | list) and len(entry) <= 8:
        return f"({', '.join(map(show, entry))}{',' * (len(entry) == 1)})"
    return "nothing" if entry is None else show(entry)
