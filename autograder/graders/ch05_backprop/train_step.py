"""Chapter 5's ``train_step``: forwards, backwards, and one step downhill."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.ch05_backprop._descent import (
    ASCENDS,
    IN_PLACE,
    RATE,
    into_list,
    into_params,
    keras_sgd,
)
from cnnlab.autograder.graders.shared.arrays import floats
from cnnlab.autograder.graders.shared.draws import reals
from cnnlab.autograder.graders.shared.gradients import Array, first_max_pool2d, gradients
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Op, Twist, on_args, on_output
from cnnlab.course.ops import conv2d, descent, max_pool2d, relu
from cnnlab.course.ops import gradients as ops
from cnnlab.course.ops.network import dense, flatten, softmax

Rng = np.random.Generator


def train_probes(rng: Rng) -> Iterator[Probe]:
    def probe(rung: str, sizes: tuple[int, ...], rate: float, title: str = "", **how: Any) -> Probe:
        args = (*network(rng, *sizes, **how), rate)
        return Probe(rung, args, title=title, terms=terms(args[0], args[1]))

    yield probe("shape", (3, 6, 7, 2, 3, 2, 4, 3), 0.5)
    whole = {"draw": _signs, "dtype": np.int64}
    yield probe("robust", (2, 4, 5, 1, 2, 3, 2, 2), 0.5, "integers", **whole)
    yield probe("by-hand", (1, 3, 3, 1, 2, 2, 1, 2), 0.5, "one picture, one filter", draw=_signs)
    yield probe("by-hand", (2, 3, 3, 1, 2, 2, 1, 2), 0.5, "two pictures", draw=_signs)
    yield probe("structure", (4, 5, 5, 1, 2, 2, 2, 2), 0.0, "a rate of 0")
    yield probe("structure", (2, 3, 3, 3, 2, 2, 3, 3), 0.25, "every size 2 or 3")
    yield probe("reference", (4, 8, 9, 3, 3, 2, 4, 3), 0.125)
    yield probe("reference", (5, 7, 8, 2, 2, 3, 3, 2), 0.25)
    yield probe("reference", (6, 8, 8, 3, 3, 3, 4, 4), 0.5)
    yield probe("reference", (3, 9, 8, 2, 2, 2, 3, 3), 0.25, "float64", dtype=np.float64)
    params, x, y = network(rng, 3, 6, 6, 2, 3, 3, 2, 3)
    bad = "robust"
    for title, labels in {
        "a label is missing": y[:2],
        "a label too many": np.append(y, 0),
        "a class too high": np.where(y == 2, 3, y),
        "a class far too high": np.where(y == 0, 7, y),
        "a class below 0": np.where(y == 1, -1, y),
    }.items():
        yield Probe(bad, (params, x, labels, 0.5), title=title, raises="y")
    for title, arrays in {"too few arrays": params[:3], "too many": [*params, x]}.items():
        yield Probe(bad, (arrays, x, y, 0.5), title=title, raises="params")
    good = (params, x, y, 0.5)
    yield Probe(bad, good, title="all in order", terms=terms(params, x))


def _signs(rng: Rng, *shape: int, dtype: Any = np.float32) -> Array:
    """-1 and 1."""
    return rng.choice(np.array([-1, 1], dtype), size=shape)


def _small(rng: Rng, *shape: int, dtype: Any = np.float32) -> Array:
    """Numbers with which no share comes near 0: its log would say little in float32."""
    return reals(rng, *shape, dtype=dtype) / dtype(4)


def network(
    rng: Rng,
    batch: int,
    height: int,
    width: int,
    channels: int,
    kh: int,
    kw: int,
    filters: int,
    classes: int,
    draw: Any = _small,
    dtype: Any = np.float32,
) -> tuple[list[Array], Array, Array]:
    """Parameters, pictures and labels that fit together; every class that there is occurs."""
    places = ((height - kh + 1) // 2) * ((width - kw + 1) // 2)
    shapes = (kh, kw, channels, filters), (filters,), (places * filters, classes), (classes,)
    params = [draw(rng, *shape, dtype=dtype) for shape in shapes]
    y = rng.permutation(np.arange(batch) % classes)
    return params, draw(rng, batch, height, width, channels, dtype=dtype), y


def terms(params: list[Array], x: Array) -> int:
    """Products that one cell depends on: along the network, and over the batch."""
    return int(np.size(params[0]) + np.size(params[2]) + x[..., 0].size)


def keras_train_step(params: list[Any], x: Any, y: Any, rate: float) -> Any:
    """Keras's ops, loss and ``SGD``, and the gradients in between."""
    import keras
    from keras import ops as k

    x, labels = floats(x), np.asarray(y)
    entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True, dtype=x.dtype.name)

    def loss(kernels: Any, bias: Any, weights: Any, bias2: Any) -> Any:
        pooled = first_max_pool2d(k.relu(k.conv(x, kernels) + bias), (2, 2), (2, 2))
        return entropy(labels, k.matmul(k.reshape(pooled, (len(x), -1)), weights) + bias2)

    grads = gradients(loss, params)
    return rounded((keras_sgd(params, list(grads), rate), float(loss(*map(floats, params)))))


def rounded(result: tuple[list[Array], float]) -> tuple[list[Array], np.floating[Any]]:
    """The loss in the parameters' type, so that it is compared as closely as they are."""
    new, loss = result
    return new, new[0].dtype.type(loss)


def correct_train_step(
    params: list[Any], x: Any, y: Any, rate: float
) -> tuple[list[Array], np.floating[Any]]:
    return rounded(descent.train_step(params, x, y, rate))


