"""What chapter 2's two exercises on sizes share."""

from __future__ import annotations

import numpy as np

Rng = np.random.Generator


def whole(rng: Rng, low: int, high: int) -> int:
    """A plain int from low to high, both included."""
    return int(rng.integers(low, high + 1))


def reach(k: int, dilation: int) -> int:
    return dilation * (k - 1) + 1


REACH = "Your dilated kernel spans the wrong number of cells. Draw three taps with a gap of one cell between them: how many cells are there from the first to the last?"
TAPS_SPREAD = "The dilation is ignored. How many cells do three taps span, with a gap between them?"
