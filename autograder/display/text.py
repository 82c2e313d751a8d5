"""A result as text, for terminals."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from cnnlab.autograder.display.exhibits import Exhibit, outputs
from cnnlab.autograder.display.influence import in_words, legend, pictures
from cnnlab.autograder.display.message import (
    MARKS,
    NOTHING_YET,
    case_of,
    finding_of,
    headline,
    invitation_of,
    rung_state,
    sentences,
    state_of,
    total_of,
)
from cnnlab.autograder.display.picture import PRINTED, Plane, number
from cnnlab.autograder.display.step import Step
from cnnlab.autograder.judging.answerkey import Finding
from cnnlab.autograder.judging.exercise import RUNGS
from cnnlab.autograder.judging.fallback import attempt
from cnnlab.autograder.judging.results import ExerciseResult, RungResult

WIDTH = 88
"""Characters in a line of prose, where the reader's window is not known."""


def to_text(
    result: ExerciseResult,
    *,
    live: bool = True,
    printed: str = "",
    notes: Sequence[str] = (),
    step: Step | None = None,
    width: int = WIDTH,
) -> str:
    """A result for a terminal.

    Parameters
    ----------
    result : ExerciseResult
    live : bool
        Whether the reader can call ``hint``; otherwise the hint itself is given.
    printed : str
        What the function printed during the call that is shown.
    notes : sequence of str
        Sentences about the check itself, such as "This is an older version."
    step : Step, optional
        What comes next.
    width : int
        Characters in a line of prose. Calls and numbers keep their lines.

    Examples
    --------
    >>> rungs = [RungResult("runs", True, 0.0), RungResult("by-hand", True, 2.0)]
    >>> print(to_text(ExerciseResult("relu", "passed", 2.0, 2.0, rungs=rungs)))
    relu: 2 / 2 points, passed
      ✓ runs
      ✓ a case you can check by hand (2 of 2 points)
    """
    fill = partial(_fill, width=width)
    ladder = [_rung_text(rung, result.status) for rung in result.rungs]
    parts = ["\n".join([headline(result), *ladder])]
    said, where = sentences(result)
    parts += [fill(text) for text in said]
    parts += [fill(f"Beyond the exercise: {text}") for text in result.remarks]
    finding = finding_of(result)
    if not finding:
        parts.append(fill(where))
    else:
        heading, sentence = case_of(finding, where)
        parts.append("\n".join(filter(None, [heading, f"  {finding.call()}", fill(sentence)])))
        expected, received = outputs(finding)
        parts += [_exhibit_text(exhibit) for exhibit in (*expected, *received)]
        parts += attempt(_influence_text, finding, fill, plainer=[])
    if printed:
        parts.append(f"Your function printed:\n{printed.rstrip()}")
    parts += [fill(f"Note: {each}") for each in notes]
    parts += [fill(invitation_of(result, live)), fill(str(step)) if step else ""]
    return "\n\n".join(part for part in parts if part)


def overview_text(results: Sequence[ExerciseResult]) -> str:
    """Several results, one line each, for a terminal."""
    if not results:
        return NOTHING_YET
    lines = [f"  {MARKS[state_of(result)]} {headline(result)}" for result in results]
    more = [f"check({result.name}) says more." for result in results if not result.passed]
    return "\n".join([*lines, total_of(results), *more[:1]])


def _fill(text: str, width: int) -> str:
    lines = text.splitlines()
    return "\n".join(textwrap.fill(line, width, break_long_words=False) for line in lines)


def _rung_text(rung: RungResult, status: str) -> str:
    points = f" ({rung.earned:g} of {rung.points:g} points)" if rung.points else ""
    return f"  {MARKS[rung_state(rung, status)]} {RUNGS.get(rung.id, rung.id)}{points}"


def _exhibit_text(exhibit: Exhibit) -> str:
    """The planes that are small enough to be read as numbers."""
    lines = []
    for plane in exhibit.planes:
        if max(plane.values.shape) > PRINTED:
            return ""
        where = f" ({plane.caption})" if plane.caption else ""
        lines.append(f"{exhibit.title}{where}:")
        lines += _rows(plane, exhibit.significant)
    return "\n".join(lines)


def _influence_text(finding: Finding, fill: Callable[[str], str]) -> list[str]:
    """What the function uses, in words and as numbers."""
    if not finding.influence:
        return []
    drawn = [_exhibit_text(exhibit) for exhibit in pictures(finding.influence)]
    meaning = fill(legend(finding.influence)) if any(drawn) else ""
    return [fill(in_words(finding.influence)), *drawn, meaning]


def _rows(plane: Plane, significant: int) -> Iterable[str]:
    """The numbers of a plane, right-aligned, the marked one in brackets."""
    texts = [
        [
            f"[{text}]" if (i, j) == plane.mark else f" {text} "
            for j, text in enumerate(number(value, significant) for value in row)
        ]
        for i, row in enumerate(plane.values)
    ]
    width = max(len(text) for row in texts for text in row)
    return (f"  {' '.join(text.rjust(width) for text in row)}".rstrip() for row in texts)
