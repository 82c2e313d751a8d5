"""Speed: a learner's function and a plain one, timed on the same calls in one run.

A rung of speed has probes like any other: every call has numbers of its own, so that nothing
can be remembered from one to the next, and every result is compared with Keras's. Besides, the
exercise's `Rival`, plain source of ours, answers the same calls, and the best times are
compared. Noise only ever adds time, so the best of several is what the code itself takes; the
ratio that is asked for lies far from that of a loop and far from that of a solution.

What makes the times worth believing, in a submission's grading:

* Both are read off the judge's clock, around the way to the process and back.
* The learner's function gets one call at a time: the next numbers are sent when the last
  answer has come, so none can be worked out ahead.
* The rival runs in a process of its own, which holds no learner code, while the learner's
  process is ended: nothing that a submission does can slow it down.
* On a crowded machine a fast answer may wait longer for its turn than it took to find. So a
  function that seems too slow is timed again, in a new process that remembers nothing, up to
  `ROUNDS` times; the shortest of all its times counts, and of all the rival's.

What remains: in a live `check` both run in the learner's kernel, whose owner may deceive
himself. And a function may be fast on calls of this size alone, or hand its work to other
threads: the judge's clock shows how long an answer took, not how it was found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cnnlab.autograder.compare import agrees
from cnnlab.autograder.worker import Outcome, invoke

if TYPE_CHECKING:
    from cnnlab.autograder.answerkey import AnswerKey

LOST = ("timeout", "memory", "crashed")
ROUNDS = 4
"""How often a submission that seems too slow is timed."""


@dataclass(frozen=True)
class Rival:
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

    def verdict(self, outcomes: Sequence[Outcome]) -> str:
        """What the learner hears of a function that is too slow, or ``""``.

        No measured number is in it: two gradings of one submission say the same.

        Parameters
        ----------
        outcomes : sequence of Outcome
            Of the rung's probes. Where none has a ``par``, nothing was timed, and nothing is
            said: so the twist proof judges values alone.

        >>> rival = Rival("loop", "", ratio=5)
        >>> rival.verdict([Outcome("returned", seconds=0.01, par=0.2)])
        ''
        >>> rival.verdict([Outcome("returned", seconds=0.19, par=0.2)])
        'your function must be at least 5 times as fast as loop, and is hardly faster.'
        """
        pars = [outcome.par for outcome in outcomes if outcome.par is not None]
        if not pars:
            return ""
        ratio = min(pars) / max(min(outcome.seconds for outcome in outcomes), 1e-9)
        if ratio >= self.ratio:
            return ""
        found = "hardly faster" if ratio < 2 else "faster, but not fast enough"
        wanted = f"at least {self.ratio:g} times as fast as {self.name}"
        return f"your function must be {wanted}, and is {found}."


def one_by_one(key: AnswerKey, call: Callable[[list[bytes]], list[Outcome]]) -> list[Outcome]:
    """Every probe's outcome; the timed ones are called last, and one at a time.

    Parameters
    ----------
    call : callable, requests → outcomes
    """
    timed = set(timed_probes(key))
    rest = [i for i in range(len(key.probes)) if i not in timed]
    outcomes = dict(zip(rest, call([key.requests[i] for i in rest]), strict=True))
    last = outcomes[rest[-1]]
    for i in sorted(timed):
        if last.status not in LOST:
            (last,) = call([key.requests[i]])
        outcomes[i] = last
    return [outcomes[i] for i in range(len(key.probes))]


def beside(
    key: AnswerKey, outcomes: Sequence[Outcome], call: Callable[[int], Outcome]
) -> list[Outcome]:
    """The outcomes, those of timed probes with the rival's seconds as ``par``.

    The rival is called for one probe at a time, as the learner's function was: a row of answers
    that wait to be read would look as if they had taken no time. Where an answer is missing
    anyway, it is not called at all.

    Parameters
    ----------
    call : callable, probe number → the rival's outcome

    Raises
    ------
    RuntimeError
        The rival failed, which is a fault of ours.
    """
    result = list(outcomes)
    if not answered(key, outcomes):
        return result
    for i in timed_probes(key):
        answer = call(i)
        if answer.status != "returned":
            raise RuntimeError(f"the plain loop ended in {answer.status}: {answer.error}")
        known = result[i].par
        par = answer.seconds if known is None else min(known, answer.seconds)
        result[i] = replace(result[i], par=par)
    return result


def timed_again(
    key: AnswerKey, outcomes: Sequence[Outcome], call: Callable[[list[bytes]], list[Outcome]]
) -> list[Outcome]:
    """The outcomes with shorter times, where another call gives the same answer sooner.

    Parameters
    ----------
    call : callable, requests → outcomes
    """
    result = list(outcomes)
    for i in timed_probes(key):
        (again,) = call([key.requests[i]])
        if again.status != "returned" or not agrees(result[i].value, again.value):
            break
        result[i] = replace(result[i], seconds=min(result[i].seconds, again.seconds))
    return result


def answered(key: AnswerKey, outcomes: Sequence[Outcome]) -> bool:
    """Whether there are timed probes, and each has an answer."""
    timed = timed_probes(key)
    return bool(timed) and all(outcomes[i].status == "returned" for i in timed)


def timed_probes(key: AnswerKey) -> list[int]:
    """The numbers of the probes on which the rival is timed; none without a rival."""
    rival = key.exercise.rival
    return [i for i, p in enumerate(key.probes) if rival is not None and p.rung == rival.rung]


def called_here(key: AnswerKey) -> Callable[[int], Outcome]:
    """Calls the rival in this process, for `beside`."""
    rival = key.exercise.rival
    namespace: dict[str, Callable[..., object]] = {}
    if rival is not None:
        exec(rival.source, namespace)  # our own source

    def call(i: int) -> Outcome:
        assert rival is not None
        return invoke(namespace[rival.name], key.probes[i].args, key.probes[i].kwargs)

    return call
