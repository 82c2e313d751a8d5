"""Windows on the way back, and the mistakes that pooling and convolution share."""

from __future__ import annotations

from collections.abc import Callable

Pair = tuple[int, int]

DK_FLIPPED = (
    "Your dk is turned by half a turn. Which cell of the window did the tap in the top left corner "
    "meet?"
)
DX_FLIPPED = (
    "In your dx the kernel lies the wrong way around. Put a single 1 into dout and look at dx: "
    "which way around should the kernel lie there?"
)
OVERWRITES = (
    "Where windows overlap, a later one overwrites what an earlier one gave. A cell that is used "
    "twice gets a gradient from both. How do two shares become one number?"
)
STRIDES_SWAPPED = "Your strides have changed places. Which of the two runs down the rows?"
STRIDE_IGNORED = (
    "Your windows lie as if each had moved by another step than it did. Where did the window of "
    "output row i begin, and that of column j?"
)
ONE_STRIDE = (
    "You use one stride for both directions. Which of the two runs down the rows, and which along "
    "the columns?"
)
OTHER_STEPS: tuple[tuple[str, Callable[[Pair], Pair], str], ...] = (
    ("stride-ignored", lambda strides: (1, 1), STRIDE_IGNORED),
    ("stride-ignored", lambda strides: (strides[0], 1), STRIDE_IGNORED),
    ("stride-ignored", lambda strides: (1, strides[1]), STRIDE_IGNORED),
    ("strides-swapped", lambda strides: strides[::-1], STRIDES_SWAPPED),
    ("one-stride-for-both", lambda strides: (strides[0], strides[0]), ONE_STRIDE),
    ("one-stride-for-both", lambda strides: (strides[1], strides[1]), ONE_STRIDE),
)
"""Steps that windows do not make: name, the strides that are used, what is said."""


def window_at(i: int, j: int, size: Pair, strides: Pair) -> tuple[slice, ...]:
    top, left = i * strides[0], j * strides[1]
    return slice(None), slice(top, top + size[0]), slice(left, left + size[1])
