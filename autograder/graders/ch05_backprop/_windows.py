"""Windows on the way back, and the mistakes that pooling and convolution share."""

from __future__ import annotations

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
    "You put the windows back side by side as if each had moved by another step than it did. "
    "Where did the window of output row i begin?"
)


def window_at(i: int, j: int, size: Pair, strides: Pair) -> tuple[slice, ...]:
    top, left = i * strides[0], j * strides[1]
    return slice(None), slice(top, top + size[0]), slice(left, left + size[1])
