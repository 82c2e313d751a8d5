"""How far the records of several backends and devices are apart, in units of the tolerance.

``python -m cnnlab.autograder.quality.agreement --write CONTRIBUTING.md`` puts the tables between
their markers. Only files are read: neither Keras nor the machine that recorded is needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from cnnlab.autograder.judging.exercise import RUNGS, Probe, chapter_names
from cnnlab.autograder.judging.record import DEFAULT, lacking, recorded, references
from cnnlab.autograder.judging.tolerance import EXACT, Rounding, is_number, tolerance
from cnnlab.course.markers import between

Shares = dict[tuple[str, str], float]
"""Chapter and rung → the largest difference."""

START = "<!-- agreement: python -m cnnlab.autograder.quality.agreement -->"
"""The line above the tables in a text: how they are made."""
OWN = "others"
"""The column of the rungs that a chapter has for itself."""


def share(expected: Any, received: Any, rounding: Rounding = EXACT) -> float:
    """The largest difference between two results, in units of the tolerance.

    Parameters
    ----------
    expected, received : tree of arrays, numbers, strings, tuples, lists and dicts
    rounding : Rounding
        Products summed per cell, see `cnnlab.autograder.judging.tolerance.tolerance`.

    Returns
    -------
    float
        0 for equal results; inf where they differ in anything but numbers.

    Examples
    --------
    >>> share(np.float32([1, 2]), np.float32([1, 2]))
    0.0
    >>> share({"rows": 3}, {"rows": 3, "columns": 4})
    inf
    """
    if isinstance(expected, dict) and isinstance(received, dict):
        if expected.keys() != received.keys():
            return np.inf
        pairs = [(expected[name], received[name]) for name in expected]
    elif isinstance(expected, tuple | list) and isinstance(received, tuple | list):
        if len(expected) != len(received):
            return np.inf
        pairs = list(zip(expected, received, strict=True))
    elif _are_numbers(expected) and _are_numbers(received):
        return _numbers_share(np.asarray(expected), np.asarray(received), rounding)
    else:
        return 0.0 if type(expected) is type(received) and expected == received else np.inf
    return max((share(one, other, rounding) for one, other in pairs), default=0.0)


def _are_numbers(value: Any) -> bool:
    return is_number(value) or (isinstance(value, np.ndarray) and value.dtype.kind in "biuf")


def _numbers_share(expected: np.ndarray, received: np.ndarray, rounding: Rounding) -> float:
    if expected.shape != received.shape:
        return np.inf
    same = (expected == received) | (np.isnan(expected) & np.isnan(received))
    with np.errstate(invalid="ignore"):
        off = np.abs(np.subtract(received, expected, dtype=np.float64))
    return float(np.max(np.where(same, 0, off), initial=0)) / tolerance(expected, rounding)


def pairs(chapter: str, reference: str) -> Iterator[tuple[str, Probe, Any, Any]]:
    """Exercise, probe, the default record's answer, and this record's."""
    usual, others = recorded(chapter), recorded(chapter, reference, whole=False)
    for name, key in usual.items():
        if key.exercise.puzzle or name not in others:
            continue  # stated, or not recorded there
        for probe, one, other in zip(key.probes, key.expected, others[name].expected, strict=True):
            yield name, probe, one, other


def held(reference: str) -> list[str]:
    """The chapters that a record holds."""
    return [chapter for chapter in chapter_names() if reference in references(chapter)]


def largest(reference: str) -> Shares:
    """The largest difference from the default record, in every chapter of it and on every rung."""
    found: Shares = {}
    for chapter in held(reference):
        for _, probe, one, other in pairs(chapter, reference):
            at = chapter, probe.rung if probe.rung in RUNGS else OWN
            found[at] = max(found.get(at, 0.0), share(one, other, probe.rounding))
    return found


# Tables


def table(reference: str) -> str:
    """A record's differences as a Markdown table: chapters down, rungs across."""
    found = largest(reference)
    rungs = [rung for rung in (*RUNGS, OWN) if any(at[1] == rung for at in found)]
    rows = [
        [chapter, *(_cell(found.get((chapter, rung))) for rung in rungs)]
        for chapter in held(reference)
    ]
    lines = [[reference, *rungs], ["---", *["---:"] * len(rungs)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: float | None) -> str:
    """Nothing where there is no such rung; equal to the last bit is a plain 0."""
    if value is None:
        return ""
    return f"{value:.2g}" if value >= 0.001 else "0" if value == 0 else "< 0.001"


def missing(reference: str) -> str:
    """A sentence on the exercises that came after a record; nothing where it holds them all."""
    later = {chapter: lacking(chapter, reference) for chapter in held(reference)}
    named = [
        f"{', '.join(f'`{n}`' for n in names)} ({at[:4]})" for at, names in later.items() if names
    ]
    return f"Not in {reference}, which is older: {'; '.join(named)}." if named else ""


def tables() -> str:
    """Every record but the default one, and what it does not hold of the chapters in its table."""
    others = [name for name in references() if name != DEFAULT]
    return "\n\n".join(part for name in others for part in (table(name), missing(name)) if part)


def main(
    write: Annotated[
        Path | None, typer.Option(help="Put them between the markers of this file.")
    ] = None,
) -> None:
    """Print every record's differences from the default record as Markdown tables."""
    if write is None:
        print(tables())
    else:
        text = between(write.read_text(encoding="utf-8"), START, tables())
        write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
