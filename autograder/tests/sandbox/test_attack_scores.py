"""The attack suite once more, graded: no hostile submission earns a point."""

from __future__ import annotations

import dataclasses
import importlib.util
import shutil
from pathlib import Path

import pytest

from cnnlab.autograder import submission
from cnnlab.autograder.grading import grade_submission
from cnnlab.autograder.judging.exercise import load_chapter
from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.judging.results import ExerciseResult
from cnnlab.autograder.sandbox.session import Workers, open_workers
from cnnlab.autograder.submission import read_text

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed"),
]

_spec = importlib.util.spec_from_file_location("attacks", Path(__file__).parent / "attacks.py")
assert _spec
assert _spec.loader
attacks = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(attacks)

CHAPTER = load_chapter("ch01_convolution")
HONEST = "def relu(x):\n    return np.maximum(1.0 * np.asarray(x), 0)\n"
FAMILIES = ["TIME", "MEMORY_AND_FLOODS", "PROCESSES", "EXITS", "FORGERY", "SNOOPING", "WRITING"]


def relu(source: str, workers: Workers) -> ExerciseResult:
    """What a ``.py`` file with this source gets for ``relu``; for all else it gets nothing."""
    submission = read_text(source, "ch01_handed_in.py")
    result = grade_submission(submission, recorded(CHAPTER.name), workers)
    found = {exercise.name: exercise for exercise in result.exercises}
    assert result.score == found["relu"].score
    return found["relu"]


@pytest.mark.parametrize("family", FAMILIES)
def test_no_attack_earns_a_point(
    family: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hasty = dataclasses.replace(CHAPTER, seconds=0.5)
    monkeypatch.setattr(submission, "chapter_as_asked", lambda name, asked: hasty)
    known = f"WITNESS = {str(tmp_path / 'witness')!r}\nSECRETS = ['/etc/shadow']\n"
    with open_workers() as workers:
        for attack in getattr(attacks, family):
            graded = relu(known + attack.source.replace("task", "relu"), workers)
            # A result of the right shape is worth its rung, whoever returns it; nothing else is.
            assert graded.score <= CHAPTER["relu"].points["shape"], attack.name
            assert not [r.id for r in graded.rungs if r.earned and r.id != "shape"], attack.name
            assert graded.status not in ("passed", "internal_error"), attack.name
            assert graded.message, attack.name
        honest = relu(HONEST, workers)
    assert (honest.status, honest.score) == ("passed", CHAPTER["relu"].max_score)
    assert list(tmp_path.iterdir()) == []
