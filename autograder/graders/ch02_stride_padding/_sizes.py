"""What chapter 2's two exercises on sizes share."""

from __future__ import annotations

import numpy as np

from cnnlab.autograder.graders.shared.draws import varied

Rng = np.random.Generator


def longer(rng: Rng) -> tuple[int, int]:
    """By how much the axes of a fresh batch are longer, at least and at most.

    Small numbers soon come again; none of these is among the recorded ones.
    """
    return varied(rng, (0, 0), lambda: (8, 48))


def reach(k: int, dilation: int) -> int:
    return dilation * (k - 1) + 1


REACH = "Your dilated kernel spans the wrong number of cells. Draw three taps with a gap of one cell between them: how many cells are there from the first to the last?"
TAPS_SPREAD = "The dilation is ignored. How many cells do three taps span, with a gap between them?"
