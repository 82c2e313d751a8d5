"""Convolutions without padding: what `kernel_gradient` and `input_gradient` are probed with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from cnnlab.autograder.graders.shared.draws import reals, wholes
from cnnlab.autograder.graders.shared.gradients import Array
from cnnlab.autograder.judging.exercise import Probe
from cnnlab.autograder.judging.twists import Op
from cnnlab.course.ops import conv2d

Rng = np.random.Generator
Pair = tuple[int, int]
Shape = tuple[int, ...]


class Layer(NamedTuple):
    """What went into a convolution, its kernels, and what flows back to it."""

    dout: Array
    x: Array
    kernels: Array
    strides: tuple[Pair, ...]
    """The last argument, or none where it is left out."""


def layer(
    rng: Rng, x: Shape, kernels: Shape, *strides: Pair, draw: Any = reals, dtype: Any = np.float32
) -> Layer:
    """Arrays of these shapes, and a dout that fits them."""
    pictures, taps = draw(rng, *x, dtype=dtype), draw(rng, *kernels, dtype=dtype)
    shape = conv2d(pictures, taps, np.zeros(kernels[3]), strides[0] if strides else (1, 1)).shape
    return Layer(draw(rng, *shape, dtype=dtype), pictures, taps, strides)


Arguments = Callable[[Layer], tuple[Any, ...]]


def layer_probes(rng: Rng, arguments: Arguments, terms: Callable[[Layer], int]) -> Iterator[Probe]:
    """The ladder of both exercises.

    Parameters
    ----------
    rng : Generator
    arguments : callable, Layer → the function's arguments
    terms : callable, Layer → products in one number of the result
    """

    def probe(rung: str, *shapes: Any, title: str = "", **draws: Any) -> Probe:
        made = layer(rng, *shapes, **draws)
        return Probe(rung, arguments(made), title=title, terms=terms(made))

    whole: dict[str, Any] = {"draw": wholes}
    yield probe("shape", (2, 5, 7, 2), (3, 2, 2, 3), (2, 1))
    yield probe("by-hand", (1, 1, 3, 1), (1, 2, 1, 1), title="one row", **whole)
    yield probe("by-hand", (1, 2, 3, 1), (2, 2, 1, 1), title="two places", **whole)
    yield probe("by-hand", (2, 2, 2, 1), (2, 2, 1, 1), title="two pictures", **whole)
    point = layer(rng, (1, 5, 5, 1), (3, 3, 1, 1), **whole)
    point.dout[...] = 0
    point.dout[0, 1, 1, 0] = 1
    title = "the gradient is a single 1"
    yield Probe("structure", arguments(point), title=title, terms=terms(point))
    yield probe("structure", (1, 5, 6, 2), (2, 2, 2, 3), title="two channels, three filters")
    yield probe("structure", (3, 5, 5, 3), (3, 3, 3, 3), title="every size 3")
    yield probe("structure", (2, 5, 7, 1), (2, 2, 1, 2), (2, 3), title="strides")
    yield probe("structure", (2, 6, 9, 2), (3, 3, 2, 2), (2, 3), title="strides")
    yield probe("reference", (2, 7, 9, 3), (3, 2, 3, 4))
    yield probe("reference", (3, 8, 6, 2), (2, 4, 2, 3))
    yield probe("reference", (2, 9, 10, 3), (3, 2, 3, 2), (2, 3))
    yield probe("reference", (2, 9, 9, 2), (3, 3, 2, 3), (2, 2))
    float64 = {"dtype": np.float64}
    yield probe("reference", (3, 6, 7, 2), (2, 3, 2, 3), (1, 2), title="float64", **float64)
    yield probe("edge-cases", (2, 3, 4, 2), (1, 1, 2, 3), title="1×1 kernels")
    yield probe("edge-cases", (2, 3, 4, 2), (3, 4, 2, 3), title="the kernel just fits")
    yield probe("edge-cases", (1, 8, 7, 2), (2, 2, 2, 3), (4, 3), title="long strides")
    yield probe("edge-cases", (1, 7, 8, 2), (1, 2, 2, 2), (3, 4), title="long strides")
    integers: dict[str, Any] = {"draw": wholes, "dtype": np.int64}
    yield probe("robust", (1, 4, 5, 2), (2, 3, 2, 3), title="integers", **integers)
    good = layer(rng, (2, 4, 6, 2), (2, 3, 2, 3), **whole)
    for title, dout in {
        "a picture is missing": good.dout[:1],
        "a row is missing": good.dout[:, :2],
        "a column is missing": good.dout[:, :, :3],
    }.items():
        bad = arguments(good._replace(dout=dout))
        yield Probe("robust", bad, title=title, raises="dout|x|x_shape")
    for step in ((0, 1), (1, -1)):
        bad = arguments(good._replace(strides=(step,)))
        yield Probe("robust", bad, title="a step of no use", raises="strides")
    yield Probe("robust", arguments(good), title="all in order", terms=terms(good))


def divided(by: Callable[..., int]) -> Callable[[Op], Op]:
    """A gradient divided by a number that depends on the axes of ``dout``."""
    return lambda op: lambda dout, *args: op(dout, *args) / by(*np.shape(dout))
