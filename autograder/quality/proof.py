"""The twist proof: every stub, solution, twist and pair of twists, put before its own grader.

A grader is only worth something if it fails what is wrong and says why. So `prove` runs every
mistake that a chapter names as if a learner had made it, and lists what does not come out as
it must. ``cnnlab build --check`` runs it for every chapter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import combinations
from typing import Any

import numpy as np

from cnnlab.autograder.judging.answerkey import AnswerKey
from cnnlab.autograder.judging.compare import value_difference
from cnnlab.autograder.judging.exercise import CORNERS, Exercise, same
from cnnlab.autograder.judging.judge import judge
from cnnlab.autograder.judging.results import ExerciseResult
from cnnlab.autograder.judging.twists import CHANGES_INPUT, Twist, names


def judge_function(key: AnswerKey, function: Callable[..., Any]) -> ExerciseResult:
    """Judge a function of this process on every probe of its key."""
    return judge(key, [key.call(function, probe) for probe in key.probes])


def prove(keys: Mapping[str, AnswerKey], pairs: bool = True) -> Iterator[str]:
    """What is wrong with a chapter's graders, a sentence each; nothing if all is well.

    Parameters
    ----------
    keys : Mapping of str to AnswerKey
        Recorded or fresh.
    pairs : bool
        Prove every pair of twists, too: minutes, where there are many.
    """
    for key in keys.values():
        yield from prove_op(key)
        yield from prove_worthless(key)
        yield from prove_variants(key)
        yield from prove_twists(key)
        if pairs:
            yield from prove_pairs(key)


def prove_op(key: AnswerKey) -> Iterator[str]:
    """The course's op, which twists transform, must agree with Keras on every probe."""
    result = judge(key, [key.call_numpy_op(probe) for probe in key.probes])
    if not all(rung.passed for rung in result.rungs):
        yield f"{key.exercise.name}: the course's own op fails: {result.message}"


def prove_variants(key: AnswerKey) -> Iterator[str]:
    """Another right way loses nothing but corners, and is remarked upon."""
    exercise = key.exercise
    for variant in exercise.variants:
        result = judge(key, [key.call_numpy_op(probe, (variant,)) for probe in key.probes])
        lost = [r.id for r in result.rungs if not r.passed and r.id not in CORNERS]
        if lost or variant.says not in result.remarks:
            yield f"{exercise.name}: the variant {variant.name} loses the points of {lost}"


WORTHLESS: dict[str, Callable[..., Any]] = {
    "returns nothing": lambda *args, **kwargs: None,
    "returns 0": lambda *args, **kwargs: 0.0,
    "returns its first argument": lambda *args, **kwargs: args[0] if args else None,
    "always raises ValueError": lambda *args, **kwargs: _refuse(args, kwargs),
}


def _refuse(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    raise ValueError("every argument is wrong: x kernel kernels bias patch padding strides")


def prove_worthless(key: AnswerKey) -> Iterator[str]:
    """Functions that do nothing earn next to nothing, and are not given a reason by name.

    Zeros of the right shape may keep the rung "shape"; nothing else may keep anything.
    """
    exercise = key.exercise
    zeros = {"returns zeros": lambda *a, **k: _zeros(exercise.numpy_op(*a, **k))}
    for label, function in (WORTHLESS | ({} if exercise.driver else zeros)).items():
        result = judge_function(key, function)
        kept = [r.id for r in result.rungs if r.earned and r.id != "shape"]
        if kept and label != "returns its first argument":
            yield f"{exercise.name}: a function that {label} keeps the points of {', '.join(kept)}"
        if result.status == "passed":
            yield f"{exercise.name}: a function that {label} passes"


def _zeros(value: Any) -> Any:
    """A result of the same shape and type with every number 0."""
    if isinstance(value, np.ndarray):
        return np.zeros_like(value)
    if isinstance(value, tuple | list):
        return type(value)(_zeros(item) for item in value)
    if isinstance(value, dict):
        return {name: _zeros(item) for name, item in value.items()}
    return type(value)(0) if isinstance(value, int | float | np.number) else value


def prove_twists(key: AnswerKey) -> Iterator[str]:
    """Every twist loses points and is named, alone."""
    exercise = key.exercise
    for twist in exercise.twists:
        result = judge(key, [key.call_numpy_op(probe, (twist,)) for probe in key.probes])
        if result.passed and twist.says not in result.remarks:
            yield f"{exercise.name}: {twist.name} keeps full marks"
        elif not result.passed and not _named(twist, result.diagnosis):
            yield f"{exercise.name}: {twist.name} is diagnosed as {result.diagnosis or 'nothing'}"


def _named(twist: Twist, diagnosis: list[str]) -> bool:
    """Whether a mistake is named, alone; what changes its input may make others besides."""
    alone = diagnosis[-1:] if twist.name == CHANGES_INPUT else diagnosis
    return alone == [twist.name]


def pairs_of(exercise: Exercise) -> Iterator[tuple[Twist, Twist]]:
    """Every two different mistakes of an exercise, in both orders of making them."""
    for one, other in combinations(exercise.twists, 2):
        if one.name != other.name:
            yield one, other
            yield other, one


def prove_pairs(key: AnswerKey) -> Iterator[str]:
    """Every pair is named as that pair, or as something that no probe tells apart from it."""
    exercise = key.exercise
    for pair in pairs_of(exercise):
        if not sensible(key, pair):
            continue
        result = judge_pair(key, pair)
        if result.score == result.max_score:
            yield f"{exercise.name}: {_label(pair)} together keep full marks"
        elif not said_rightly(key, pair, result.diagnosis):
            named = result.diagnosis or "nothing"
            yield f"{exercise.name}: {_label(pair)} together are diagnosed as {named}"


def judge_pair(key: AnswerKey, pair: tuple[Twist, Twist]) -> ExerciseResult:
    """Judge two mistakes together, by the answers that their diagnosis predicts anyway."""
    if key.exercise.describe is same:
        return judge(key, [key.predict(pair, i) for i in range(len(key.probes))])
    return judge(key, [key.call_numpy_op(probe, pair) for probe in key.probes])


def sensible(key: AnswerKey, pair: tuple[Twist, Twist]) -> bool:
    """Whether two mistakes can be made together: each shows, and they do not cancel or crash."""
    returned = wrong = 0
    for i, probe in enumerate(key.probes):
        predicted = key.predict(pair, i)
        if probe.raises or predicted.status != "returned":
            continue
        returned += 1
        wrong += bool(value_difference(key.expected[i], predicted.value, probe.rounding))
    return returned >= 2 and wrong >= key.exercise.evidence


def said_rightly(key: AnswerKey, pair: tuple[Twist, Twist], diagnosis: list[str]) -> bool:
    """Whether a pair is reported under its own names, or those of mistakes that answer alike."""
    twists = key.exercise.twists
    combos = [pair, *((t,) for t in twists), *pairs_of(key.exercise)]
    named = (c for c in combos if list(dict.fromkeys(names(c, twists))) == diagnosis)
    return any(c == pair or answer_alike(key, c, pair) for c in named)


def answer_alike(key: AnswerKey, one: tuple[Twist, ...], other: tuple[Twist, ...]) -> bool:
    """Whether no probe on which ``other`` returns tells the two combinations apart."""
    for i, probe in enumerate(key.probes):
        if probe.raises:
            continue
        a, b = key.predict(one, i), key.predict(other, i)
        if b.status != "returned":
            continue
        if a.status != "returned" or value_difference(a.value, b.value, probe.rounding):
            return False
    return True


def _label(pair: tuple[Twist, ...]) -> str:
    return " and ".join(twist.name for twist in pair)
