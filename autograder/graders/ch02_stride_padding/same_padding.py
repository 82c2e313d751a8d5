"""Chapter 2's ``same_padding``: how wide the frame is, before and after."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from cnnlab.autograder.graders.ch02_stride_padding._sizes import REACH, TAPS_SPREAD, longer, reach
from cnnlab.autograder.graders.shared.draws import varied, whole
from cnnlab.autograder.graders.shared.keras_layers import answer
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Op, Twist, on_args, on_output
from cnnlab.course import ops

Rng = np.random.Generator


def same_padding_probes(rng: Rng) -> Iterator[Probe]:
    least, most = longer(rng)
    far = 10 * most
    n = whole(rng, 6 + least, 9 + most)
    yield Probe("shape", (n, 3))
    yield Probe("shape", (n, 4, 2), title="stride 2")
    yield Probe("by-hand", (n, 3), title="an odd kernel")
    yield Probe("by-hand", (n, 4), title="an even kernel")
    odd = varied(rng, 5, lambda: 2 * whole(rng, 3, 30) + 1)
    for axis in (odd, odd + 1):
        yield Probe("by-hand", (axis, 3, 2), title="stride 2")
    yield Probe("by-hand", (n, 3, 1, 2), title="dilation 2")
    for stride in (1, 2, 3, 4):
        for left_over in range(min(stride + 1, 3)):
            n = stride * whole(rng, 3 + least, 8 + far) + left_over
            yield Probe("reference", (n, stride + whole(rng, 1, 3), stride))
    for k in (2, 3, 4, 5):
        yield Probe("reference", (3 * whole(rng, 4 + least, 8 + far) + 2, k, 3))
        for dilation in (2, 3):
            yield Probe("reference", (whole(rng, 12 + 2 * least, 25 + far), k, 1, dilation))
    yield Probe("edge-cases", (whole(rng, 5 + least, 9 + most), 1), title="one tap needs no zeros")
    for n, k, stride in ((6, 1, 3), (9, 2, 4), (10, 1, 4)):
        n += stride * varied(rng, 0, lambda: whole(rng, 1, most))
        yield Probe("edge-cases", (n, k, stride), title="steps longer than the kernel")
    short, over = varied(rng, (2, 3), lambda: (whole(rng, 3, 12), whole(rng, 1, 12)))
    yield Probe("edge-cases", (short, short + over), title="a kernel longer than the axis")
    even = varied(rng, 4, lambda: 2 * whole(rng, 3, 60))
    yield Probe("edge-cases", (1, even), title="a single cell")
    yield Probe("robust", (5, 3, 0), title="stride 0", raises="stride")
    yield Probe("robust", (5, 0), title="no tap", raises="k")
    yield Probe("robust", (5, 3, 1, 0), title="dilation 0", raises="dilation")
    yield Probe("robust", (5, 4, 3), title="all is well here")


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
    """The zeros counted in another way, divided as they should be."""

    def same_padding(n: int, k: int, stride: int = 1, dilation: int = 1) -> tuple[int, int]:
        zeros = total(n, k, stride, dilation)
        return zeros // 2, zeros - zeros // 2

    return lambda op: same_padding


def _by_kernel(half: Callable[[int, int], float]) -> Callable[[Op], Op]:
    """The same number on both sides, from k and the dilation alone."""
    return lambda op: lambda n, k, stride=1, dilation=1: (half(k, dilation),) * 2


_HALVES = (
    "You divide by 2 and keep the half: 0.5 zeros on each side. Where does the odd zero go, when "
    "the number of zeros is odd?"
)
_BOTH_SIDES = "You give both sides the same number of zeros. When the number of zeros is odd, which side gets one more?"
_HALF_KERNEL = (
    "You give each side half a kernel, whatever the axis. That suits odd kernels at stride 1. What "
    "if the kernel is even, or the stride larger?"
)

EXERCISE = Exercise(
    name="same_padding",
    points={"shape": 0.5, "by-hand": 1.25, "reference": 1.25, "edge-cases": 0.5},
    probes=same_padding_probes,
    keras_reference=keras_same_padding,
    numpy_op=ops.same_padding,
    needs=("output_size",),
    twists=(
        Twist("symmetric-padding", on_output(lambda p: (sum(p) // 2,) * 2), _BOTH_SIDES),
        Twist("symmetric-padding", on_output(lambda p: (-(-sum(p) // 2),) * 2), _BOTH_SIDES),
        *(
            Twist("symmetric-padding", _by_kernel(half), _HALF_KERNEL)
            for half in (
                lambda k, d: k // 2,
                lambda k, d: (k - 1) // 2,
                lambda k, d: d * (k // 2),
                lambda k, d: d * ((k - 1) // 2),
                lambda k, d: d * (k - 1) // 2,
                lambda k, d: reach(k, d) // 2,
            )
        ),
        Twist("not-rounded", on_output(lambda p: (sum(p) / 2,) * 2), _HALVES),
        Twist("not-rounded", _by_kernel(lambda k, d: (k - 1) / 2), _HALVES),
        Twist("not-rounded", _by_kernel(lambda k, d: d * (k - 1) / 2), _HALVES),
        Twist(
            "extra-before",
            on_output(lambda p: p[::-1]),
            "When the number of zeros is odd, you put the odd one before. Keras puts it after. Which of your two numbers should be the larger one?",
        ),
        Twist(
            "stride-ignored",
            on_frame(lambda n, k, s, d: (n, k, 1, d)),
            "You count the zeros for stride 1. With larger steps the last window starts elsewhere: how far does it reach?",
        ),
        Twist(
            "dilation-ignored",
            on_frame(lambda n, k, s, d: (n, k, s, 1)),
            TAPS_SPREAD,
        ),
        Twist("effective-kernel-off", on_frame(lambda n, k, s, d: (n, d * k, s)), REACH),
        Twist("effective-kernel-off", on_frame(lambda n, k, s, d: (n, k + d - 1, s)), REACH),
        Twist(
            "negative-padding",
            by_total(lambda n, k, s, d: (-(-n // s) - 1) * s + reach(k, d) - n),
            "Where the steps are longer than the kernel, your number of zeros is negative. What is the smallest number that you can add?",
        ),
        Twist(
            "floor-for-ceil",
            by_total(lambda n, k, s, d: max((n // s - 1) * s + reach(k, d) - n, 0)),
            'You round down the number of places. Which way does "same" round?',
        ),
    ),
    hints=(
        'How many places does "same" have, and where does the last window begin?',
        "The last window begins after (places - 1) steps and spans the spread kernel. How many cells does it need beyond the end of the axis?",
        "Never a negative number of zeros. Divide them by whole-number division: the side before gets the smaller half.",
    ),
    rung_hints={
        "shape": "The result is a tuple of two whole numbers: first before, then after. Which division keeps them whole?",
        "edge-cases": "What if no zeros are missing, because the steps are longer than the kernel?",
        "robust": "Stride, dilation and the number of taps must be 1 or more. Which of your functions says so already?",
    },
)
