"""The rung of speed: a plain loop timed beside the learner's function."""

import time
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest

from cnnlab.autograder.grading import grade_submission
from cnnlab.autograder.judging.answerkey import AnswerKey
from cnnlab.autograder.judging.exercise import load_chapter
from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.judging.timing import Baseline, TimedOutcome, beside, one_by_one, timed_again
from cnnlab.autograder.kernel_judge import judged
from cnnlab.autograder.sandbox.calls import Outcome
from cnnlab.autograder.sandbox.processes import available
from cnnlab.autograder.sandbox.session import open_workers
from cnnlab.autograder.submission import read
from cnnlab.autograder.submission.solutions import solution_source

CHAPTER = "ch13_fast_convolution"
NAME = "conv2d_im2col"
LOOPED = """
def conv2d_im2col(x, kernels, bias, strides=(1, 1), padding="valid"):
    x, kernels, bias = (1.0 * np.asarray(a) for a in (x, kernels, bias))
    if kernels.shape[2] != x.shape[3]:
        raise ValueError("kernels must have x's channels")
    if bias.shape != kernels.shape[3:]:
        raise ValueError("bias must have one number for each filter")
    return conv2d_loop(x, kernels, bias, strides, padding)
"""


@pytest.fixture(scope="module")
def key() -> AnswerKey:
    return recorded(CHAPTER)[NAME]


@pytest.fixture(scope="module")
def workers():
    with open_workers(sandbox=available() is None) as workers:
        yield workers


def graded(source, workers, tmp_path):
    """The result of one exercise, graded as a submission."""
    file = tmp_path / f"{CHAPTER}.py"
    file.write_text(f"import math\nimport numpy as np\n\n{source}")
    result = grade_submission(read(file), recorded(CHAPTER), workers)
    return next(e for e in result.exercises if e.name == NAME)


def points(result):
    return {rung.id: rung.points * rung.passed for rung in result.rungs}


def learner(source):
    """The function that a notebook would hold, with the chapter's own names around it."""
    namespace = {}
    exec(load_chapter(CHAPTER).prelude, namespace)
    exec(solution_source(CHAPTER, "im2col"), namespace)
    exec(source, namespace)
    return namespace[NAME]


def outcome(seconds):
    return Outcome("returned", seconds=seconds)


def timed_probes(key):
    return key.exercise.baseline.timed([probe.rung for probe in key.probes])


class Runner:
    """The learner's calls and the baseline's, each as a function of the probes' numbers."""

    rounds = 3

    def __init__(self, call, baseline):
        self.call = call
        self.call_baseline = baseline

    @contextmanager
    def baseline(self, name, source):
        yield self.call_baseline


def test_a_loop_loses_the_rung_of_speed_alone(workers, tmp_path):
    result = graded(LOOPED, workers, tmp_path)
    assert [r.id for r in result.rungs if not r.passed] == ["speed"]
    assert result.diagnosis == []
    assert "at least 5 times as fast as conv2d_loop" in result.message
    assert "loop over places or filters" in result.hint


def test_one_product_has_full_marks(workers, tmp_path):
    result = graded(solution_source(CHAPTER, NAME), workers, tmp_path)
    assert result.status == "passed"


def test_both_are_told_apart_in_a_live_check(key):
    slow, fast = (judged(learner(s), key).result for s in (LOOPED, solution_source(CHAPTER, NAME)))
    assert points(slow)["speed"] == 0
    assert slow.score == slow.max_score - key.exercise.points["speed"]
    assert fast.status == "passed"


@pytest.mark.slow
def test_a_submission_cannot_slow_the_baseline(workers, tmp_path):
    """Sleeping sums, a busy thread and a loop of one's own under the baseline's name: no gain."""
    tricks = """
import threading, time

_sum = np.sum

def _lazy(*args, **kwargs):
    time.sleep(0.00002)
    return _sum(*args, **kwargs)

def conv2d_loop(*args):
    time.sleep(1)

def _spin():
    while True:
        pass

def _layer(x, kernels, bias, strides, padding):
    kh, kw, _, filters = kernels.shape
    (rows, columns), frame = layout(x.shape, (kh, kw), strides, padding)
    framed = np.pad(x, ((0, 0), *frame, (0, 0)))
    out = np.zeros((len(x), rows, columns, filters), np.result_type(x, kernels, bias))
    for n, i, j, f in np.ndindex(out.shape):
        top, left = i * strides[0], j * strides[1]
        patch = framed[n, top : top + kh, left : left + kw]
        out[n, i, j, f] = _sum(patch * kernels[:, :, :, f]) + bias[f]
    return out
"""
    body = LOOPED.replace("conv2d_loop(", "_layer(").replace(
        "    return _layer",
        "    np.sum = _lazy\n"
        "    threading.Thread(target=_spin, daemon=True).start()\n"
        "    return _layer",
    )
    result = graded(tricks + body, workers, tmp_path)
    assert points(result)["reference"] > 0
    assert points(result)["speed"] == 0


