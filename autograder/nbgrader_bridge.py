"""nbgrader's autograding, by our judge: `Judge` takes the place of nbgrader's ``Execute``.

``nbgrader autograde`` goes on as ever: it hands over a sanitized notebook, reads the grades from
the outputs of the grade cells, and keeps its database, formgrader and feedback. Only how those
outputs come about differs: no kernel runs the notebook, the judge fills them in.
"""

from __future__ import annotations

import json
import secrets
import weakref
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

from nbconvert.exporters import Exporter
from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_code_cell, new_output
from nbgrader import utils
from nbgrader.api import Gradebook
from nbgrader.preprocessors import Execute, NbGraderPreprocessor
from traitlets import Bool

from cnnlab.autograder.batch import Answers, Settings, card, start_judging
from cnnlab.autograder.display import render
from cnnlab.autograder.judging.exercise import Chapter, chapter_names, load_chapter
from cnnlab.autograder.judging.results import ExerciseResult, SubmissionResult
from cnnlab.autograder.pool import Pool
from cnnlab.autograder.sandbox.processes import available
from cnnlab.autograder.submission import Submission, read_text

CHECK = "check-"
"""A grade cell's ``grade_id`` is this and the name of its exercise."""


class JudgeError(RuntimeError):
    """A notebook was not graded, through no fault of its author; nothing is recorded for it."""


@dataclass(frozen=True)
class GradeCell:
    """A grade cell as the instructor made it, from nbgrader's database."""

    name: str
    points: float
    source: str
    checksum: str

    @property
    def exercise(self) -> str:
        return self.name.removeprefix(CHECK)


class Judge(NbGraderPreprocessor):
    """Fills the grade cells of our notebooks; others are executed as nbgrader always did.

    Which notebooks and cells are ours is read in the instructor's database, where students
    cannot change it. In a notebook of ours that holds other tests too, nbgrader executes those.
    """

    sandbox = Bool(True, help="Run learners' code in the sandbox; grading stops without it.").tag(
        config=True
    )
    fresh = Bool(
        True,
        help="Test with new inputs in every run, answered by Keras; else with the recorded ones.",
    ).tag(config=True)

    def preprocess(
        self, nb: NotebookNode, resources: Mapping[str, Any]
    ) -> tuple[NotebookNode, Mapping[str, Any]]:
        """Grade a notebook.

        Raises
        ------
        JudgeError
            It could not be graded, and that is not its author's fault. nbgrader marks the
            submission as failed; it is graded again in the next run.
        """
        about = resources["nbgrader"]
        cells = grade_cells(about)
        chapter = chapter_of(about["notebook"], {cell.exercise for cell in cells})
        names = {exercise.name for exercise in chapter.exercises} if chapter else set()
        ours = [c for c in cells if c.name.startswith(CHECK) and c.exercise in names]
        if chapter is None or len(ours) < len(cells):
            self.log.info("Executing %s: it holds tests that are not CNN Lab's", about["notebook"])
            nb, resources = Execute(parent=self.parent)(nb, resources)
        if chapter is not None:
            path = "{student}/{assignment}/{notebook}.ipynb".format_map(about)
            fill(nb, ours, self.grade(read_text(json.dumps(nb), path, chapter)))
        return nb, resources

    def grade(self, submission: Submission) -> SubmissionResult:
        """The result of a submission, from the processes that serve this whole run."""
        for warning in submission.warnings:
            self.log.warning("%s: %s", submission.path, warning)
        try:
            result = _run_of(self.parent, self.sandbox, self.fresh).grade(submission)
        except RuntimeError as error:
            remedy = "In nbgrader_config.py these are `c.Judge.sandbox = False` and `c.Judge.fresh`"
            raise JudgeError(f"{error} ({remedy} = False.)") from error
        failures = [e.message for e in result.exercises if e.status == "internal_error"]
        if failures:
            raise JudgeError("\n".join([f"{submission.path} was not graded.", *failures]))
        if result.status == "unreadable":
            self.log.warning("%s: %s", submission.path, result.message)
        self.log.info("%s: %g of %g points", submission.path, result.score, result.max_score)
        return result


# What nbgrader knows


def grade_cells(about: Mapping[str, str]) -> list[GradeCell]:
    """The notebook's automatically graded cells, as the assignment was generated."""
    with Gradebook(about["db_url"]) as gradebook:
        notebook = gradebook.find_notebook(about["notebook"], about["assignment"])
        sources = {cell.name: cell for cell in notebook.source_cells}
        manual = {cell.name for cell in notebook.solution_cells}
        return [
            GradeCell(c.name, c.max_score, sources[c.name].source, sources[c.name].checksum)
            for c in notebook.grade_cells
            if c.cell_type == "code" and c.name not in manual
        ]


