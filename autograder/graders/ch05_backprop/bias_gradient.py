"""Chapter 5's ``bias_gradient``: what a convolution hands back to its biases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.ch05_backprop._batches import AVERAGED
from cnnlab.autograder.graders.ch05_backprop._loops import LAST_PLACE, loop_twists
from cnnlab.autograder.graders.shared.arrays import floats
from cnnlab.autograder.graders.shared.draws import reals, wholes
from cnnlab.autograder.graders.shared.gradients import Array, gradients
from cnnlab.autograder.graders.shared.loop_mistakes import last_alone
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Op, Twist, on_args, on_output
from cnnlab.course.ops import gradients as ops

Rng = np.random.Generator


def bias_probes(rng: Rng) -> Iterator[Probe]:
    def probe(rung: str, *shape: int, title: str = "", draw: Any = reals, **how: Any) -> Probe:
        return Probe(rung, (draw(rng, *shape, **how),), title=title, terms=int(np.prod(shape[:3])))

    yield probe("shape", 2, 3, 4, 5)
    yield probe("by-hand", 1, 1, 3, 1, title="one row, one filter", draw=wholes)
    yield probe("by-hand", 1, 2, 2, 2, title="four places, two filters", draw=wholes)
    yield probe("by-hand", 3, 1, 1, 1, title="three pictures", draw=wholes)
    yield probe("structure", 3, 3, 3, 3, title="every size 3")
    yield probe("structure", 2, 4, 3, 4, title="as many filters as rows")
    yield probe("structure", 2, 3, 4, 2, title="as many filters as pictures")
    for shape in ((4, 6, 7, 3), (3, 8, 5, 6)):
        yield probe("reference", *shape)
    yield probe("reference", 2, 5, 6, 4, title="float64", dtype=np.float64)
    yield probe("robust", 2, 2, 3, 2, title="integers", draw=wholes, dtype=np.int64)
    yield Probe("robust", ([[[[1, 2], [3, 4]]]],), title="a list", terms=2)
    three = reals(rng, 3, 4, 2)
    yield Probe("robust", (three,), title="three axes", raises="dout")
    yield Probe("robust", (three[None],), title="four axes", terms=12)


def keras_bias_gradient(dout: Any) -> Array:
    """The gradient of adding a bias, which is the last thing that ``Conv2D`` does."""
    from keras import ops as k

    dout = floats(dout)
    bias = np.zeros(dout.shape[-1:], dout.dtype)
    return gradients(lambda b: k.broadcast_to(b, dout.shape), [bias], dout)[0]


def _divided(by: Callable[..., int]) -> Callable[[Op], Op]:
    return lambda op: lambda dout: op(dout) / by(*np.shape(dout))


def _reshaped(to: tuple[int, ...]) -> Callable[[Op], Op]:
    return on_output(lambda db: db.reshape(to))


def _summed(*axes: int) -> Callable[[Op], Op]:
    return lambda op: lambda dout: floats(dout).sum(axis=axes)


_AXES = (
    "You add up over other axes than you should. dout has the axes picture, row, column, filter. "
    "Each filter has one bias: which axes must be gone at the end?"
)

_KEEPS = (
    "Your result has too many axes. The bias itself is a plain list of numbers: which shape must "
    "the gradient have, to be taken from it?"
)

EXERCISE = Exercise(
    name="bias_gradient",
    points={"shape": 0.1, "by-hand": 0.3, "structure": 0.3, "reference": 0.3},
    probes=bias_probes,
    keras_reference=keras_bias_gradient,
    numpy_op=ops.bias_gradient,
    twists=(
        Twist("bias-averaged", _divided(lambda n, h, w, f: n * h * w), AVERAGED),
        Twist("bias-averaged", _divided(lambda n, h, w, f: h * w), AVERAGED),
        Twist("bias-averaged", _divided(lambda n, h, w, f: n), AVERAGED),
        *(Twist("wrong-axes", _summed(*axes), _AXES) for axes in ((1, 2, 3), (1, 2), (0,))),
        Twist("wrong-axes", lambda op: lambda dout: floats(dout).sum(), _AXES),
        *(
            Twist("last-place-only", on_args(lambda d, a=axes: (last_alone(*a)(d),)), LAST_PLACE)
            for axes in ((1, 2), (0, 1, 2))
        ),
        *(Twist("keeps-axes", _reshaped(to), _KEEPS) for to in ((1, -1), (-1, 1), (1, 1, 1, -1))),
        *loop_twists(),
    ),
    hints=(
        "Make one bias larger by 1. Which of the numbers that come out grow, and by how much each?",
        "A bias is added at every place of every picture. So its gradient is the sum of all that flows back to its filter. Which axes of dout count pictures and places?",
        "NumPy's sum takes several axes at once, as a tuple. Which of the four axes is left over?",
    ),
    rung_hints={
        "shape": "There is one number for each filter, in a plain list. What is the shape of yours?",
        "by-hand": "One row with three places: the bias was used three times. What does it get back?",
        "structure": "All sizes are alike here, so nothing stops you from adding up over the wrong axis. Which axis counts the filters?",
        "robust": "dout needs four axes: pictures, rows, columns, filters. Name dout in a ValueError where it has not.",
    },
)
