"""The learner's own functions of earlier chapters, in place of the course's.

A chapter's set-up has the course's functions at hand, and hands each to `own`. Where the learner's
has earned full marks, it runs from then on. The course's goes on where there is none, where it
fails, where it is slow, and always while anything is judged. `whose_code` says who ran.
"""

from __future__ import annotations

import ast
import functools
import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from cnnlab.autograder.display.show import Note, shell
from cnnlab.autograder.judging.exercise import find_chapter, load_chapter
from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.judging.stubs import is_stub
from cnnlab.autograder.kept import Damaged, Kept, find, learners_folder, prove
from cnnlab.autograder.kernel import Clock, no_visitors, quiet
from cnnlab.autograder.kernel_judge import judged
from cnnlab.autograder.submission.course import standing_in
from cnnlab.autograder.submission.needs import defined_in

Function = Callable[..., Any]

LIMIT = 5.0
"""Seconds that slow functions of the learner's may take in one notebook cell, together."""
PATIENCE = 60.0
"""Seconds for one call of a function that is about as fast as the course's."""
SLOWER, BLINK = 3.0, 0.0005
"""Slow is what takes so many times as long as the course's for one picture, and these seconds."""
UNLUCKY, ROUNDS = 0.05, 3
"""What takes fewer seconds is timed up to so many times: a busy moment must not make it slow."""


def own(function: Function, chapter: str, name: str = "", **always: Any) -> Own:
    """The learner's function where it is kept, else the course's; see `Own`.

    Parameters
    ----------
    function : callable
        The course's.
    chapter : str
        The chapter in which learners write theirs, ``"ch02"``.
    name : str
        The exercise there; by default the function's own name.
    **always
        What learners' functions must be told besides, because the course's has it built in.
    """
    course = function.course if isinstance(function, Own) else function
    full, name = find_chapter(chapter), name or course.__name__
    mine = Own(course, always)
    if not standing_in():
        try:
            mine.kept = find(Path.cwd(), full, name)
            mine.why = _missing(full, name)
            if mine.kept:
                mine.function, mine.why = _load(mine.kept), ""
        except Damaged as problem:
            mine.why = str(problem)
    _in_use[course.__name__] = mine
    return mine


def whose_code(*functions: Function) -> Note:
    """Say for each function whose code it is, and what came of it when it ran.

    Parameters
    ----------
    *functions : callable
        Functions of the chapter itself, to be named after those that `own` gave.
    """
    lines = [mine.line for mine in _in_use.values()]
    for function in functions:
        said = "not written yet" if is_stub(function) else "yours, from this chapter"
        lines.append(f"{function.__name__}: {said}.")
    return Note("Whose code runs", "\n\n".join(lines))


_in_use: dict[str, Own] = {}


@dataclass(frozen=True)
class _Pace:
    """How long the learner's function takes for one picture of a certain shape."""

    seconds: float
    slow: bool


@dataclass
class _Ran:
    """What came of a call of the learner's function."""

    value: Any = None
    seconds: float = math.inf
    problem: str = ""


