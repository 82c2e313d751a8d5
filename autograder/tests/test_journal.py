"""The journal of a batch: what it holds is found again, and nothing else is taken for it."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cnnlab.autograder import batch, dependencies, grading, grading_process
from cnnlab.autograder import journal as journals
from cnnlab.autograder.batch import grade
from cnnlab.autograder.journal import LINES, SEED, Journal, JournalError, graders_of, key_of, place
from cnnlab.autograder.judging.answerkey import AnswerKey
from cnnlab.autograder.judging.results import ExerciseResult, RungResult, SubmissionResult, to_dict
from cnnlab.autograder.settings import Settings
from cnnlab.autograder.submission import Submission, read_text
from cnnlab.autograder.tests.handins import CHAPTER, EXERCISES, hand_in, source
from cnnlab.autograder.tests.in_process import InThisProcess, grader_here

posix = pytest.mark.skipif(os.name != "posix", reason="modes and locks of files are POSIX's")
SETTINGS = Settings(fresh=False, sandbox=False, workers=1)
CONDITIONS = SETTINGS.conditions(0)
GRADERS = {"relu": "0af3"}


def result(student: str = "ada", score: float = 0.1) -> SubmissionResult:
    rung = RungResult("by-hand", False, 2.0, "expected 1,\nreceived \u2028 \ud800", 0.25)
    exercise = ExerciseResult("relu", "failed", score, 2.0, ["a"], ["b"], "c", "d", 1e-6, [rung])
    path = f"submitted/{student}/{CHAPTER}/{CHAPTER}.ipynb"
    return SubmissionResult(path, student, CHAPTER, "graded", score, 20.0, exercises=[exercise])


def submission(student: str = "ada", text: str = "") -> Submission:
    return read_text(text or hand_in(), f"submitted/{student}/{CHAPTER}/{CHAPTER}.ipynb")


def test_a_result_is_found_again_with_every_digit_and_sign(tmp_path: Path) -> None:
    with Journal.begin(tmp_path / "j", 7) as journal:
        journal.add("key", result(), GRADERS)
    with Journal(tmp_path / "j") as journal:
        assert (journal.seed, journal.count) == (7, 1)
        assert journal.find("key", submission()) == (result(), GRADERS)
        assert journal.find("other", submission()) is None


def test_a_result_is_found_under_the_name_that_its_file_has_now(tmp_path: Path) -> None:
    with Journal.begin(tmp_path / "j", 7) as journal:
        journal.add("key", result("ada"), GRADERS)
    with Journal(tmp_path / "j") as journal:
        assert journal.find("key", submission("eve")) == (result("eve"), GRADERS)


@posix
def test_it_is_for_our_eyes_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        Journal.begin(tmp_path / "j", 7).__exit__()
    finally:
        os.umask(before)
    modes = [stat.S_IMODE((tmp_path / "j" / name).stat().st_mode) for name in ("", SEED, LINES)]
    assert modes == [0o700, 0o600, 0o600]


@pytest.mark.parametrize("kept", [1, 40, -1])
def test_a_torn_last_line_is_as_if_it_were_not_there(tmp_path: Path, kept: int) -> None:
    with Journal.begin(tmp_path / "j", 7) as journal:
        journal.add("first", result("ada"), GRADERS)
        whole = (tmp_path / "j" / LINES).stat().st_size
        journal.add("second", result("bob"), GRADERS)
    lines = (tmp_path / "j" / LINES).read_bytes()
    (tmp_path / "j" / LINES).write_bytes(lines[: whole + kept if kept > 0 else kept])
    with Journal(tmp_path / "j") as journal:
        # Without its newline, the last line may yet be whole: nothing of it is missing.
        assert journal.count == (2 if kept == -1 else 1)
        journal.add("third", result("eve"), GRADERS)
    with Journal(tmp_path / "j") as journal:
        assert journal.find("first", submission("ada")) == (result("ada"), GRADERS)
        assert journal.find("third", submission("eve")) == (result("eve"), GRADERS)


@posix
def test_a_journal_belongs_to_one_run_at_a_time(tmp_path: Path) -> None:
    with Journal.begin(tmp_path / "j", 7), pytest.raises(JournalError, match="Another run uses"):
        Journal(tmp_path / "j")
    Journal(tmp_path / "j").__exit__()


@pytest.mark.parametrize("seed", [None, "", "x"])
def test_what_is_no_journal_is_refused(tmp_path: Path, seed: str | None) -> None:
    (tmp_path / LINES).touch()
    if seed is not None:
        (tmp_path / SEED).write_text(seed)
    with pytest.raises(JournalError, match="There is no journal in"):
        Journal(tmp_path)


def test_a_new_run_takes_the_place_of_a_finished_one_only(tmp_path: Path) -> None:
    wanted = tmp_path / "r.journal"
    assert place(wanted) == wanted
    with Journal.begin(wanted, 7) as journal:
        assert place(wanted) == wanted  # nothing is lost yet
        journal.add("key", result(), GRADERS)
        assert place(wanted) == tmp_path / "r-2.journal"
        journal.finish()
    assert place(wanted) == wanted
    Journal.begin(wanted, 8).__exit__()
    with Journal(wanted) as journal:
        assert (journal.seed, journal.count) == (8, 0)


# Keys


def test_the_key_is_what_was_read_and_not_who_handed_it_in() -> None:
    key = key_of(submission("ada"), CONDITIONS)
    assert key == key_of(submission("eve"), CONDITIONS)
    assert key != key_of(submission("ada", hand_in(relu="def relu(z):\n    return z")), CONDITIONS)


@pytest.mark.parametrize(
    "change",
    [
        Settings(fresh=True, sandbox=False).conditions(1),
        Settings(fresh=True, sandbox=False).conditions(2),
        Settings(fresh=False, sandbox=True).conditions(0),
        Settings(fresh=False, sandbox=False, reference="jax-cpu").conditions(0),
        Settings(fresh=False, sandbox=False, seconds=30.0).conditions(0),
        CONDITIONS | {"versions": {"numpy": "1.0"}},
    ],
)
def test_whatever_a_result_depends_on_is_in_the_key(change: dict[str, object]) -> None:
    assert key_of(submission(), change) != key_of(submission(), CONDITIONS)


def test_workers_are_not_in_the_key() -> None:
    assert Settings(False, False, workers=3).conditions(0) == CONDITIONS


def test_the_number_of_our_version_alone_is_not_in_the_key() -> None:
    other = {**CONDITIONS, "versions": {**CONDITIONS["versions"], "cnnlab": "99"}}
    assert key_of(submission(), other) == key_of(submission(), CONDITIONS)


def test_an_unreadable_file_depends_on_no_grader() -> None:
    assert graders_of(submission(text="{"), CONDITIONS) == {}


# Batches


def test_a_batch_goes_on_from_its_journal_and_grades_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [tmp_path / f"ch01_{name}.py" for name in ("a", "b", "c")]
    for path, change in zip(paths, ("", "-1 * ", "2 * "), strict=True):
        path.write_text(source("relu").replace("return ", f"return {change}"))
    with Journal.begin(tmp_path / "j", 7) as journal:
        first = grade(paths[:2], SETTINGS, journal=journal)
    graded: list[str] = []
    grade_submission = grading_process.grade_submission
    monkeypatch.setattr(batch, "start_judging", grader_here)
    monkeypatch.setattr(batch, "Pool", InThisProcess)
    monkeypatch.setattr(
        grading_process,
        "grade_submission",
        lambda given, *rest: graded.append(given.path) or grade_submission(given, *rest),
    )
    with Journal(tmp_path / "j") as journal:
        told: list[str] = []
        second = grade(paths, SETTINGS, lambda r: told.append(r.path), journal)
        assert graded == [paths[2].as_posix()]
        assert sorted(told) == [path.as_posix() for path in paths]
    assert to_dict(second)["submissions"][:2] == to_dict(first)["submissions"]
    assert [s.path for s in second.submissions] == [path.as_posix() for path in paths]


def plain(tree: object) -> object:
    """What results say, but for seconds."""
    if isinstance(tree, dict):
        return {k: plain(v) for k, v in tree.items() if k != "seconds"}
    return [plain(v) for v in tree] if isinstance(tree, list) else tree


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The exercises that are judged, in this process."""
    seen: list[str] = []
    judge = grading.judge
    monkeypatch.setattr(batch, "start_judging", grader_here)
    monkeypatch.setattr(batch, "Pool", InThisProcess)
    monkeypatch.setattr(
        grading, "judge", lambda key, *rest: seen.append(key.exercise.name) or judge(key, *rest)
    )
    return seen


