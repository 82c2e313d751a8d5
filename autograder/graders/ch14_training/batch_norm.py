"""Chapter 14's ``batch_norm``: each channel to mean 0 and standard deviation 1, over a batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.ch14_training._normalization import (
    checked,
    formula_twists,
    keras_layer,
    normalized,
)
from cnnlab.autograder.graders.shared.arrays import Array, floats
from cnnlab.autograder.graders.shared.draws import reals, wholes
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Op, Twist, on_output, with_mistake
from cnnlab.course.ops.training import EPS

Rng = np.random.Generator


def norm_probes(rng: Rng) -> Iterator[Probe]:
    def probe(
        rung: str, *shape: int, eps: Any = None, draw: Any = reals, title: str = "", **dtype: Any
    ) -> Probe:
        x = draw(rng, *shape, **dtype)
        args = (x, *(draw(rng, shape[3], **dtype) for _ in range(2)))
        terms = int(np.prod(shape[:3]))
        return Probe(rung, args if eps is None else (*args, eps), title=title, terms=terms)

    yield probe("shape", 2, 3, 4, 5)
    yield probe("shape", 3, 2, 5, 2, dtype=np.float64, title="float64")
    yield probe("by-hand", 2, 1, 1, 1, eps=0.0, draw=wholes, title="two pictures of one pixel")
    yield probe("by-hand", 2, 1, 2, 2, eps=1.0, draw=wholes, title="two channels, eps 1")
    plain = wholes(rng, 3, 2, 2, 3)
    ones, zeros = np.ones(3, np.float32), np.zeros(3, np.float32)
    yield Probe("structure", (plain, ones, zeros), title="gamma 1, beta 0", terms=12)
    yield Probe("structure", (plain, 0 * ones, reals(rng, 3)), title="gamma 0", terms=12)
    yield probe("structure", 3, 3, 3, 3, title="every size 3")
    yield probe("structure", 1, 4, 5, 2, title="a single picture")
    for shape in ((4, 5, 3, 6), (8, 2, 7, 3), (2, 6, 6, 4)):
        yield probe("reference", *shape)
    yield probe("reference", 5, 3, 4, 2, eps=0.25, title="eps 0.25")
    scattered = (rng.normal(3, 0.05, (6, 4, 3, 2)), rng.normal(size=2), rng.normal(size=2))
    yield Probe("reference", scattered, title="little scatter, float64", terms=72)
    flat = reals(rng, 2, 3, 2, 3)
    flat[..., 1] = 0.5
    yield Probe(
        "edge-cases",
        (flat, reals(rng, 3), reals(rng, 3)),
        title="a channel of equal numbers",
        terms=12,
    )
    yield probe("edge-cases", 1, 1, 1, 3, title="a single pixel")
    yield probe("robust", 2, 2, 3, 2, draw=wholes, dtype=np.int64, title="integers")
    yield Probe("robust", ([[[[1, 2], [3, 6]]]], [1, 2], [0, 1]), title="lists", terms=2)
    x, gamma, beta = reals(rng, 2, 3, 4, 3), reals(rng, 3), reals(rng, 3)
    bad: dict[str, Any] = {"rung": "robust"}
    yield Probe(args=(x[0], gamma, beta), title="no batch", raises="x", **bad)
    yield Probe(args=(x, gamma[:2], beta), title="gamma too short", raises="gamma|x", **bad)
    yield Probe(args=(x, gamma, beta[:1]), title="beta too short", raises="beta|x", **bad)
    yield Probe(args=(x, gamma, beta), title="all in order", terms=24, **bad)


def keras_norm(x: Any, gamma: Any, beta: Any, eps: float = EPS) -> tuple[Array, ...]:
    """``BatchNormalization`` in training; with momentum 0 its moving values are the batch's."""
    import keras

    none = np.zeros(len(gamma), floats(gamma).dtype)
    layer = keras_layer(gamma, beta, none, none, eps, momentum=0.0)
    out = layer(floats(x), training=True)
    return tuple(
        keras.ops.convert_to_numpy(value)
        for value in (out, layer.moving_mean, layer.moving_variance)
    )


def over_batch(
    x: Any,
    gamma: Any,
    beta: Any,
    eps: float = EPS,
    *,
    axes: tuple[int, ...] = (0, 1, 2),
    keep: bool = False,
    ddof: tuple[int, int] = (0, 0),
    **formula: Any,
) -> tuple[Array, Array, Array]:
    """`cnnlab.course.ops.training.batch_norm` with mistakes: without any, it is that function.

    Parameters
    ----------
    axes : tuple of int
        What mean and variance run over.
    keep : bool
        Whether the returned statistics keep these axes, with a size of 1.
    ddof : (int, int)
        What is taken off the count, for the variance that is divided by and for the one that is
        returned.
    **formula
        As `normalized` takes it.
    """
    x, gamma, beta = checked(x, gamma=gamma, beta=beta)
    mean = x.mean(axis=axes, keepdims=True)
    used, returned = (_variance(x, axes, each) for each in ddof)
    out = normalized(x, gamma, beta, mean, used, eps, **formula)
    if keep:
        return out, mean, returned
    return out, np.squeeze(mean, axes), np.squeeze(returned, axes)


