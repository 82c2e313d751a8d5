"""Batch normalization with mistakes, and Keras's layer with given numbers in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cnnlab.autograder.graders.shared.arrays import Array, floats
from cnnlab.autograder.judging.twists import Twist, with_mistake
from cnnlab.course.ops import as_floats, require
from cnnlab.course.ops.training import EPS

Root = Callable[[Array, float], Array]


def keras_layer(
    gamma: Any, beta: Any, mean: Any, variance: Any, eps: float = EPS, momentum: float = 0.99
) -> Any:
    """A built ``BatchNormalization`` for channels in the last of four axes."""
    import keras

    weights = [floats(array) for array in (gamma, beta, mean, variance)]
    dtype = np.result_type(*weights)
    layer = keras.layers.BatchNormalization(momentum=momentum, epsilon=eps, dtype=dtype.name)
    layer.build((None, None, None, len(weights[0])))
    layer.set_weights(weights)
    return layer


def inside_root(variance: Array, eps: float) -> Array:
    return np.sqrt(variance + variance.dtype.type(eps))


def outside_root(variance: Array, eps: float) -> Array:
    return np.sqrt(variance) + variance.dtype.type(eps)


def no_eps(variance: Array, eps: float) -> Array:
    return np.sqrt(variance)


def no_root(variance: Array, eps: float) -> Array:
    return variance + variance.dtype.type(eps)


def normalized(
    x: Array,
    gamma: Array,
    beta: Array,
    mean: Array,
    variance: Array,
    eps: float,
    root: Root = inside_root,
    scale: bool = True,
    shift: bool = True,
) -> Array:
    """The formula, with its mistakes.

    Parameters
    ----------
    x : ndarray, shape (N, H, W, C)
    gamma, beta : ndarray, shape (C,)
    mean, variance : ndarray, of any shape that spreads over x
    root : callable, (variance, eps) → what is divided by
    scale, shift : bool
        Whether gamma and beta are used.
    """
    with np.errstate(all="ignore"):
        out = (x - mean) / root(variance, eps)
    return (gamma * out if scale else out) + (beta if shift else 0)


def checked(x: Any, **named: Any) -> list[Array]:
    """The arguments as floats of one type, if they fit together."""
    arrays = as_floats(x=x, **named)
    require(arrays[0].ndim == 4, "x", "must have shape (N, H, W, C)", arrays[0].shape)
    for name, array in zip(named, arrays[1:], strict=True):
        require(array.shape == arrays[0].shape[3:], name, "must have shape (C,)", array.shape)
    return arrays


_OUTSIDE = "You add eps to the standard deviation. It belongs to the variance. What comes first: the root, or the sum?"


def formula_twists() -> tuple[Twist, ...]:
    """Mistakes that the formula may hold in training and after it."""
    return (
        Twist("eps-outside-root", with_mistake(root=outside_root), _OUTSIDE),
        Twist(
            "eps-forgotten",
            with_mistake(root=no_eps),
            "eps makes no difference in yours. Add it to the variance: what would a channel of equal numbers be divided by without it?",
        ),
        Twist(
            "root-forgotten",
            with_mistake(root=no_root),
            "You divide by the variance. Which number has the same unit as x itself?",
        ),
        Twist(
            "gamma-forgotten",
            with_mistake(scale=False),
            "gamma makes no difference in yours. What is each channel multiplied by at the end?",
        ),
        Twist(
            "beta-forgotten",
            with_mistake(shift=False),
            "beta makes no difference in yours. What is added to each channel at the end?",
        ),
        Twist(
            "beta-scaled",
            lambda op: (
                lambda x, gamma, beta, *rest: op(x, gamma, floats(gamma) * floats(beta), *rest)
            ),
            "Your beta is multiplied by gamma, too. Which of the two comes first, and what does it act on?",
        ),
        Twist(
            "gamma-and-beta-swapped",
            lambda op: lambda x, gamma, beta, *rest: op(x, beta, gamma, *rest),
            "gamma and beta have changed places. Which one scales, and which one shifts?",
        ),
        Twist(
            "eps-ignored",
            lambda op: lambda *args: op(*args[: _EPS_AT[len(args)]]),
            "Your function always uses the same eps. What does the caller ask for?",
        ),
    )


_EPS_AT = {3: 3, 4: 3, 5: 5, 6: 5}
"""How many arguments stand before eps: three in training, five after it."""
