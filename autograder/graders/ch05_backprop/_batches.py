"""Mistakes of layers with weights, on the way back: the batch, and the order of results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cnnlab.autograder.judging.twists import Op, Twist, on_output

DIVIDED = (
    "Your gradients are divided by the size of the batch. Only the loss takes an average, and "
    "that is already in dout: here, what do the pictures' shares add up to?"
)
KEEPS = (
    "Your db has one axis too many: a row or a column, where the bias itself is a plain list of "
    "numbers. Which shape must it have, to be taken from the bias?"
)
AVERAGED = (
    "Your bias's gradient is an average. The bias is added at every place of every picture: are "
    "the pushes averaged or added?"
)
ORDER = "Your results come in another order than asked for. In which order does the description name them?"


def scaled(which: tuple[bool, ...], by: Callable[..., float]) -> Callable[[Op], Op]:
    """Some of the results divided by a number that depends on ``dout``."""

    def apply(op: Op) -> Op:
        def mistaken(dout: Any, *args: Any) -> Any:
            parts = zip(op(dout, *args), which, strict=True)
            return tuple(g / by(np.shape(dout)) if w else g for g, w in parts)

        return mistaken

    return apply


def batch_twists() -> tuple[Twist, ...]:
    """``divides-by-batch`` for a layer with (dx, dw, db): whatever is divided by N."""
    parts = ((False, True, True), (False, True, False), (True, True, True))
    return tuple(
        Twist("divides-by-batch", scaled(which, lambda shape: shape[0]), DIVIDED) for which in parts
    )


def kept_axes(*shapes: tuple[int, ...]) -> tuple[Twist, ...]:
    """``keeps-axes`` for the last result, db: each time, the shape that it comes in."""

    def kept(shape: tuple[int, ...]) -> Callable[[Op], Op]:
        return on_output(lambda g: (*g[:-1], g[-1].reshape(shape)))

    return tuple(Twist("keeps-axes", kept(shape), KEEPS) for shape in shapes)


def order_twists() -> tuple[Twist, ...]:
    """``order-swapped`` for three results."""
    return (
        Twist("order-swapped", on_output(lambda g: (g[1], g[2], g[0])), ORDER),
        Twist("order-swapped", on_output(lambda g: (g[1], g[0], g[2])), ORDER),
    )
