"""What chapter 4's ``sigmoid``, ``softmax`` and ``dense`` share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cnnlab.autograder.graders.shared.arrays import floats
from cnnlab.autograder.graders.shared.draws import varied, whole
from cnnlab.autograder.judging.twists import Op


def keras_activation(name: str) -> Callable[[Any], Any]:
    """A Keras activation as a function of arrays. Softmax as the layer: of the last axis."""

    def reference(z: Any) -> Any:
        import keras

        return keras.ops.convert_to_numpy(getattr(keras.ops, name)(floats(z)))

    return reference


def large_numbers(rng: np.random.Generator) -> tuple[float, float, float]:
    """Numbers whose exp is too large: for float32 alone, for float64 as well, and by far."""

    def draw() -> tuple[float, float, float]:
        ranges = ((150, 600), (800, 3000), (5000, 30000))
        a, b, c = (float(whole(rng, low, high)) for low, high in ranges)
        return a, b, c

    return varied(rng, (200.0, 1e3, 1e4), draw)


def formula(function: Callable[[Any], Any]) -> Callable[[Op], Op]:
    """A formula that replaces the op."""
    return lambda op: lambda z: function(floats(z))


OVERFLOWS = (
    "exp(z) of a large z is more than a float can hold: it becomes inf, and inf/inf is nan. "
    "Which z can never make exp too large?"
)

WRONG_AXIS = "The shares should add up to 1 in every row, over the last axis. Over what do yours?"
