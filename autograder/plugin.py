"""``pytest exercises``: a notebook's exercises as tests, one for every rung of their ladders.

Only notebooks that carry our metadata are collected. Everybody who has CNN Lab installed loads
this module with every run of pytest, so it imports neither NumPy nor the rest of the autograder
before such a notebook has been found.

Notebooks in nbgrader's ``submitted`` and ``autograded`` folders are left alone: the functions
run in a plain child process, which is for one's own work. ``cnnlab grade`` has a sandbox. So are
the versions that a reset has saved.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from _pytest._code.code import TerminalRepr  # what pytest prints of a failure; no public name

from cnnlab.autograder.others_work import is_own_work

if TYPE_CHECKING:
    from _pytest._io import TerminalWriter
    from _pytest.terminal import TerminalReporter

    from cnnlab.autograder.judging.exercise import Exercise
    from cnnlab.autograder.judging.results import ExerciseResult, SubmissionResult
    from cnnlab.autograder.submission import Submission
    from cnnlab.autograder.submission.own_work import OwnWork

_GRADERS = Path(__file__).parent / "graders"


# The hooks


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> Notebook | None:
    """A collector for a notebook of ours; nothing for any other file."""
    if file_path.suffix == ".ipynb" and _is_ours(file_path):
        return Notebook.from_parent(parent, path=file_path)
    return None


def pytest_collection_finish(session: pytest.Session) -> None:
    """Remember which notebooks have a test in this run."""
    if not session.config.option.collectonly:
        notebooks = (item.notebook for item in session.items if isinstance(item, Rung))
        session.config.stash[_notebooks] = list(dict.fromkeys(notebooks))


def pytest_report_teststatus(
    report: pytest.TestReport | pytest.CollectReport,
) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
    """Count a rung apart whose exercise has been explained: it fails, and says nothing again."""
    if report.failed and _TOLD in getattr(report, "user_properties", ()):
        return "likewise", "F", ("FAILED", {"red": True})
    return None


def pytest_terminal_summary(terminalreporter: TerminalReporter, config: pytest.Config) -> None:
    """The points of every exercise, for each notebook that was graded."""
    boards = [notebook.board() for notebook in config.stash.get(_notebooks, [])]
    if any(boards):
        terminalreporter.section("CNN Lab")
    for line in [line for board in boards for line in board]:
        terminalreporter.write_line(line)


# Notebook, exercise, rung


class Notebook(pytest.File):
    """A chapter's or an assignment's notebook. It is graded once, when its first test runs."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.shown: set[str] = set()
        """What has been printed in full: exercises by name, failures of ours by message."""

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        if self.work.problem:
            yield Unreadable.from_parent(self, name="notebook")
            return
        for warning in dict.fromkeys(w for part in self.work.parts for w in part.warnings):
            self.warn(pytest.PytestWarning(warning))
        for name in self.work.places:
            yield ExerciseLadder.from_parent(self, name=name)

    @cached_property
    def work(self) -> OwnWork:
        """What is in the file; nothing is executed."""
        from cnnlab.autograder.submission.own_work import read_own

        return read_own(self.path)

    @cached_property
    def result(self) -> SubmissionResult:
        """The grades, by the recorded answers; learner code runs in a child process."""
        from cnnlab.autograder.grading_process import Grader

        with Grader(sandbox=False) as grader:
            return self.work.whole([grader.grade(part, None) for part in self.work.parts])

    def place(self, name: str) -> tuple[Submission, Exercise]:
        """The part of the notebook that an exercise belongs to, and what it asks for."""
        return self.work.places[name]

    def is_stub(self, name: str) -> bool:
        """Whether an exercise is untouched, as can be seen without running anything."""
        return self.place(name)[0].exercises[name].status == "stub"

    def why_skipped(self, name: str) -> str | None:
        """Why an exercise cannot be tested, as far as can be seen without running anything."""
        from cnnlab.course.light import keras_missing

        if self.is_stub(name):
            return f"{name} is not written yet"
        return keras_missing() if self.place(name)[0].asks().keras else None

    def board(self) -> list[str]:
        """A line for each exercise; none where other tests were selected and nothing ran."""
        from cnnlab.autograder.display.message import headline
        from cnnlab.autograder.judging.judge import not_attempted
        from cnnlab.autograder.standing import is_untouched

        if "result" in vars(self):
            results = self.result.exercises
        elif self.work.places and all(is_untouched(part) for part in self.work.parts):
            results = [not_attempted(exercise) for _, exercise in self.work.places.values()]
        else:
            return []
        score = sum(result.score for result in results)
        most = sum(exercise.max_score for _, exercise in self.work.places.values())
        total = f"{self.work.name}: {score:g} / {most:g} points"
        return [total, *(f"  {headline(result)}" for result in results)]


_notebooks = pytest.StashKey[list[Notebook]]()
_TOLD = ("cnnlab", "explained with the exercise's first failure")
"""A property of reports, because these travel where tests run in several processes."""


