"""The live side of a check: which exercise a function is for, and what becomes of its result.

The learner's code runs in their own process, with the function object itself and the recorded
references; there is no sandbox, because it is their own machine.
"""

from __future__ import annotations

import difflib
import inspect
import linecache
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cnnlab.autograder import history
from cnnlab.autograder.display.show import Check, Overview, shell
from cnnlab.autograder.display.step import Step
from cnnlab.autograder.judging.answerkey import AnswerKey
from cnnlab.autograder.judging.exercise import (
    chapter_names,
    find_chapter,
    load_chapter,
)
from cnnlab.autograder.judging.judge import not_attempted
from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.judging.results import ExerciseResult
from cnnlab.autograder.judging.stubs import is_stub
from cnnlab.autograder.kept import keep, learners_folder, not_kept
from cnnlab.autograder.kernel_judge import judged
from cnnlab.autograder.submission.course import run_later
from cnnlab.autograder.submission.definitions import Answers
from cnnlab.course.light import keras_missing, require_keras


class LiveState:
    """What is remembered between calls: what was started, and the hints that were given.

    ``chosen`` says which chapter each exercise belongs to, where a notebook has some of several.
    ``failing`` is the exercise that was checked last, or ``""`` where it passed.
    """

    def __init__(self) -> None:
        self.chapter: str | None = None
        self.chosen: dict[str, str] = {}
        self.solutions = True
        self.failing = ""
        self.hints_given: dict[tuple[str, str], list[str]] = {}


state = LiveState()


class _InWords(Exception):
    """An error that a notebook shows as its sentence, without the way through our files."""

    def _render_traceback_(self) -> list[str]:  # IPython asks for it
        return [f"{type(self).__mro__[2].__name__}: {self}"]


class NotAFunction(_InWords, TypeError):
    """Something other than a function was passed."""


class UnknownFunction(_InWords, ValueError):
    """No exercise has the function's name, or several chapters have one."""


class NoNotebook(_InWords, RuntimeError):
    """There is nothing to search for functions."""


@dataclass(frozen=True)
class Target:
    """The exercise that a function is for."""

    chapter: str
    key: AnswerKey

    @property
    def name(self) -> str:
        return self.key.exercise.name


def begin(*started: str) -> str:
    """Say what names belong to: a chapter, or exercises of several, as ``ch01::relu``.

    Returns
    -------
    str
        The titles of the chapters.

    Raises
    ------
    ValueError
        There is no such chapter or exercise.
    KerasMissing
        Its functions need Keras, and this is a light installation.
    """
    asked = [each.partition("::") for each in started]
    chapters = {chapter: load_chapter(find_chapter(chapter)) for chapter, _, _ in asked}
    chosen: dict[str, str] = {}
    for chapter, _, exercise in asked:
        names = [each.name for each in chapters[chapter].exercises]
        if exercise and exercise not in names:
            raise ValueError(
                f"{chapters[chapter].name} has the exercises {', '.join(names)}. "
                f"Received: {exercise!r}"
            )
        chosen |= {exercise: chapters[chapter].name} if exercise else {}
    for found in chapters.values():
        if found.keras:
            require_keras()
        recorded(found.name)  # loaded now, so that the first check is as fast as any other
    first = next(iter(chapters.values()))
    state.chapter, state.chosen = (None if chosen else first.name), chosen
    return ", ".join(dict.fromkeys(found.title for found in chapters.values()))


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
        raise NotAFunction(
            "function must be your function itself, without quotes and without calling it: "
            f"check({name}). Received: {type(function).__name__}"
        )
    return _target(_name_of(function))


def _name_of(function: Any) -> str:
    """The name that its def line gave it, or else the exercise that the notebook calls so."""
    name = str(getattr(function, "__name__", type(function).__name__))
    exercises = {e for chapter in _chapters() for e in _exercises(chapter)}
    if name in exercises or not (running := shell()):
        return name
    given = (e for e in sorted(exercises) if running.user_ns.get(e) is function)
    return next(given, name)


def _target(name: str) -> Target:
    if chapter := state.chosen.get(name):
        return Target(chapter, recorded(chapter)[name])
    if state.chapter and name in _exercises(state.chapter):
        return Target(state.chapter, recorded(state.chapter)[name])
    found = [chapter for chapter in chapter_names() if name in _exercises(chapter)]
    if len(found) > 1:
        raise UnknownFunction(
            f"function must belong to one chapter, but {', '.join(found)} have an exercise of "
            f"this name. Say which one is yours: start({found[0]!r}). Received: {name!r}"
        )
    if not found:
        raise UnknownFunction(_unknown(name))
    return Target(found[0], recorded(found[0])[name])


def exercises_here() -> list[str]:
    """The names that can be meant: of the chapter or the exercises that were started, or all."""
    return list(state.chosen) or [e for chapter in _chapters() for e in _exercises(chapter)]


def _unknown(name: str) -> str:
    known = exercises_here()
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    advice = f"Did you mean {close[0]!r}?" if close else f"The exercises are {', '.join(known)}."
    return (
        "function must have the name of an exercise, as its def line had it. "
        f"{advice} Received: {name!r}"
    )


def _chapters() -> list[str]:
    chosen = list(dict.fromkeys(state.chosen.values()))
    return [state.chapter] if state.chapter else chosen or chapter_names()


def _exercises(chapter: str) -> list[str]:
    return [exercise.name for exercise in load_chapter(chapter).exercises]


def _in_notebook(name: str) -> Callable[..., Any] | None:
    """The function of this name that the running notebook defines."""
    running = shell()
    found = running.user_ns.get(name) if running else None
    return found if callable(found) else None