def chapter_of(notebook: str, exercises: set[str]) -> Chapter | None:
    """The chapter that a notebook's grade cells belong to, None if to none.

    Parameters
    ----------
    notebook : str
        Its name; that of the chapter, unless the instructor renamed it.
    exercises : set of str
        What its grade cells ask for.

    Raises
    ------
    JudgeError
        Several chapters have these exercises.
    """
    chapters = [load_chapter(name) for name in chapter_names()]
    asked = {c.name: {e.name for e in c.exercises} & exercises for c in chapters}
    found = [c for c in chapters if asked[c.name] and c.name == notebook]
    found = found or [c for c in chapters if asked[c.name] and asked[c.name] == exercises]
    if len(found) > 1:
        names = ", ".join(chapter.name for chapter in found)
        raise JudgeError(f"{notebook}.ipynb may be {names}: name it after its chapter.")
    return found[0] if found else None


# Grading, with processes that are shared by all notebooks of one run


class Run:
    """What one run of nbgrader keeps: the Keras process, the sandbox, the answer keys."""

    def __init__(self, sandbox: bool, fresh: bool) -> None:
        if sandbox and (problem := available()):
            raise JudgeError(problem)
        self._stack = ExitStack()
        # The seed is drawn anew and shown nowhere, so nobody can prepare for the probes.
        self._answers = self._stack.enter_context(Answers(secrets.randbits(53) if fresh else None))
        settings = Settings(fresh, sandbox, workers=1)
        start = partial(start_judging, settings, drawn=True)
        self._pool = self._stack.enter_context(Pool(1, start))

    def grade(self, submission: Submission) -> SubmissionResult:
        task = submission, self._answers.of(submission.chapter)
        ((_, result),) = self._pool.grade([(0, task)])
        return result

    def close(self) -> None:
        self._stack.close()


_runs: weakref.WeakKeyDictionary[Exporter, Run] = weakref.WeakKeyDictionary()


def _run_of(exporter: Exporter, sandbox: bool, fresh: bool) -> Run:
    """The run that an exporter belongs to; nbgrader makes one exporter for each run, but a
    preprocessor for each notebook."""
    if exporter not in _runs:
        run = _runs[exporter] = Run(sandbox, fresh)
        weakref.finalize(exporter, run.close)
    return _runs[exporter]


# Results in cells


def fill(nb: NotebookNode, cells: list[GradeCell], result: SubmissionResult) -> None:
    """Write a result into a notebook's grade cells; those that are gone are put back."""
    exercises = {exercise.name: exercise for exercise in result.exercises}
    present = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell for cell in nb.cells}
    for number, cell in enumerate(cells, 1):
        target = present.get(cell.name)
        if target is None or not utils.is_grade(target):
            target = _put_back(nb, cell)
        exercise = exercises.get(cell.exercise)
        card, score = _outputs(exercise, result.message, cell.points, number)
        target.outputs = [card, score]
        target.execution_count = number


def _outputs(
    exercise: ExerciseResult | None, message: str, points: float, number: int
) -> tuple[NotebookNode, NotebookNode]:
    """The message for people, and the score: nbgrader's partial credit is one number."""
    if exercise is None:  # the whole notebook could not be read
        html, text, score = render.note("", message), message, 0.0
    else:
        html, text = exercise.card or card(exercise)
        # An instructor may give a grade cell other points than the grader does.
        score = points if exercise.passed else points * (exercise.score / exercise.max_score)
        score = exercise.score if points == exercise.max_score else score
    return (
        new_output("display_data", {"text/html": html, "text/plain": text}),
        new_output("execute_result", {"text/plain": repr(float(score))}, execution_count=number),
    )


def _put_back(nb: NotebookNode, cell: GradeCell) -> NotebookNode:
    """A grade cell that the submission lacks, after its exercise: the grade needs a place."""
    nbgrader = {
        "cell_type": "code",
        "checksum": cell.checksum,
        "grade": True,
        "grade_id": cell.name,
        "locked": True,
        "points": cell.points,
        "schema_version": 3,
        "solution": False,
        "task": False,
    }
    new = new_code_cell(cell.source, metadata={"nbgrader": nbgrader})
    if (nb.nbformat, nb.nbformat_minor) < (4, 5):
        del new["id"]  # older notebooks have none
    ids = [other.metadata.get("nbgrader", {}).get("grade_id") for other in nb.cells]
    place = ids.index(cell.exercise) + 1 if cell.exercise in ids else len(ids)
    nb.cells.insert(place, new)
    return new
