"""Chapter 12's occlusion map: probes, reference, typical mistakes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.ch12_explanations._networks import (
    Array,
    Network,
    Rng,
    averaged,
    drawn,
    flat,
    logits_of,
    picture,
    square,
    unlikely,
)
from cnnlab.autograder.graders.ch12_explanations._objectives import (
    ABSENT,
    MISSHAPEN,
    SAY_SOFTMAX,
    SAY_TOP,
    TERMS,
    as_seen,
    checked,
    other,
)
from cnnlab.autograder.graders.shared.draws import reals, varied, whole, wholes
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Twist
from cnnlab.course.ops import require
from cnnlab.course.ops.network import softmax


def probes(rng: Rng) -> Iterator[Probe]:
    def probe(
        rung: str, network: Network, size: int, stride: int, title: str, **more: Any
    ) -> Probe:
        image = more.pop("image", None)
        image = picture(rng, network) if image is None else image
        index = more.pop("index", None)
        index = unlikely(network, image) if index is None else index
        call = (image, index, size, stride)
        return Probe(rung, call, title=title, given=network, terms=TERMS, **more)

    yield probe("shape", drawn(rng, flat()), 4, 3, "12×10 pixels")
    sums = averaged([[1, -2], [2, 1]], (2, 3))
    yield probe("by-hand", sums, 1, 1, "a pixel at a time", image=wholes(rng, 2, 3, 2), index=0)
    yield probe("by-hand", sums, 2, 1, "four pixels at a time", image=wholes(rng, 2, 3, 2), index=1)
    bright = np.zeros((4, 6, 2), np.float32)
    row, column, *values = varied(
        rng,
        (1, 4, 1, 2),
        lambda: (whole(rng, 0, 3), whole(rng, 0, 5), *rng.choice(range(1, 10), 2, replace=False)),
    )
    bright[row, column] = 24 * np.array(values)  # 24 pixels are averaged
    one = averaged([[1, 3], [2, -1]], (4, 6))
    for index in (0, 1):
        said = "a single bright pixel"
        yield probe("structure", one, 2, 2, said, image=bright, index=index)
    tall, wide, own = (drawn(rng, n) for n in (flat(), flat((8, 13, 3)), square()))
    yield probe("reference", tall, 4, 3, "the stride leaves pixels over")
    yield probe("reference", wide, 3, 5, "gaps between the places")
    yield probe("reference", own, 2, 2, "as wide as high, side by side")
    yield probe("edge-cases", wide, 8, 2, "as large as the shorter side")
    yield probe("edge-cases", own, 6, 1, "the whole picture hidden")
    yield probe("edge-cases", tall, 5, 9, "a single place")
    yield from _bad(probe, rng, tall, wide)


def _bad(probe: Callable[..., Probe], rng: Rng, tall: Network, wide: Network) -> Iterator[Probe]:
    for index in (0, 3):
        yield probe("robust", tall, 6, 4, "a class that is there", index=index)
    for index in ABSENT:
        yield probe("robust", tall, 6, 4, "four classes", index=index, raises="index")
    for shape, said in MISSHAPEN.items():
        image = reals(rng, *shape)
        yield probe("robust", tall, 6, 4, said, image=image, index=0, raises="image")
    yield probe("robust", tall, 11, 4, "wider than the picture", raises="size")
    yield probe("robust", wide, 9, 4, "higher than the picture", raises="size")
    yield probe("robust", tall, 0, 4, "no pixel at all", raises="size")
    yield probe("robust", tall, 4, 0, "no step", raises="stride")


def keras_occlusion(image: Any, index: int, size: int, stride: int, given: Network) -> Array:
    """Keras, one occluded picture after another: the picture where a mask lets it through."""
    import keras

    from cnnlab.autograder.sandbox.drivers import models

    model = models.stack(**given)
    logits = keras.Model(model.input, model.layers[-1].input)

    def score(picture: Any) -> float:
        return float(logits(picture[None])[0, index])

    mean = keras.ops.mean(image, axis=(0, 1), keepdims=True)
    height, width = image.shape[:2]
    rows, columns = (keras.ops.arange(n) for n in (height, width))
    found = []
    for top in range(0, height - size + 1, stride):
        for left in range(0, width - size + 1, stride):
            down = (rows >= top) & (rows < top + size)
            across = (columns >= left) & (columns < left + size)
            hidden = (down[:, None] & across[None])[..., None]
            found.append(score(image) - score(keras.ops.where(hidden, mean, image)))
    across = (width - size) // stride + 1
    return np.array(found, np.float32).reshape(-1, across)


def _steps(n: int, size: int, stride: int) -> range:
    return range(0, n - size + 1, stride)


def _mean_colour(image: Array, patch: Array) -> Array:
    return np.asarray(image.mean(axis=(0, 1)))


def simulated(
    image: Any,
    index: int,
    size: int,
    stride: int,
    given: Network,
    colour: Callable[[Array, Array], Any] = _mean_colour,
    canvas: Callable[[Array], Array] = np.copy,
    steps: Callable[[int, int, int], range] = _steps,
    score: Callable[[Array, int], Array] = lambda logits, index: logits[:, index],
    joined: Callable[[Array, Array], Array] = lambda original, rest: original - rest,
    finish: Callable[[Array], Array] = lambda m: m,
) -> Array:
    """What the driver says of a right solution, by NumPy.

    Parameters
    ----------
    colour : (image, patch) → (C,)
        What the occluder is filled with.
    canvas : image → image
        What the occluder is drawn on, for each place.
    """
    checked(given, image, index)
    least = min(image.shape[:2])
    require(1 <= size <= least, "size", f"must be from 1 to {least}", size)
    require(stride >= 1, "stride", "must be 1 or more", stride)
    down, across = (steps(n, size, stride) for n in image.shape[:2])
    original, pictures = image.copy(), [image.copy()]
    for i in down:
        for j in across:
            drawn_on = canvas(image)
            patch = drawn_on[i : i + size, j : j + size]
            patch[...] = colour(original, original[i : i + size, j : j + size])
            pictures.append(drawn_on.copy())
    scores = score(logits_of(given, np.stack(pictures)), index)
    with np.errstate(all="ignore"):
        return finish(joined(scores[0], scores[1:]).reshape(len(down), len(across)))


class _Kept:
    """One copy for all places: what was hidden once stays hidden."""

    def __init__(self) -> None:
        self.copies: list[tuple[Array, Array]] = []

    def __call__(self, image: Array) -> Array:
        for original, copy in self.copies:
            if original is image:
                return copy
        self.copies = [(image, image.copy())]
        return self.copies[0][1]


_BLACK = "You fill the occluder with 0. A hole of another color may say something to the network. Which color of the picture says the least?"
_GAIN = "Your signs are reversed. Where hiding a part costs points, the number is positive. Which logit must be subtracted?"
_GREY = "You take one mean for all channels. A color has a number for each channel: over which axes do you average?"
_PATCH = "You fill the occluder with the mean of what it hides. Which pixels should the mean be taken over?"
_OCCLUDED = (
    "Your map holds scores of the occluded pictures alone. What does hiding a part change, "
    "compared with the whole picture's score?"
)
_DIVIDED = "You divide by the original's logit. Give the drop itself: a logit may be 0 or negative."
_NORMALISED = (
    "You stretch your map. Give the drops as they are: then you can compare two photographs."
)
_DROPS = "You set negative numbers to 0. They say something, too. What does it mean when a part is hidden and the logit grows?"
_STAY = (
    "What was hidden once stays hidden: at the end the whole picture is covered. Begin each place "
    "with a fresh copy of the picture."
)
_STRIDE = (
    "Your occluder does not move by stride pixels from one place to the next. How far does it move?"
)
_OFF = (
    "You leave out the last place, where the occluder touches the border. How many places of a "
    "window of 3 are there in 5 pixels?"
)

EXERCISE = Exercise(
    name="occlusion_map",
    points={"shape": 0.5, "by-hand": 1.5, "structure": 0.5, "reference": 2.75, "edge-cases": 0.75},
    probes=probes,
    keras_reference=keras_occlusion,
    numpy_op=simulated,
    simulated=True,
    driver="ch12.explained",
    describe=as_seen,
    twists=(
        Twist("black-occluder", other(colour=lambda image, patch: 0), _BLACK),
        Twist("gain-for-drop", other(joined=lambda original, rest: rest - original), _GAIN),
        Twist("grey-occluder", other(colour=lambda image, patch: image.mean()), _GREY),
        Twist("mean-of-the-patch", other(colour=lambda _, patch: patch.mean(axis=(0, 1))), _PATCH),
        *(
            Twist("softmax-objective", other(score=score), SAY_SOFTMAX)
            for score in (
                lambda logits, i: softmax(logits)[:, i],
                lambda logits, i: np.log(softmax(logits)[:, i]),
            )
        ),
        Twist("top-class", other(score=lambda logits, i: logits[:, np.argmax(logits[0])]), SAY_TOP),
        *(
            Twist("occluded-score", other(joined=joined), _OCCLUDED)
            for joined in (
                lambda original, rest: rest,
                lambda original, rest: -rest,
                lambda original, rest: 1 - rest,
            )
        ),
        Twist("occluders-stay", other(canvas=_Kept()), _STAY),
        Twist(
            "changes-input",
            other(canvas=lambda image: image),
            "You draw the occluder on the photograph that you are given, and it stays there. Work on a fresh copy for each place.",
        ),
        Twist("stride-ignored", other(steps=lambda n, size, stride: range(n - size + 1)), _STRIDE),
        Twist(
            "stride-ignored",
            other(steps=lambda n, size, stride: range(0, n - size + 1, size)),
            _STRIDE,
        ),
        Twist(
            "size-off-by-one",
            other(steps=lambda n, size, stride: range(0, n - size, stride)),
            _OFF,
        ),
        Twist(
            "output-transposed",
            other(finish=np.transpose),
            "Rows and columns of your map are swapped. Which axis of it goes down the picture?",
        ),
        *(
            Twist("divided-by-the-original", other(joined=joined), _DIVIDED)
            for joined in (
                lambda original, rest: (original - rest) / original,
                lambda original, rest: (original - rest) / np.abs(original),
                lambda original, rest: rest / original,
            )
        ),
        *(
            Twist("normalised", other(finish=finish), _NORMALISED)
            for finish in (
                lambda m: m / m.max(),
                lambda m: m / np.abs(m).max(),
                lambda m: (m - m.min()) / np.ptp(m),
            )
        ),
        Twist("drops-alone", other(finish=lambda m: np.maximum(m, 0)), _DROPS),
    ),
    hints=(
        "What would happen to the class's logit if this part were not there? Cover it and see.",
        "For each place of the occluder, make a fresh copy of the photograph and put a square of its mean color there. Ask the network for the logit of both. Which is subtracted from which?",
        "The occluder starts at 0 and moves by stride while it still fits. Its color is a mean over height and width. Where is the last place?",
    ),
    rung_hints={
        "shape": "The occluder must fit into the picture at each place. How many steps of stride pixels does it take, down and across?",
        "by-hand": "The logit is a mean over all places. What is hidden counts as the mean color. Work out one place on paper.",
        "robust": "size must be from 1 to the shorter side, stride 1 or more, index one of the classes, image of three axes. Name the wrong one in the message.",
    },
)