@dataclass
class Own:
    """A function of an earlier chapter: the learner's, and the course's when that cannot go on.

    For every new shape of arguments the learner's runs on the first picture alone, under a time
    limit, and is compared with the course's. One that is slow goes on only where the whole batch
    fits into the seconds that a notebook cell has for such functions, `LIMIT`.
    """

    course: Function
    always: Mapping[str, Any] = field(default_factory=dict)
    kept: Kept | None = None
    function: Function | None = None
    why: str = ""
    """Why the learner's does not run."""
    trouble: str = ""
    calls: int = 0
    """Calls that the learner's function answered."""
    passed_on: int = 0
    """Calls that the course's answered."""
    _paces: dict[Any, _Pace] = field(default_factory=dict)
    _slowest: float = 0.0

    def __post_init__(self) -> None:
        functools.update_wrapper(self, self.course)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.function is None or standing_in():
            return self.course(*args, **kwargs)
        ran = self._attempt(args, kwargs)
        if ran is None:
            self.passed_on += 1
            return self.course(*args, **kwargs)
        self.calls += 1
        return ran.value

    def _attempt(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> _Ran | None:
        """What the learner's function answers; None where the course's must."""
        pictures, first = _first_picture(args)
        shapes = tuple(map(np.shape, first)) if pictures else len(args)
        pace = self._paces.get(shapes)
        if pace is None:
            if (left := _purse.left()) <= 0:
                return None
            ran = self._run(first, kwargs, left)
            pace = self._paces[shapes] = self._judge_pace(ran, first, kwargs)
            if ran.problem:
                return None
            if pictures <= 1:
                return ran
        seconds = _purse.left() if pace.slow else PATIENCE
        if pace.slow and pace.seconds * max(pictures, 1) > seconds:
            self._slowest = max(self._slowest, pace.seconds)
            return None
        ran = self._run(args, kwargs, seconds)
        if pace.slow:
            _purse.spend(ran.seconds)
        if ran.problem:
            self._paces[shapes] = _Pace(math.inf, True)  # not again
        return None if ran.problem else ran

    def _judge_pace(self, ran: _Ran, args: tuple[Any, ...], kwargs: dict[str, Any]) -> _Pace:
        if ran.problem:
            _purse.spend(min(ran.seconds, LIMIT))
            return _Pace(math.inf, True)
        seconds = ran.seconds
        for _ in range(ROUNDS):
            begin = perf_counter()
            try:
                self.course(*args, **kwargs)
            except Exception:  # it can do less; then only the learner's counts
                return _Pace(seconds, slow=False)
            if seconds <= SLOWER * (perf_counter() - begin) + BLINK:
                return _Pace(seconds, slow=False)
            if seconds > UNLUCKY:
                break
            seconds = min(seconds, self._run(args, kwargs, LIMIT).seconds)
        _purse.spend(ran.seconds)
        return _Pace(seconds, slow=True)

    def _run(self, args: tuple[Any, ...], kwargs: dict[str, Any], seconds: float) -> _Ran:
        """Call the learner's function, for so many seconds at the most."""
        assert self.function is not None
        clock, ran = Clock(seconds, self.course.__name__, _call), _Ran()
        begin = perf_counter()
        try:
            with quiet(), clock.limit():
                ran.value = _call(self.function, args, {**kwargs, **self.always})
        except (Exception, SystemExit) as error:
            ran.problem = f"It stopped with {type(error).__name__}: {error}"[:200].rstrip(".") + "."
        ran.seconds = perf_counter() - begin
        if clock.ran_out:
            ran.problem = f"One picture took more than {seconds:.2g} s."
        self.trouble = ran.problem or self.trouble
        return ran

    @property
    def line(self) -> str:
        """Whose it is, and what came of it, in a few sentences."""
        name = self.course.__name__
        if self.function is None or self.kept is None:
            return f"{name}: the course's. {self.why}".rstrip()
        chapter = int(self.kept.chapter[2:4])
        said = [f"{name}: yours, from chapter {chapter} ({self.kept.day})."]
        if self.passed_on:
            said.append(f"It answered {self.calls} of {self.calls + self.passed_on} calls.")
        elif self.calls:
            said.append(f"It answered {'all calls' if self.calls > 1 else 'the only call'}.")
        if self.trouble:
            said.append(f"{self.trouble} The course's went on.")
        elif self.passed_on:
            said.append(
                f"It takes {self._slowest:.2g} s for one picture. That is too long for a large "
                "batch: there it ran on the first picture, and the course's went on."
            )
        return " ".join(said)

    def __repr__(self) -> str:
        return self.line


class _Purse:
    """The seconds that slow functions may take in the notebook cell that runs."""

    def __init__(self) -> None:
        self._cell: Any = None
        self._spent = 0.0

    def left(self) -> float:
        cell = getattr(shell(), "execution_count", None)
        if cell != self._cell:
            self._cell, self._spent = cell, 0.0
        return LIMIT - self._spent

    def spend(self, seconds: float) -> None:
        self._spent += seconds


_purse = _Purse()


def _first_picture(args: tuple[Any, ...]) -> tuple[int, tuple[Any, ...]]:
    """How many pictures a call is for, and the arguments for the first; 0 where there is no batch.

    Examples
    --------
    >>> _first_picture((np.zeros((5, 2)), "same"))
    (5, (array([[0., 0.]]), 'same'))
    >>> _first_picture((32, 3))
    (0, (32, 3))
    """
    x = args[0] if args else None
    if not isinstance(x, np.ndarray) or x.ndim < 2 or not len(x):
        return 0, args
    return len(x), (x[:1], *args[1:])


def _call(function: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What the clock stops, and nothing else."""
    return function(*args, **kwargs)


# From the file to the function


def _load(kept: Kept) -> Function:
    """The function that was kept; judged once more where this version has not yet done so.

    Raises
    ------
    Damaged
        It cannot be executed, or does not earn full marks by itself.
    """
    chapter = load_chapter(kept.chapter)
    names: dict[str, Any] = {"__name__": f"{kept.chapter}.{kept.exercise}"}
    clock, said = Clock(LIMIT, kept.exercise, _define), ""
    try:
        with no_visitors(), quiet(), clock.limit():
            _define(kept, chapter.prelude, names)
    except (Exception, SystemExit) as error:
        said = f"stops with {type(error).__name__}: {error}"[:200].rstrip(".")
    function = names.get(kept.exercise)
    if clock.ran_out:
        said = "does not come to its end"
    if said or not callable(function):
        said = said or f"defines no {kept.exercise}"
        raise Damaged(f"Your saved file {said}. {kept.where} writes it anew.")
    if not kept.proven:
        key = recorded(kept.chapter)[kept.exercise]
        if not judged(function, key, chapter.seconds).result.passed:
            raise Damaged(
                f"Yours of {kept.day} does not earn full marks by itself. {kept.where} says why."
            )
        with suppress(OSError):  # a folder that cannot be written to: judged again next time
            prove(kept)
    return function


def _define(kept: Kept, prelude: str, names: dict[str, Any]) -> None:
    exec(needed_of(prelude, kept.text), names)
    exec(compile(kept.text, str(kept.path), "exec", dont_inherit=True), names)


def needed_of(prelude: str, text: str) -> str:
    """Of a prelude, what some source names, directly or by way of its functions.

    A function that needs no Keras must not wait until Keras is imported, nor fail without it.

    Examples
    --------
    >>> needed_of("import keras\\nimport numpy as np", "def relu(z): return np.maximum(z, 0)")
    'import numpy as np'
    """
    named, needed = _named(ast.parse(text)), []
    for statement in reversed(ast.parse(prelude).body):
        if defined_in(ast.unparse(statement)).keys() & named:
            needed.append(statement)
            named |= _named(statement)
    return "\n".join(ast.unparse(statement) for statement in reversed(needed))


def _named(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def _missing(chapter: str, name: str) -> str:
    if learners_folder(Path.cwd()) is None:
        return "This notebook is not in a folder of the course, so nothing of yours was found."
    number = int(chapter[2:4])
    return f"Yours runs here once check({name}) in chapter {number} has given it full marks."