def mend(patch: pytest.MonkeyPatch, file: str) -> None:
    """As if this file of ours had changed, in a process that starts now."""
    content = dependencies._content
    changed = dependencies.ROOT / file
    assert changed.is_file()
    patch.setattr(
        dependencies, "_content", lambda path: "mended" if path == changed else content(path)
    )
    for cached in (dependencies.of_chapter, dependencies.of_values, dependencies._of_exercise):
        patch.setattr(dependencies, cached.__name__, cached.__wrapped__)
    patch.setattr(journals, "of_chapter", dependencies.of_chapter)
    patch.setattr(journals, "of_values", dependencies.of_values)


GRADER = f"autograder/graders/{CHAPTER}"


@pytest.mark.parametrize(
    ("file", "again"),
    [
        (f"{GRADER}/conv_step.py", {"conv_step"}),
        (f"{GRADER}/design_kernel.py", {"design_kernel"}),
        (
            "autograder/graders/shared/loop_mistakes.py",
            {"correlate2d", "conv2d", "expose_correlate2d"},
        ),
        ("autograder/graders/ch02_stride_padding/conv2d.py", set()),
        ("autograder/judging/compare.py", set(EXERCISES)),
    ],
)
def test_after_a_mend_only_what_depends_on_it_is_judged_again(
    file: str, again: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, judged: list[str]
) -> None:
    path = tmp_path / "ch01_a.ipynb"
    path.write_text(hand_in(relu="def relu(z):\n    return -z\n", conv_step="def conv_step(): 1"))
    with Journal.begin(tmp_path / "j", 7) as journal:
        first = grade([path], SETTINGS, journal=journal)
    assert sorted(judged) == sorted(EXERCISES)
    mend(monkeypatch, file)
    for expected in (again, set()):  # the second time, the journal knows the new grader
        judged.clear()
        with Journal(tmp_path / "j") as journal:
            second = grade([path], SETTINGS, journal=journal)
        assert sorted(judged) == sorted(expected)
        assert plain(to_dict(second)) == plain(to_dict(first))


