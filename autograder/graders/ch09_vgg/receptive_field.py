"""Chapter 9's receptive field: how much of the picture one unit sees.

Keras answers by gradients: along one axis, which inputs does a unit of the last layer depend on?
Max pooling passes its gradient to one cell only, so windows are averaged in its place, and all
weights are 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.shared.draws import varied, whole
from cnnlab.autograder.graders.shared.gradients import gradients
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Op, Twist, on_output
from cnnlab.course.networks.vgg import CONVS
from cnnlab.course.ops import require
from cnnlab.course.ops.layers import normalise

Rng = np.random.Generator
Layers = list[tuple[Any, ...]]


def field_probes(rng: Rng) -> Iterator[Probe]:
    def n(low: int, high: int) -> int:
        return int(rng.integers(low, high))

    filters, k, size = varied(rng, (8, 3, 2), lambda: (n(2, 99), n(3, 8), n(2, 6)))
    conv, pool = ("conv", filters, k), ("max_pool", size)
    yield Probe("shape", ([("conv", n(2, 9), k), pool],))
    yield Probe("by-hand", ([conv],), title=f"one {k}×{k} convolution")
    yield Probe("by-hand", ([conv] * 2,), title=f"two {k}×{k} convolutions")
    yield Probe("by-hand", ([conv] * 3,), title=f"three {k}×{k} convolutions")
    alone = varied(rng, pool, lambda: ("max_pool", n(2, 60)))
    yield Probe("by-hand", ([alone],), title="one pooling")
    yield Probe("by-hand", ([pool, conv],), title="a pooling, then a convolution")
    strided = ("conv", n(2, 9), n(4, 7), n(2, 4))
    yield Probe("structure", ([strided, conv],), title="a convolution with a stride")
    spread = ("conv", n(2, 9), n(3, 5), 1, "same", n(2, 5))
    yield Probe("structure", ([conv, spread],), title="a convolution with a dilation")
    overlapping = ("max_pool", n(4, 6), n(2, 4))
    yield Probe("structure", ([overlapping, conv],), title="pooling windows that overlap")
    yield Probe("structure", ([pool, spread, conv],), title="a dilation after a pooling")
    three = varied(rng, [pool] * 3, lambda: [("max_pool", n(2, 9)) for _ in range(3)])
    yield Probe("structure", (three,), title="three poolings")
    yield from _vgg_probes(rng)
    valid = ("conv", n(2, 9), 5, 2, "valid")
    yield Probe("reference", ([valid, ("max_pool", 3, 2), spread, strided],), title="a mixed stack")
    yield Probe("edge-cases", ([],), title="no layer at all")
    pointwise = ("conv", varied(rng, 4, lambda: n(2, 99)), 1)
    yield Probe("edge-cases", ([pointwise, conv, pointwise],), title="1×1 convolutions")
    # TensorFlow's gradient of a 1×1 kernel with a stride of 2 crashes now and then.
    gaps = (*pointwise, varied(rng, n(2, 4), lambda: 3))
    yield Probe("edge-cases", ([gaps, conv],), title="a stride that leaves gaps")
    for last in (("flatten",), ("dense", 5), ("global_average_pool",)):
        yield Probe("robust", ([conv, last],), title=f"a layer {last[0]}", raises="layers")
    yield Probe("robust", ([conv, pool],), title="all in order")


def _vgg_probes(rng: Rng) -> Iterator[Probe]:
    """VGG16 up to three of its layers; in a fresh batch up to others, with another kernel."""
    filters, k = varied(rng, (8, 3), lambda: (whole(rng, 9, 99), whole(rng, 2, 7)))
    names: list[str] = []
    layers: Layers = []
    for block, depth in enumerate(CONVS, 1):
        names += [*(f"block{block}_conv{i}" for i in range(1, depth + 1)), f"block{block}_pool"]
        layers += [*[("conv", filters, k)] * depth, ("max_pool", 2)]
    kernels = varied(rng, "", lambda: f" with {k}×{k} kernels,")
    for depth in varied(rng, (9, 17, 18), lambda: (whole(rng, 5, 9), whole(rng, 10, 17), 18)):
        said = f"VGG16{kernels} up to {names[depth - 1]}"
        yield Probe("reference", (layers[:depth],), title=said)


def keras_field(layers: Layers) -> tuple[int, int]:
    """From which input to which two neighbouring units depend on, by Keras's gradients."""
    import keras

    made = []
    for layer in map(normalise, layers):
        k, stride = layer.size[0], layer.strides[0]
        if layer.kind == "conv":
            options = {"dilation_rate": layer.dilation[0], "kernel_initializer": "ones"}
            made.append(keras.layers.Conv1D(1, k, stride, use_bias=False, **options))
        else:
            made.append(keras.layers.AveragePooling1D(k, stride))
    line = np.ones((1, 2048, 1), np.float32)

    def units(x: Any) -> Any:
        for each in made:
            x = each(x)
        return x[0, :2, 0]

    units(line)  # builds the layers
    each_unit = np.eye(2, dtype=np.float32)
    one, other = (np.flatnonzero(gradients(units, [line], unit)[0]) for unit in each_unit)
    return int(one[-1] - one[0] + 1), int(other[0] - one[0])


