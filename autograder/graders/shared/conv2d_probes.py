"""What a whole ``conv2d`` is probed with, in chapter 2 and again in chapter 13."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.shared.draws import impulse, reals, wholes
from cnnlab.autograder.judging.exercise import Probe

Rng = np.random.Generator


def conv2d_probes(rng: Rng) -> Iterator[Probe]:
    """Rung after rung. No kernel of more than one tap has a side of 1: NumPy would stretch it."""
    yield from separating_probes(rng)
    yield from small_probes(rng)
    yield from structure_probes(rng)
    yield from full_size_probes(rng)
    yield from edge_probes(rng)
    yield from bad_probes(rng)


def case(
    rng: Rng,
    rung: str,
    x: tuple[int, ...],
    k: tuple[int, ...],
    *how: Any,
    draw: Any = reals,
    dtype: Any = np.float32,
    **about: Any,
) -> Probe:
    """A probe with drawn arrays; ``how`` is strides, padding and dilation as far as given."""
    arrays = (draw(rng, *shape, dtype=dtype) for shape in (x, k, k[-1:]))
    return Probe(rung, (*arrays, *how), terms=int(np.prod(k[:3])), **about)


def separating_probes(rng: Rng) -> Iterator[Probe]:
    """The first two tell most mistakes apart: a wrong answer is soon explained or given up."""
    yield case(rng, "shape", (2, 6, 8, 3), (3, 4, 3, 4), (2, 3), "same")
    yield case(rng, "shape", (2, 6, 7, 2), (3, 2, 2, 3), (1, 1), "same", (2, 3))
    whole = {"draw": wholes, "dtype": np.int64, "title": "integers"}
    yield case(rng, "robust", (1, 5, 6, 2), (2, 3, 2, 3), (1, 2), **whole)
    lists = ([[[[1], [2]], [[3], [4]]]], [[[[1, -1]]]], [0, 5])
    yield Probe("robust", lists, title="lists")
    x, k, b = wholes(rng, 1, 4, 3, 2), wholes(rng, 2, 2, 2, 3), wholes(rng, 3)
    for mixed in ((x, k.astype(np.float64), b), (x, k, b.astype(np.float64))):
        yield Probe("robust", (*mixed, (1, 1), "same"), title="float32 and float64", terms=8)


def small_probes(rng: Rng) -> Iterator[Probe]:
    k = (2, 2, 1, 1)
    yield case(rng, "by-hand", (1, 2, 3, 1), k, draw=wholes, title="nothing new")
    yield case(rng, "by-hand", (1, 3, 3, 1), k, draw=wholes, title="two rows")
    yield case(rng, "by-hand", (1, 3, 4, 1), k, (1, 2), draw=wholes, title="two steps right")
    yield case(rng, "by-hand", (1, 4, 3, 1), k, (2, 1), draw=wholes, title="two steps down")
    yield case(rng, "by-hand", (1, 2, 3, 1), k, (1, 1), "same", draw=wholes, title="a frame")
    yield case(rng, "by-hand", (1, 3, 3, 1), k, (2, 2), "same", draw=wholes, title="both")
    yield case(
        rng, "by-hand", (1, 3, 4, 1), k, (1, 1), "valid", (2, 2), draw=wholes, title="spread taps"
    )


def structure_probes(rng: Rng) -> Iterator[Probe]:
    x, k, b = wholes(rng, 2, 5, 4, 2), wholes(rng, 3, 2, 2, 3), wholes(rng, 3)
    black = (np.zeros_like(x), k, b, (2, 1), "same")
    yield Probe("structure", black, title="a black picture: the bias alone", terms=12)
    yield Probe("structure", (x, k, np.zeros_like(b), (1, 2), "same"), title="no bias", terms=12)
    point = impulse(1, 4, 5, 2, at=(0, 0, 4, 1))
    for title, how in {
        "a single 1 in the corner": ((1, 1), "same"),
        "a single 1 in the corner, spread taps": ((1, 1), "same", (2, 2)),
    }.items():
        args = (point, wholes(rng, 3, 3, 2, 2), np.zeros(2, np.float32), *how)
        yield Probe("structure", args, title=title, terms=18)
    pick = np.eye(3, dtype=np.float32)[None, None]
    args = (reals(rng, 2, 7, 5, 3), pick, np.zeros(3, np.float32), (3, 2))
    yield Probe("structure", args, title="one tap: picks every third row, every second column")
    yield case(rng, "structure", (3, 3, 3, 3), (3, 3, 3, 3), (1, 1), "same", title="every size 3")
    yield case(
        rng, "structure", (2, 6, 6, 2), (2, 2, 2, 2), (2, 2), "same", title="square, stride 2"
    )


VALID = (
    ((2, 9, 7, 3), (3, 2, 3, 4), (2, 1)),
    ((2, 8, 9, 2), (2, 4, 2, 3), (1, 3)),
    ((1, 10, 8, 2), (3, 3, 2, 2), (3, 2)),
    ((1, 8, 8, 3), (3, 3, 3, 3), (2, 2)),
)
SAME = (
    ((2, 7, 6, 2), (3, 3, 2, 3), (2, 2)),
    ((1, 8, 6, 2), (4, 2, 2, 3), (1, 1)),
    ((1, 9, 10, 2), (4, 4, 2, 2), (2, 3)),
    ((1, 8, 8, 2), (3, 3, 2, 2), (2, 2)),
)
DILATED = (
    ((2, 9, 10, 2), (3, 2, 2, 3), "valid", (2, 3)),
    ((1, 9, 9, 2), (3, 3, 2, 2), "valid", (2, 2)),
    ((1, 9, 8, 2), (3, 4, 2, 3), "same", (3, 2)),
    ((1, 8, 9, 2), (3, 3, 2, 2), "same", (3, 3)),
    ((1, 7, 6, 2), (2, 2, 2, 2), "same", (2, 3)),
)


def full_size_probes(rng: Rng) -> Iterator[Probe]:
    for x, k, strides in VALID:
        yield case(rng, "reference", x, k, strides)
    for x, k, strides in SAME:
        yield case(rng, "reference", x, k, strides, "same")
    for x, k, padding, dilation in DILATED:
        yield case(rng, "reference", x, k, (1, 1), padding, dilation, title="dilated")
    for how in (((3, 2), "same"), ((1, 1), "valid", (1, 2))):
        arrays = (rng.normal(size=s) for s in ((2, 7, 6, 3), (3, 2, 3, 2), (2,)))
        yield Probe("reference", (*arrays, *how), title="float64", terms=18)


def edge_probes(rng: Rng) -> Iterator[Probe]:
    rung, k = "edge-cases", (3, 4, 2, 3)
    yield case(rng, rung, (2, 3, 4, 2), k, (2, 3), title="the kernel just fits")
    yield case(
        rng, rung, (1, 5, 7, 2), k, (1, 1), "valid", (2, 2), title="the spread kernel just fits"
    )
    yield case(rng, rung, (1, 2, 3, 2), k, (1, 1), "same", title="a kernel larger than the picture")
    yield case(rng, rung, (2, 1, 1, 2), k, (1, 1), "same", title="one pixel")
    yield case(rng, rung, (1, 4, 5, 2), (2, 2, 2, 3), (9, 7), title="strides beyond the picture")
    yield case(
        rng, rung, (1, 7, 9, 2), (2, 2, 2, 3), (3, 4), "same", title="steps longer than the kernel"
    )


def bad_probes(rng: Rng) -> Iterator[Probe]:
    rung = "robust"
    x, k, b = (wholes(rng, *s) for s in ((1, 4, 5, 2), (2, 3, 2, 3), (3,)))
    once = (1, 1)
    yield case(rng, rung, (1, 3, 6, 2), (4, 2, 2, 1), title="too tall", raises="kernels")
    yield case(rng, rung, (1, 6, 3, 2), (2, 4, 2, 1), title="too wide", raises="kernels")
    for spread, title in (((4, 1), "too tall"), ((1, 3), "too wide")):
        args = (x, k, b, once, "valid", spread)
        yield Probe(rung, args, title=f"{title} once spread", raises="kernels")
    for strides in ((0, 1), (1, 0), (-1, 1)):
        yield Probe(rung, (x, k, b, strides, "same"), title="a step of no use", raises="strides")
    for spread in ((0, 1), (1, 0)):
        yield Probe(
            rung, (x, k, b, once, "same", spread), title="no spread at all", raises="dilation"
        )
    for padding in ("full", "zeros"):
        yield Probe(rung, (x, k, b, once, padding), title="an unknown padding", raises="padding")
    yield Probe(rung, (x, k[:, :, :1], b), title="channels disagree", raises="kernels|x")
    wide = np.concatenate([k, k[:, :, :1]], axis=2)
    yield Probe(rung, (x, wide, b), title="channels disagree", raises="kernels|x")
    for biases in (b[:2], np.append(b, b[:1])):
        yield Probe(
            rung, (x, k, biases), title=f"{len(biases)} biases for three filters", raises="bias"
        )
    yield Probe(rung, (x, k, b, once, "valid", (3, 2)), title="it just fits", terms=12)
