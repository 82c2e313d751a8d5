"""Correct gradients by automatic differentiation, on whichever backend Keras runs.

Backends and devices agree on a gradient, but for one thing: which of equal numbers is the maximum
of a pooling window. Where that matters, `first_max_pool2d` states it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnlab.autograder.graders.shared.arrays import floats

Array = NDArray[Any]
Function = Callable[..., Any]
Pair = tuple[int, int]


def gradients(function: Function, inputs: Sequence[Any], dout: Any = None) -> tuple[Array, ...]:
    """The gradient with respect to each input, weighted by ``dout`` where given.

    Parameters
    ----------
    function : callable, tensors → tensor
        Written with Keras's ops, or a Keras model. Layers in it are built before.
    inputs : sequence of array_like
    dout : array_like, optional
        Of the shape of the function's result; all ones without it.

    Returns
    -------
    tuple of ndarray
        Of the inputs' shapes.
    """
    import keras

    by = {"tensorflow": _by_tensorflow, "jax": _by_jax, "torch": _by_torch}
    arrays = [floats(value) for value in inputs]
    weights = None if dout is None else floats(dout)
    found = by[keras.backend.backend()](function, arrays, weights)
    return tuple(map(keras.ops.convert_to_numpy, found))


def first_max_pool2d(x: Any, size: Pair, strides: Pair) -> Any:
    """Max pooling without padding; on a tie the first maximum in row order counts.

    So does Keras's own on TensorFlow, on a CPU; another backend or a GPU may choose another cell.
    Here each place in the window is a picture of its own, and the cells that count are chosen
    before anything is differentiated.

    Parameters
    ----------
    x : tensor, shape (N, H, W, C)
    size, strides : (int, int)

    Returns
    -------
    tensor, shape (N, oh, ow, C)
    """
    from keras import ops as k

    rows, columns = ((n - s) // t for n, s, t in zip(x.shape[1:3], size, strides, strict=True))
    down, across = strides
    cells = k.stack(
        [
            x[:, i : i + rows * down + 1 : down, j : j + columns * across + 1 : across]
            for i, j in np.ndindex(*size)
        ]
    )
    largest = k.cast(k.equal(cells, k.max(cells, axis=0)), "int32")
    first = k.logical_and(largest == 1, k.cumsum(largest, axis=0) == 1)
    return k.sum(k.where(k.stop_gradient(first), cells, k.zeros_like(cells)), axis=0)


def _by_tensorflow(function: Function, inputs: list[Array], dout: Array | None) -> Sequence[Any]:
    import tensorflow as tf

    tensors = [tf.constant(array) for array in inputs]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        out = function(*tensors)
    return tape.gradient(out, tensors, output_gradients=dout)


def _by_jax(function: Function, inputs: list[Array], dout: Array | None) -> Sequence[Any]:
    import jax

    ones = None if dout is None else jax.numpy.asarray(dout)
    return _pulled_back_by_jax(function)(ones, *map(jax.numpy.asarray, inputs))


@lru_cache(maxsize=8)
def _pulled_back_by_jax(function: Function) -> Function:
    """Compiled once for all steps of an ascent, and as a whole: much quicker than op by op."""
    import jax

    def pulled_back(dout: Any, *inputs: Any) -> Any:
        out, pull_back = jax.vjp(function, *inputs)
        return pull_back(jax.numpy.ones_like(out) if dout is None else dout)

    return jax.jit(pulled_back)


def _by_torch(function: Function, inputs: list[Array], dout: Array | None) -> Sequence[Any]:
    """Written after PyTorch's manual. No record has been made with it, so it is untested."""
    import torch
    from keras import ops

    tensors = [ops.convert_to_tensor(array).detach().requires_grad_() for array in inputs]
    out = function(*tensors)
    weights = torch.ones_like(out) if dout is None else ops.convert_to_tensor(dout)
    return torch.autograd.grad(out, tensors, grad_outputs=weights)