def test_remembered_answers_do_not_help(key):
    seen = {}
    plain = learner(LOOPED)

    def conv2d_im2col(x, kernels, bias, *how):
        label = np.asarray(x).tobytes() + np.asarray(kernels).tobytes()
        if label not in seen:
            seen[label] = plain(x, kernels, bias, *how)
        return seen[label]

    assert points(judged(conv2d_im2col, key).result)["speed"] == 0


def test_the_timed_calls_have_numbers_of_their_own(key):
    timed = timed_probes(key)
    assert len(timed) == 5
    assert len({key.requests[i] for i in timed}) == 5


def test_every_timed_call_is_made_alone_and_after_the_others():
    batches = []

    def call(numbers):
        batches.append(list(numbers))
        return [outcome(0.0)] * len(numbers)

    assert len(one_by_one(5, [1, 3], call)) == 5
    assert batches == [[0, 2, 4], [1], [3]]


def test_after_a_call_that_hangs_no_timed_one_is_made():
    batches = []

    def call(numbers):
        batches.append(list(numbers))
        return [Outcome("timeout")] * len(numbers)

    assert {o.status for o in one_by_one(5, [1, 3], call)} == {"timeout"}
    assert batches == [[0, 2, 4]]


def test_the_baseline_rests_where_an_answer_is_missing():
    def call(numbers):
        return [Outcome("raised") if i == 2 else outcome(0.0) for i in numbers]

    def never(i):
        raise AssertionError("the baseline was called")

    outcomes = Baseline("loop", "", 5).outcomes(["shape", "speed", "speed"], Runner(call, never))
    assert [type(o) for o in outcomes] == [Outcome] * 3


def test_a_function_that_seems_too_slow_is_timed_again_until_it_is_not():
    times = iter([9.0, 9.0, 0.001])  # the machine was busy twice

    def call(numbers):
        return [outcome(next(times)) for _ in numbers]

    baseline = Baseline("loop", "", 5)
    runner = Runner(lambda numbers: call(numbers) if list(numbers) == [1] else [outcome(0.0)], None)
    runner.call_baseline = lambda i: outcome(1.0)
    outcomes = baseline.outcomes(["shape", "speed"], runner)
    assert baseline.verdict(outcomes[1:]) == ""
    assert next(times, None) is None


def test_a_baseline_that_fails_is_our_fault(key):
    broken = Baseline("f", "def f(*args):\n    return 1 / 0\n", 5)
    key = AnswerKey(replace(key.exercise, baseline=broken), key.probes, key.expected)
    with pytest.raises(RuntimeError, match="the plain loop ended in raised"):
        judged(learner(LOOPED), key)


@pytest.mark.parametrize(
    ("seconds", "pars", "verdict"),
    [
        ([0.09, 0.02, 0.5], [0.1, 0.2, 0.1], ""),  # the best of each, noise or not
        ([0.021, 0.03, 0.5], [0.1, 0.2, 0.1], "is faster, but not fast enough."),
        ([0.1, 0.2, 0.3], [0.1, 0.11, 0.12], "is hardly faster."),
        ([0.0, 0.0, 0.0], [0.1, 0.1, 0.1], ""),
    ],
)
def test_the_verdict_compares_the_best_times(seconds, pars, verdict):
    timed = [
        TimedOutcome("returned", seconds=own, baseline_seconds=par)
        for own, par in zip(seconds, pars, strict=True)
    ]
    said = Baseline("loop", "", ratio=5).verdict(timed)
    assert said.endswith(verdict)
    assert bool(said) == bool(verdict)


def test_a_right_answer_that_takes_as_long_as_the_loop_fails_whatever_the_machine_does(key):
    """The loop against itself, with a sleep as noise: the ratio stays near 1."""
    plain = learner(LOOPED)
    rng = np.random.default_rng(0)

    def conv2d_im2col(*args):
        time.sleep(0.01 * rng.random())
        return plain(*args)

    assert points(judged(conv2d_im2col, key).result)["speed"] == 0


def test_a_second_timing_keeps_the_shorter_times_of_equal_answers():
    first = [replace(outcome(1.0), value=np.ones(2))] * 3
    times = {1: 2.0, 2: 0.1}

    def call(numbers):
        return [replace(outcome(times[i]), value=np.ones(2)) for i in numbers]

    assert [o.seconds for o in timed_again([1, 2], first, call)] == [1.0, 1.0, 0.1]


def test_a_second_timing_does_not_take_a_quick_wrong_answer():
    first = [replace(outcome(1.0), value=np.ones(2))] * 2
    quick = replace(outcome(0.0), value=np.zeros(2))
    assert timed_again([1], first, lambda numbers: [quick]) == first


def test_a_baseline_that_is_timed_twice_keeps_its_shorter_time():
    outcomes = [outcome(1.0)] * 2
    for seconds in (0.5, 0.2, 0.9):
        outcomes = beside([1], outcomes, lambda i, seconds=seconds: outcome(seconds))
    assert outcomes[0] == outcome(1.0)
    assert outcomes[1] == TimedOutcome("returned", seconds=1.0, baseline_seconds=0.2)
