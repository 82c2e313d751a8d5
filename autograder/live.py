"""The live side of a check: which exercise a function is for, its probes called and judged.

The learner's code runs in their own process, with the function object itself and the recorded
references; there is no sandbox, because it is their own machine.
"""

from __future__ import annotations

import difflib
import io
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any

from cnnlab.autograder.display.show import Check, Overview, shell
from cnnlab.autograder.judging.answerkey import AnswerKey, Finding
from cnnlab.autograder.judging.exercise import Probe, chapter_names, find_chapter, load_chapter
from cnnlab.autograder.judging.judge import judge
from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.judging.results import ExerciseResult
from cnnlab.autograder.judging.shrink import shrink
from cnnlab.autograder.judging.stubs import is_stub
from cnnlab.autograder.sandbox.calls import Outcome
from cnnlab.course.light import require_keras


class LiveState:
    """What is remembered between calls: the chapter, and the hints that were given."""

    def __init__(self) -> None:
        self.chapter: str | None = None
        self.hints_given: dict[tuple[str, str], list[str]] = {}


state = LiveState()


@dataclass(frozen=True)
class Target:
    """The exercise that a function is for."""

    chapter: str
    key: AnswerKey

    @property
    def name(self) -> str:
        return self.key.exercise.name


def begin(chapter: str) -> str:
    """Make this chapter the one that names belong to; returns its title.

    Raises
    ------
    ValueError
        There is no such chapter.
    KerasMissing
        Its functions need Keras, and this is a light installation.
    """
    name = find_chapter(chapter)
    if load_chapter(name).keras:
        require_keras()
    recorded(name)  # loaded now, so that the first check is as fast as any other
    state.chapter = name
    return load_chapter(name).title


# Which exercise is meant


def find(function: Any, by_name: bool = False) -> Target:
    """The exercise that a function is for, by its name; ``by_name`` allows the bare name, too.

    Raises
    ------
    TypeError
        It is not a function.
    ValueError
        No exercise has its name, or several chapters have one and none was started.
    """
    if isinstance(function, str) and by_name:
        return _target(function)
    if isinstance(function, str) or not callable(function):
        name = function if isinstance(function, str) and function.isidentifier() else "conv2d"
        raise TypeError(
            "function must be your function itself, without quotes and without calling it: "
            f"check({name}). Received: {type(function).__name__}"
        )
    return _target(str(getattr(function, "__name__", type(function).__name__)))


def _target(name: str) -> Target:
    if state.chapter and name in _exercises(state.chapter):
        return Target(state.chapter, recorded(state.chapter)[name])
    found = [chapter for chapter in chapter_names() if name in _exercises(chapter)]
    if len(found) > 1:
        raise ValueError(
            f"function must belong to one chapter, but {', '.join(found)} have an exercise of "
            f"this name. Say which one is yours: start({found[0]!r}). Received: {name!r}"
        )
    if not found:
        raise ValueError(_unknown(name))
    return Target(found[0], recorded(found[0])[name])


def _unknown(name: str) -> str:
    known = [e for chapter in _chapters() for e in _exercises(chapter)]
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    advice = f"Did you mean {close[0]!r}?" if close else f"The exercises are {', '.join(known)}."
    return (
        "function must have the name of an exercise, as its def line had it. "
        f"{advice} Received: {name!r}"
    )


def _chapters() -> list[str]:
    return [state.chapter] if state.chapter else chapter_names()


def _exercises(chapter: str) -> list[str]:
    return [exercise.name for exercise in load_chapter(chapter).exercises]


def _in_notebook(name: str) -> Callable[..., Any] | None:
    """The function of this name that the running notebook defines."""
    running = shell()
    found = running.user_ns.get(name) if running else None
    return found if callable(found) else None


# Checking


def judged(function: Callable[..., Any], key: AnswerKey) -> Check:
    """Every probe of an exercise, called and judged."""
    printed: list[tuple[Any, str]] = []

    def call(probe: Probe) -> Outcome:
        with _quiet() as said:
            outcome = key.call(function, probe)
        printed.append((probe.args, said.getvalue()))
        return outcome

    outcomes = key.outcomes(_InThisKernel(key, call))
    result = judge(key, outcomes, lambda found: shrink(key, found, lambda a: call(Probe("", a))))
    return Check(result, _printed_in(result, printed))


@dataclass(frozen=True)
class _InThisKernel:
    """A `Runner` whose functions run here; a baseline is timed once."""

    key: AnswerKey
    call_probe: Callable[[Probe], Outcome]
    rounds: int = 1

    def call(self, numbers: Sequence[int]) -> list[Outcome]:
        return [self.call_probe(self.key.probes[i]) for i in numbers]

    @contextmanager
    def baseline(self, name: str, source: str) -> Iterator[Callable[[int], Outcome]]:
        namespace: dict[str, Any] = {}
        exec(source, namespace)  # our own source
        yield lambda i: self.key.call(namespace[name], self.key.probes[i])


@contextmanager
def _quiet() -> Iterator[io.StringIO]:
    """Catch what a call prints. Twenty probes would print it twenty times, and a warning on
    stderr would cost all points where nbgrader executes the notebook."""
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield said


def _printed_in(result: ExerciseResult, printed: list[tuple[Any, str]]) -> str:
    """What was printed during the call that the result shows."""
    if not isinstance(result.detail, Finding):
        return ""
    shown = result.detail.probe.args
    return next((said[:2000] for args, said in printed if args is shown), "")


def judge_all() -> Overview:
    """Every exercise that the running notebook defines, judged.

    Raises
    ------
    RuntimeError
        No notebook is running.
    """
    if shell() is None:
        raise RuntimeError(
            "check() looks for your functions in a running notebook, and there is none here. "
            "Pass one: check(conv2d)"
        )
    names = dict.fromkeys(name for chapter in _chapters() for name in _exercises(chapter))
    defined = [(name, function) for name in names if (function := _in_notebook(name))]
    return Overview([judged(function, _target(name).key) for name, function in defined])


def state_of(function: Callable[..., Any] | str, key: AnswerKey) -> ExerciseResult | None:
    """How far the learner is; None where only a name is known."""
    found = _in_notebook(function) if isinstance(function, str) else function
    return None if found is None else judged(found, key).result


def attempted(function: Callable[..., Any] | str) -> bool:
    """Whether there is more than the untouched stub."""
    found = _in_notebook(function) if isinstance(function, str) else function
    return found is not None and not is_stub(found)


# Hints


def next_hint(target: Target, result: ExerciseResult | None) -> tuple[str | None, int]:
    """The first hint that was not given yet, or None, and how many are left after it.

    What the last check found comes first: the named mistake, else the rung that failed. Then
    come the exercise's three hints.
    """
    exercise = target.key.exercise
    special: list[str] = []
    if result is not None and result.diagnosis:
        special = [twist.says for twist in exercise.twists if twist.name in result.diagnosis]
    elif result is not None:
        special = [result.hint]
    given = state.hints_given.setdefault((target.chapter, target.name), [])
    left = [text for text in dict.fromkeys([*special, *exercise.hints]) if text not in given]
    if not left:
        return None, 0
    given.append(left[0])
    return left[0], len(left) - 1
