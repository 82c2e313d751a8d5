"""Loops over dout on the way back: what they never come to gives nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

from cnnlab.autograder.graders.shared.arrays import floats
from cnnlab.autograder.graders.shared.loop_mistakes import (
    BATCH_LOOPS,
    first_alone,
    last_at_zero,
)
from cnnlab.autograder.judging.twists import Twist, on_args

LAST_PLACE = (
    "Your dk or db comes from the last place alone. Kernel and bias were used everywhere: what "
    "happens to the gradients of all the places?"
)
_RETURNS = (
    "Only the first round of a loop reaches your gradients. How many rounds does it make, "
    "and where does your function return: inside the loop, or after it?"
)
_SHORT = (
    "The last row or column of dout gives nothing in yours. How many places do your loops have "
    "to visit?"
)
_FIRST_IMAGE = (
    "Only the first picture of the batch sends a gradient back. What does the first axis of dout "
    "count?"
)


def _heard(change: Callable[[Any], NDArray[Any]], name: str, says: str) -> Twist:
    """The right answer to another dout, with zeros where the loops do not come."""
    return Twist(name, on_args(lambda dout, *rest: (change(floats(dout)), *rest)), says)


def loop_twists() -> tuple[Twist, ...]:
    """For a function whose loops run over the axes of dout, (N, h, w, F)."""
    return (
        _heard(first_alone(0), "first-image-only", _FIRST_IMAGE),
        *(_heard(first_alone(*axes), "return-inside-loop", _RETURNS) for axes in BATCH_LOOPS),
        *(_heard(last_at_zero(*axes), "stops-one-short", _SHORT) for axes in ((1, 2), (1,), (2,))),
    )
