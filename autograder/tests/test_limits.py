"""What a submission may cost the judge: memory and time, and what it keeps when that is spent."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from functools import partial
from pathlib import Path
from time import process_time

import numpy as np
import pytest

from cnnlab.autograder import grading
from cnnlab.autograder.graders.shared.network_words import in_words
from cnnlab.autograder.grading import grade_submission
from cnnlab.autograder.grading_process import Grader, card, own_cores, start_judging
from cnnlab.autograder.judging.compare import value_difference
from cnnlab.autograder.judging.judge import judge
from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.judging.results import ExerciseResult, SubmissionResult, to_dict
from cnnlab.autograder.judging.tolerance import as_numbers
from cnnlab.autograder.pool import Pool, Task
from cnnlab.autograder.sandbox.budget import Budget
from cnnlab.autograder.sandbox.processes import SandboxError
from cnnlab.autograder.sandbox.session import open_workers
from cnnlab.autograder.settings import Settings
from cnnlab.autograder.submission import Submission, read, read_text
from cnnlab.autograder.tests.handins import CHAPTER, EXERCISES, hand_in, source

RELU = "import numpy as np\n\n" + source("relu")
SLEEPER = "import time\n\ndef conv_step(patch, kernel, bias):\n    time.sleep(5)\n"


def submission(text: str) -> Submission:
    return read_text(text, "ch01_mine.py")


def exercise(result: SubmissionResult, name: str) -> ExerciseResult:
    (found,) = (exercise for exercise in result.exercises if exercise.name == name)
    return found


# Memory


def test_what_is_too_large_to_be_compared_is_the_learners_to_mend(monkeypatch) -> None:
    def greedy(key, outcomes, smaller):
        if key.exercise.name == "relu":
            raise MemoryError
        return judge(key, outcomes, smaller)

    monkeypatch.setattr(grading, "judge", greedy)
    with Grader(sandbox=False) as grader:
        result = grader.grade(read_text(hand_in(), "ch01_mine.ipynb"), None)
    found = exercise(result, "relu")
    assert (found.status, found.score) == ("memory", 0.0)
    assert found.message == "What relu returned is too large to be compared with the right answer."
    assert {e.status for e in result.exercises if e.name != "relu"} == {"passed"}


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are Linux's")
def test_a_process_that_judges_has_a_limit_and_what_it_starts_has_none() -> None:
    program = """
        import resource, subprocess, sys
        import numpy as np
        from cnnlab.autograder.sandbox.budget import limit_memory, no_memory_limit
        before = resource.getrlimit(resource.RLIMIT_AS)
        limit_memory(64 << 20)
        np.ones(16 << 20, np.uint8)
        try:
            np.ones(128 << 20, np.uint8)
        except MemoryError:
            print("limited")
        ask = "import resource; print(resource.getrlimit(resource.RLIMIT_AS))"
        with no_memory_limit():
            said = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True)
        print(said.stdout.strip() == str((before[1], before[1])))
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["limited", "True"]


def test_text_never_becomes_an_array() -> None:
    assert as_numbers(["a" * 10**6] + [""] * 190_000) is None
    assert as_numbers([[1, 2], ["3", 4]]) is None
    np.testing.assert_array_equal(as_numbers([[1, True], (np.bool_(0), 4.0)]), [[1, 1], [0, 4]])


def test_a_long_array_in_the_place_of_a_few_numbers_is_not_taken_apart() -> None:
    difference = value_difference((3, 4), np.broadcast_to(np.int8(1), 2**40))
    assert difference
    assert difference.text == f"expected 2 entries, received {2**40}"
    assert value_difference((3, 4), np.array([3, 4])) is None


# Time


def test_what_was_graded_before_the_budget_ran_out_counts() -> None:
    text = f"{RELU}\n{SLEEPER}"
    with open_workers(sandbox=False) as workers:
        result = grade_submission(
            submission(text), recorded(CHAPTER), workers, Budget(processor=60, asleep=0.5)
        )
    names = [e.name for e in result.exercises]
    assert names == list(EXERCISES)
    assert exercise(result, "conv_step").message == (
        "This submission used up its 0.5 seconds of waiting, so conv_step was not graded."
    )
    assert exercise(result, "relu").status == "timeout"  # it comes later
    assert exercise(result, "conv2d").status == "missing"  # which costs nothing to see
    slow_later = text.replace("conv_step(patch, kernel, bias)", "conv2d(x, kernels, bias)")
    slow_later += "\n" + source("conv_step")
    with open_workers(sandbox=False) as workers:
        result = grade_submission(
            submission(slow_later), recorded(CHAPTER), workers, Budget(processor=60, asleep=0.5)
        )
    assert exercise(result, "conv_step").status == "passed"
    assert exercise(result, "conv2d").status == "timeout"
    assert result.score == exercise(result, "conv_step").score


def test_the_wording_of_thousands_of_layers_is_bounded() -> None:
    layers = [{"class": "Conv2D", "activation": "relu", "filters": 1, "kernel_size": [1, 1]}]
    layers += [{"class": "Dropout", "rate": 0.5}] * 20_000 + [{"class": "ReLU"}] * 20_000
    start = process_time()
    assert len(in_words(layers)) == 500
    assert process_time() < start + 1


# Processes


def test_a_sandbox_that_does_not_start_is_our_fault_and_never_a_zero(monkeypatch) -> None:
    def no_start(*args: object, **kwargs: object) -> None:
        raise SandboxError("no process starts")

    monkeypatch.setattr("cnnlab.autograder.grading_process.open_workers", no_start)
    with Grader(sandbox=False) as grader:
        result = grader.grade(submission(hand_in()), None)
    assert {e.status for e in result.exercises} == {"internal_error"}
    assert "no process starts" in result.message


def test_cards_are_drawn_where_the_result_was_made_and_are_in_no_file(tmp_path: Path) -> None:
    path = tmp_path / "ch01_mine.py"
    path.write_text("def relu(z):\n    return -z\n", encoding="utf-8")
    settings = Settings(fresh=False, sandbox=False, workers=1)
    with Pool(1, partial(start_judging, settings, drawn=True)) as pool:
        ((_, result),) = pool.grade([(0, Task(read(path), None))])
    found = exercise(result, "relu")
    assert found.card
    html, text = found.card
    assert html.startswith("<section")
    assert text.startswith("relu: ")
    assert html != card(found)[0]  # what the finding showed is not there any more
    assert "card" not in to_dict(found)


def test_processes_share_the_processors(monkeypatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: {0, 2, 4, 5}, raising=False)

    class Process:
        name = "SpawnProcess-3"

    monkeypatch.setattr("cnnlab.autograder.grading_process.current_process", Process)
    assert own_cores(1) == ()
    assert own_cores(2) == (2, 5)
    assert own_cores(4) == (5,)
    assert own_cores(8) == (5,)
    Process.name = "MainProcess"
    assert own_cores(4) == ()
