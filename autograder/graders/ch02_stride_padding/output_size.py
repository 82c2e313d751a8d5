"""Chapter 2's ``output_size``: how many places a kernel has along one side."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np

from cnnlab.autograder.graders.ch02_stride_padding._sizes import REACH, TAPS_SPREAD, longer, reach
from cnnlab.autograder.graders.shared.draws import varied, whole
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Op, Twist, on_args
from cnnlab.course import ops

Rng = np.random.Generator
SizeRule = Callable[[int, int, int, int], int]


def output_size_probes(rng: Rng) -> Iterator[Probe]:
    least, most = longer(rng)
    yield Probe("shape", (whole(rng, 7 + least, 9 + most), 3))
    yield Probe(
        "shape", (2 * whole(rng, 4 + least, 6 + most) + 1, 3, 2, "same"), title='"same", stride 2'
    )
    yield Probe("by-hand", (whole(rng, 5 + least, 8 + most), 3))
    odd = varied(rng, 5, lambda: 2 * whole(rng, 3, 30) + 1)
    for n in (odd, odd + 1):
        yield Probe("by-hand", (n, 3, 2), title="stride 2")
    even = varied(rng, 6, lambda: 2 * whole(rng, 7, 30))
    for n in (even, even + 1):
        yield Probe("by-hand", (n, 3, 2, "same"), title='"same", stride 2')
    n = varied(rng, 8, lambda: whole(rng, 9, 60))
    yield Probe("by-hand", (n, 3, 1, "valid", 2), title="dilation 2")
    yield from _reference_probes(rng, least, 10 * most)
    yield from _edge_probes(rng, whole(rng, 4 + least, 9 + most))


def _reference_probes(rng: Rng, least: int, most: int) -> Iterator[Probe]:
    """Longer axes, from ``least`` to ``most`` longer still: every rest that a stride can leave."""
    for stride in (2, 3, 4):
        k = whole(rng, 2, 5)
        for left_over in range(stride):
            n = k + stride * whole(rng, 3 + least, 9 + most) + left_over
            yield Probe("reference", (n, k, stride, "valid"))
    for stride in (2, 3, 5):
        for left_over in (0, 1, stride - 1):
            n = stride * whole(rng, 3 + least, 9 + most) + left_over
            yield Probe("reference", (n, whole(rng, 2, 6), stride, "same"))
    for padding in ("valid", "same"):
        yield Probe(
            "reference",
            (whole(rng, 15 + 4 * least, 40 + most), 4, 1, padding),
            title="an even kernel",
        )
        for dilation in (2, 3):
            args = (whole(rng, 20 + 3 * least, 40 + most), whole(rng, 3, 5), 1, padding, dilation)
            yield Probe("reference", args, title=f"dilation {dilation}")


def _edge_probes(rng: Rng, n: int) -> Iterator[Probe]:
    """Kernels and strides as long as the axis or longer, and arguments that cannot be."""
    yield Probe("edge-cases", (n, n), title="the kernel just fits")
    k, dilation = varied(rng, (3, 3), lambda: (whole(rng, 4, 12), whole(rng, 2, 8)))
    fits = (reach(k, dilation), k, 1, "valid", dilation)
    yield Probe("edge-cases", fits, title="the dilated kernel just fits")
    yield Probe("edge-cases", (n, 1, 2), title="one tap")
    yield Probe("edge-cases", (n, 2, n + 3), title="a stride longer than the axis")
    yield Probe("edge-cases", (n, 2, n + 3, "same"), title="a stride longer than the axis")
    short, over = varied(rng, (2, 3), lambda: (whole(rng, 3, 12), whole(rng, 1, 12)))
    too_long = (short, short + over, 1, "same")
    yield Probe("edge-cases", too_long, title='"same" with a kernel that is too long')
    yield Probe("robust", (n, n + 1), title="the kernel is too long", raises="k")
    yield Probe("robust", (6, 3, 1, "valid", 3), title="the dilated kernel is too long", raises="k")
    yield Probe("robust", (n, 2, 0), title="stride 0", raises="stride")
    yield Probe("robust", (n, 2, -1, "same"), title="a negative stride", raises="stride")
    yield Probe("robust", (n, 2, 1, "same", 0), title="dilation 0", raises="dilation")
    yield Probe("robust", (n, 0), title="no tap", raises="k")
    for padding in ("full", "zeros"):
        yield Probe("robust", (n, 2, 1, padding), title="an unknown padding", raises="padding")
    yield Probe("robust", (n, 2, 1, "same"), title="all is well here")


def keras_output_size(
    n: int, k: int, stride: int = 1, padding: str = "valid", dilation: int = 1
) -> int:
    """The length of what a Keras ``Conv1D`` gives for n zeros."""
    import keras

    how = {"dilation_rate": dilation, "kernel_initializer": "zeros"}
    layer = keras.layers.Conv1D(1, k, stride, padding, **how)
    return int(layer(np.zeros((1, n, 1), np.float32)).shape[1])


def counts(padding: str, rule: SizeRule) -> Callable[[Op], Op]:
    """The positions of one padding by another rule, (n, k, stride, dilation) → count."""

    def apply(op: Op) -> Op:
        def output_size(
            n: int, k: int, stride: int = 1, how: str = "valid", dilation: int = 1
        ) -> int:
            if how == padding:
                return rule(n, k, stride, dilation)
            return int(op(n, k, stride, how, dilation))

        return output_size

    return apply


def on_sizes(change: Callable[[int, int, int, str, int], tuple[Any, ...]]) -> Callable[[Op], Op]:
    """`ops.output_size` on changed arguments; ``change`` maps all five, defaults filled in."""
    return on_args(lambda n, k, s=1, p="valid", d=1: change(n, k, s, p, d))


def _undivided(valid: bool, same: Callable[[int, int, int], float] | None) -> Callable[[Op], Op]:
    """Steps that are divided and never rounded: with ``"valid"``, and by a rule of n, reach and
    stride with ``"same"``."""

    def apply(op: Op) -> Op:
        def output_size(
            n: int, k: int, stride: int = 1, padding: str = "valid", dilation: int = 1
        ) -> float:
            span = reach(k, dilation)
            if padding == "same" and same:
                return same(n, span, stride)
            if padding == "valid" and valid:
                return (n - span) / stride + 1
            return op(n, k, stride, padding, dilation)

        return output_size

    return apply


def _padded_by(half: Callable[[int, int], int]) -> SizeRule:
    """As many zeros before as after, ``half(k, dilation)`` on each side."""
    return lambda n, k, s, d: (n + 2 * half(k, d) - reach(k, d)) // s + 1


def _nearest_valid(n: int, k: int, stride: int, dilation: int) -> int:
    return round((n - reach(k, dilation)) / stride) + 1


def _nearest_same(n: int, k: int, stride: int, dilation: int) -> int:
    return round(n / stride)


def _both_nearest(op: Op) -> Op:
    return counts("valid", _nearest_valid)(counts("same", _nearest_same)(op))


_NEAREST = 'You round to the nearest number. With "valid" a step that is not whole does not count; with "same" it does. Which way must you round in each?'
_NOT_ROUNDED = (
    "You get fractions: 2.5 places. A window stands at a place or it does not. Which way must "
    "you round, and does the padding change it?"
)
_KEEPS = 'You read "same" as "as large as the picture". That is true only for stride 1: what does stride 2 do?'
_OFF_BY_ONE = "Your count is off by one. How many places does a 3-wide window have on 4 cells? Count them on paper."
_HALF_FRAME = "You expect as many zeros before as after. An even kernel may need an odd number of zeros: what happens then?"

EXERCISE = Exercise(
    name="output_size",
    points={"shape": 0.5, "by-hand": 1.25, "reference": 1.25, "edge-cases": 0.5},
    probes=output_size_probes,
    keras_reference=keras_output_size,
    numpy_op=ops.output_size,
    twists=(
        Twist("same-keeps-size", counts("same", lambda n, k, s, d: n), _KEEPS),
        Twist(
            "floor-for-ceil",
            counts("same", lambda n, k, s, d: n // s),
            'With "same" you round down. The last, half empty step counts too: which way must you round?',
        ),
        Twist(
            "ceil-for-floor",
            counts("valid", lambda n, k, s, d: -(-(n - reach(k, d)) // s) + 1),
            'With "valid" you round up. Does a window that reaches beyond the border count?',
        ),
        Twist(
            "size-off-by-one",
            counts("valid", lambda n, k, s, d: (n - reach(k, d)) // s),
            _OFF_BY_ONE,
        ),
        Twist(
            "size-off-by-one",
            counts("valid", lambda n, k, s, d: (n - reach(k, d) + 1) // s),
            "You divide too late. The first place is there before any step: take the steps first, then add it.",
        ),
        Twist(
            "size-off-by-one",
            counts("same", lambda n, k, s, d: n // s + 1),
            'With "same" you always add one place. When the stride divides the axis, is there a remainder?',
        ),
        Twist("dilation-ignored", on_sizes(lambda n, k, s, p, d: (n, k, s, p)), TAPS_SPREAD),
        Twist("effective-kernel-off", on_sizes(lambda n, k, s, p, d: (n, d * k, s, p)), REACH),
        Twist("effective-kernel-off", on_sizes(lambda n, k, s, p, d: (n, k + d - 1, s, p)), REACH),
        *(
            Twist("symmetric-padding", counts("same", _padded_by(half)), _HALF_FRAME)
            for half in (
                lambda k, d: (reach(k, d) - 1) // 2,
                lambda k, d: reach(k, d) // 2,
                lambda k, d: d * (k // 2),
            )
        ),
        *(
            Twist("not-rounded", _undivided(valid, same), _NOT_ROUNDED)
            for valid, same in product(
                (True, False),
                (
                    lambda n, span, s: n / s,
                    lambda n, span, s: (n - 1) / s + 1,
                    lambda n, span, s: (n + 2 * ((span - 1) // 2) - span) / s + 1,
                    lambda n, span, s: (n + 2 * (span // 2) - span) / s + 1,
                ),
            )
        ),
        Twist("not-rounded", _undivided(True, None), _NOT_ROUNDED),
        *(
            Twist("rounded-to-nearest", nearest, _NEAREST)
            for nearest in (
                _both_nearest,
                counts("valid", _nearest_valid),
                counts("same", _nearest_same),
            )
        ),
        Twist(
            "stride-ignored",
            on_sizes(lambda n, k, s, p, d: (n, k, 1, p, d)),
            "The stride is ignored. If the window jumps two cells at a time, how many places are left?",
        ),
        Twist(
            "padding-ignored",
            on_sizes(lambda n, k, s, p, d: (n, k, s, "valid", d)),
            'You count as if there were no padding. How many places should "same" give at stride 1?',
        ),
    ),
    hints=(
        "Draw the axis as a row of cells and slide the kernel along. Where is its first tap at the beginning, and where at the end?",
        'First find how many cells the spread kernel spans. For "valid", count the steps from the first place to the last, then add the first place. For "same", ask Keras\'s question: how many steps cover the axis?',
        "Whole-number division rounds down, and that is what one padding needs. The other rounds up: what does // do with a negative number?",
    ),
    rung_hints={
        "shape": "A number of places is an int. Which division gives one?",
        "edge-cases": "A kernel as long as the axis has one place. So has every axis that is shorter than its stride. What does your formula give there?",
        "robust": 'Think of arguments that make no sense: a stride of 0, a kernel that reaches too far, an unknown word. With "same", no kernel is too long. Which of them do you check?',
    },
)
