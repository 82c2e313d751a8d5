"""Random wrong functions: the control of what the judge names.

A function is drawn from a seed and a number, so that each can be drawn again by itself. It is one
of these, with random changes around it:

* the chapter's solution,
* a mutant of the solution (see `cnnlab.autograder.quality.mutants`),
* the course's op with one, two or three mistakes that its grader knows.

The changes know nothing of the exercise: a result is shifted, an axis is reversed, two arguments
change places, and some of it only for some inputs.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from cnnlab.autograder.judging.answerkey import AnswerKey
from cnnlab.autograder.judging.exercise import Chapter, Exercise, Probe, load_chapter
from cnnlab.autograder.judging.twists import Op, Twist, combine
from cnnlab.autograder.quality.mutants import Mutant, mutants
from cnnlab.autograder.sandbox.calls import Outcome
from cnnlab.autograder.submission.solutions import solution_source

Rng = np.random.Generator
KINDS = {"solution": 0.3, "mutant": 0.35, "mistakes": 0.35}
"""How often each kind of function is drawn."""


@dataclass(frozen=True)
class WrongFunction:
    """A function that is most likely wrong.

    Parameters
    ----------
    exercise : str
    source : str
        How it came about, for a person.
    changes : tuple of Twist
        Random ones, the outer one first.
    function : callable or None
        What is inside: the solution or a mutant; None for the course's own op.
    inner : tuple of Twist
        The mistakes in the course's op, and now and then another right way.
    """

    exercise: str
    source: str
    changes: tuple[Twist, ...]
    function: Op | None = None
    inner: tuple[Twist, ...] = ()

    @property
    def mistakes(self) -> list[str]:
        """The names of what is in the course's op."""
        return [twist.name for twist in self.inner]

    def call(self, key: AnswerKey, probe: Probe) -> Outcome:
        """What comes of one probe."""
        if self.function is None:
            return key.call_numpy_op(probe, (*self.changes, *self.inner))
        return key.call(combine(*self.changes)(self.function), probe)


def draw(name: str, seed: int, number: int) -> WrongFunction:
    """A chapter's wrong function of this number."""
    chapter = load_chapter(name)
    rng = np.random.default_rng([seed, int(name[2:4]), number])
    exercises = [e for e in chapter.exercises if not e.puzzle]  # those compute nothing
    exercise = exercises[rng.integers(len(exercises))]
    kind = rng.choice(list(KINDS), p=list(KINDS.values()))
    if kind == "mutant":
        mutant = _pick(rng, mutants_of(name, exercise.name))
        changes = _changes(rng, at_least=0)
        function = _defined(chapter, exercise, mutant.source)
        return _wrong(exercise, mutant.change, changes, function)
    if kind == "solution":
        function = _solution(name, exercise.name)
        return _wrong(exercise, "the solution", _changes(rng, at_least=1), function)
    mistakes = _mistakes(rng, exercise)
    source = " + ".join(twist.name for twist in mistakes) or "the course's op"
    changes = _changes(rng, at_least=int(not mistakes))
    return _wrong(exercise, source, changes, None, mistakes)


def _wrong(
    exercise: Exercise,
    source: str,
    changes: tuple[Twist, ...],
    function: Op | None,
    mistakes: tuple[Twist, ...] = (),
) -> WrongFunction:
    said = "; ".join([source, *(change.name for change in changes)])
    return WrongFunction(exercise.name, said, changes, function, mistakes)


def _mistakes(rng: Rng, exercise: Exercise) -> tuple[Twist, ...]:
    """One to three mistakes of different names, and now and then another right way besides."""
    known = list(dict.fromkeys(twist.name for twist in exercise.twists))
    count = min(len(known), int(rng.choice([1, 2, 3], p=[0.3, 0.4, 0.3])))
    names = rng.permutation(known)[:count]
    chosen = [_pick(rng, [t for t in exercise.twists if t.name == name]) for name in names]
    if exercise.variants and rng.random() < 0.1:
        chosen.append(_pick(rng, exercise.variants))
    return tuple(chosen)


def _pick(rng: Rng, items: Any) -> Any:
    return items[rng.integers(len(items))]


@cache
def mutants_of(name: str, exercise: str) -> list[Mutant]:
    """Every mutant of one exercise's solution."""
    return list(mutants(exercise, solution_source(name, exercise)))


@cache
def _solution(name: str, exercise: str) -> Op:
    chapter = load_chapter(name)
    return _defined(chapter, chapter[exercise], solution_source(name, exercise))


def _defined(chapter: Chapter, exercise: Exercise, source: str) -> Op:
    """The function that a source defines, beside the solutions that it may call."""
    namespace: dict[str, Any] = {}
    needs = [solution_source(chapter.name, need) for need in exercise.needs]
    try:
        with warnings.catch_warnings(action="ignore"):  # of `is` with a number
            for text in (chapter.prelude, *needs, source):
                exec(text, namespace)  # our own solutions, changed a little
    except Exception as error:  # a default value, or a decorator, that cannot be computed
        return _raising(error)
    return namespace[exercise.name]


