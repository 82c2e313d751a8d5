"""What chapter 4's ``count_parameters`` and ``count_macs`` share: stacks of layers, walked through."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.shared.draws import side, varied
from cnnlab.autograder.graders.shared.shapes import keras_layer
from cnnlab.autograder.judging.exercise import Probe
from cnnlab.autograder.judging.twists import Op
from cnnlab.course.ops.layers import Layer, Shape, normalise, trace_shapes

Rng = np.random.Generator
Stack = list[tuple[Any, ...]]

# Probes


def counting_probes(rng: Rng) -> Iterator[Probe]:
    most = varied(rng, 9, lambda: 60)

    def n(low: int = 2, high: int = most) -> int:
        return int(rng.integers(low, high))

    def picture_or(*recorded: int) -> tuple[int, ...]:
        """A small picture, with as many channels as this one has, or more."""
        return varied(rng, recorded, lambda: (side(rng), side(rng), recorded[2] + n(0, 6)))

    larger = varied(rng, 0, lambda: 6)
    picture = (n(6 + larger, 12 + 2 * larger), n(13 + 2 * larger, 20 + 3 * larger), 3)
    yield Probe("shape", (picture, [("conv", n(), 3), ("max_pool", 2)]))
    yield Probe("shape", ((n(),), [("dense", n())]))
    filters, units, ways = varied(rng, (3, 2, 2), lambda: (n(), n(), n()))
    yield Probe("by-hand", (picture_or(4, 5, 2), [("conv", filters, 2)]), title="one convolution")
    unpadded = [("conv", ways, 3, 1, "valid")]
    yield Probe("by-hand", (picture_or(4, 6, 1), unpadded), title="no padding")
    inputs = varied(rng, 3, n)
    yield Probe("by-hand", ((inputs,), [("dense", units)]), title="one dense layer")
    unlearnt = [("max_pool", 2), ("flatten",)]
    yield Probe("by-hand", (picture_or(4, 4, 3), unlearnt), title="nothing to learn")
    conv = ("conv", n(), (3, 2), 1, "valid")
    yield Probe("structure", (picture, [conv]), title="a kernel of 3×2")
    bigger = (picture[0] + 3, picture[1] + 4, 3)
    yield Probe("structure", (bigger, [conv]), title="the same kernel on a larger picture")
    strided = ("conv", n(), 3, (2, 3), "same")
    yield Probe("structure", (picture, [strided]), title="a stride of 2 and 3")
    yield Probe("structure", (picture, [("conv", 3, 3)]), title="as many filters as channels")
    yield Probe("structure", (picture, [("conv", n(), 1)]), title="a 1×1 kernel")
    widths = sorted(int(w) for w in rng.choice(range(4, 40), 3, replace=False))
    yield Probe("reference", ((32, 32, 3), _blocks(widths, n(20, 90))), title="a whole network")
    yield Probe("reference", ((30, 41, 3), _blocks(widths[:2], n(20, 90))), title="odd sizes")
    dilated: Stack = [("conv", n(), 3, 1, "valid", 2), ("conv", n(), (2, 4), 2, "valid")]
    yield Probe("reference", ((17, 23, 2), dilated), title="dilation, then a stride")
    pooled: Stack = [("conv", n(), 3), ("global_average_pool",), ("dropout", 0.5), ("dense", n())]
    yield Probe("reference", ((9, 12, 4), pooled), title="global average pooling")
    yield Probe("edge-cases", (picture_or(6, 7, 2), []), title="no layer at all")
    yield Probe("edge-cases", ((6, 5, 4), [("dense", n())]), title="dense on three axes")
    uneven = [("max_pool", (2, 3), 1)]
    yield Probe("edge-cases", (picture_or(5, 6, 2), uneven), title="pooling windows of 2×3")


def _blocks(widths: list[int], units: int) -> Stack:
    convolutions = [block for width in widths for block in (("conv", width, 3), ("max_pool", 2))]
    return [*convolutions, ("flatten",), ("dropout", 0.5), ("dense", units), ("dense", 1)]


# What Keras says


def keras_layers(input_shape: Shape, layers: Stack) -> Iterator[tuple[Any, Any]]:
    """Each layer as Keras builds it, and its output."""
    import keras

    tensor = keras.Input(tuple(input_shape))
    for layer in layers:
        made = keras_layer(tuple(layer))
        tensor = made(tensor)
        yield made, tensor


# Mistakes: both exercises are sums of products, in which a factor is left out or one too many.


def walk(input_shape: Shape, layers: Stack) -> Iterator[tuple[Shape, Layer, Shape, Any]]:
    shapes = [tuple(input_shape), *trace_shapes(input_shape, layers)]
    for before, layer, after in zip(shapes, layers, shapes[1:], strict=False):
        yield before, normalise(layer), after, layer


def with_mistake(**options: Any) -> Callable[[Op], Op]:
    """The op with one more mistake."""
    return lambda op: lambda *args, **kwargs: op(*args, **options, **kwargs)


WITH_WEIGHTS = ("conv", "dense")
CHANNELS = "Your convolutions forget the input's channels. How many numbers does one filter of 3×3 hold that looks at 16 maps?"