class ExerciseLadder(pytest.Collector):
    """One exercise; its tests are the rungs."""

    parent: Notebook

    def collect(self) -> Iterable[pytest.Item]:
        why = self.parent.why_skipped(self.name)
        for rung in {"runs": 0.0, **self.parent.place(self.name)[1].points, "robust": 0.0}:
            item = Rung.from_parent(self, name=rung)
            if why:
                item.add_marker(pytest.mark.skip(reason=why))
            yield item


class Rung(pytest.Item):
    """One rung of an exercise's ladder."""

    parent: ExerciseLadder

    @property
    def notebook(self) -> Notebook:
        return self.parent.parent

    def runtest(self) -> None:
        from cnnlab.autograder.judging.judge import counts

        exercise = self.notebook.place(self.parent.name)[1]
        result = next(r for r in self.notebook.result.exercises if r.name == exercise.name)
        if result.status == "not_attempted":  # its stub is called, but after code of their own
            pytest.skip(f"{exercise.name} is not written yet")
        rung = next((rung for rung in result.rungs if rung.id == self.name), None)
        if not counts(exercise, self.name) and result.status != "internal_error":
            if rung is None or not rung.passed:  # advice, which costs nothing
                pytest.skip(rung.message if rung else f"{exercise.name} has nothing beyond it")
        elif (
            rung is None
            or not rung.passed
            or (self.name == "runs" and _only_changes(exercise, result))
        ):
            raise NotThereYet(result, rung.message if rung else "")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The full result for an exercise's first failure; it has a line for every rung.

        The rungs that follow have a sentence, for machines; the terminal shows none of them.
        """
        if not isinstance(excinfo.value, NotThereYet):
            return super().repr_failure(excinfo, style)
        from cnnlab.autograder.display.message import headline
        from cnnlab.autograder.display.text import to_text

        result = excinfo.value.result
        what = result.message if result.status == "internal_error" else result.name
        if what in self.notebook.shown:
            self.user_properties.append(_TOLD)
            sentence = excinfo.value.sentence or headline(result)
            return Said(sentence, sentence)
        self.notebook.shown.add(what)
        return Said(to_text(result, live=False), result.message.partition("\n")[0])

    def reportinfo(self) -> tuple[Path, int, str]:
        from cnnlab.autograder.judging.exercise import RUNGS

        return self.path, 0, f"{self.parent.name}: {RUNGS.get(self.name, self.name)}"


def _only_changes(exercise: Exercise, result: ExerciseResult) -> bool:
    """Whether every rung was reached, by a function that changes its caller's arrays."""
    from cnnlab.autograder.judging.judge import counts

    reached = all(rung.passed for rung in result.rungs if counts(exercise, rung.id))
    return result.status == "failed" and reached


class Unreadable(pytest.Item):
    """A notebook that cannot be read: one test, which fails with the reason."""

    parent: Notebook

    def runtest(self) -> None:
        raise ValueError(self.parent.work.problem)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        return Said(str(excinfo.value), str(excinfo.value))

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, 0, self.path.name


# What a failure says


class NotThereYet(Exception):
    """A rung was not reached.

    Parameters
    ----------
    result : ExerciseResult
        Of the whole exercise.
    sentence : str
        What was said of this rung, or ``""``.
    """

    def __init__(self, result: ExerciseResult, sentence: str) -> None:
        super().__init__(sentence)
        self.result = result
        self.sentence = sentence


@dataclass(frozen=True)
class _Crash:
    """What pytest's short summary reads."""

    message: str


class Said(TerminalRepr):
    """A message in place of a traceback, in colour where pytest uses colour."""

    def __init__(self, text: str, summary: str) -> None:
        self.text = text
        self.reprcrash = _Crash(summary)

    def toterminal(self, tw: TerminalWriter) -> None:
        from cnnlab.autograder.display import marks

        told = list(marks.lines(self.text))
        for number, (line, words) in enumerate(zip(self.text.splitlines(), told, strict=False)):
            first = next(iter(line.split()), "")
            colour = {"green": first == "✓", "red": first == "✗", "cyan": first == "Hint:"}
            head = number == 0 < len(told) - 1
            # Without colours backticks stay: nothing else would set code apart.
            for part, code in words if tw.hasmarkup else [(line, False)]:
                tw.write(part, bold=head or code, **colour)
            tw.line()


# Which files are ours


def _is_ours(path: Path) -> bool:
    """Whether a notebook is a chapter of ours or an assignment, or would be if it could be read."""
    if not is_own_work(path):
        return False
    try:
        data = path.read_bytes()
    except OSError:
        return False
    marked = b'"cnnlab"' in data
    if not marked and not (_GRADERS / path.stem).is_dir():
        return False
    try:
        metadata = json.loads(data)["metadata"]["cnnlab"]
    except (KeyError, TypeError):
        return False
    except (ValueError, RecursionError):
        return True  # a chapter's notebook, damaged: its owner wants to hear that
    if not isinstance(metadata, dict):
        return False
    if isinstance(metadata.get("chapter"), str):
        return True
    from cnnlab.autograder.submission.assignment import MADE

    return MADE in metadata
