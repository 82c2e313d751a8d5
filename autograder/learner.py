"""What a learner calls in a notebook: `start`, `check`, `hint`, `solution`.

A live check runs in the learner's own process, with the function object itself and the recorded
references; there are no walls, because it is their own machine.
"""

from __future__ import annotations

import difflib
import io
import json
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from cnnlab.autograder.exercise import Exercise, chapter_names, find_chapter, load_chapter
from cnnlab.autograder.judge import AnswerKey, Finding, judge
from cnnlab.autograder.record import recorded
from cnnlab.autograder.results import ExerciseResult
from cnnlab.autograder.show import Check, Note, Overview, Source, shell, show
from cnnlab.autograder.worker import Outcome, invoke

SOLUTIONS = Path(__file__).parent.parent / "solutions"
_MARKER = re.compile(r"^[ \t]*### (BEGIN|END) SOLUTION[ \t]*\n?", re.MULTILINE)


class _Session:
    """What is remembered between calls: the chapter, and the hints that were given."""

    def __init__(self) -> None:
        self.chapter: str | None = None
        self.told: dict[tuple[str, str], list[str]] = {}


_session = _Session()


def start(chapter: str) -> None:
    """Begin a chapter: from now on, `check` and the others mean its exercises.

    Parameters
    ----------
    chapter : str
        The chapter's name or its beginning: ``"ch01"``.

    Raises
    ------
    ValueError
        There is no such chapter; the message lists those that there are.
    """
    name = find_chapter(chapter)
    recorded(name)  # loaded now, so that the first check is as fast as any other
    _session.chapter = name
    title = load_chapter(name).title
    show(
        Note(
            f"{title}.",
            "check(f) tests your function f, hint(f) helps you on, "
            "solution(f) shows one way to do it.",
        )
    )


def check(function: Callable[..., Any] | None = None) -> Check | Overview:
    """Check a function of yours: does it do what its exercise asks for?

    Parameters
    ----------
    function : callable, optional
        The function itself: ``check(conv2d)``. Without it, every exercise that the notebook
        defines is checked.

    Returns
    -------
    Check or Overview
        Shows itself as the last line of a cell; its ``result`` holds the details. nbgrader
        reads it as the score.

    Raises
    ------
    TypeError
        Something other than a function was passed.
    ValueError
        No exercise has the function's name, or several chapters have one of this name and
        none was started.
    RuntimeError
        There is nothing to search for functions: no notebook, and no argument either.
    """
    if function is None:
        return _check_all()
    chapter, name = _locate(_name_of(function))
    return _judged(function, recorded(chapter)[name])


def hint(function: Callable[..., Any] | str) -> Note:
    """The next hint for an exercise: what went wrong first, then from the idea to the detail.

    Parameters
    ----------
    function : callable or str
        Your function, or its name.

    Raises
    ------
    TypeError, ValueError
        As `check`.
    """
    chapter, name = _locate(_name_of(function, text_too=True))
    exercise = load_chapter(chapter)[name]
    result = _state(function, recorded(chapter)[name])
    if result is not None and result.passed:
        return Note(name, f"{name} passes every rung. There is nothing left to hint at.")
    told = _session.told.setdefault((chapter, name), [])
    left = [text for text in _hints(exercise, result) if text not in told]
    if not left:
        said = f"That were all hints for {name}. Here they are again:"
        again = "\n\n".join([said, *exercise.hints])
        return Note(f"{name}, all hints", f"{again}\n\n{_mention_solution(name)}")
    told.append(left[0])
    more = len(left) - 1
    count = f"{more} more hint{'s' if more > 1 else ''}: call hint({name}) again."
    return Note(f"{name}, a hint", f"{left[0]}\n\n{count if more else _mention_solution(name)}")


def solution(function: Callable[..., Any] | str, anyway: bool = False) -> Source | Note:
    """One way to write an exercise's function.

    Parameters
    ----------
    function : callable or str
        Your function, or its name.
    anyway : bool
        Show it also where nothing has been tried yet.

    Raises
    ------
    TypeError, ValueError
        As `check`.
    FileNotFoundError
        The chapter's notebook with solutions is not there.
    """
    chapter, name = _locate(_name_of(function, text_too=True))
    if not anyway and not _attempted(function, recorded(chapter)[name]):
        return Note(
            f"{name} is not written yet",
            f"Have a try first: you learn most from your own mistakes. hint({name}) helps you "
            f"on.\n\nsolution({name}, anyway=True) shows the solution all the same.",
        )
    return Source(name, model_solution(chapter, name))