def _raising(error: Exception) -> Op:
    def function(*args: Any, **kwargs: Any) -> Any:
        raise error

    return function


# Random changes

Change = Callable[[np.ndarray], np.ndarray]


def _changes(rng: Rng, at_least: int) -> tuple[Twist, ...]:
    """Up to two changes around a function, the outer one first."""
    count = max(at_least, int(rng.choice([0, 1, 2], p=[0.4, 0.4, 0.2])))
    return tuple(_change(rng) for _ in range(count))


def _change(rng: Rng) -> Twist:
    name, apply = _pick(rng, (_of_result, _of_result, _of_argument, _swap, _noise))(rng)
    if rng.random() < 0.25:
        label, holds = _pick(rng, _CONDITIONS)
        return Twist(f"{name}, where {label}", _only_where(holds, apply), "")
    return Twist(name, apply, "")


def _of_result(rng: Rng) -> tuple[str, Callable[[Op], Op]]:
    name, change = _of_array(rng)
    whole = rng.random() < 0.7
    entry = "" if whole else " (the first entry only)"
    return (
        f"result {name}{entry}",
        lambda op: lambda *args, **kwargs: changed(op(*args, **kwargs), change, whole),
    )


def _of_argument(rng: Rng) -> tuple[str, Callable[[Op], Op]]:
    place = int(rng.integers(3))
    name, change = _of_array(rng)

    def apply(op: Op) -> Op:
        def function(*args: Any, **kwargs: Any) -> Any:
            i = place % max(1, len(args))
            new = [changed(a, change) if j == i else a for j, a in enumerate(args)]
            return op(*new, **kwargs)

        return function

    return f"argument {place} {name}", apply


def _swap(rng: Rng) -> tuple[str, Callable[[Op], Op]]:
    """Two arguments change places."""
    one, other = (int(i) for i in rng.permutation(3)[:2])

    def apply(op: Op) -> Op:
        def function(*args: Any, **kwargs: Any) -> Any:
            new = list(args)
            if max(one, other) < len(new):
                new[one], new[other] = new[other], new[one]
            return op(*new, **kwargs)

        return function

    return f"arguments {one} and {other} swapped", apply


def _noise(rng: Rng) -> tuple[str, Callable[[Op], Op]]:
    """A little is added, which depends on the input and on the place in the result."""
    size = float(rng.choice([1e-3, 0.1, 1.0]))

    def apply(op: Op) -> Op:
        def function(*args: Any, **kwargs: Any) -> Any:
            phase = _total(args)

            def noisy(y: np.ndarray) -> np.ndarray:
                places = np.arange(y.size).reshape(y.shape)
                return y + (size * np.sin(97 * phase + places)).astype(np.result_type(y, 1.0))

            return changed(op(*args, **kwargs), noisy)

        return function

    return f"noise of {size:g}", apply


def _total(args: tuple[Any, ...]) -> float:
    """A number that depends on every array among the arguments."""
    return float(sum(np.sum(a, dtype=float) for a in args if isinstance(a, np.ndarray)))


_CONDITIONS: tuple[tuple[str, Callable[[tuple[Any, ...]], bool]], ...] = (
    ("the inputs sum to more than 0", lambda args: _total(args) > 0),
    ("the first axis is odd", lambda args: bool(np.shape(args[0])[:1] and len(args[0]) % 2)),
    ("the input is large", lambda args: np.size(args[0]) > 60),
    ("the input is small", lambda args: np.size(args[0]) <= 60),
    ("the last axis is longer than 1", lambda args: np.shape(args[0])[-1:] > (1,)),
)


def _only_where(holds: Callable[..., bool], apply: Callable[[Op], Op]) -> Callable[[Op], Op]:
    """A change that is made for some inputs only; without arguments it always is."""

    def conditional(op: Op) -> Op:
        other = apply(op)

        def function(*args: Any, **kwargs: Any) -> Any:
            chosen = other if not args or _holds(holds, args) else op
            return chosen(*args, **kwargs)

        return function

    return conditional


def _holds(condition: Callable[..., bool], args: tuple[Any, ...]) -> bool:
    try:
        return condition(args)
    except (TypeError, ValueError):  # the first argument has no size
        return False


def changed(value: Any, change: Change, whole: bool = True) -> Any:
    """A tree with its arrays and numbers changed, or only those of its first entry.

    Examples
    --------
    >>> changed((3, np.array([1.0, 2.0])), lambda y: y + 1)
    (4, array([2., 3.]))
    >>> changed([3, 4, "five"], lambda y: -y, whole=False)
    [-3, 4, 'five']
    """
    if isinstance(value, np.ndarray):
        return change(value)
    if isinstance(value, int | float | np.number) and not isinstance(value, bool):
        new = change(np.asarray(value))
        return new.item() if new.ndim == 0 else new
    if isinstance(value, dict):
        return dict(zip(value, changed([*value.values()], change, whole), strict=True))
    if type(value) in (tuple, list):
        return type(value)(
            changed(v, change) if whole or i == 0 else v for i, v in enumerate(value)
        )
    return value