def _variance(x: Array, axes: tuple[int, ...], ddof: int) -> Array:
    count = int(np.prod([x.shape[axis] for axis in axes]))
    with np.errstate(all="ignore"):
        return x.var(axis=axes, keepdims=True) * np.divide(count, count - ddof).astype(x.dtype)


def _returned(change: Callable[[Array, Array], tuple[Any, ...]]) -> Any:
    """Another pair of statistics beside the right result."""
    return on_output(lambda result: (result[0], *change(*result[1:])))


def _each_picture(op: Op) -> Op:
    """Each picture by itself, and the means of their statistics returned."""

    def mistaken(*args: Any) -> tuple[Any, ...]:
        out, mean, variance = with_mistake(axes=(1, 2))(op)(*args)
        return out, mean.mean(axis=0), variance.mean(axis=0)

    return mistaken


def _all_channels(op: Op) -> Op:
    """One mean for everything, written once for each channel."""

    def mistaken(x: Any, gamma: Any, *args: Any) -> tuple[Any, ...]:
        out, *both = with_mistake(axes=(0, 1, 2, 3))(op)(x, gamma, *args)
        return out, *(np.full(np.shape(gamma), number) for number in both)

    return mistaken


def _with_eps(op: Op) -> Op:
    def mistaken(x: Any, gamma: Any, beta: Any, eps: float = EPS) -> tuple[Any, ...]:
        out, mean, variance = op(x, gamma, beta, eps)
        return out, mean, variance + variance.dtype.type(eps)

    return mistaken


_AXES = {
    "per-image": (
        ((1, 2),),
        "Each picture is normalized by itself. A batch norm looks at all pictures of the batch together: over which axes does the mean run?",
    ),
    "over-channels": (
        ((0, 1, 2, 3), (3,), (1, 2, 3)),
        "Your mean runs over the channels. Each channel has a mean of its own: which axis must be left out?",
    ),
    "per-pixel": (
        ((0,),),
        "Each place of the picture is normalized by itself. A channel has one mean for all its places: over which axes does the mean run?",
    ),
}
_UNBIASED = "Your variance divides by one less than the number of values. Here it divides by the number itself. Which setting of np.var is that?"
_KEEPS = "Your mean and variance still have four axes. One number for each channel is asked for: what is the shape of that?"

EXERCISE = Exercise(
    name="batch_norm",
    points={"shape": 0.5, "by-hand": 1, "structure": 0.5, "reference": 1.5, "edge-cases": 0.5},
    probes=norm_probes,
    keras_reference=keras_norm,
    numpy_op=over_batch,
    twists=(
        *(
            Twist(name, with_mistake(axes=axes, keep=keep), says)
            for name, (ways, says) in _AXES.items()
            for axes in ways
            for keep in (False, True)
        ),
        Twist("over-channels", _all_channels, _AXES["over-channels"][1]),
        Twist("per-image", _each_picture, _AXES["per-image"][1]),
        *formula_twists(),
        *(
            Twist("unbiased-variance", with_mistake(ddof=ddof), _UNBIASED)
            for ddof in ((1, 1), (1, 0), (0, 1))
        ),
        Twist(
            "std-for-variance",
            _returned(lambda mean, variance: (mean, np.sqrt(variance))),
            "You return the standard deviation. The variance is asked for. Which of the two did you take the root of?",
        ),
        Twist(
            "order-swapped",
            _returned(lambda mean, variance: (variance, mean)),
            "Mean and variance come in the wrong order. In which order does the description name them?",
        ),
        Twist("keeps-axes", with_mistake(keep=True), _KEEPS),
        Twist(
            "statistics-missing",
            on_output(lambda result: result[0]),
            "Only the normalized batch comes back. What else does the moving average of the next exercise need from here?",
        ),
        Twist(
            "eps-returned",
            _with_eps,
            "The variance that you return has eps in it. That is only there for the division. Which variance does the description ask for?",
        ),
    ),
    hints=(
        "A channel is one kind of answer, given at every place of every picture. Its mean is over all of these. Which axes count pictures, rows and columns?",
        "Subtract the channel's mean, divide by the root of its variance plus eps, then scale by gamma and shift by beta. What does each channel share?",
        "NumPy's mean and var take a tuple of axes. Which three axes go in, so that one number for each channel comes out?",
    ),
    rung_hints={
        "shape": "Three arrays come back: one of x's shape, and two with a number for each channel. Which of yours differs?",
        "by-hand": "Two numbers, such as 1 and 3, have the mean 2 and the variance 1. What do they become?",
        "structure": "With gamma 1 and beta 0, each channel gets the mean 0 and nearly the standard deviation 1. What does yours get?",
        "edge-cases": "Where all numbers of a channel are equal, only beta is left. What does your function divide by there?",
        "robust": "x must have four axes; gamma and beta need one number for each channel. Name the one that is wrong.",
    },
)
