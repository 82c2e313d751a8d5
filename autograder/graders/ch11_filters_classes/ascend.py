"""Chapter 11's ``ascend``: many steps uphill, with penalties and jitter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnlab.autograder.graders.ch11_filters_classes import _networks
from cnnlab.autograder.graders.ch11_filters_classes._ascent import (
    CLIMB_TWISTS,
    PENALTY_TWISTS,
    TERMS,
    climb,
    climbing,
    keras_ascent,
    seen,
    steady,
    with_mistake,
)
from cnnlab.autograder.graders.shared.draws import reals, wholes
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Twist
from cnnlab.autograder.sandbox.calls import Seed
from cnnlab.course.ops import require

Array = NDArray[Any]
Gradient = Callable[[Array], Array]
Rng = np.random.Generator


def _plain(image: Array, gradient: Array, rate: float) -> Array:
    return image + rate * gradient


_PLAIN = (
    "The length of your step depends on the size of the gradient, which can be tiny or huge. Let "
    "ascent_step take the step: it divides by it."
)

_ONE_GRADIENT = "Every step of yours goes the same way: the gradient of the first picture. After a step the picture is another one. When must you ask for its gradient?"


def _goal(given: Any) -> Gradient:
    if "weights" in given:
        return lambda image: np.asarray(given["weights"], np.float64)
    slope = _networks.mean_of(given["index"])
    return _networks.gradient_of(given["network"], given["layer"], slope)


def _worth(raw: Any) -> Callable[[Array], float]:
    def worth(picture: Array) -> float:
        out = _networks.output(raw["network"], picture, raw["layer"])
        return float(out[..., raw["index"]].mean())

    return worth


def seen_ascent(args: tuple[Any, ...], value: Any) -> Any:
    return seen(value, _worth(value))


def simulated_ascend(
    image: Any, steps: int, rng: Rng, *args: Any, given: Any, **kwargs: Any
) -> dict[str, Any]:
    """What the driver says of a right solution, by NumPy."""
    shape = np.shape(image)
    require(len(shape) == 3, "image", "must have shape (H, W, C)", shape)
    return {"picture": climb(_goal(given), image, steps, rng, *args, **kwargs), **given}


def keras_ascend(image: Any, steps: int, rng: Seed, given: Any, **kwargs: Any) -> Any:
    from cnnlab.autograder.sandbox.drivers.ch11 import _score

    live = np.random.default_rng(rng.n)
    picture = keras_ascent(_score(given), image, steps, live, **kwargs)
    return seen_ascent((), {"picture": picture, **given})


def ascend_probes(rng: Rng) -> Iterator[Probe]:
    yield from _step_probes(rng)
    yield from _term_probes(rng)
    yield from _climb_probes(rng)
    yield from _edge_probes(rng)


def _network(rng: Rng, layer: str) -> dict[str, Any]:
    """What the score needs: a network, and a channel of the layer that is not silent."""
    made = {**_networks.FILTERS, "seed": int(rng.integers(1 << 31))}
    return {"network": made, "layer": layer, "index": _networks.lively(made, layer, rng)}


def _linear(rng: Rng, *shape: int) -> dict[str, Any]:
    """What the score needs to be a sum of products."""
    return {"weights": reals(rng, *shape)}


def _probe(
    rng: Rng, rung: str, shape: tuple[int, ...], steps: int, given: Any = None, **kwargs: Any
) -> Probe:
    """A climb that rounding does not lead elsewhere."""
    title = kwargs.pop("title", "")
    while True:
        made = given or _network(rng, "block2_conv1")
        image = wholes(rng, *shape) if rung == "by-hand" else _networks.noise(rng, *shape)
        seed = int(rng.integers(1 << 31))
        if steady(
            lambda x: climb(_goal(made), x, steps, np.random.default_rng(seed), **kwargs),  # noqa: B023
            image,
        ):
            return Probe(rung, (image, steps, Seed(seed)), kwargs, title, given=made, terms=TERMS)


def _step_probes(rng: Rng) -> Iterator[Probe]:
    """Steps with nothing but the score."""
    yield _probe(rng, "shape", (9, 8, 3), 1, title="one step")
    yield _probe(rng, "by-hand", (2, 2, 1), 0, _linear(rng, 2, 2, 1), title="no step")
    one = {"weights": np.array([[[1.0], [0.0]], [[0.0], [0.0]]], np.float32)}
    yield _probe(rng, "by-hand", (2, 2, 1), 1, one, title="the score is the first number")
    yield _probe(
        rng, "by-hand", (3, 2, 2), 2, _linear(rng, 3, 2, 2), rate=0.5, title="a sum of products"
    )
    yield _probe(rng, "reference", (9, 8, 3), 1, title="a network, one step")
    yield _probe(rng, "reference", (9, 8, 3), 4, title="a network, four steps")
    yield _probe(
        rng,
        "reference",
        (8, 11, 3),
        3,
        _network(rng, "block1_conv1"),
        rate=2.5,
        title="three steps",
    )


def _term_probes(rng: Rng) -> Iterator[Probe]:
    """Steps with penalties and jitter."""
    yield _probe(rng, "penalties", (8, 7, 3), 3, tv=0.05, title="total variation")
    yield _probe(rng, "penalties", (8, 7, 3), 3, l6=0.1, title="L6")
    yield _probe(rng, "penalties", (7, 9, 3), 3, rate=2.0, tv=0.03, l6=0.06, title="both")
    yield _probe(
        rng, "jitter", (4, 5, 2), 1, _linear(rng, 4, 5, 2), jitter=2, title="one step, by hand"
    )
    yield _probe(rng, "jitter", (9, 8, 3), 3, jitter=2, title="up to two pixels")
    yield _probe(rng, "jitter", (8, 10, 3), 4, jitter=3, tv=0.03, title="up to three pixels")


def _climb_probes(rng: Rng) -> Iterator[Probe]:
    """Long climbs: only how far they come is asked."""
    for size in (12, 14):
        made = _network(rng, "block1_conv1")
        image = _networks.noise(rng, size, size, 3)
        wanted = climbing(_worth(made)(image), image.shape, 4)
        args = (image, 12, Seed(int(rng.integers(1 << 31))))
        yield Probe("climbs", args, {"rate": 4.0}, "twelve steps", given={**made, **wanted})


def _edge_probes(rng: Rng) -> Iterator[Probe]:
    """A blank picture, and arrays that are not pictures."""
    blank = np.zeros((3, 4, 2), np.float32)
    yield Probe(
        "edge-cases",
        (blank, 2, Seed(1)),
        {},
        "a blank picture",
        given=_linear(rng, 3, 4, 2),
        terms=TERMS,
    )
    for shape, title in (((4, 5), "no channels"), ((1, 3, 4, 2), "a batch")):
        given = {"weights": reals(rng, *shape)}
        args = (reals(rng, *shape), 1, Seed(1))
        yield Probe("robust", args, {}, title, raises="image", given=given)
    yield _probe(rng, "robust", (3, 3, 2), 1, _linear(rng, 3, 3, 2), title="with channels")


EXERCISE = Exercise(
    name="ascend",
    points={
        "shape": 0.5,
        "by-hand": 1,
        "reference": 1.75,
        "penalties": 1,
        "jitter": 1,
        "climbs": 0.5,
        "edge-cases": 0.25,
    },
    probes=ascend_probes,
    keras_reference=keras_ascend,
    numpy_op=simulated_ascend,
    simulated=True,
    driver="ch11.ascended",
    describe=seen_ascent,
    needs=("ascent_step",),
    twists=(
        *CLIMB_TWISTS,
        Twist("not-normalised", with_mistake(step=_plain), _PLAIN),
        *PENALTY_TWISTS,
        Twist("gradient-of-the-start", with_mistake(follows=False), _ONE_GRADIENT),
    ),
    hints=(
        "One step has four parts: shift the picture, take the gradient of the score there, take a step, shift it back.",
        "A gradient tape must watch the shifted picture as a tensor with a batch axis. NumPy can roll a picture. How do you roll it back?",
        "Inside the tape: the score, less the two penalties. Each is multiplied by its own weight. Which function then takes the step, and what undoes the shift?",
    ),
    rung_hints={
        "by-hand": "Here the gradient is the same everywhere: the weights of the sum. What does ascent_step make of it?",
        "penalties": "Both penalties belong inside the tape. Divide the total variation by how many numbers the picture holds. For L6, in which order do the mean, the power and the root come?",
        "jitter": "Draw the two shifts of a step in one call: first down, then right. Everything in this step is computed on the shifted picture. When do you shift it back?",
        "climbs": "The score after the last step should be far above the first. Which sign does your step have?",
        "edge-cases": "The sixth root has no slope at 0. Where l6 is 0, leave the term out.",
        "robust": "A picture has three axes. Name image in the message.",
    },
)
