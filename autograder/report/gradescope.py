"""Gradescope: results in its format, and the zip that grades there.

Gradescope runs ``setup.sh`` once, when its image is built, and ``run_autograder`` for each
submission, in a container of its own. What was handed in is in ``/autograder/submission``, and it
reads ``/autograder/results/results.json``.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from cnnlab.autograder.display.text import to_text
from cnnlab.autograder.judging.exercise import find_chapter, load_chapter
from cnnlab.autograder.judging.results import BatchResult, ExerciseResult, SubmissionResult
from cnnlab.autograder.report.classbook import better, class_book
from cnnlab.autograder.submission.assignment import asking, read_assignment

TEMPLATES = Path(__file__).parent / "templates"
EXECUTABLE, PLAIN = 0o100755 << 16, 0o100644 << 16
"""A file's mode, in a zip's terms."""
WHEEL = re.compile(r"cnnlab-[\w.]+-py3-none-any\.whl")


VISIBILITIES = ("visible", "after_due_date", "after_published", "hidden")
"""When students see a test: Gradescope's own words."""


def of_one_student(
    batch: BatchResult, student: str | None = None, chapter: str | None = None
) -> list[SubmissionResult]:
    """One student's files for one chapter or assignment.

    Parameters
    ----------
    batch : BatchResult
    student : str, optional
        Who is meant, where there are several.
    chapter : str, optional
        The beginning of the chapter's name, likewise.

    Raises
    ------
    ValueError
        It is not clear which ones are meant; the message lists what there is.
    """
    book = class_book([("", batch)])
    found = [each for each in book.learners if student in (None, each.name, each.key)]
    if len(found) > 1 or (student and not found):
        names = ", ".join(learner.name for learner in book.learners)
        wrong = f" Received: {student!r}" if student else ""
        raise ValueError(f"--student must be one of {names}.{wrong}")
    keys = {learner.key for learner in found}
    return of_one_chapter([s for s in batch.submissions if (s.student or s.path) in keys], chapter)


def of_one_chapter(
    submissions: Sequence[SubmissionResult], chapter: str | None = None
) -> list[SubmissionResult]:
    """Those for one chapter or assignment, of one student's files; as `of_one_student`."""
    there = list(dict.fromkeys(s.chapter for s in submissions if s.chapter))
    meant = [name for name in there if name.startswith(chapter or "")]
    if len(meant) > 1 or (chapter and not meant):
        wrong = f" Received: {chapter!r}" if chapter else ""
        raise ValueError(f"--chapter must be one of {', '.join(there)}.{wrong}")
    return [s for s in submissions if not s.chapter or s.chapter in meant]


def gradescope_results(
    submissions: Sequence[SubmissionResult], visibility: str = "visible"
) -> dict[str, Any]:
    """Gradescope's ``results.json`` of one student, who may have handed in several files.

    Parameters
    ----------
    submissions : sequence of SubmissionResult
    visibility : str
        When students see their exercises' points and messages, one of `VISIBILITIES`.

    Raises
    ------
    ValueError
        There is no result, or an exercise could not be graded: Gradescope then tells the
        instructor, and no learner loses points for it.
    """
    if not submissions:
        raise ValueError("There is no submission in these results.")
    result = better(submissions)
    lost = [e.name for e in result.exercises if e.status == "internal_error"]
    if lost:
        raise ValueError(f"CNN Lab failed to grade {', '.join(lost)}. {result.message}".strip())
    return {
        "score": round(result.score, 2),
        "output": "\n".join([*filter(None, [result.message]), *result.warnings]),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "execution_time": round(sum(e.seconds for e in result.exercises), 2),
        "visibility": visibility,
        "stdout_visibility": "hidden",
        "extra_data": {
            "chapter": result.chapter,
            "file": PurePosixPath(result.path).name,
            "probes": result.probes,
        },
        "tests": [_test(number, e) for number, e in enumerate(result.exercises, 1)],
    }


def _test(number: int, exercise: ExerciseResult) -> dict[str, Any]:
    return {
        "name": exercise.name,
        "number": str(number),
        "score": exercise.score,
        "max_score": exercise.max_score,
        "status": "passed" if exercise.passed else "failed",
        "output": to_text(exercise, live=False),
        "extra_data": {"status": exercise.status, "diagnosis": exercise.diagnosis},
    }


@dataclass(frozen=True)
class Assigned:
    """What an autograder grades: a chapter, or an instructor's assignment.

    Parameters
    ----------
    name : str
        The chapter's full name, or the assignment's.
    points : float
    keras : bool
        Whether learner code needs Keras.
    notebook : str
        What the assignment asks for, as a notebook for its course; empty for a chapter.
    """

    name: str
    points: float
    keras: bool
    notebook: str = ""

    @classmethod
    def chapter(cls, name: str) -> Assigned:
        """All that a chapter's grader has; ``"ch01"`` will do."""
        chapter = load_chapter(find_chapter(name))
        return cls(chapter.name, chapter.max_score, chapter.keras)

    @classmethod
    def assignment(cls, path: Path) -> Assigned:
        """What a notebook in a course's source asks for.

        Raises
        ------
        AssignmentError
            It asks for nothing of ours, or not clearly.
        """
        text, found = asking(path), read_assignment(path)
        asked = found.asked if found else ()
        keras = any(load_chapter(each.chapter).keras for each in asked)
        return cls(path.stem, round(sum(each.points for each in asked), 2), keras, text)


@dataclass(frozen=True)
class Autograder:
    """How a zip grades on Gradescope.

    Parameters
    ----------
    fresh : bool
        With fresh probes, which Keras answers; else TensorFlow is installed only where learner
        code needs it.
    sandbox : bool
        Run learner code in the sandbox; where the container does not allow it, nothing is graded.
    visibility : str
        See `gradescope_results`.
    """

    fresh: bool = True
    sandbox: bool = True
    visibility: str = "visible"


def write_autograder(
    target: Path, assigned: Assigned, wheel: Path, how: Autograder = Autograder()
) -> None:
    """Write the zip that is uploaded to Gradescope; equal choices give equal bytes.

    Parameters
    ----------
    target : Path
    assigned : Assigned
    wheel : Path
        CNN Lab, as ``uv build --wheel`` makes it.
    how : Autograder

    Raises
    ------
    ValueError
        The wheel is none of CNN Lab.
    """
    if not WHEEL.fullmatch(wheel.name) or not zipfile.is_zipfile(wheel):
        raise ValueError(f"wheel must be CNN Lab's, dist/cnnlab-….whl. Received: {wheel}")
    chosen = {
        "assigned": assigned,
        "wheel": wheel.name,
        "keras": how.fresh or assigned.keras,
        "options": f"{'--fresh' if how.fresh else '--recorded'}"
        f"{'' if how.sandbox else ' --no-sandbox'}",
        "sandbox": how.sandbox,
        "visibility": how.visibility,
    }
    templates = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=False,  # shell scripts, and nothing of what is put in is a learner's
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("setup.sh", "run_autograder"):
            text = templates.get_template(f"{name}.j2").render(chosen)
            archive.writestr(_entry(name, EXECUTABLE), text)
        if assigned.notebook:
            place = f"course/source/assignment/{assigned.name}.ipynb"
            archive.writestr(_entry(place, PLAIN), assigned.notebook)
        archive.writestr(_entry(wheel.name, PLAIN), wheel.read_bytes())


def _entry(name: str, mode: int) -> zipfile.ZipInfo:
    """A file in a zip, of no particular day."""
    entry = zipfile.ZipInfo(name)
    entry.external_attr = mode
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry
