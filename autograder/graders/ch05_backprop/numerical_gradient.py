"""Chapter 5's ``numerical_gradient``: slopes by trying out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np

from cnnlab.autograder.graders.shared.draws import fitting, reals, varied, whole, wholes
from cnnlab.autograder.graders.shared.gradients import Array, gradients
from cnnlab.autograder.graders.shared.loop_mistakes import RETURNS_EARLY, first_alone
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Op, Twist, on_output
from cnnlab.autograder.sandbox.calls import Named
from cnnlab.course.ops import gradients as ops

Rng = np.random.Generator

CLOSE = 5 * 10**7
"""Terms that allow 1e-8 of the largest number: differences of nearly equal numbers are no
better. One-sided differences are off by 1e-5, float32 by 1e-2."""


def numerical_probes(rng: Rng) -> Iterator[Probe]:
    def probe(rung: str, f: str, x: Any, title: str = "", **how: Any) -> Probe:
        return Probe(rung, (Named(f), x), how, title=title, terms=CLOSE, double=True)

    def drawn(draw: Callable[..., Array], *shape: int) -> Array:
        """Numbers that do not cancel out: the square of their sum has a slope."""
        numbers = lambda: draw(rng, *shape, dtype=np.float64)  # noqa: E731
        return fitting(rng, numbers, lambda x: bool(x.sum()))

    double = {"dtype": np.float64}
    yield probe("shape", "sum_of_squares", reals(rng, 2, 3, **double))
    yield probe("robust", "sum_of_cubes", wholes(rng, 3, dtype=np.int64), "integers")
    yield probe("robust", "sum_of_squares", [[1, 2], [3, 4]], "lists")
    yield probe("by-hand", "sum", wholes(rng, 3, **double), "a plain sum")
    yield probe("by-hand", "sum_of_squares", wholes(rng, 3, **double), "squares")
    yield probe("by-hand", "square_of_sum", drawn(wholes, 2), "the sum, squared")
    eps = varied(rng, 0.5, lambda: whole(rng, 3, 8) / 8)
    yield probe("by-hand", "sum_of_cubes", wholes(rng, 2, **double), "a wide step", eps=eps)
    for f, shape in (
        ("sum_of_cubes", (2, 3, 2)),
        ("norm", (3, 4)),
        ("weighted_squares", (4, 3)),
        ("mean_of_exponentials", (2, 2, 3)),
        ("sum_of_sines", (5,)),
        ("square_of_sum", (3, 3)),
    ):
        yield probe("reference", f, drawn(reals, *shape))
    yield probe("reference", "norm", reals(rng, 3, 2, **double), "a small step", eps=1e-4)
    yield probe("reference", "sum_of_cubes", reals(rng, 2, 3, **double), "a step of 1", eps=1.0)
    yield probe("edge-cases", "sum_of_cubes", reals(rng, 3, 2), "float32")
    yield probe("edge-cases", "norm", reals(rng, 2, 3), "float32")
    yield probe("edge-cases", "mean_of_exponentials", reals(rng, 4), "float32")
    single = varied(rng, 1.5, lambda: whole(rng, 13, 90) / 8)
    yield probe("edge-cases", "sum_of_squares", np.array(single), "a single number")
    for eps in (0.0, -1e-5):
        args = (Named("sum"), reals(rng, 2, **double), eps)
        yield Probe("robust", args, title="no step to the right", raises="eps")
    yield probe("robust", "norm", reals(rng, 3, **double), "all in order", eps=0.001)


def keras_functions() -> dict[str, Callable[[Any], Any]]:
    """What the worker's table of functions holds, in Keras."""
    from keras import ops as k

    return {
        "sum": k.sum,
        "sum_of_squares": lambda x: k.sum(k.square(x)),
        "sum_of_cubes": lambda x: k.sum(x**3),
        "sum_of_sines": lambda x: k.sum(k.sin(x)),
        "mean_of_exponentials": lambda x: k.mean(k.exp(x)),
        "weighted_squares": lambda x: k.sum(
            k.arange(1, k.size(x) + 1, dtype="float64") * k.square(k.reshape(x, -1))
        ),
        "square_of_sum": lambda x: k.square(k.sum(x)),
        "norm": lambda x: k.sqrt(k.sum(k.square(x))),
    }