def _of_array(rng: Rng) -> tuple[str, Change]:
    """A change of one array, whatever its shape; a number is an array without axes."""
    if rng.random() < 0.5:
        name, plain = _pick(rng, _ELEMENTWISE)
        c = float(rng.choice([-1.0, 0.5, 1.0, 2.0, 3.0, 0.1]))
        return name.format(c=c), lambda y: plain(y, c)
    name, along = _pick(rng, _ALONG)
    axis = -1 - int(rng.integers(4))
    return f"{name} (axis {axis})", lambda y: along(y, axis % y.ndim) if y.ndim else y


_ELEMENTWISE: tuple[tuple[str, Callable[[np.ndarray, float], np.ndarray]], ...] = (
    ("+ {c}", lambda y, c: y + c),
    ("* {c}", lambda y, c: y * c),
    ("negated", lambda y, c: 0 - y),
    ("absolute", lambda y, c: np.abs(y)),
    ("squared", lambda y, c: y * y),
    ("at least 0", lambda y, c: np.maximum(y, 0)),
    ("at most {c}", lambda y, c: np.minimum(y, c)),
    ("leaky", lambda y, c: np.where(y > 0, y, y * 0.1)),
    ("tanh", lambda y, c: np.tanh(y)),
    ("rounded", lambda y, c: np.round(y, 1)),
    ("cut to whole numbers", lambda y, c: np.trunc(y)),
    ("reciprocal of + {c}", lambda y, c: 1 / (y + c)),
    ("wavy", lambda y, c: y + 0.1 * np.sin(40 * y)),
    ("less its mean", lambda y, c: y - np.mean(y)),
    ("over its largest", lambda y, c: y / max(1e-6, float(np.max(np.abs(y), initial=0)))),
    ("zero where below {c}", lambda y, c: np.where(y < c, 0, y)),
    ("flattened", lambda y, c: y.ravel() if y.ndim else y),
    ("squeezed", lambda y, c: np.squeeze(y)),
    ("without the last cell", lambda y, c: _with_zero(y, -1)),
    ("without the first cell", lambda y, c: _with_zero(y, 0)),
    ("constant", lambda y, c: np.full_like(y, c)),
    ("as bytes", lambda y, c: np.clip(y, 0, 255).astype(np.uint8)),
)


def _with_zero(y: np.ndarray, place: int) -> np.ndarray:
    new = y.copy()
    if new.size:
        new.reshape(-1)[place] = 0
    return new


_ALONG: tuple[tuple[str, Callable[[np.ndarray, int], np.ndarray]], ...] = (
    ("reversed", np.flip),
    ("rolled", lambda y, a: np.roll(y, 1, a)),
    ("rolled back", lambda y, a: np.roll(y, -1, a)),
    ("swapped with the next axis", lambda y, a: np.swapaxes(y, a, (a + 1) % y.ndim)),
    ("swapped with the one after next", lambda y, a: np.swapaxes(y, a, (a + 2) % y.ndim)),
    ("without its last window", lambda y, a: np.take(y, range(max(0, y.shape[a] - 1)), a)),
    ("without its first window", lambda y, a: np.take(y, range(1, y.shape[a]), a)),
    ("with a last window of zeros", lambda y, a: _zeroed(y, a, slice(-1, None))),
    ("with a first window of zeros", lambda y, a: _zeroed(y, a, slice(0, 1))),
    ("with every second window zero", lambda y, a: _zeroed(y, a, slice(1, None, 2))),
    ("every second window", lambda y, a: np.take(y, range(0, y.shape[a], 2), a)),
    ("permuted", lambda y, a: np.take(y, np.random.default_rng(1).permutation(y.shape[a]), a)),
    ("sorted", np.sort),
    ("summed up", lambda y, a: np.cumsum(y, a, dtype=y.dtype)),
    ("less its mean along", lambda y, a: y - np.mean(y, a, keepdims=True)),
    ("its mean everywhere", lambda y, a: 0 * y + np.mean(y, a, keepdims=True)),
    ("its first everywhere", lambda y, a: 0 * y + np.take(y, range(1), a)),
    ("summed", lambda y, a: np.sum(y, a, dtype=y.dtype)),
    ("its largest", lambda y, a: np.max(y, a, keepdims=True)),
    ("smoothed", lambda y, a: (y + np.roll(y, 1, a)) / 2),
    ("less its neighbour", lambda y, a: y - np.roll(y, 1, a)),
    ("with a new axis", np.expand_dims),
)


def _zeroed(y: np.ndarray, axis: int, where: slice) -> np.ndarray:
    new = y.copy()
    new[(slice(None),) * axis + (where,)] = 0
    return new