def model_solution(chapter: str, name: str) -> str:
    """The course's own source of an exercise's function, without the markers around it.

    Raises
    ------
    FileNotFoundError
        The chapter's notebook with solutions is not there.
    """
    path = SOLUTIONS / chapter / f"{chapter}.ipynb"
    if not path.exists():
        raise FileNotFoundError(f"There are no solutions at {path}. Run `cnnlab build`.")
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == name:
            return _MARKER.sub("", "".join(cell["source"])).strip()
    raise FileNotFoundError(f"{path} has no solution of {name}. Run `cnnlab build`.")


# Which exercise is meant


def _name_of(function: Any, text_too: bool = False) -> str:
    if isinstance(function, str) and text_too:
        return function
    if not callable(function):
        example = function if isinstance(function, str) and function.isidentifier() else "conv2d"
        raise TypeError(
            "function must be your function itself, without quotes and without calling it: "
            f"check({example}). Received: {type(function).__name__}"
        )
    return str(getattr(function, "__name__", type(function).__name__))


def _locate(name: str) -> tuple[str, str]:
    """The chapter and the exercise that a function's name means."""
    if _session.chapter and name in _exercises(_session.chapter):
        return _session.chapter, name
    found = [chapter for chapter in chapter_names() if name in _exercises(chapter)]
    if len(found) == 1:
        return found[0], name
    if found:
        raise ValueError(
            f"function must belong to one chapter, but {name!r} is an exercise of "
            f"{', '.join(found)}. Say which one is yours first: start({found[0]!r})"
        )
    chapters = [_session.chapter] if _session.chapter else chapter_names()
    known = [exercise for chapter in chapters for exercise in _exercises(chapter)]
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    advice = f"Did you mean {close[0]!r}?" if close else f"The exercises are {', '.join(known)}."
    raise ValueError(
        f"function must have the name of an exercise, as in its def line. {advice} "
        f"Received: {name!r}"
    )


def _exercises(chapter: str) -> list[str]:
    return [exercise.name for exercise in load_chapter(chapter).exercises]


def _in_notebook(name: str) -> Callable[..., Any] | None:
    """The function of this name that the running notebook defines."""
    running = shell()
    found = running.user_ns.get(name) if running else None
    return found if callable(found) else None


# Checking


def _judged(function: Callable[..., Any], key: AnswerKey) -> Check:
    """Every probe of an exercise, called and judged."""
    outcomes, printed = [], []
    for probe in key.probes:
        with _quiet() as said:
            outcomes.append(invoke(function, probe.args, probe.kwargs))
        printed.append(said.getvalue())
    result = judge(key, outcomes)
    return Check(result, _printed_in(result, key, printed))


@contextmanager
def _quiet() -> Iterator[io.StringIO]:
    """Catch what a call prints. Twenty probes would print it twenty times, and a warning on
    stderr would cost all points where nbgrader executes the notebook."""
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield said


def _printed_in(result: ExerciseResult, key: AnswerKey, printed: list[str]) -> str:
    """What was printed during the call that the result shows."""
    if not isinstance(result.detail, Finding):
        return ""
    for probe, said in zip(key.probes, printed, strict=True):
        if probe is result.detail.probe:
            return said[:2000]
    return ""


def _check_all() -> Overview:
    running = shell()
    if running is None:
        raise RuntimeError(
            "check() looks for your functions in a running notebook, and there is none here. "
            "Pass one: check(conv2d)"
        )
    chapters = [_session.chapter] if _session.chapter else chapter_names()
    checks = []
    for name in dict.fromkeys(n for chapter in chapters for n in _exercises(chapter)):
        function = _in_notebook(name)
        if function is not None:
            chapter, _ = _locate(name)
            checks.append(_judged(function, recorded(chapter)[name]))
    return Overview(checks)


# Hints


def _state(function: Any, key: AnswerKey) -> ExerciseResult | None:
    """How far the learner is; None where only a name is known."""
    if isinstance(function, str):
        function = _in_notebook(function)
    return None if function is None else _judged(function, key).result


def _attempted(function: Any, key: AnswerKey) -> bool:
    if isinstance(function, str):
        function = _in_notebook(function)
    if function is None:
        return False
    probe = key.probes[0]
    with _quiet():
        first: Outcome = invoke(function, probe.args, probe.kwargs)
    return not (first.error and first.error.type == "NotImplementedError")


def _hints(exercise: Exercise, result: ExerciseResult | None) -> list[str]:
    """Everything there is to say, in order: on the mistake or the rung, then the three hints."""
    special = []
    if result is not None and result.diagnosis:
        special = [twist.says for twist in exercise.twists if twist.name in result.diagnosis]
    elif result is not None:
        special = [result.hint]
    return list(dict.fromkeys([*special, *exercise.hints]))


def _mention_solution(name: str) -> str:
    return f"That was the last hint. solution({name}) shows one way to write it."