def keras_gradient(f: Named, x: Any, eps: float | None = None) -> Array:
    """Keras's gradient. Where a step is given, differences that wide, of Keras's function:
    the wider the step, the further the two are apart."""
    x = np.asarray(x, dtype=np.float64)
    function = keras_functions()[f.name]
    if eps is None:
        return gradients(function, [x])[0]
    steps = eps * np.eye(x.size).reshape(x.size, *x.shape)
    rise = [float(function(x + step)) - float(function(x - step)) for step in steps]
    return np.reshape(rise, x.shape) / (2 * eps)


def _differences(
    above: float,
    below: float,
    restored: bool = True,
    dtype: Any = np.float64,
    step: float = 1e-5,
) -> Callable[[Op], Op]:
    """Differences from points elsewhere, or without putting each number back.

    ``step`` is how wide they are where the caller says nothing.
    """

    def mistaken(f: Callable[[Any], float], x: Any, eps: float = step) -> Array:
        x = np.array(x, dtype=dtype)
        out = np.zeros(x.shape)
        for at in np.ndindex(x.shape):
            kept = x[at]
            x[at] = kept + above * eps
            high = f(x)
            x[at] = kept + below * eps
            out[at] = (high - f(x)) / ((above - below) * eps)
            if restored:
                x[at] = kept
        return out

    return lambda op: mistaken


def _left_changed(op: Op) -> Op:
    """The same, in the caller's own array, where it is one."""

    def mistaken(f: Any, x: Any, eps: float = 1e-5) -> Array:
        out = _differences(1, -1, restored=False)(op)(f, x, eps)
        if isinstance(x, np.ndarray) and x.dtype == np.float64:
            x -= eps
        return out

    return mistaken


def _never_restored(op: Op) -> Op:
    """Up by eps for the first value, and left there."""
    return _differences(0, 1, restored=False)(op)


def _first_of_all(y: Any) -> Array:
    return first_alone(*range(np.ndim(y)))(y)


_ONE_SIDED = (
    "You compare a point with the one beside it. Take one on each side of x: the errors of the "
    "two halves cancel, and what is left is a thousand times smaller."
)
_RESTORE = "A number that you moved stays moved while you go on to the next. Where must it stand before you touch its neighbor?"
_HALF = "Your slopes are off by a factor of two. How far are your two points from each other?"

EXERCISE = Exercise(
    name="numerical_gradient",
    points={"shape": 0.5, "by-hand": 1.25, "reference": 1.75, "edge-cases": 0.5},
    probes=numerical_probes,
    keras_reference=keras_gradient,
    numpy_op=ops.numerical_gradient,
    twists=(
        *(
            Twist("one-sided", _differences(*points, step=step), _ONE_SIDED)
            for step, points in product((1e-5, 1e-3, 1e-4, 1e-6, 1e-7, 1e-8), ((1, 0), (0, -1)))
        ),
        Twist("return-inside-loop", on_output(_first_of_all), RETURNS_EARLY),
        Twist("forgets-to-restore", _differences(1, -1, restored=False), _RESTORE),
        Twist("changes-input", _left_changed, _RESTORE),
        Twist("forgets-to-restore", _never_restored, _RESTORE),
        Twist("half-step", on_output(lambda y: 2 * y), _HALF),
        Twist("half-step", on_output(lambda y: y / 2), _HALF),
        Twist(
            "eps-ignored",
            lambda op: lambda f, x, eps=None: op(f, x),
            "Your step is always the same. What is the argument eps for?",
        ),
        Twist(
            "float32-inside",
            lambda op: (
                lambda f, x, eps=1e-5: _differences(
                    1, -1, dtype=np.float32 if np.asarray(x).dtype == np.float32 else np.float64
                )(op)(f, x, eps)
            ),
            "You work in float32, which keeps seven digits. After subtracting two nearly equal numbers, how many of them are left?",
        ),
    ),
    hints=(
        "Move one number a little, and see how much f changes. What do you have to divide by?",
        "Ask f twice for every number: with a bit more of it, and with a bit less. How far apart are these two points?",
        "np.ndindex(x.shape) visits every place of an array of any shape. Keep the old number, and put it back before you go on.",
    ),
    rung_hints={
        "shape": "The result has x's shape: one slope for each number of x. What is the shape of yours?",
        "by-hand": "Try f(x) = the sum of x squared at x = 3: the answer is 6. Then use two numbers that influence each other.",
        "reference": "The functions here are curved, so one point on each side of x is needed. Put every number back in place before the next one moves. Where does yours stay moved?",
        "edge-cases": "A step of 0.00001 is too small for float32. What must x become before you move it?",
        "robust": "A step of 0 divides by 0. Which argument is wrong?",
    },
)