def test_where_a_function_passes_no_more_what_comes_after_it_is_judged_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, judged: list[str]
) -> None:
    path = tmp_path / "ch01_a.ipynb"
    path.write_text(hand_in())
    with Journal.begin(tmp_path / "j", 7) as journal:
        grade([path], SETTINGS, journal=journal)
    judged.clear()
    mend(monkeypatch, f"{GRADER}/conv_step.py")
    judge = grading.judge

    def harder(key: AnswerKey, *rest: Any) -> ExerciseResult:
        found = judge(key, *rest)
        return replace(found, status="failed") if key.exercise.name == "conv_step" else found

    monkeypatch.setattr(grading, "judge", harder)
    with Journal(tmp_path / "j") as journal:
        (again,) = grade([path], SETTINGS, journal=journal).submissions
    # From the first one that needs it, all that follow find the course's own in its place.
    assert sorted(judged) == sorted(EXERCISES)
    assert {e.name for e in again.exercises if not e.passed} == {"conv_step"}


def test_what_ran_out_of_time_is_judged_again_with_all_that_it_may_have_cost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, judged: list[str]
) -> None:
    path = tmp_path / "ch01_a.ipynb"
    path.write_text(hand_in(relu="def relu(z):\n    import os\n    os._exit(0)\n"))
    with Journal.begin(tmp_path / "j", 7) as journal:
        grade([path], SETTINGS, journal=journal)
    judged.clear()
    mend(monkeypatch, f"{GRADER}/conv_step.py")
    with Journal(tmp_path / "j") as journal:
        grade([path], SETTINGS, journal=journal)
    assert sorted(judged) == sorted(EXERCISES)


def test_our_own_failures_are_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "ch01_a.py"
    path.write_text(source("relu"))
    with monkeypatch.context() as patch:
        patch.setattr(batch, "start_judging", grader_here)
        patch.setattr(batch, "Pool", InThisProcess)
        patch.setattr(grading_process, "grade_submission", lambda *_: 1 / 0)
        with Journal.begin(tmp_path / "j", 7) as journal:
            (failed,) = grade([path], SETTINGS, journal=journal).submissions
    assert failed.failed_here
    with Journal(tmp_path / "j") as journal:
        (graded,) = grade([path], SETTINGS, journal=journal).submissions
    assert not graded.failed_here
