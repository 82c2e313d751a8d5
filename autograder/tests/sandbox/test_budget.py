"""What a submission may cost: who is charged for what, and what happens when it is spent."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from time import monotonic, process_time
from types import SimpleNamespace
from typing import Any

import pytest

from cnnlab.autograder.judging.fallback import attempt
from cnnlab.autograder.sandbox.budget import PATIENCE, Account, Budget, BudgetSpent, Clock
from cnnlab.autograder.sandbox.connection import Silence
from cnnlab.autograder.sandbox.processes import Limits, available
from cnnlab.autograder.sandbox.session import open_workers
from cnnlab.autograder.sandbox.usage import Usage

sandboxed = pytest.mark.skipif(available() is not None, reason=str(available()))
LIMIT = 0.1

NAPS = "import time\ndef nap(x):\n    time.sleep(x)\n    return 1\n"
LOOP = "def loop(x):\n    while True: pass\n"
THREADS = (
    "import threading, time\n"
    "def threads(x):\n"
    "    for _ in range(x):\n"
    "        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
    "    time.sleep(1)\n"
    "    return 1\n"
)


def compute(seconds: float) -> str:
    """Busy for so much processor time."""
    start = process_time()
    while process_time() < start + seconds:
        pass
    return "done"


def silent(seconds: float) -> Any:
    """A child that does not answer."""
    time.sleep(seconds)
    raise Silence


def seconds_until_silence(look: Callable[[], Usage | None], account: Account | None) -> float:
    start = monotonic()
    with pytest.raises(Silence):
        Clock(look, account).wait(silent, LIMIT)
    return monotonic() - start


# One request


@pytest.mark.parametrize("look", [lambda: None, Usage])
def test_who_sleeps_or_cannot_be_seen_gets_its_seconds(look: Callable[[], Usage | None]) -> None:
    assert LIMIT <= seconds_until_silence(look, None) < PATIENCE * LIMIT


def test_who_waits_for_a_processor_gets_more_time_but_not_for_ever() -> None:
    start = monotonic()
    account = Account(Budget(processor=60, asleep=60))
    lasted = seconds_until_silence(lambda: Usage(0.0, queued=monotonic() - start), account)
    assert PATIENCE * LIMIT <= lasted < 2 * PATIENCE * LIMIT
    assert account.asleep < LIMIT


def test_threads_that_wait_for_each_other_do_not_stop_the_clock() -> None:
    start = monotonic()

    def look() -> Usage:
        wall = monotonic() - start
        return Usage(processor=wall, queued=100 * wall)

    assert LIMIT <= seconds_until_silence(look, None) < PATIENCE * LIMIT


# One submission


def test_who_sleeps_a_little_in_every_call_runs_out_of_its_time() -> None:
    account = Account(Budget(processor=60, asleep=1.0))
    with open_workers(sandbox=False) as workers, workers.session(account) as session:
        session.define([("nap", NAPS)])
        start = monotonic()
        with pytest.raises(BudgetSpent, match="waiting"):
            session.call("nap", [((0.1,), {})] * 200, seconds=10)
        assert monotonic() - start < 10
        with pytest.raises(BudgetSpent):
            session.call("nap", [((0.0,), {})])


@pytest.mark.parametrize("sandbox", [pytest.param(True, marks=sandboxed), False])
def test_processes_that_are_ended_one_after_another_are_charged(sandbox: bool) -> None:
    account = Account(Budget(processor=1.0, asleep=60))
    with open_workers(sandbox=sandbox) as workers, workers.session(account) as session:
        session.define([("loop", LOOP)])
        for _ in range(2):
            assert session.call("loop", [((0,), {})], seconds=0.3)[0].status == "timeout"
        with pytest.raises(BudgetSpent, match="1 seconds of computing time"):
            session.call("loop", [((0,), {})], seconds=5)


def test_the_judges_own_time_is_charged_and_ends_what_it_does() -> None:
    account = Account(Budget(processor=0.2))
    start = process_time()
    with pytest.raises(BudgetSpent), account.spending():
        compute(10)
    assert process_time() < start + 5
    with pytest.raises(BudgetSpent), account.spending():
        pytest.fail("nothing is left")


def test_what_only_words_a_result_gives_way_to_the_plainer_form() -> None:
    with Account(Budget(processor=0.2)).spending():
        assert attempt(compute, 10, plainer="plain") == "plain"


# Neighbours


@sandboxed
def test_a_crowd_of_threads_is_ended_and_some_threads_are_not() -> None:
    limits = Limits(threads=8)
    with open_workers(limits=limits) as workers, workers.session() as session:
        session.define([("threads", THREADS)])
        assert session.call("threads", [((6,), {})])[0].status == "returned"
        outcome = session.call("threads", [((20,), {})])[0]
        assert outcome.status == "crashed"
        assert outcome.error
        assert outcome.error.message == "more than 8 threads at once"


@sandboxed
@pytest.mark.parametrize("release", ["6.13.9-generic", "5.15.0-1", "unknown"])
def test_a_limit_of_the_whole_machine_is_left_alone(
    release: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cnnlab.autograder.sandbox import isolation

    def mount(*args: object) -> None:
        raise AssertionError("the next step is to write into pid_max")

    monkeypatch.setattr(isolation, "_mount", mount)
    monkeypatch.setattr(os, "uname", lambda: SimpleNamespace(release=release))
    isolation._limit_pids()
    monkeypatch.setattr(os, "uname", lambda: SimpleNamespace(release="6.14.0-15-generic"))
    with pytest.raises(AssertionError, match="pid_max"):
        isolation._limit_pids()


@sandboxed
def test_learner_code_steps_back_and_keeps_to_its_processors() -> None:
    priority = "os.getpriority(os.PRIO_PROCESS, 0)"
    source = f"import os\ndef place(x):\n    return {priority}, sorted(os.sched_getaffinity(0))\n"
    core = max(os.sched_getaffinity(0))
    with open_workers(limits=Limits(cores=(core,))) as workers, workers.session() as session:
        session.define([("place", source)])
        assert session.call("place", [((0,), {})])[0].value == (os.nice(0) + 10, [core])