# Checking


def check(function: Callable[..., Any], target: Target) -> Check:
    """Judge a function, by the same rules as grading judges the notebook that it stands in."""
    chapter, name = load_chapter(target.chapter), target.name
    sources = _executed()
    answers = history.read(chapter, name, sources) if sources else None
    if answers and (definition := answers.definitions[name]).status == "forbidden":
        result = not_attempted(target.key.exercise)
        result.status, result.message = "forbidden", definition.problem
        return Check(result)
    found = judged(function, target.key, chapter.seconds)
    said = [history.older_version(name, sources, _cell_of(function))]
    if answers:
        said += history.notes(chapter, name, answers, function)
    if answers and found.result.passed and not said[0]:
        said.append(_keep(target, answers))
    step = next_step(Path.cwd(), target.chapter, name) if found.result.passed else None
    return replace(found, notes=tuple(filter(None, said)), step=step)


def _keep(target: Target, answers: Answers) -> str:
    """Keep an answer with full marks for later chapters; what the learner should know of it."""
    if answers.definitions[target.name].status != "written" or answers.course_names:
        return ""  # not by itself what was judged
    try:
        new = keep(Path.cwd(), target.chapter, target.name, answers.cells)
    except OSError as error:
        return f"{target.name} could not be kept for later chapters: {error.strerror}."
    if not new or target.name not in run_later(target.chapter):
        return ""
    return f"Later chapters can now run your {target.name}."


def next_step(place: Path, chapter: str, exercise: str) -> Step | None:
    """What comes after an exercise: the chapter's next without full marks, else another chapter.

    In an assignment with exercises of several chapters, it is the next of these.

    Parameters
    ----------
    place : Path
        The notebook's folder; a link leads from there, if the other chapter is beside it.
    chapter, exercise : str

    Returns
    -------
    Step or None
        None after the last chapter that can be worked in here, or the assignment's last exercise.
    """
    if exercise in state.chosen:
        chosen = list(state.chosen)
        after = chosen[chosen.index(exercise) + 1 :]
        return Step(f"Next in this notebook: {after[0]}") if after else None
    names = [each.name for each in load_chapter(chapter).exercises]
    after = names[names.index(exercise) + 1 :]
    left = after if learners_folder(place) is None else not_kept(place, chapter)
    if first := next((name for name in [*after, *names] if name in left and name != exercise), ""):
        return Step(f"Next in this chapter: {first}")
    for name in chapter_names()[chapter_names().index(chapter) + 1 :]:
        other = load_chapter(name)
        if not (other.keras and keras_missing()):
            paths = (f"../{name}/{name}.ipynb", f"{name}.ipynb")
            link = next((path for path in paths if (place / path).exists()), "")
            linked = f"chapter {int(name[2:4])}, {other.title}"
            return Step("This chapter is done. Next: ", linked, link)
    return None


def _executed() -> list[str]:
    """What was executed in the running notebook, by execution number."""
    manager = getattr(shell(), "history_manager", None)
    return list(manager.input_hist_raw) if manager else []


def _cell_of(function: Any) -> str:
    """The source of the cell that defines a function; or ``""``."""
    try:
        code = getattr(inspect.unwrap(function), "__code__", None)
    except ValueError:  # a loop of __wrapped__
        return ""
    return "".join(linecache.getlines(code.co_filename)) if code else ""


def judge_all() -> Overview:
    """Every exercise that the running notebook defines, judged.

    Raises
    ------
    RuntimeError
        No notebook is running.
    """
    if shell() is None:
        raise NoNotebook(
            "check() looks for your functions in a running notebook, and there is none here. "
            "Pass one: check(conv2d)"
        )
    names = dict.fromkeys(exercises_here())
    defined = [(name, function) for name in names if (function := _in_notebook(name))]
    return Overview([check(function, _target(name)) for name, function in defined])


def state_of(function: Callable[..., Any] | str, target: Target) -> ExerciseResult | None:
    """How far the learner is; None where only a name is known."""
    found = _in_notebook(function) if isinstance(function, str) else function
    return None if found is None else check(found, target).result


def attempted(function: Callable[..., Any] | str) -> bool:
    """Whether there is more than the untouched stub."""
    found = _in_notebook(function) if isinstance(function, str) else function
    return found is not None and not is_stub(found)


# Hints


def remember(target: Target, result: ExerciseResult) -> None:
    """Note what a card has said, so that a hint goes on from there."""
    state.failing = "" if result.passed else target.name
    said = [result.hint] if result.status == "not_attempted" else _named(target, result)
    given = _given(target)
    given += [text for text in said if text and text not in given]


def _given(target: Target) -> list[str]:
    """The hints for an exercise that have been told."""
    return state.hints_given.setdefault((target.chapter, target.name), [])


def _named(target: Target, result: ExerciseResult) -> list[str]:
    """What is said of the mistakes that a check has named."""
    told = result.message.splitlines()
    return [twist.says for twist in target.key.exercise.twists if twist.says in told]


def next_hint(target: Target, result: ExerciseResult | None) -> tuple[str | None, int]:
    """The first hint that was not given yet, or None, and how many are left after it.

    What the last check found comes first: the named mistake, as it was told, then the rung that
    failed. After these come the exercise's three hints.
    """
    exercise = target.key.exercise
    special: list[str] = []
    if result is not None:
        special = [*_named(target, result), *filter(None, [result.hint])]
    given = _given(target)
    left = [text for text in dict.fromkeys([*special, *exercise.hints]) if text not in given]
    if not left:
        return None, 0
    given.append(left[0])
    return left[0], len(left) - 1
