"""Speed: a learner's function and a plain one, the baseline, timed on the same calls in one run.

A rung of speed has probes like any other: every call has numbers of its own, so that nothing
can be remembered from one to the next, and every result is compared with Keras's. Besides, the
exercise's `Baseline`, plain source of ours, answers the same calls, and the best times are
compared. Noise only ever adds time, so the best of several is what the code itself takes; the
ratio that is asked for lies far from that of a loop and far from that of a solution.

What makes the times worth believing, in a submission's grading:

* Both are read off the judge's clock, around the way to the process and back.
* The learner's function gets one call at a time: the next numbers are sent when the last
  answer has come, so none can be worked out ahead.
* The baseline runs in a process of its own, which holds no learner code, while the learner's
  process is ended: nothing that a submission does can slow it down.
* On a crowded machine a fast answer may wait longer for its turn than it took to find. So a
  function that seems too slow is timed again, in a new process that remembers nothing; the
  shortest of all its times counts, and of all the baseline's.

What remains: in a live `check` both run in the learner's kernel, whose owner may deceive
himself. And a function may be fast on calls of this size alone, or hand its work to other
threads: the judge's clock shows how long an answer took, not how it was found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields, replace
from typing import Protocol

from cnnlab.autograder.judging.compare import agrees
from cnnlab.autograder.sandbox.calls import Outcome

LOST = ("timeout", "memory", "crashed")


class Runner(Protocol):
    """Where the functions of one exercise run: in this kernel, or in processes of their own."""

    @property
    def rounds(self) -> int:
        """How often a function that seems too slow is timed."""

    def call(self, numbers: Sequence[int]) -> list[Outcome]:
        """The learner's function on the probes of these numbers, one after another."""

    def baseline(self, name: str, source: str) -> AbstractContextManager[Callable[[int], Outcome]]:
        """What calls the function ``name`` of our own source on the probe of a number."""


@dataclass(frozen=True)
class TimedOutcome(Outcome):
    """An outcome beside the baseline's time for the same call, which the judge measured.

    Parameters
    ----------
    baseline_seconds : float
    """

    baseline_seconds: float = 0.0


@dataclass(frozen=True)
class Baseline:
    """A plain function, and how much faster the learner's must be.

    Parameters
    ----------
    name : str
        Of the function, as learners know it.
    source : str
        Defines it; needs nothing but NumPy and the standard library.
    ratio : float
        How many times as fast the learner's function must be.
    rung : str
        The rung on whose probes both are timed.
    """

    name: str
    source: str
    ratio: float
    rung: str = "speed"

    def timed(self, rungs: Sequence[str]) -> list[int]:
        """The numbers of the probes on which both functions are timed."""
        return [i for i, rung in enumerate(rungs) if rung == self.rung]

    def outcomes(self, rungs: Sequence[str], runner: Runner) -> list[Outcome]:
        """What came of every probe, those of the timed ones as `TimedOutcome`.

        Where an answer is missing anyway, the baseline is not called at all.

        Parameters
        ----------
        rungs : sequence of str
            Each probe's rung.
        runner : Runner

        Raises
        ------
        RuntimeError
            The baseline failed, which is a fault of ours.
        """
        timed = self.timed(rungs)
        outcomes = one_by_one(len(rungs), timed, runner.call)
        if any(outcomes[i].status != "returned" for i in timed):
            return outcomes
        for attempt in range(runner.rounds):
            if attempt:
                outcomes = timed_again(timed, outcomes, runner.call)
            with runner.baseline(self.name, self.source) as call:
                outcomes = beside(timed, outcomes, call)
            if not self.verdict([outcomes[i] for i in timed]):
                break
        return outcomes

    def verdict(self, outcomes: Sequence[Outcome]) -> str:
        """What the learner hears of a function that is too slow, or ``""``.

        No measured number is in it: two gradings of one submission say the same.

        Parameters
        ----------
        outcomes : sequence of Outcome
            Of the rung's probes. Where none is a `TimedOutcome`, nothing was timed, and nothing
            is said: so the twist proof judges values alone.

        Examples
        --------
        >>> loop = Baseline("loop", "", ratio=5)
        >>> loop.verdict([TimedOutcome("returned", seconds=0.01, baseline_seconds=0.2)])
        ''
        >>> loop.verdict([TimedOutcome("returned", seconds=0.19, baseline_seconds=0.2)])
        'your function must be at least 5 times as fast as loop, and is hardly faster.'
        """
        times = [o.baseline_seconds for o in outcomes if isinstance(o, TimedOutcome)]
        if not times:
            return ""
        ratio = min(times) / max(min(outcome.seconds for outcome in outcomes), 1e-9)
        if ratio >= self.ratio:
            return ""
        found = "hardly faster" if ratio < 2 else "faster, but not fast enough"
        wanted = f"at least {self.ratio:g} times as fast as {self.name}"
        return f"your function must be {wanted}, and is {found}."


def one_by_one(
    count: int, timed: Sequence[int], call: Callable[[Sequence[int]], list[Outcome]]
) -> list[Outcome]:
    """Every probe's outcome; the timed ones are called last, and one at a time.

    Parameters
    ----------
    count : int
        How many probes there are.
    timed : sequence of int
    call : callable, probe numbers → outcomes
    """
    rest = [i for i in range(count) if i not in timed]
    outcomes = dict(zip(rest, call(rest), strict=True))
    last = outcomes[rest[-1]]
    for i in timed:
        if last.status not in LOST:
            (last,) = call([i])
        outcomes[i] = last
    return [outcomes[i] for i in range(count)]


def beside(
    timed: Sequence[int], outcomes: Sequence[Outcome], call: Callable[[int], Outcome]
) -> list[Outcome]:
    """The outcomes, the timed ones with the baseline's time, the shorter one if there are two.

    The baseline is called for one probe at a time, as the learner's function was: a row of
    answers that wait to be read would look as if they had taken no time.

    Parameters
    ----------
    call : callable, probe number → the baseline's outcome

    Raises
    ------
    RuntimeError
        The baseline itself failed.
    """
    result = list(outcomes)
    for i in timed:
        answer = call(i)
        if answer.status != "returned":
            raise RuntimeError(f"the plain loop ended in {answer.status}: {answer.error}")
        known = result[i]
        seconds = answer.seconds
        if isinstance(known, TimedOutcome):
            seconds = min(seconds, known.baseline_seconds)
        plain = {field.name: getattr(known, field.name) for field in fields(Outcome)}
        result[i] = TimedOutcome(**plain, baseline_seconds=seconds)
    return result


def timed_again(
    timed: Sequence[int],
    outcomes: Sequence[Outcome],
    call: Callable[[Sequence[int]], list[Outcome]],
) -> list[Outcome]:
    """The outcomes with shorter times, where another call gives the same answer sooner.

    Parameters
    ----------
    call : callable, probe numbers → outcomes
    """
    result = list(outcomes)
    for i in timed:
        (again,) = call([i])
        if again.status != "returned" or not agrees(result[i].value, again.value):
            break
        result[i] = replace(result[i], seconds=min(result[i].seconds, again.seconds))
    return result
