"""A step downhill: its reference, and the mistakes that ``sgd_step`` and ``train_step`` share."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnnlab.autograder.graders.shared.arrays import floats
from cnnlab.autograder.graders.shared.gradients import Array
from cnnlab.autograder.judging.twists import Op

ASCENDS = (
    "Your parameters go uphill. The gradient points to where the loss grows: which way do you "
    "want to go?"
)
RATE = "Your steps are as long as the gradients. What is the learning rate for?"
IN_PLACE = (
    "Your function writes into the parameters that it was given. Make new arrays, and a new list: "
    "whoever called it may want to compare before and after."
)


def into_params(op: Op) -> Op:
    """The op, its new parameters written into the old ones' list and arrays."""

    def mistaken(params: list[Any], *args: Any) -> Any:
        result = op(params, *args)
        new = result[0] if isinstance(result, tuple) else result
        for place, (old, value) in enumerate(zip(params, new, strict=True)):
            if isinstance(old, np.ndarray) and old.dtype.kind == "f":
                old[...] = value
            else:
                params[place] = value
        return result

    return mistaken


def into_list(op: Op) -> Op:
    """The op, its new arrays put into the caller's list."""

    def mistaken(params: Any, *args: Any) -> Any:
        result = op(params, *args)
        if isinstance(params, list):
            params[:] = result[0] if isinstance(result, tuple) else result
        return result

    return mistaken


def keras_sgd(params: list[Any], grads: list[Any], rate: float) -> list[Array]:
    """One step of Keras's ``SGD``; rates are sums of few powers of 2, which float32 holds."""
    import keras

    new = []
    for param, grad in zip(params, grads, strict=True):
        p = keras.Variable(floats(param), dtype=floats(param).dtype.name)
        keras.optimizers.SGD(rate).apply([keras.ops.convert_to_tensor(floats(grad))], [p])
        new.append(keras.ops.convert_to_numpy(p))
    return new