def walk(
    layers: Layers,
    *,
    grow: Callable[[int, int], int] = lambda reach, jump: (reach - 1) * jump,
    reach: Callable[[int, int], int] = lambda k, dilation: dilation * (k - 1) + 1,
    steps: str = "conv pool",
    reaches: str = "conv pool",
    jump_first: bool = False,
    default: bool = True,
    last: bool = False,
) -> tuple[int, int]:
    """The receptive field with mistakes: without any, it is right."""
    size = jump = 1
    for layer in layers:
        full = normalise(layer)
        require(full.kind in ("conv", "max_pool"), "layers", "must be conv or max_pool", layer)
        kind = full.kind.removeprefix("max_")
        stride = full.strides[0] if kind in steps else 1
        if kind == "pool" and not default and len(layer) == 2:
            stride = 1
        after = stride if last else jump * stride
        if kind in reaches:
            size += grow(reach(full.size[0], full.dilation[0]), after if jump_first else jump)
        jump = after
    return size, jump


def with_mistake(**mistakes: Any) -> Callable[[Op], Op]:
    return lambda op: lambda *args, **kwargs: op(*args, **{**mistakes, **kwargs})


_ADDS = (
    "A layer adds too much. One 3×3 kernel sees 3 pixels; a second one on top sees one more on each "
    "side, so 5: how many does a kernel of k add?"
)
_POOLS = "Your pooling layers are left out. A window of 2×2 looks at more than one cell. How far apart are two neighbors after it?"
_STRIDES = "A stride has no effect in yours. After a stride of 2, neighboring units are 2 pixels apart: how far apart are the outer cells of the next 3×3 kernel?"
_SIZE_UNSCALED = "Your size grows by the same everywhere. After a pooling, neighboring cells lie 2 pixels apart: what does the next kernel add then?"

EXERCISE = Exercise(
    name="receptive_field",
    points={"shape": 0.5, "by-hand": 1.75, "structure": 1.5, "reference": 1.75, "edge-cases": 0.5},
    probes=field_probes,
    keras_reference=keras_field,
    numpy_op=walk,
    twists=(
        Twist("adds-k", with_mistake(grow=lambda reach, jump: reach * jump), _ADDS),
        Twist("pools-ignored", with_mistake(steps="conv", reaches="conv"), _POOLS),
        Twist(
            "pools-ignored",
            with_mistake(reaches="conv"),
            "Your pooling layers see a single cell. How many cells does a window of 2×2 look at in each "
            "direction?",
        ),
        Twist("stride-ignored", with_mistake(steps=""), _STRIDES),
        Twist("stride-ignored", with_mistake(grow=lambda reach, jump: reach - 1), _SIZE_UNSCALED),
        Twist("stride-ignored", with_mistake(steps="pool"), _STRIDES),
        Twist("stride-ignored", with_mistake(steps="conv"), _STRIDES),
        Twist(
            "dilation-ignored",
            with_mistake(reach=lambda k, dilation: k),
            "The dilation has no effect in yours. How many cells does a kernel of 3 reach over when its "
            "taps lie 2 apart?",
        ),
        Twist(
            "effective-kernel-off",
            with_mistake(reach=lambda k, dilation: dilation * k),
            "Your dilated kernel spans the wrong number of cells. Draw three taps with a gap of one cell between them: how many cells are there from the first to the last?",
        ),
        Twist(
            "jump-too-early",
            with_mistake(jump_first=True),
            "You multiply the jump before you use it. A layer's own stride moves the units that come out of it. The cells that its kernel sees still lie as before. Which of your two numbers must grow first?",
        ),
        Twist(
            "stride-one-default",
            with_mistake(default=False),
            "Where a pooling layer has no stride, yours takes 1. Which number is it in this course?",
        ),
        Twist(
            "last-stride-only",
            with_mistake(last=True),
            "Your jump is the last layer's stride. Two poolings in a row: how far apart do neighboring units lie in the picture?",
        ),
        Twist(
            "order-swapped",
            on_output(lambda pair: pair[::-1]),
            "Your two numbers are in the wrong order. Which one should come first: the size or the jump?",
        ),
    ),
    hints=(
        "Two numbers are enough to walk through a stack: how many pixels one unit sees, and how many pixels apart two neighbors lie. What are they after one 3×3 kernel?",
        "Before the first layer a unit is a pixel: size 1, jump 1. How much does a kernel of 3 add to the size, when its taps lie a jump apart?",
        "For each layer, find its reach and its stride first. A dilation spreads the reach, and a pooling without a stride moves by its size. Which grows first, the size or the jump?",
    ),
    rung_hints={
        "shape": "The result is a pair of whole numbers: (size, jump). What does your function return?",
        "by-hand": "One 3×3 sees 3, two see 5, three see 7. A 2×2 pooling sees 2. What is its jump?",
        "structure": "Write size and jump after each layer on paper. Which comes first in a step: the size grows, or the jump?",
        "edge-cases": "A list without layers leaves a pixel. What are its size and its jump?",
        "robust": "After flatten, a dense layer or a global pooling there are no places any more: raise ValueError and name layers.",
    },
)
