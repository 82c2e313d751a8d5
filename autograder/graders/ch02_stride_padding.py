"""Chapter 2, stride and padding: what each exercise is probed with, and its typical mistakes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.exercise import Chapter, Exercise, Probe
from cnnlab.autograder.graders.keras_layers import answer
from cnnlab.autograder.graders.pad2d import pad2d
from cnnlab.autograder.graders.strided_conv2d import conv2d
from cnnlab.autograder.twists import Op, Twist, on_args, on_output
from cnnlab.course import ops

Rng = np.random.Generator


def whole(rng: Rng, low: int, high: int) -> int:
    """A plain int from low to high, both included."""
    return int(rng.integers(low, high + 1))


# output_size


def output_size_probes(rng: Rng) -> Iterator[Probe]:
    yield Probe("shape", (whole(rng, 7, 9), 3))
    yield Probe("shape", (2 * whole(rng, 4, 6) + 1, 3, 2, "same"), title='"same", stride 2')
    yield Probe("by-hand", (whole(rng, 5, 8), 3))
    for n in (5, 6):
        yield Probe("by-hand", (n, 3, 2), title="stride 2")
    for n in (6, 7):
        yield Probe("by-hand", (n, 3, 2, "same"), title='"same", stride 2')
    yield Probe("by-hand", (8, 3, 1, "valid", 2), title="dilation 2")
    for stride in (2, 3, 4):
        k = whole(rng, 2, 5)
        for left_over in range(stride):
            n = k + stride * whole(rng, 3, 9) + left_over
            yield Probe("reference", (n, k, stride, "valid"))
    for stride in (2, 3, 5):
        for left_over in (0, 1, stride - 1):
            n = stride * whole(rng, 3, 9) + left_over
            yield Probe("reference", (n, whole(rng, 2, 6), stride, "same"))
    for padding in ("valid", "same"):
        yield Probe("reference", (whole(rng, 15, 40), 4, 1, padding), title="an even kernel")
        for dilation in (2, 3):
            args = (whole(rng, 20, 40), whole(rng, 3, 5), 1, padding, dilation)
            yield Probe("reference", args, title=f"dilation {dilation}")
    n = whole(rng, 4, 9)
    yield Probe("edge-cases", (n, n), title="the kernel just fits")
    yield Probe("edge-cases", (7, 3, 1, "valid", 3), title="the dilated kernel just fits")
    yield Probe("edge-cases", (n, 1, 2), title="one tap")
    yield Probe("edge-cases", (n, 2, n + 3), title="a stride longer than the axis")
    yield Probe("edge-cases", (n, 2, n + 3, "same"), title="a stride longer than the axis")
    yield Probe("edge-cases", (2, 5, 1, "same"), title='"same" with a kernel that is too long')
    yield Probe("bad-input", (n, n + 1), title="the kernel is too long", raises="k")
    yield Probe(
        "bad-input", (6, 3, 1, "valid", 3), title="the dilated kernel is too long", raises="k"
    )
    yield Probe("bad-input", (n, 2, 0), title="stride 0", raises="stride")
    yield Probe("bad-input", (n, 2, -1, "same"), title="a negative stride", raises="stride")
    yield Probe("bad-input", (n, 2, 1, "same", 0), title="dilation 0", raises="dilation")
    yield Probe("bad-input", (n, 0), title="no tap", raises="k")
    for padding in ("full", "zeros"):
        yield Probe("bad-input", (n, 2, 1, padding), title="an unknown padding", raises="padding")
    yield Probe("bad-input", (n, 2, 1, "same"), title="all is well here")


def keras_output_size(
    n: int, k: int, stride: int = 1, padding: str = "valid", dilation: int = 1
) -> int:
    """The length of what a Keras ``Conv1D`` gives for n zeros."""
    import keras

    how = {"dilation_rate": dilation, "kernel_initializer": "zeros"}
    layer = keras.layers.Conv1D(1, k, stride, padding, **how)
    return int(layer(np.zeros((1, n, 1), np.float32)).shape[1])


SizeRule = Callable[[int, int, int, int], int]


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


def reach(k: int, dilation: int) -> int:
    return dilation * (k - 1) + 1


_KEEPS = 'You take "same" for "as large as the picture". That holds for stride 1 alone: what does stride 2 do?'
_OFF_BY_ONE = "Your count is one off. In how many places does a 3-wide window stand on 4 cells? Count them on paper."
_HALF_FRAME = (
    "You reckon with as many zeros before as after. An even kernel needs an odd number of zeros: "
    "what then?"
)
_REACH = (
    "Your dilated kernel spans the wrong number of cells. Draw three taps with one gap between "
    "each two: how many cells from the first to the last?"
)
_TAPS_SPREAD = (
    "The dilation is ignored. How many cells do three taps span, with a gap between them?"
)

output_size = Exercise(
    name="output_size",
    points={"shape": 0.5, "by-hand": 1, "reference": 1, "edge-cases": 0.5, "bad-input": 0.5},
    probes=output_size_probes,
    reference=keras_output_size,
    correct=ops.output_size,
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
            'With "valid" you round up. Does a window that hangs over the border count?',
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
            'With "same" you always add one place. When the stride divides the axis, is there a rest?',
        ),
        Twist("dilation-ignored", on_sizes(lambda n, k, s, p, d: (n, k, s, p)), _TAPS_SPREAD),
        Twist("effective-kernel-off", on_sizes(lambda n, k, s, p, d: (n, d * k, s, p)), _REACH),
        Twist("effective-kernel-off", on_sizes(lambda n, k, s, p, d: (n, k + d - 1, s, p)), _REACH),
        Twist(
            "symmetric-padding",
            counts("same", lambda n, k, s, d: (n + 2 * (d * (k - 1) // 2) - reach(k, d)) // s + 1),
            _HALF_FRAME,
        ),
        Twist(
            "symmetric-padding",
            counts("same", lambda n, k, s, d: (n + 2 * (d * (k // 2)) - reach(k, d)) // s + 1),
            _HALF_FRAME,
        ),
        Twist(
            "stride-ignored",
            on_sizes(lambda n, k, s, p, d: (n, k, 1, p, d)),
            "The stride is ignored. If the window jumps two cells at a time, how many places are left?",
        ),
        Twist(
            "padding-ignored",
            on_sizes(lambda n, k, s, p, d: (n, k, s, "valid", d)),
            'You count as if there were no zeros around. How many places should "same" give at stride 1?',
        ),
    ),
    hints=(
        "Draw the axis as a row of cells and slide the kernel along. Where does its first tap stand first, and where last?",
        'First find how many cells the spread kernel spans. For "valid", count the steps from the first place to the last, then add the first place. For "same", ask Keras\'s question: how many steps cover the axis?',
        "Whole-number division rounds down, and that is what one padding needs. The other rounds up: what does // do with a negative number?",
    ),
    rung_hints={
        "shape": "A number of places is an int. Which division gives one?",
        "edge-cases": "A kernel as long as the axis has one place. So has every axis that is shorter than its stride.",
        "bad-input": 'Which arguments can make no sense: a stride of 0, a kernel that reaches too far, an unknown word? With "same", no kernel is too long.',
    },
)


# same_padding


def same_padding_probes(rng: Rng) -> Iterator[Probe]:
    n = whole(rng, 6, 9)
    yield Probe("shape", (n, 3))
    yield Probe("shape", (n, 4, 2), title="stride 2")
    yield Probe("by-hand", (n, 3), title="an odd kernel")
    yield Probe("by-hand", (n, 4), title="an even kernel")
    for even in (5, 6):
        yield Probe("by-hand", (even, 3, 2), title="stride 2")
    yield Probe("by-hand", (n, 3, 1, 2), title="dilation 2")
    for stride in (1, 2, 3, 4):
        for left_over in range(min(stride + 1, 3)):
            n = stride * whole(rng, 3, 8) + left_over
            yield Probe("reference", (n, stride + whole(rng, 1, 3), stride))
    for k in (2, 3, 4, 5):
        yield Probe("reference", (3 * whole(rng, 4, 8) + 2, k, 3))
        for dilation in (2, 3):
            yield Probe("reference", (whole(rng, 12, 25), k, 1, dilation))
    yield Probe("edge-cases", (whole(rng, 5, 9), 1), title="one tap needs no zeros")
    for n, k, stride in ((6, 1, 3), (9, 2, 4), (10, 1, 4)):
        yield Probe("edge-cases", (n, k, stride), title="steps longer than the kernel")
    yield Probe("edge-cases", (2, 5), title="a kernel longer than the axis")
    yield Probe("edge-cases", (1, 4), title="a single cell")
    yield Probe("bad-input", (5, 3, 0), title="stride 0", raises="stride")
    yield Probe("bad-input", (5, 0), title="no tap", raises="k")
    yield Probe("bad-input", (5, 3, 1, 0), title="dilation 0", raises="dilation")
    yield Probe("bad-input", (5, 4, 3), title="all is well here")


def keras_same_padding(n: int, k: int, stride: int = 1, dilation: int = 1) -> tuple[int, int]:
    """How far a Keras ``Conv1D`` looks beyond both ends of an axis.

    One filter for each tap, each with a single weight of 1, shows which cell that tap meets:
    cell i holds i + 1, so 0 is a cell of the frame.
    """
    taps = [np.eye(k, dtype=np.float32)[:, None]]
    cells = np.arange(1, n + 1, dtype=np.float32)[None, :, None]
    how = {"dilation_rate": dilation, "use_bias": False}
    seen = answer("Conv1D", cells, taps, k, k, stride, "same", **how)[0]
    tap = int(np.flatnonzero(seen[0])[0])
    first = int(seen[0, tap]) - 1 - tap * dilation
    tap = int(np.flatnonzero(seen[-1])[-1])
    last = int(seen[-1, tap]) - 1 + (k - 1 - tap) * dilation
    return max(-first, 0), max(last - (n - 1), 0)


def on_frame(change: Callable[[int, int, int, int], tuple[int, ...]]) -> Callable[[Op], Op]:
    """`ops.same_padding` on changed arguments; ``change`` maps all four, defaults filled in."""
    return on_args(lambda n, k, s=1, d=1: change(n, k, s, d))


def by_total(total: Callable[[int, int, int, int], int]) -> Callable[[Op], Op]:
    """The zeros counted in another way, shared out as they should be."""

    def same_padding(n: int, k: int, stride: int = 1, dilation: int = 1) -> tuple[int, int]:
        zeros = total(n, k, stride, dilation)
        return zeros // 2, zeros - zeros // 2

    return lambda op: same_padding


_BOTH_SIDES = "You give both sides the same number of zeros. When the number of zeros is odd, which side gets one more?"
_HALF_KERNEL = (
    "You give each side half a kernel, whatever the axis. That suits odd kernels at stride 1. What "
    "if the kernel is even, or the stride larger?"
)

same_padding = Exercise(
    name="same_padding",
    points={"shape": 0.5, "by-hand": 1, "reference": 1, "edge-cases": 0.5, "bad-input": 0.5},
    probes=same_padding_probes,
    reference=keras_same_padding,
    correct=ops.same_padding,
    needs=("output_size",),
    twists=(
        Twist("symmetric-padding", on_output(lambda p: (sum(p) // 2,) * 2), _BOTH_SIDES),
        Twist("symmetric-padding", on_output(lambda p: (-(-sum(p) // 2),) * 2), _BOTH_SIDES),
        Twist("symmetric-padding", lambda op: lambda n, k, s=1, d=1: (k // 2,) * 2, _HALF_KERNEL),
        Twist(
            "symmetric-padding",
            lambda op: lambda n, k, s=1, d=1: (d * (k // 2),) * 2,
            _HALF_KERNEL,
        ),
        Twist(
            "extra-before",
            on_output(lambda p: p[::-1]),
            "When the number of zeros is odd, you put the odd one before. Keras puts it after.",
        ),
        Twist(
            "stride-ignored",
            on_frame(lambda n, k, s, d: (n, k, 1, d)),
            "You count the zeros for stride 1. With larger steps the last window starts elsewhere: how far does it reach?",
        ),
        Twist(
            "dilation-ignored",
            on_frame(lambda n, k, s, d: (n, k, s, 1)),
            _TAPS_SPREAD,
        ),
        Twist("effective-kernel-off", on_frame(lambda n, k, s, d: (n, d * k, s)), _REACH),
        Twist("effective-kernel-off", on_frame(lambda n, k, s, d: (n, k + d - 1, s)), _REACH),
        Twist(
            "negative-padding",
            by_total(lambda n, k, s, d: (-(-n // s) - 1) * s + reach(k, d) - n),
            "Where the steps are longer than the kernel, you get fewer than no zeros. What is the least that you can lay?",
        ),
        Twist(
            "floor-for-ceil",
            by_total(lambda n, k, s, d: max((n // s - 1) * s + reach(k, d) - n, 0)),
            'You round down the number of places. Which way does "same" round?',
        ),
    ),
    hints=(
        'How many places does "same" have, and where does the last window begin?',
        "The last window begins after (places - 1) steps and spans the spread kernel. How far does it hang over the end of the axis? So many zeros are missing.",
        "Never fewer than no zeros. Share them out by whole-number division: the side before gets the smaller half.",
    ),
    rung_hints={
        "shape": "Two plain whole numbers, in a tuple: before, after.",
        "edge-cases": "What if no zeros are missing, because the steps are longer than the kernel?",
        "bad-input": "Stride, dilation and the number of taps must be 1 or more. Which of your functions says so already?",
    },
)


CHAPTER = Chapter(
    name="ch02_stride_padding",
    title="Stride, padding and dilation",
    exercises=(output_size, same_padding, pad2d, conv2d),
)
