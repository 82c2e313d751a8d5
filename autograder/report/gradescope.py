"""Gradescope: results in its format, and the zip that grades there.

Gradescope runs ``setup.sh`` once, when its image is built, and ``run_autograder`` for each
submission, in a container of its own. What was handed in is in ``/autograder/submission``, and it
reads ``/autograder/results/results.json``.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from cnnlab.autograder.display.text import to_text
from cnnlab.autograder.judging.exercise import load_chapter
from cnnlab.autograder.judging.results import ExerciseResult, SubmissionResult
from cnnlab.autograder.report.classbook import better

TEMPLATES = Path(__file__).parent / "templates"
EXECUTABLE = 0o100755 << 16
"""A file's mode, in a zip's terms."""
WHEEL = re.compile(r"cnnlab-[\w.]+-py3-none-any\.whl")


def gradescope_results(submissions: Sequence[SubmissionResult]) -> dict[str, Any]:
    """Gradescope's ``results.json`` of one student, who may have handed in several files.

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
        "stdout_visibility": "hidden",
        "tests": [_test(e) for e in result.exercises],
    }


def _test(exercise: ExerciseResult) -> dict[str, Any]:
    return {
        "name": exercise.name,
        "score": exercise.score,
        "max_score": exercise.max_score,
        "status": "passed" if exercise.passed else "failed",
        "output": to_text(exercise, live=False),
        "output_format": "text",
        "visibility": "visible",
    }


def write_autograder(
    target: Path, chapter: str, wheel: Path, fresh: bool = True, sandbox: bool = True
) -> None:
    """Write the zip that is uploaded to Gradescope; equal choices give equal bytes.

    Parameters
    ----------
    target : Path
    chapter : str
        Its full name.
    wheel : Path
        CNN Lab, as ``uv build --wheel`` makes it.
    fresh : bool
        Grade with fresh probes, which Keras answers; else TensorFlow is installed only where the
        chapter needs it.
    sandbox : bool
        Run learner code in the sandbox; where the container does not allow it, nothing is graded.

    Raises
    ------
    ValueError
        The wheel is none of CNN Lab.
    """
    if not WHEEL.fullmatch(wheel.name) or not zipfile.is_zipfile(wheel):
        raise ValueError(f"wheel must be CNN Lab's, dist/cnnlab-….whl. Received: {wheel}")
    chosen = {
        "chapter": chapter,
        "points": load_chapter(chapter).max_score,
        "wheel": wheel.name,
        "keras": fresh or load_chapter(chapter).keras,
        "options": f"{'--fresh' if fresh else '--recorded'}{'' if sandbox else ' --no-sandbox'}",
        "sandbox": sandbox,
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
        archive.writestr(_entry(wheel.name, 0o100644 << 16), wheel.read_bytes())


def _entry(name: str, mode: int) -> zipfile.ZipInfo:
    """A file in a zip, of no particular day."""
    entry = zipfile.ZipInfo(name)
    entry.external_attr = mode
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry
