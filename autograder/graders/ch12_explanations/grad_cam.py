"""Chapter 12's Grad-CAM: probes, reference, typical mistakes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from cnnlab.autograder.graders.ch12_explanations._networks import (
    Array,
    Network,
    Objective,
    Rng,
    deep,
    drawn,
    flat,
    one_logit,
    picture,
    square,
    through,
    unlikely,
    weighted,
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
from cnnlab.autograder.graders.shared.draws import reals, varied
from cnnlab.autograder.graders.shared.gradients import gradients
from cnnlab.autograder.graders.shared.networks import backward
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Twist
from cnnlab.course.ops import require

WITHOUT_PLACES = ("Flatten", "Dense", "GlobalAveragePooling2D", "Softmax")


def probes(rng: Rng) -> Iterator[Probe]:
    yield from _map_probes(rng)
    yield from _edges(rng)
    yield from _bad_probes(rng)


def _probe(rung: str, call: tuple[Any, ...], network: Network, title: str, **more: Any) -> Probe:
    return Probe(rung, call, title=title, given=network, terms=TERMS, **more)


def _telling(rng: Rng, make: Callable[[], Network], layer: str) -> tuple[tuple[Any, ...], Network]:
    """A call that shows mistakes: something speaks for the class, something against it."""
    while True:
        network = drawn(rng, make())
        image = picture(rng, network)
        index = unlikely(network, image)
        cam = simulated(image, index, layer, network, finish=_identity, rectify=lambda m: m)
        if cam.max() > 0.02 and cam.min() < -0.1 * cam.max():
            return (image, index, layer), network


def _map_probes(rng: Rng) -> Iterator[Probe]:
    """Maps of every kind of layer, by hand and in networks."""
    yield _probe("shape", *_telling(rng, flat, "conv2"), "two convolutions, the second")
    four = rng.permutation([[1, 4], [2, 1], [3, 2], [4, 1]]).reshape(2, 2, 2).astype(np.float32)
    three = rng.permutation([[4, 1], [1, 2], [2, 3]]).reshape(1, 3, 2).astype(np.float32)
    kernel = [[2, 1], [-1, 2]]
    for index, image, said in ((0, four, "weights 2 and -1"), (1, three, "weights 1 and 2")):
        network = weighted(kernel, image.shape[:2])
        brighter = varied(rng, np.ones(1), partial(rng.integers, 1, 10, (*image.shape[:2], 1)))
        image = (brighter * image).astype(np.float32)  # each pixel speaks as it did, only louder
        yield _probe("by-hand", (image, index, "conv1"), network, f"two maps, {said}")
    for layer in ("conv1", "pool1", "conv2"):
        yield _probe("structure", *_telling(rng, deep, layer), f"the layer {layer}")
    yield _probe("reference", *_telling(rng, deep, "conv3"), "three convolutions, then an average")
    yield _probe("reference", *_telling(rng, lambda: flat((9, 14, 3)), "conv2"), "flattened")
    yield _probe(
        "reference", *_telling(rng, lambda: flat((9, 14, 3)), "conv1"), "flattened, early layer"
    )
    yield _probe("reference", *_telling(rng, square, "conv2"), "as wide as high, as many maps")


def _edges(rng: Rng) -> Iterator[Probe]:
    """Nothing speaks for the class; everything does; a layer is silent."""
    image = np.abs(reals(rng, 3, 4, 2))
    kernel = [[-2.0, 1.0, 0.5], [-1.0, 2.0, 0.25]]
    against, silent = weighted(kernel, (3, 4)), weighted(kernel, (3, 4))
    silent["weights"][1] = np.full(2, -100, np.float32)
    against["weights"][3] = np.array([8, 0, 0], np.float32)  # and yet it comes first
    for network, index, title in (
        (against, 0, "everything speaks against the class"),
        (silent, 1, "a layer that is 0 everywhere"),
        (against, 1, "everything speaks for the class"),
        (against, 2, "everything speaks for the class, a little"),
    ):
        call = (image, index, "conv1")
        yield _probe("edge-cases", call, network, title)


def _bad_probes(rng: Rng) -> Iterator[Probe]:
    """Classes, pictures and layers that are not there, and two classes that are."""
    network = drawn(rng, flat())
    image = picture(rng, network)
    for index in (0, 3):
        yield _probe("robust", (image, index, "conv2"), network, "a class that is there")
    for index in ABSENT:
        call = (image, index, "conv2")
        yield _probe("robust", call, network, "four classes", raises="index")
    for shape, said in MISSHAPEN.items():
        call = (reals(rng, *shape), 0, "conv2")
        yield _probe("robust", call, network, said, raises="image")
    call = (image, 0, "conv9")
    yield _probe("robust", call, network, "no such layer", raises="layer")
    call = (image, 0, "fc1")
    said = "a layer without height and width"
    yield _probe("robust", call, network, said, raises="layer")


def keras_grad_cam(image: Any, index: int, layer: str, given: Network) -> Array:
    """The gradient of the rest of the network, from the layer's maps to the logit."""
    import keras
    from keras import ops

    from cnnlab.autograder.sandbox.drivers import models

    model = models.stack(**given)
    place = model.get_layer(layer).output
    maps = ops.convert_to_numpy(keras.Model(model.input, place)(image[None]))
    rest = keras.Model(place, model.layers[-1].input)
    (gradient,) = gradients(lambda a: rest(a)[0, index], [maps])
    weights = ops.mean(gradient, axis=(1, 2))
    cam = ops.relu(ops.einsum("nhwc,nc->nhw", maps, weights))[0]
    return ops.convert_to_numpy(ops.divide_no_nan(cam, ops.max(cam)))


def _mean(gradient: Array) -> Array:
    """One weight for each map: (1, 1, C)."""
    return np.asarray(gradient.mean(axis=(0, 1), keepdims=True))


def _over_maximum(cam: Array, sums: Array) -> Array:
    return cam / cam.max() if cam.max() > 0 else np.zeros_like(cam)


def simulated(
    image: Any,
    index: int,
    layer: str,
    given: Network,
    objective: Objective = one_logit,
    clamp: Callable[[Array, Array], Array] = lambda gradient, maps: gradient,
    weigh: Callable[[Array], Array] = _mean,
    gate: Callable[[Array], Array] = lambda weights: weights,
    rectify: Callable[[Array], Array] = lambda cam: np.maximum(cam, 0),
    finish: Callable[[Array, Array], Array] = _over_maximum,
    squeeze: Callable[[Array], Array] = lambda cam: cam,
) -> Array:
    """What the driver says of a right solution, by NumPy.

    Parameters
    ----------
    clamp : (gradient, maps) → gradient
        Which slopes count before they are averaged.
    weigh : gradient → (1, 1, C)
        One weight for each map.
    finish : (rectified sums, sums) → map
    """
    checked(given, image, index)
    known = dict(zip(given["names"], (kind for kind, _ in given["layers"]), strict=True))
    fits = layer in known and known[layer] not in WITHOUT_PLACES
    require(fits, "layer", f"must be one of {list(known)}, with height and width", layer)
    done = through(given, image[None])
    place = given["names"].index(layer) + 1
    maps = done[place - 1].y[0]
    dlogits = objective(done[-1].y[0], index)[None]
    weights = gate(weigh(clamp(backward(done[place:], dlogits)[0], maps)))
    with np.errstate(all="ignore"):
        sums = np.sum(weights * maps, axis=-1)
        return np.asarray(squeeze(finish(rectify(sums), sums)))


def _from_minimum(cam: Array, sums: Array) -> Array:
    """Stretched from 0 to 1; a flat map is left as it is."""
    reach = cam.max() - cam.min()
    return (cam - cam.min()) / reach if reach > 0 else cam


def _positive(value: Array) -> Array:
    return np.maximum(value, 0)


def _identity(value: Array, *_: Any) -> Array:
    return value


_NAN = "Where nothing speaks for the class, every number is 0 after the ReLU. So you divide 0 by 0. What should such a map show?"
_ZERO_MAP = (
    "Where a layer is silent, every number of the map is 0, and so is the maximum: you divide 0 by "
    "0. What should such a map be?"
)
_RELU = (
    "Your map holds places that speak against the class, as negative numbers. What lets only the "
    "positive ones through, before you divide?"
)
_WEIGHTS = (
    "Each map needs one weight: the mean of its gradient over height and width. Over which axes "
    "do you average, and what shape is left?"
)
_EACH_PLACE = "You multiply every place by its own gradient. In Grad-CAM each map has a single weight. How do you make one number of its gradient?"
_TOO_EARLY = "You cut the negative weights off before the sum. Maps that speak against the class must count, too. When does the ReLU come?"
_CLAMPED = "You leave out slopes before they are averaged. A map's weight is the mean of its whole gradient, also of what is negative. What alone goes through a ReLU?"
_STRETCHED = (
    "You subtract the smallest number before you divide. Then a place that speaks for the class "
    "may come out as 0. Divide by the maximum, and do nothing else."
)


def _wrongly(weigh: Callable[[Array], Array]) -> Twist:
    return Twist("weights-averaged-wrong", other(weigh=weigh), _WEIGHTS)


EXERCISE = Exercise(
    name="grad_cam",
    points={"shape": 0.5, "by-hand": 1.5, "structure": 1, "reference": 2.75, "edge-cases": 0.75},
    probes=probes,
    keras_reference=keras_grad_cam,
    numpy_op=simulated,
    simulated=True,
    driver="ch12.explained",
    describe=as_seen,
    evidence=1,  # one row alone, or one silent layer, shows what is squeezed or divided by 0
    twists=(
        Twist("all-negative-nan", other(finish=lambda cam, sums: cam / cam.max()), _NAN),
        Twist(
            "all-negative-nan",
            other(finish=lambda cam, sums: cam / sums.max()),
            _ZERO_MAP,
        ),
        Twist("relu-missing", other(rectify=_identity), _RELU),
        Twist(
            "relu-missing",
            other(
                rectify=_identity, finish=lambda cam, sums: cam / cam.max() if cam.any() else cam
            ),
            _RELU,
        ),
        _wrongly(lambda g: g.mean(axis=-1, keepdims=True)),
        _wrongly(lambda g: g.mean(axis=-1)),  # broadcast against columns and maps
        _wrongly(lambda g: g.mean()),
        _wrongly(lambda g: g.mean(axis=0, keepdims=True)),
        _wrongly(lambda g: g.mean(axis=1, keepdims=True)),
        _wrongly(lambda g: g.max(axis=(0, 1), keepdims=True)),
        Twist("weights-not-averaged", other(weigh=_identity), _EACH_PLACE),
        Twist("relu-on-weights", other(gate=_positive), _TOO_EARLY),
        *(
            Twist("gradients-clamped", other(clamp=clamp), _CLAMPED)
            for clamp in (
                lambda gradient, maps: _positive(gradient),
                lambda gradient, maps: _positive(gradient) * (maps > 0),
                lambda gradient, maps: gradient * (maps > 0),
                lambda gradient, maps: np.abs(gradient),
            )
        ),
        *objectives(),
        Twist(
            "not-normalised",
            other(finish=_identity),
            "Your map was not divided by its maximum. Which number should its largest value become?",
        ),
        Twist("stretched-from-the-minimum", other(finish=_from_minimum), _STRETCHED),
        Twist("axis-squeezed", other(squeeze=np.squeeze), SAY_SQUEEZED),
    ),
    hints=(
        "A late layer has many maps. Each of them speaks for or against the class; how strongly is one number per map. Where do you get it from?",
        "One model can give the layer's maps and the logits. Run it inside a tape, and ask how the logit of the class changes with the maps. How do you make one weight of each map's gradient?",
        "Sum the weighted maps over the channels, then apply ReLU. There is no batch axis in the result. What must the maximum not be before you divide?",
    ),
    rung_hints={
        "shape": "The result has the height and width of the layer's maps, without a batch or channels. What is the shape of yours?",
        "structure": "It must work for every layer with height and width, not only for the last one. Which layers does your function fail on?",
        "edge-cases": "If nothing speaks for the class, the map is zeros. What do you divide by there?",
        "robust": "A layer without height and width has no map. Name the wrong argument in the message: index, image or layer.",
    },
)
