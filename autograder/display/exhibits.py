"""What is worth showing of a failing call: its inputs, what was expected, what came."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnnlab.autograder.display.picture import Focus, Plane, axes, digits, focus, planes, scale
from cnnlab.autograder.judging.answerkey import Finding
from cnnlab.autograder.judging.tolerance import is_number

READABLE = 40
"""Input cells at most that are shown where numbers are not the matter."""


@dataclass(frozen=True)
class Exhibit:
    """One array, as planes that share their colours.

    Parameters
    ----------
    title : str
        ``"kernel"``, ``"expected"``.
    shape : str
        ``"2×3"``, of the whole array.
    planes : list of Plane
    limit : float
        The size of number at which the colours end.
    significant : int
        Digits of a printed number.
    hollow : bool
        Whether a cell of 0 stays without a colour.
    """

    title: str
    shape: str
    planes: list[Plane]
    limit: float
    significant: int = 3
    hollow: bool = False


def inputs(finding: Finding) -> list[Exhibit]:
    """The arrays that the function was called with, cut where the difference is."""
    kind = finding.difference.kind
    if kind not in ("values", "shape") and (kind != "error" or finding.size > READABLE):
        return []
    at = Focus(_focus(finding).fixed)
    exhibits = []
    for name, value in finding.arguments():
        array = as_array(value)
        if array is not None and array.ndim:
            cuts = planes(array, axes(name, array.ndim), at, marked=False)
            exhibits.append(Exhibit(name, _shape(array), cuts, scale(array)))
    return exhibits


def outputs(finding: Finding) -> tuple[list[Exhibit], list[Exhibit]]:
    """What was expected and what came, in one scale; nothing where numbers are not the matter."""
    difference = finding.difference
    if difference.kind not in ("values", "shape"):
        return [], []
    expected, received = as_array(difference.expected), as_array(difference.received)
    if expected is None or received is None:
        return [], []
    pair = expected, received
    at, significant = _focus(finding), 3
    if difference.kind == "values":
        index = difference.index or ()
        significant = digits(pair[0][index], pair[1][index])
    limit = scale(*pair)
    shown = [
        Exhibit(
            f"{title} {difference.where}".rstrip()
            if "“" in difference.where
            else f"{title}{difference.where}",
            _shape(array),
            planes(array, _output_axes(finding, array.ndim), at, marked=at.cell is not None),
            limit,
            significant,
        )
        for title, array in zip(("expected", "received"), pair, strict=True)
    ]
    return shown[:1], shown[1:]


def call(finding: Finding, shown: list[Exhibit]) -> str:
    """The call, with the names alone of arrays that are drawn beside it: ``"relu(z)"``."""
    names = {exhibit.title for exhibit in shown}
    if not names:
        return finding.call()
    given = (name if name in names else f"{name} = {v!r}" for name, v in finding.arguments())
    return f"{finding.exercise.name}({', '.join(given)})"


def checklist(finding: Finding) -> list[tuple[str, bool]]:
    """What a result should be like and whether it is, for exercises judged by properties."""
    expected, received = finding.difference.expected, finding.difference.received
    if not isinstance(expected, dict) or not isinstance(received, dict):
        return []
    if not all(isinstance(value, bool) for value in expected.values()):
        return []
    return [(name, received.get(name) == value) for name, value in expected.items()]


def as_array(value: Any) -> np.ndarray | None:
    """An array, a number or a nested list as an array of real numbers; None for anything else."""
    if not isinstance(value, np.ndarray | list) and not is_number(value):
        return None
    try:
        array = np.asarray(value)
    except ValueError:  # rows of different lengths
        return None
    return array if array.dtype.kind in "biuf" else None


def _output_axes(finding: Finding, ndim: int) -> tuple[str, ...]:
    """A layer with kernels makes one map per filter; any other keeps the channels it got."""
    names = inspect.signature(finding.exercise.numpy_op).parameters
    return axes("", ndim, "filter" if any("kernel" in name for name in names) else "channel")


def _focus(finding: Finding) -> Focus:
    index = finding.difference.index
    return focus(_output_axes(finding, len(index)), index) if index is not None else Focus()


def _shape(array: np.ndarray) -> str:
    return "×".join(map(str, array.shape))
