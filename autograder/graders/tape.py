"""Correct gradients: TensorFlow's tape, on the CPU.

On a tie max pooling's gradient goes to the first maximum in row order there; a GPU decides
otherwise, so a device is never left to chance.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def floats(value: Any) -> Array:
    """As Keras's layers take it: lists and integers as float64."""
    array = np.asarray(value)
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def gradients(
    function: Callable[..., Any], inputs: Sequence[Any], dout: Any = None
) -> tuple[Array, ...]:
    """The gradient with respect to each input, weighted by ``dout`` where given.

    Parameters
    ----------
    function : callable, tensors → tensor
        Written with Keras's ops.
    inputs : sequence of array_like
    dout : array_like, optional
        Of the shape of the function's result.
    """
    import tensorflow as tf

    with tf.device("CPU:0"):
        tensors = [tf.constant(floats(value)) for value in inputs]
        with tf.GradientTape() as tape:
            tape.watch(tensors)
            out = function(*tensors)
        weights = None if dout is None else tf.constant(floats(dout))
        return tuple(map(np.asarray, tape.gradient(out, tensors, output_gradients=weights)))
