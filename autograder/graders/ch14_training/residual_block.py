"""Chapter 14's ``residual_block``: two convolutions, and a way around them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.shared.arrays import Array, floats
from cnnlab.autograder.graders.shared.draws import fitting, reals, wholes
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Twist, with_mistake
from cnnlab.course.ops import as_floats, conv2d, relu
from cnnlab.course.ops.training import require_block

Rng = np.random.Generator


def block_probes(rng: Rng) -> Iterator[Probe]:
    def probe(
        rung: str,
        x: tuple[int, ...],
        filters: int,
        *sizes: tuple[int, int],
        title: str = "",
        **how: Any,
    ) -> Probe:
        args = _block(rng, x, filters, *sizes, **how)
        terms = args[1][..., 0].size + args[3][..., 0].size
        return Probe(rung, args, title=title, terms=3 * terms)

    yield probe("shape", (2, 4, 5, 3), 2, (3, 3), (3, 3))
    yield probe("shape", (1, 3, 4, 2), 3, (2, 3), (3, 2), dtype=np.float64, title="float64")
    yield probe("by-hand", (1, 1, 1, 1), 1, (1, 1), (1, 1), draw=wholes, title="a single number")
    yield probe("by-hand", (1, 1, 3, 1), 1, (1, 1), (1, 1), draw=wholes, title="three numbers")
    yield probe("by-hand", (1, 1, 3, 1), 2, (1, 1), (1, 1), draw=wholes, title="two filters")
    x, kernels1, bias1, kernels2, bias2 = _block(rng, (2, 4, 3, 3), 3, (3, 3), (3, 3))
    nothing = (x, 0 * kernels1, 0 * bias1, 0 * kernels2, 0 * bias2)
    yield Probe("structure", nothing, title="kernels of zeros", terms=54)
    yield Probe("structure", (*nothing[:4], bias2), title="the last bias alone", terms=54)
    yield Probe(
        "structure", (x, 0 * kernels1, bias1, kernels2, bias2), title="no first kernels", terms=54
    )
    yield Probe(
        "structure", (0 * x, kernels1, bias1, kernels2, bias2), title="a picture of zeros", terms=54
    )
    yield probe("structure", (3, 3, 3, 3), 3, (3, 3), (3, 3), title="every size 3")
    for shape, filters, sizes in (
        ((2, 6, 5, 3), 4, ((3, 3), (3, 3))),
        ((2, 5, 7, 2), 5, ((3, 2), (2, 3))),
        ((3, 4, 4, 4), 4, ((3, 3), (1, 1))),
        ((1, 6, 6, 3), 2, ((5, 3), (3, 3))),
    ):
        yield probe("reference", shape, filters, *sizes)
    yield probe("reference", (2, 5, 4, 3), 2, (3, 3), (3, 3), dtype=np.float64, title="float64")
    whole = _block(rng, (1, 2, 3, 2), 1, (3, 3), (1, 3), draw=wholes, dtype=np.int64)
    yield Probe("robust", whole, title="integers", terms=24)
    yield Probe(
        "robust", ([[[[1], [-2]]]], [[[[2]]]], [1], [[[[-1]]]], [0]), title="lists", terms=2
    )
    good = _block(rng, (2, 4, 3, 3), 2, (3, 3), (3, 3))
    bad: dict[str, Any] = {"rung": "robust"}
    yield Probe(args=(good[0][0], *good[1:]), title="no batch", raises="x", **bad)
    for at, name in ((1, "kernels1"), (3, "kernels2")):
        wrong = (*good[:at], good[at][:, :, :1], *good[at + 1 :])
        yield Probe(args=wrong, title=f"channels of {name}", raises=f"{name}|x|bias1", **bad)
    wrong = (*good[:3], good[3][..., :1], good[4])
    yield Probe(args=wrong, title="does not lead back", raises="kernels2|x|bias2", **bad)
    for at, name in ((2, "bias1"), (4, "bias2")):
        wrong = (*good[:at], good[at][:1], *good[at + 1 :])
        yield Probe(args=wrong, title=f"{name} too short", raises=f"{name}|kernels{at // 2}", **bad)
    yield Probe(args=good, title="all in order", terms=90, **bad)


def _block(
    rng: Rng,
    x: tuple[int, ...],
    filters: int,
    *sizes: tuple[int, int],
    draw: Any = reals,
    **dtype: Any,
) -> tuple[Array, ...]:
    """Arrays for a block, whose last ReLU does not set all numbers to 0."""
    channels = x[3]
    shapes = (
        x,
        (*sizes[0], channels, filters),
        (filters,),
        (*sizes[1], filters, channels),
        (channels,),
    )
    return fitting(
        rng,
        lambda: tuple(draw(rng, *shape, **dtype) for shape in shapes),
        lambda args: bool(block(*args).any()),
    )


def keras_block(x: Any, kernels1: Any, bias1: Any, kernels2: Any, bias2: Any) -> Array:
    """The block as a Keras model: two ``Conv2D``, an ``Add`` and two ``ReLU``."""
    import keras

    x, *weights = (floats(array) for array in (x, kernels1, bias1, kernels2, bias2))
    keep = {"padding": "same", "dtype": x.dtype.name, "kernel_initializer": "zeros"}
    given = keras.Input(x.shape[1:], dtype=x.dtype.name)
    inner = given
    for kernels, relu_after in ((weights[0], True), (weights[2], False)):
        inner = keras.layers.Conv2D(kernels.shape[3], kernels.shape[:2], **keep)(inner)
        if relu_after:
            inner = keras.layers.ReLU(dtype=x.dtype.name)(inner)
    total = keras.layers.Add(dtype=x.dtype.name)([given, inner])
    model = keras.Model(given, keras.layers.ReLU(dtype=x.dtype.name)(total))
    model.set_weights(weights)
    return keras.ops.convert_to_numpy(model(x))


def block(
    x: Any,
    kernels1: Any,
    bias1: Any,
    kernels2: Any,
    bias2: Any,
    *,
    inner_relu: bool = True,
    before_sum: bool = False,
    last_relu: bool = True,
    shortcut: str = "x",
    bias: tuple[bool, bool] = (True, True),
) -> Array:
    """`cnnlab.course.ops.training.residual_block` with mistakes: without any, it is that function.

    Parameters
    ----------
    inner_relu, before_sum, last_relu : bool
        Whether there is a ReLU after the first convolution, after the second, after the sum.
    shortcut : {"x", "relu", "twice", ""}
        What goes around: x, its ReLU, x around each convolution (where the shapes allow it), or
        nothing.
    bias : (bool, bool)
        Whether each convolution has its bias.
    """
    x, kernels1, bias1, kernels2, bias2 = as_floats(
        x=x, kernels1=kernels1, bias1=bias1, kernels2=kernels2, bias2=bias2
    )
    require_block(x, kernels1, bias1, kernels2, bias2)
    inner = conv2d(x, kernels1, bias1 if bias[0] else 0 * bias1, padding="same")
    inner = relu(inner) if inner_relu else inner
    out = conv2d(inner, kernels2, bias2 if bias[1] else 0 * bias2, padding="same")
    out = relu(out) if before_sum else out
    out = out + {"x": x, "relu": relu(x), "": 0 * x}[shortcut]
    return relu(out) if last_relu else out


_BEFORE = "Your second convolution goes through a ReLU before the sum, so the block can only add. It should be able to take away, too. Where does the last ReLU belong?"
_BIAS = "A bias is missing. How many arrays of biases does the block get?"

EXERCISE = Exercise(
    name="residual_block",
    points={"shape": 0.25, "by-hand": 0.75, "structure": 0.5, "reference": 1.5},
    probes=block_probes,
    keras_reference=keras_block,
    numpy_op=block,
    twists=(
        Twist(
            "shortcut-missing",
            with_mistake(shortcut=""),
            "Nothing goes around the convolutions in yours. With kernels of zeros, what should still come out?",
        ),
        Twist("relu-before-sum", with_mistake(before_sum=True, last_relu=False), _BEFORE),
        Twist("relu-before-sum", with_mistake(before_sum=True), _BEFORE),
        Twist(
            "last-relu-missing",
            with_mistake(last_relu=False),
            "Your block gives negative numbers. What comes after the sum?",
        ),
        Twist(
            "first-relu-missing",
            with_mistake(inner_relu=False),
            "There is nothing between your two convolutions, so together they are a single one. What belongs between them?",
        ),
        Twist(
            "shortcut-through-relu",
            with_mistake(shortcut="relu"),
            "Your shortcut goes through a ReLU. It should hand on x as it is. Which x do you add?",
        ),
        *(
            Twist("bias-forgotten", with_mistake(bias=bias), _BIAS)
            for bias in ((False, False), (True, False), (False, True))
        ),
    ),
    hints=(
        "Two ways lead through the block: two convolutions, and a straight line. Where do they meet again?",
        "The convolutions must give x's shape back. Which padding does that, and how many filters has the second one?",
        "In order: convolution, ReLU, convolution, plus x, ReLU. Which of these does your function not have?",
    ),
    rung_hints={
        "shape": "What comes out has x's shape. Which padding keeps height and width?",
        "by-hand": "A single number, 1 × 1 kernels: two products, two sums, a ReLU after the first and one at the end. Which step differs?",
        "structure": "With kernels and biases of zeros, the block is relu of x. What does yours give?",
        "robust": "The first kernels take x's channels, the second lead back to them. Name the argument that does not fit.",
    },
)
