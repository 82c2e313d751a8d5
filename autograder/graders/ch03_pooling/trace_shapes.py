"""Chapter 3's ``trace_shapes``: the shape of every layer of a network, on paper."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.shared.draws import side, varied, whole
from cnnlab.autograder.graders.shared.shapes import SHAPE_TWISTS, keras_shapes
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.course.ops import layers

Rng = np.random.Generator
Stack = list[tuple[Any, ...]]


def trace_probes(rng: Rng) -> Iterator[Probe]:
    few, many = varied(rng, ((5, 9), (10, 17)), lambda: ((9, 50), (50, 100)))
    f, g = _some(rng, *few), _some(rng, *many)
    yield from _small_probes(rng, f, g)
    yield from _structure_probes(rng, f, g)
    yield from _network_probes(rng)
    yield from _edge_probes(rng, f, g)
    yield from _bad_probes()


def _some(rng: Rng, low: int = 4, high: int = 17, step: int = 1) -> int:
    return int(rng.choice(np.arange(low, high, step)))


def _odd(rng: Rng) -> int:
    return _some(rng, 17, 40, 2)


def _small_probes(rng: Rng, f: int, g: int) -> Iterator[Probe]:
    """Short stacks, mostly of one layer, with ``f`` and ``g`` filters."""
    mixed = [("conv", f, 3, 2), ("conv", g, (3, 5), 1, "valid"), ("max_pool", 3, 2)]
    yield Probe("shape", ((_odd(rng), _odd(rng) + 1, 3), [*mixed, ("flatten",), ("dense", 2)]))
    yield Probe("shape", ((_odd(rng), _odd(rng), 2), [("max_pool", 2), ("global_average_pool",)]))
    n, filters, k = varied(
        rng, (32, 10, 5), lambda: (whole(rng, 16, 60), whole(rng, 4, 40), 2 * whole(rng, 1, 4) + 1)
    )
    yield Probe("by-hand", ((n, n, 3), [("conv", filters, k)]), title="one convolution")
    yield Probe("by-hand", ((8, 6, 3), [("conv", f, 3, 1, "valid")]), title="without padding")
    yield Probe("by-hand", ((8, 6, f), [("max_pool", 2)]), title="one pooling layer")
    yield Probe("by-hand", ((9, 7, 2), [("conv", f, 3, 2)]), title="a stride of 2")
    strided = [("conv", f, 3, 2, "valid")]
    yield Probe("by-hand", ((8, 9, 2), strided), title="a stride of 2, without padding")
    flat: Stack = [("max_pool", 2), ("flatten",), ("dense", f), ("dropout", 0.5), ("dense", 1)]
    yield Probe("by-hand", ((4, 6, 5), flat), title="the end of a network")
    shape = varied(rng, (7, 5, 3), lambda: (side(rng), side(rng), whole(rng, 2, 9)))
    yield Probe("by-hand", (shape, []), title="no layer at all")


def _structure_probes(rng: Rng, f: int, g: int) -> Iterator[Probe]:
    """Several layers of a kind, with odd sizes."""
    valid = [("conv", f, 3, 2, "valid"), ("conv", g, 2, 3, "valid")]
    yield Probe(
        "structure", ((_odd(rng) + 1, _odd(rng), 1), valid), title="strides, without padding"
    )
    overlap = [("max_pool", 3, 2), ("max_pool", 2, 1), ("max_pool", 2, 3)]
    yield Probe(
        "structure", ((_odd(rng) + 1, _odd(rng), g), overlap), title="pooling that overlaps"
    )
    same = [("conv", f, 2, 2), ("conv", g, 5, 3, "same")]
    yield Probe("structure", ((_odd(rng), _odd(rng) + 1, 3), same), title="strides, with padding")
    pooled = [("conv", f, 3), ("max_pool", 2), ("conv", g, 3), ("max_pool", 3)]
    yield Probe(
        "structure", ((_odd(rng), _odd(rng) + 1, 4), pooled), title="convolution, pooling, twice"
    )
    ends = [("conv", f, 3), ("global_average_pool",), ("dense", g)]
    yield Probe("structure", ((_odd(rng), _odd(rng), 3), ends), title="global pooling")


def _network_probes(rng: Rng) -> Iterator[Probe]:
    """Whole networks."""
    vgg = [(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)]
    blocks = [b for n, times in vgg for b in [("conv", n, 3)] * times + [("max_pool", 2)]]
    tail: Stack = [("flatten",), ("dense", 4096), ("dense", 4096), ("dense", 1000)]
    n = varied(rng, 224, lambda: whole(rng, 160, 400))
    yield Probe("reference", ((n, n, 3), [*blocks, *tail]), title="VGG16")
    small = [layer for n in (32, 64, 128, 128) for layer in (("conv", n, 3), ("max_pool", 2))]
    tail = [("flatten",), ("dropout", 0.5), ("dense", 512), ("dense", 1)]
    n = varied(rng, 150, lambda: whole(rng, 100, 300))
    yield Probe("reference", ((n, n, 3), [*small, *tail]), title="the article's network")
    drawn = [
        ("conv", _some(rng), _some(rng, 1, 6), _some(rng, 1, 4), p)
        for p in ("valid", "same", "valid")
    ]
    yield Probe(
        "reference", ((_odd(rng) + 60, _odd(rng) + 70, _some(rng)), [*drawn, ("max_pool", 2)])
    )


def _edge_probes(rng: Rng, f: int, g: int) -> Iterator[Probe]:
    """Pairs, dilation, and layers at unusual places."""
    pairs: Stack = [
        ("conv", f, (2, 5), (1, 3), "valid"),
        ("max_pool", (3, 2), (1, 2)),
        ("conv", g, 1),
    ]
    yield Probe("edge-cases", ((_odd(rng), _odd(rng) + 1, 3), pairs), title="pairs")
    pairs = [("max_pool", (2, 3)), ("conv", f, (4, 2), (2, 1), "valid"), ("conv", g, 3, (2, 3))]
    yield Probe("edge-cases", ((_odd(rng) + 20, _odd(rng) + 21, 3), pairs), title="pairs")
    dilated = [("conv", f, 3, 1, "valid", 2), ("conv", g, (2, 3), 1, "valid", (3, 1))]
    yield Probe("edge-cases", ((_odd(rng), _odd(rng), 3), dilated), title="dilation")
    dilated = [("conv", f, 3, 1, "same", 2), ("conv", g, 2, 1, "valid", 4)]
    yield Probe(
        "edge-cases", ((_odd(rng), _odd(rng) + 1, 3), dilated), title="dilation, with padding"
    )
    deep = [("conv", f, 3), ("dense", g), ("dropout", 0.2), ("dense", 2)]
    yield Probe("edge-cases", ((_odd(rng), _odd(rng), 3), deep), title="dense on three axes")
    yield Probe(
        "edge-cases",
        ((4, 5, 3), [("dense", g), ("flatten",)]),
        title="dense on three axes",
    )
    yield Probe(
        "edge-cases", ((_some(rng),), [("dense", f), ("flatten",)]), title="no picture at all"
    )


def _bad_probes() -> Iterator[Probe]:
    """Stacks that cannot be, and one whose kernel just fits."""
    known: Stack = [("max_pool", 2), ("conv", 2, 4, 1, "valid")]
    yield Probe("robust", ((6, 9, 3), known), title="the kernel is too tall", raises="layers")
    yield Probe("robust", ((9, 6, 3), known), title="the kernel is too wide", raises="layers")
    known = [("conv", 2, 3), ("max_pool", (2, 5))]
    yield Probe("robust", ((9, 4, 3), known), title="the window is too wide", raises="layers")
    unknown = [("conv", 2, 3), ("maxpool", 2)]
    yield Probe("robust", ((9, 9, 3), unknown), title="an unknown layer", raises="layers")
    unknown = [("average_pool", 2), ("flatten",)]
    yield Probe("robust", ((9, 9, 3), unknown), title="an unknown layer", raises="layers")
    late = [("flatten",), ("conv", 2, 3)]
    yield Probe("robust", ((9, 9, 3), late), title="a convolution after flatten", raises="layers")
    fits = [("max_pool", 2), ("conv", 2, 4, 1, "valid")]
    yield Probe("robust", ((8, 9, 3), fits), title="the kernel just fits")


EXERCISE = Exercise(
    name="trace_shapes",
    points={"shape": 0.5, "by-hand": 1.5, "structure": 1.5, "reference": 1.75, "edge-cases": 0.75},
    probes=trace_probes,
    keras_reference=keras_shapes,
    numpy_op=layers.trace_shapes,
    twists=SHAPE_TWISTS,
    hints=(
        "Follow one shape through the stack. Which of its three numbers can a convolution change, which can pooling change?",
        "Each layer needs only the shape that the layer before it leaves. What must you keep from one pass of the loop to the next?",
        "full_layer gives a tuple in which nothing is left out. For height and width you have output_size; the depth follows from the kind. What does each kind do to the depth?",
    ),
    rung_hints={
        "shape": "The result is a list with one tuple of whole numbers for each layer. Division with / gives floats. Which division gives whole numbers?",
        "structure": 'A convolution pads "same" unless it says otherwise; pooling never pads. A pooling layer without a stride moves by its own size. Which of these does your function miss?',
        "edge-cases": "k, stride and dilation may be one number or a pair; full_layer makes pairs of all. And what does a dense layer do to the axes before the last?",
        "robust": "The kind of a layer may be unknown, the window may not fit, or height and width may be gone. Name the layer in the message.",
    },
)
