"""A failing case made small: fewer rows, columns, channels and images, and whole numbers.

The function is called again on smaller and smaller inputs, as long as it stays wrong in the
same way. What it should give there is computed by the course's own op, which is trusted for
this only where it agrees with Keras on the case that failed; no point ever depends on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np

from cnnlab.autograder.judging.answerkey import AnswerKey, Finding
from cnnlab.autograder.judging.compare import Difference, value_difference
from cnnlab.autograder.judging.exercise import Exercise
from cnnlab.autograder.sandbox.calls import Outcome, invoke

Args = tuple[Any, ...]
CALLS = 60
"""How often the learner's function may be called again."""
SMALL = 12
"""Numbers that a person takes in at a glance; there is no need to shrink further."""


def shrink(key: AnswerKey, finding: Finding, call: Callable[[Args], Outcome]) -> Finding:
    """The smallest case found that fails like the given one.

    Parameters
    ----------
    key : AnswerKey
    finding : Finding
        A probe whose values or shape were wrong.
    call : callable
        Calls the learner's function with these positional arguments.
    """
    if finding.difference.kind not in ("values", "shape") or not _op_is_right(key, finding):
        return finding
    left = CALLS
    while left and finding.size > SMALL:
        for args in _smaller(finding.probe.args):
            expected = invoke(key.exercise.numpy_op, args)
            if expected.status != "returned":
                continue  # sizes that do not fit together
            left -= 1
            outcome = call(args)
            if outcome.status not in ("returned", "raised"):
                return finding  # it hung or died, and would cost a new process each time
            if difference := _same_mistake(finding, expected.value, outcome):
                probe = replace(finding.probe, args=args, title="made small")
                finding = replace(finding, probe=probe, difference=difference)
                break
            if not left:
                break
        else:
            break
    return finding


def _op_is_right(key: AnswerKey, finding: Finding) -> bool:
    """Whether the course's op gives what Keras gave for this probe, and takes it as it is."""
    probe = finding.probe
    if probe.kwargs or key.exercise.driver or not _as_it_is(key.exercise):
        return False
    at = next((i for i, known in enumerate(key.probes) if known is probe), None)
    if at is None:
        return False
    ours = invoke(key.exercise.numpy_op, probe.args)
    return ours.status == "returned" and not value_difference(
        key.expected[at], ours.value, probe.rounding
    )


def _as_it_is(exercise: Exercise) -> bool:
    """Whether a result is compared as it is, and not a description of it."""
    result = object()
    try:
        return exercise.describe((), result) is result
    except Exception:  # it looks into results or arguments
        return False


def _same_mistake(finding: Finding, expected: Any, outcome: Outcome) -> Difference | None:
    """The difference on a smaller case, where it is of the same kind."""
    if outcome.status != "returned":
        return None
    found = value_difference(expected, outcome.value, finding.probe.rounding)
    return found if found and found.kind == finding.difference.kind else None


def _smaller(args: Args) -> Iterator[Args]:
    """Smaller arguments, the boldest steps first.

    Axes of equal length may mean the same thing (the channels of x and of the kernels), so
    they are cut alone and in pairs; which cuts fit together, the op says.
    """
    axes = [
        (i, axis, n)
        for i, arg in enumerate(args)
        if isinstance(arg, np.ndarray)
        for axis, n in enumerate(arg.shape)
        if n > 1
    ]
    pairs = [(a, b) for a, b in combinations(axes, 2) if a[2] == b[2] and a[0] != b[0]]
    for part in (lambda n: 1, lambda n: n // 2, lambda n: n - 1):
        for cut in [*((axis,) for axis in axes), *pairs]:
            size = part(cut[0][2])
            if 0 < size < cut[0][2]:
                yield _cut(args, cut, size)
    for i, arg in enumerate(args):
        if isinstance(arg, np.ndarray) and arg.dtype.kind == "f":
            whole = np.sign(arg) * np.ceil(np.abs(arg))
            if not np.array_equal(whole, arg):
                yield (*args[:i], whole.astype(arg.dtype), *args[i + 1 :])


def _cut(args: Args, axes: tuple[tuple[int, int, int], ...], size: int) -> Args:
    """The arguments with these axes cut to their first ``size`` places."""
    new = list(args)
    for i, axis, _ in axes:
        new[i] = np.take(new[i], range(size), axis=axis)
    return tuple(new)
