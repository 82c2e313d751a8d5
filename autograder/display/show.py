"""Objects that show themselves: as a card in a notebook, as text in a terminal.

nbgrader reads the score of a cell that it executes from the ``text/plain`` of its result, and
takes every text that is no number for full marks. So in every kernel the plain text of a `Check`
is its score, and the card is the HTML beside it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from cnnlab.autograder.display.card import note, overview_html, to_html
from cnnlab.autograder.display.step import Step
from cnnlab.autograder.display.text import overview_text, to_text
from cnnlab.autograder.judging.results import ExerciseResult


def shell() -> Any:
    """The running IPython shell, or None."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython else None


def in_notebook() -> bool:
    """Whether this is a kernel, whose front end shows HTML."""
    return getattr(shell(), "kernel", None) is not None


def show(thing: Any) -> None:
    """Show something now, wherever in a cell we are."""
    if in_notebook():
        from IPython.display import display

        display(thing)
    else:
        print(thing)


class _Graded:
    """Something with a score, which is also its plain text in a kernel."""

    score: float
    max_score: float

    @property
    def passed(self) -> bool:
        return self.score >= self.max_score

    def __bool__(self) -> bool:
        return self.passed

    def __float__(self) -> float:
        return float(self.score)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": str(float(self.score))} if in_notebook() else {}


@dataclass(frozen=True, repr=False)
class Check(_Graded):
    """What `check` found in one function.

    Parameters
    ----------
    result : ExerciseResult
    printed : str
        What the function printed during the call that is shown.
    notes : tuple of str
        What else to know: that grading leaves a line out, or that this is an older version.
    step : Step or None
        What comes next, where it passes.
    """

    result: ExerciseResult
    printed: str = ""
    notes: tuple[str, ...] = ()
    step: Step | None = None

    @property
    def score(self) -> float:  # type: ignore[override]
        return self.result.score

    @property
    def max_score(self) -> float:  # type: ignore[override]
        return self.result.max_score

    def __repr__(self) -> str:
        return to_text(self.result, printed=self.printed, notes=self.notes, step=self.step)

    def _repr_html_(self) -> str:
        return to_html(self.result, printed=self.printed, notes=self.notes, step=self.step)


@dataclass(frozen=True, repr=False)
class Overview(_Graded):
    """What `check` found in every function of the notebook."""

    checks: Sequence[Check]

    @property
    def score(self) -> float:  # type: ignore[override]
        return sum(check.score for check in self.checks)

    @property
    def max_score(self) -> float:  # type: ignore[override]
        return sum(check.max_score for check in self.checks)

    def __repr__(self) -> str:
        return overview_text([check.result for check in self.checks])

    def _repr_html_(self) -> str:
        return overview_html([check.result for check in self.checks])


@dataclass(frozen=True, repr=False)
class Ungraded(_Graded):
    """What `check` gives where nbgrader executes a notebook to grade it: no points, and why."""

    score: float = 0.0
    max_score: float = 1.0
    text: str = (
        "No judge is at work here, so this check gives no points: in a kernel, a learner's cell "
        "could change what a check says. CNN Lab's judge grades where the package is installed "
        "beside nbgrader and Autograde.exporter_class is "
        "cnnlab.autograder.nbgrader_bridge.GradingExporter."
    )

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return note("Not graded", self.text)


@dataclass(frozen=True, repr=False)
class Note:
    """A few sentences; paragraphs are parted by an empty line."""

    title: str
    text: str

    def __repr__(self) -> str:
        return f"{self.title}\n{self.text}" if self.title else self.text

    def _repr_html_(self) -> str:
        return note(self.title, self.text)


@dataclass(frozen=True, repr=False)
class Source:
    """Python source, coloured by the notebook's own theme."""

    name: str
    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_markdown_(self) -> str:
        longest = max(map(len, re.findall("`+", self.text)), default=0)
        fence = "`" * max(3, longest + 1)
        return f"One way to write `{escape(self.name)}`:\n\n{fence}python\n{self.text}\n{fence}\n"