def _stepping(
    through_relu: bool = True, one_hot: bool = True, early: bool = False
) -> Callable[[Op], Op]:
    """A step with a mistake between the loss and the gradients."""

    def mistaken(params: list[Any], x: Any, y: Any, rate: float) -> Any:
        x, kernels, bias, weights, bias2 = map(floats, (x, *params))
        z = conv2d(x, kernels, bias)
        pooled = max_pool2d(relu(z))
        flat = flatten(pooled)
        logits = dense(flat, weights, bias2)
        loss, dout = descent.softmax_cross_entropy(logits, y)
        dout = dout if one_hot else softmax(logits) / len(x)
        _, dweights, dbias2 = ops.dense_backward(dout, flat, weights)
        used = weights - rate * dweights if early else weights
        dpooled = ops.dense_backward(dout, flat, used)[0].reshape(pooled.shape)
        dz = ops.max_pool2d_backward(dpooled, relu(z), (2, 2))
        dz = ops.relu_backward(dz, z) if through_relu else dz
        _, dkernels, dbias = ops.conv2d_backward(dz, x, kernels)
        grads = [dkernels, dbias, dweights, dbias2]
        return rounded((descent.sgd_step([kernels, bias, weights, bias2], grads, rate), loss))

    return lambda op: mistaken


def _loss_times_batch(op: Op) -> Op:
    def mistaken(params: Any, x: Any, y: Any, rate: float) -> Any:
        new, loss = op(params, x, y, rate)
        return new, loss * len(x)

    return mistaken


def _rate_times_batch(op: Op) -> Op:
    return lambda params, x, y, rate: op(params, x, y, rate * len(x))


def _loss_afterwards(op: Op) -> Op:
    def mistaken(params: Any, x: Any, y: Any, rate: float) -> Any:
        new, _ = op(params, x, y, rate)
        return new, op(new, x, y, rate)[1]

    return mistaken


def _left_alone(*places: int) -> Callable[[Op], Op]:
    """Some of the parameters stay as they were."""

    def apply(op: Op) -> Op:
        def mistaken(params: Any, x: Any, y: Any, rate: float) -> Any:
            new, loss = op(params, x, y, rate)
            return [floats(params[i]) if i in places else p for i, p in enumerate(new)], loss

        return mistaken

    return apply


_SUMMED = "Something is added up over the batch where the mean is asked for. The loss is a mean over the pictures. What must the first gradient be divided by?"
_LEFT = (
    "Some of the four arrays come back as they were. Which gradients do you hand to sgd_step, and "
    "does each meet its own parameters?"
)

EXERCISE = Exercise(
    name="train_step",
    points={"shape": 0.5, "by-hand": 2, "structure": 1, "reference": 3.5},
    probes=train_probes,
    keras_reference=keras_train_step,
    numpy_op=correct_train_step,
    needs=(
        "relu_backward",
        "dense_backward",
        "max_pool2d_backward",
        "bias_gradient",
        "kernel_gradient",
        "input_gradient",
        "conv2d_backward",
        "sgd_step",
    ),
    twists=(
        Twist("ascends", on_args(lambda p, x, y, rate: (p, x, y, -rate)), ASCENDS),
        Twist("rate-ignored", on_args(lambda p, x, y, rate: (p, x, y, 1.0)), RATE),
        Twist("loss-summed", lambda op: _loss_times_batch(_rate_times_batch(op)), _SUMMED),
        Twist("loss-summed", _loss_times_batch, _SUMMED),
        Twist("loss-summed", _rate_times_batch, _SUMMED),
        Twist(
            "forward-after-update",
            _loss_afterwards,
            "Your loss belongs to the new parameters. Return the loss of the old parameters: you computed it in the forward pass.",
        ),
        Twist(
            "loss-sign",
            on_output(lambda result: (result[0], -result[1])),
            "Your loss has the wrong sign: it grows below 0. The log of a share is never positive; what is the loss?",
        ),
        Twist(
            "relu-skipped",
            _stepping(through_relu=False),
            "In the backward pass you leave out the ReLU. Which cells did it set to 0 in the forward pass?",
        ),
        Twist(
            "one-hot-missing",
            _stepping(one_hot=False),
            "Your first gradient is the shares themselves. The true class's share should pull the other way: what is subtracted there?",
        ),
        Twist(
            "update-too-early",
            _stepping(early=True),
            "You change the dense weights before the gradient has passed through them. First go all the way back, with the old weights. Then take all the steps.",
        ),
        *(
            Twist("left-alone", _left_alone(*places), _LEFT)
            for places in ((0, 1), (2, 3), (1,), (3,), (1, 3))
        ),
        Twist("changes-input", into_params, IN_PLACE),
        Twist("changes-input", into_list, IN_PLACE),
    ),
    hints=(
        "Go forward first, and keep what every layer was given. Then go through the same layers from the back. Which backward function does each one need?",
        "The gradient for the last sums starts from the shares. Subtract 1 at the true class. By what must all of it be divided?",
        "Two things have no function of their own. Flatten is undone when the maps get their shape back. The loss is a mean of minus logs: of which share in each row?",
    ),
    rung_hints={
        "shape": "There are two results: the list of four new arrays, and the loss as a plain number. What does your function return?",
        "by-hand": "On the way back, max_pool2d_backward needs maps, not rows. What does your relu_backward get: what went into the ReLU, or what came out?",
        "structure": "With a rate of 0 no parameter may change, and the loss keeps its value. What does your function give there?",
        "robust": "There must be four arrays, and one label for each picture. NumPy takes a label of −1 for the last class. What do you check, and which argument does your message name?",
    },
)
