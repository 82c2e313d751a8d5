"""`Judge` takes the place of nbgrader's ``Execute``: it grades where that runs a kernel."""

from __future__ import annotations

import json
import os
import secrets
import weakref
from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

from nbconvert.exporters import Exporter
from nbformat.notebooknode import NotebookNode
from nbgrader.preprocessors import Execute, NbGraderPreprocessor
from traitlets import Bool

from cnnlab.autograder.batch import Answers
from cnnlab.autograder.grading_process import start_judging
from cnnlab.autograder.judging.results import SubmissionResult
from cnnlab.autograder.learner import JUDGE
from cnnlab.autograder.nbgrader_bridge.asked import asked_for
from cnnlab.autograder.nbgrader_bridge.execute import SandboxedExecute
from cnnlab.autograder.nbgrader_bridge.gradebook import JudgeError, known_cells, notebooks_of
from cnnlab.autograder.nbgrader_bridge.outputs import fill
from cnnlab.autograder.pool import Pool, Task
from cnnlab.autograder.sandbox.processes import available
from cnnlab.autograder.settings import Settings
from cnnlab.autograder.submission import Submission, read, read_text
from cnnlab.autograder.submission.files import files_of


class Judge(NbGraderPreprocessor):
    """Fills the grade cells of our notebooks; others are executed as nbgrader always did.

    Which notebooks and cells are ours is read in the instructor's database, where students
    cannot change it. A notebook of ours that holds the instructor's own tests too, or cells that
    a person grades, is executed as a whole in the sandbox; the points of our exercises come from
    the judge all the same.
    """

    sandbox = Bool(True, help="Run learners' code in the sandbox; grading stops without it.").tag(
        config=True
    )
    fresh = Bool(
        True,
        help="Test with new inputs in every run, answered by Keras; else with the recorded ones.",
    ).tag(config=True)

    sandboxed_kernel = Bool(
        True,
        help="Execute the instructor's own cells, and with them all others of such a notebook, in "
        "the sandbox; else under the account that grades, as nbgrader does.",
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
        cells = known_cells(about)
        asked, checks = asked_for(self.parent, about, cells)
        if asked is None:
            return Execute(parent=self.parent)(nb, resources)
        path = name_of(about)
        parts = [self.grade(self.read(nb, about, asked=part)) for part in asked.parts()]
        result = asked.whole(parts)
        if own := [c.name for c in cells.values() if c not in checks and c.shows_something]:
            self.log.info("Executing %s for your own cells: %s", path, ", ".join(own))
            nb, resources = self.execute(nb, resources)
        fill(nb, checks, result)
        return nb, resources

    def read(self, nb: NotebookNode, about: Mapping[str, str], **what: Any) -> Submission:
        """The submission: the file that was handed in, read as ``cnnlab grade`` reads it.

        What nbgrader made of it is read only where there is no course around it. ``what`` is for
        `cnnlab.autograder.submission.read`.
        """
        course = getattr(self.parent.parent, "coursedir", None)
        if course is None:
            return read_text(json.dumps(nb), name_of(about), **what)
        place = (course.submitted_directory, about["student"], about["assignment"])
        files = files_of(Path(course.format_path(*place)), notebooks_of(about))
        submission = read(files[about["notebook"]], **what)
        submission.path = name_of(about)
        return submission

    def execute(
        self, nb: NotebookNode, resources: Mapping[str, Any]
    ) -> tuple[NotebookNode, Mapping[str, Any]]:
        """The notebook with the outputs of all its cells."""
        if not self.sandboxed_kernel:
            with mock.patch.dict(os.environ, {JUDGE: "1"}):
                return Execute(parent=self.parent)(nb, resources)
        if problem := available():
            raise JudgeError(
                "This assignment holds cells of your own, so its notebooks have to be executed. "
                f"{problem} Outside the sandbox, learners' code could change your gradebook; "
                "c.Judge.sandboxed_kernel = False allows that."
            )
        links = links_in(self.parent, resources["nbgrader"])
        return SandboxedExecute(parent=self.parent, hidden=links)(nb, resources)

    @property
    def refusal(self) -> str:
        """Why no notebook can be graded, and what to do; empty where they can."""
        problem = available() if self.sandbox else None
        return f"{problem} ({_REMEDY})" if problem else ""

    def grade(self, submission: Submission) -> SubmissionResult:
        """The result of a submission, from the processes that serve this whole run."""
        for warning in submission.warnings:
            self.log.warning("%s: %s", submission.path, warning)
        try:
            result = _run_of(self.parent, self.sandbox, self.fresh).grade(submission)
        except RuntimeError as error:
            raise JudgeError(f"{error} ({_REMEDY})") from error
        failures = [e.message for e in result.exercises if e.status == "internal_error"]
        if failures:
            raise JudgeError("\n".join([f"{submission.path} was not graded.", *failures]))
        if result.status == "unreadable":
            self.log.warning("%s: %s", submission.path, result.message)
        self.log.info("%s: %g of %g points", submission.path, result.score, result.max_score)
        return result


_REMEDY = "In nbgrader_config.py these are `c.Judge.sandbox = False` and `c.Judge.fresh = False`."


def name_of(about: Mapping[str, str]) -> str:
    """How a submission is called in what is said of it."""
    return "{student}/{assignment}/{notebook}.ipynb".format_map(about)


def links_in(exporter: Exporter, about: Mapping[str, str]) -> list[str]:
    """Symbolic links in a submitted folder: nbgrader has copied what they point to, whoever's
    it is."""
    course = getattr(exporter.parent, "coursedir", None)
    if course is None:
        return []
    place = (course.submitted_directory, about["student"], about["assignment"])
    folder = Path(course.format_path(*place))
    return [str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_symlink()]


# Grading, with processes that are shared by all notebooks of one run


class Run:
    """What one run of nbgrader keeps: the Keras process, the sandbox, the answer keys."""

    def __init__(self, sandbox: bool, fresh: bool) -> None:
        if sandbox and (problem := available()):
            raise JudgeError(problem)
        self._stack = ExitStack()
        # The seed is drawn anew and shown nowhere, so nobody can prepare for the probes.
        self._answers = self._stack.enter_context(Answers(secrets.randbits(53) if fresh else None))
        start = partial(start_judging, Settings(fresh, sandbox, workers=1), drawn=True)
        self._pool = self._stack.enter_context(Pool(1, start))

    def grade(self, submission: Submission) -> SubmissionResult:
        task = Task(submission, self._answers.of(submission.chapter))
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
