"""A function of this process called on every probe of its exercise, and judged.

The learner's code runs in their own kernel, within a limit of time for each call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from cnnlab.autograder.display.show import Check
from cnnlab.autograder.judging.answerkey import AnswerKey, Finding
from cnnlab.autograder.judging.exercise import Chapter, Probe
from cnnlab.autograder.judging.influence import look_into
from cnnlab.autograder.judging.judge import judge
from cnnlab.autograder.judging.results import ExerciseResult
from cnnlab.autograder.kernel import Clock, no_visitors, quiet
from cnnlab.autograder.sandbox.calls import ErrorInfo, Outcome
from cnnlab.autograder.submission.course import course_stands_in


def judged(function: Callable[..., Any], key: AnswerKey, seconds: float = Chapter.seconds) -> Check:
    """Every probe of an exercise, called and judged; each call may take so many seconds."""
    kernel = _InThisKernel(key, function, Clock(seconds, key.exercise.name))
    with no_visitors(), course_stands_in():
        outcomes = key.outcomes(kernel)
        result = judge(
            key,
            outcomes,
            lambda found: look_into(key, found, kernel.call_with),
        )
    return Check(result, _printed_in(result, kernel.printed))


@dataclass(frozen=True)
class _InThisKernel:
    """A `Runner` whose functions run here; a baseline is timed once."""

    key: AnswerKey
    function: Callable[..., Any]
    clock: Clock
    printed: list[tuple[Any, str]] = field(default_factory=list)
    """The arguments of each call, and what was printed during it."""
    rounds: int = 1

    def call(self, numbers: Sequence[int]) -> list[Outcome]:
        return [self.call_probe(self.key.probes[i]) for i in numbers]

    def call_probe(self, probe: Probe) -> Outcome:
        """What comes of a call; none is made any more after one that did not end."""
        outcome = self._too_long()
        if not self.clock.ran_out:
            with quiet() as said, self.clock.limit():
                outcome = self.key.call(self.function, probe)
            self.printed.append((probe.args, said.getvalue()))
        return self._too_long() if self.clock.ran_out else outcome

    def call_with(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Outcome:
        return self.call_probe(Probe("", args, kwargs))

    def _too_long(self) -> Outcome:
        error = ErrorInfo("Timeout", f"no answer within {self.clock.seconds:g} seconds")
        return Outcome("timeout", error=error, seconds=self.clock.seconds)

    @contextmanager
    def baseline(self, name: str, source: str) -> Iterator[Callable[[int], Outcome]]:
        namespace: dict[str, Any] = {}
        exec(source, namespace)  # our own source
        yield lambda i: self.key.call(namespace[name], self.key.probes[i])


def _printed_in(result: ExerciseResult, printed: list[tuple[Any, str]]) -> str:
    """What was printed during the call that the result shows."""
    if not isinstance(result.detail, Finding):
        return ""
    shown = result.detail.probe.args
    return next((said[:2000] for args, said in printed if args is shown), "")
