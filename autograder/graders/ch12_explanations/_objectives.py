"""What chapter 12's exercises share: their checks, their objectives, their words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cnnlab.autograder.graders.ch12_explanations._networks import (
    Network,
    every_logit,
    log_probability,
    probability,
    top_logit,
)
from cnnlab.autograder.judging.twists import Op, Twist
from cnnlab.course.ops import require

__all__ = [
    "ABSENT",
    "MISSHAPEN",
    "SAY_SOFTMAX",
    "SAY_SQUEEZED",
    "SAY_TOP",
    "TERMS",
    "as_seen",
    "checked",
    "objectives",
    "other",
]

TERMS = 400
"""Products behind one number, in sums of sums: what is added up in the largest network."""


ABSENT = (4, 7, -1)
"""Classes that a classifier of four does not have."""
MISSHAPEN = {
    (12, 3): "a gray picture",
    (12, 10, 1): "one channel",
    (12, 10, 4): "an alpha channel too many",
    (1, 12, 10, 3): "a batch of one",
}
"""What a network for pictures of 12×10×3 does not take."""


def as_seen(args: tuple[Any, ...], value: Any) -> Any:
    """What is compared: float32 and float64 are both right for a network of float32."""
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return value.astype(np.float32)
    return value


def checked(network: Network, image: Any, index: int) -> None:
    """Raise what a right solution raises where image or index do not fit."""
    shape = tuple(network["input_shape"])
    require(np.shape(image) == shape, "image", f"must have shape {shape}", np.shape(image))
    classes = len(network["weights"][-1])
    require(0 <= index < classes, "index", f"must be from 0 to {classes - 1}", index)


def other(**stages: Any) -> Callable[[Op], Op]:
    """The op with other stages: what it does at one point on its way."""
    return lambda op: lambda *args, **kwargs: op(*args, **{**stages, **kwargs})


SAY_SOFTMAX = (
    "You explain the probability, not the logit. It depends on all classes: it can rise because "
    "another class falls. What goes into the model's last layer?"
)
_EVERY = (
    "You explain the sum of all classes. Of the row that the network gives, take the one number "
    "that belongs to index before you ask for its gradient."
)
SAY_SQUEEZED = (
    "You squeeze your result, and every axis of length 1 goes: a map of one row loses its rows, too. "
    "Take off the batch axis alone. Which one is it?"
)
SAY_TOP = (
    "You explain the class that the network names first. Explain the class that index asks for."
)


def objectives() -> tuple[Twist, ...]:
    """Another number explained than the class's logit, by gradients."""
    return (
        Twist("softmax-objective", other(objective=probability), SAY_SOFTMAX),
        Twist("softmax-objective", other(objective=log_probability), SAY_SOFTMAX),
        Twist("every-class", other(objective=every_logit), _EVERY),
        Twist("top-class", other(objective=top_logit), SAY_TOP),
    )
