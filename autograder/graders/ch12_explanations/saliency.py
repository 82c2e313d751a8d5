"""Chapter 12's saliency: probes, reference, typical mistakes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.ch12_explanations._networks import (
    FLATTEN,
    POOL,
    SOFTMAX,
    Array,
    Network,
    Objective,
    Rng,
    averaged,
    conv,
    deep,
    dense,
    drawn,
    flat,
    one_logit,
    picture,
    square,
    through,
    unlikely,
)
from cnnlab.autograder.graders.ch12_explanations._objectives import (
    ABSENT,
    MISSHAPEN,
    SAY_SQUEEZED,
    TERMS,
    as_seen,
    checked,
    objectives,
    other,
)
from cnnlab.autograder.graders.shared.draws import reals
from cnnlab.autograder.graders.shared.gradients import gradients
from cnnlab.autograder.graders.shared.networks import backward
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Op, Twist


def probes(rng: Rng) -> Iterator[Probe]:
    def probe(
        rung: str,
        network: Network,
        index: int | None,
        title: str,
        image: Any = None,
        **more: Any,
    ) -> Probe:
        image = picture(rng, network) if image is None else image
        index = unlikely(network, image) if index is None else index
        return Probe(rung, (image, index), title=title, given=network, terms=TERMS, **more)

    yield probe("shape", drawn(rng, flat()), 1, "12×10 pixels, four classes")
    kernel = [[4, -8, 12], [-20, 4, 4], [8, 16, -4]]
    said = "the logit is a weighted mean of the pixels"
    yield probe("by-hand", averaged(kernel, (2, 2)), 1, f"{said}, 2×2")
    yield probe("by-hand", averaged(kernel, (1, 2)), 0, f"{said}, 1×2")
    yield probe("structure", drawn(rng, _winners()), None, "only the winners of a pool count")
    yield probe("structure", _dead(drawn(rng, _winners())), 0, "a ReLU that lets nothing through")
    yield probe("reference", drawn(rng, deep()), None, "three convolutions, then an average")
    yield probe("reference", drawn(rng, flat((9, 14, 3))), None, "two convolutions, then flattened")
    yield probe("reference", drawn(rng, square()), None, "as wide as high")
    four = flat((7, 8, 4), 3)
    yield probe("edge-cases", drawn(rng, four), None, "four channels")
    one = drawn(rng, flat((8, 7, 1), 3))
    yield probe("edge-cases", one, None, "one channel")
    network = drawn(rng, flat())
    for index in (0, 3):
        yield probe("robust", network, index, "a class that is there")
    for index in ABSENT:
        yield probe("robust", network, index, "four classes", raises="index")
    for shape, said in MISSHAPEN.items():
        image = reals(rng, *shape)
        yield probe("robust", network, 0, said, raises="image", image=image)


def _winners() -> Network:
    """A pool over the pixels themselves."""
    return {
        "layers": [conv(3, 1, "relu"), POOL, FLATTEN, dense(3), SOFTMAX],
        "names": ["conv1", "pool1", "flatten", "logits", "predictions"],
        "input_shape": [4, 6, 3],
    }


def _dead(network: Network) -> Network:
    """With a bias so low that nothing is left."""
    kernel, bias, *rest = network["weights"]
    return {**network, "weights": [kernel, bias - 100, *rest]}


def keras_saliency(image: Any, index: int, given: Network) -> Array:
    """The gradient of the logit."""
    import keras

    from cnnlab.autograder.sandbox.drivers import models

    model = models.stack(**given)
    logits = keras.Model(model.input, model.layers[-1].input)
    (gradient,) = gradients(lambda x: logits(x)[0, index], [image[None]])
    return keras.ops.convert_to_numpy(keras.ops.max(keras.ops.abs(gradient[0]), axis=-1))


def simulated(
    image: Any,
    index: int,
    given: Network,
    objective: Objective = one_logit,
    size: Callable[[Array], Array] = np.abs,
    joined: Callable[[Array], Array] = lambda g: g.max(axis=-1),
    times: Callable[[Array, Array], Array] = lambda g, image: g,
    finish: Callable[[Array], Array] = lambda m: m,
) -> Array:
    """What the driver says of a right solution, by NumPy."""
    checked(given, image, index)
    done = through(given, image[None])
    gradient = backward(done, objective(done[-1].y[0], index)[None])[0]
    return finish(joined(size(times(gradient, image))))


def _over_maximum(saliency: Array) -> Array:
    with np.errstate(all="ignore"):
        return np.asarray(saliency / saliency.max())


def _changes_input(op: Op) -> Op:
    def changing(image: Any, index: int, **kwargs: Any) -> Any:
        value = op(image, index, **kwargs)
        image -= image.mean()
        return value

    return changing


SQUEEZED = (other(finish=np.squeeze), other(times=lambda g, image: np.squeeze(g)))
"""Axes of length 1 taken off the map, or off the gradient before channels are compared."""

_SIGNED = (
    "Your map keeps the gradient's sign. A pixel whose brightening lowers the logit matters just "
    "as much as one whose brightening raises it. What do you do before you compare the channels?"
)
_SUMMED = "You add the channels up, or average them. A pixel counts by the channel that moves the logit most. Which of the three numbers is that?"
_ABSOLUTE_LATER = (
    "You take the largest number first and its size after that. So a large negative number loses "
    "against a small positive one. Swap the two steps."
)
_CHANNEL = (
    "You look at one channel. The logit may depend on another one more: take the largest of all."
)

EXERCISE = Exercise(
    name="saliency",
    points={"shape": 0.5, "by-hand": 1.5, "structure": 1, "reference": 2.5, "edge-cases": 0.5},
    probes=probes,
    keras_reference=keras_saliency,
    numpy_op=simulated,
    simulated=True,
    driver="ch12.explained",
    describe=as_seen,
    evidence=1,  # one row alone shows what is squeezed
    twists=(
        Twist("signed", other(size=lambda g: g), _SIGNED),
        Twist("summed-over-channels", other(joined=lambda g: g.sum(axis=-1)), _SUMMED),
        Twist("summed-over-channels", other(joined=lambda g: g.mean(axis=-1)), _SUMMED),
        Twist(
            "absolute-after-maximum",
            other(size=lambda g: g, joined=lambda g: np.abs(g.max(axis=-1))),
            _ABSOLUTE_LATER,
        ),
        *objectives(),
        Twist("one-channel", other(joined=lambda g: g[..., 0]), _CHANNEL),
        Twist("one-channel", other(joined=lambda g: g[..., -1]), _CHANNEL),
        Twist(
            "times-the-pixel",
            other(times=lambda g, image: g * image),
            "You multiply the gradient by the pixel. That answers another question: return the gradient alone.",
        ),
        *(Twist("axis-squeezed", change, SAY_SQUEEZED) for change in SQUEEZED),
        Twist(
            "normalised",
            other(finish=_over_maximum),
            "You divide by the largest number. Give the gradient's own size: two photographs can then be compared.",
        ),
        Twist(
            "changes-input",
            _changes_input,
            "Your function changes the photograph that it is given. Work on a copy.",
        ),
    ),
    hints=(
        "A small change of one pixel changes the logit a little. How much, is a derivative. How many derivatives does a photograph have?",
        "Watch the photograph with a tape, run the network up to its logits inside it, and pick the one logit there. Then ask the tape for the gradient.",
        "The logits are what goes into the last layer: a model from model.input to that place. The gradient has the photograph's shape; take its size, then the largest over the channels.",
    ),
    rung_hints={
        "shape": "One number for each pixel: the result has the photograph's height and width, without a batch or channels. What is the shape of yours?",
        "by-hand": "The logit is the mean over all places of kernel times pixel. So the derivative is a number of the kernel, divided by something. How many places are there?",
        "robust": "index must be from 0 to the number of classes, less one; image must have three axes, and as many channels as the network takes. Name the wrong one in the message.",
    },
)
