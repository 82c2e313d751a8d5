"""Chapter 7's ``dropout``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.ch07_dropout._masks import (
    CALLS,
    given,
    keras_raw,
    pairs_view,
    seed,
    with_masks,
)
from cnnlab.autograder.graders.ch07_dropout._mistakes import (
    each_cell,
    fair_twists,
    keep_twists,
    rate_near,
    scale_twists,
    source_twists,
    thinned,
    with_mistake,
)
from cnnlab.autograder.graders.shared.draws import reals, wholes
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Twist, on_output
from cnnlab.course.ops import Array

Rng = np.random.Generator


def dropout_probes(rng: Rng) -> Iterator[Probe]:
    low, high = rate_near(rng, 0.25), rate_near(rng, 0.75)
    yield from _form_probes(rng, low, high)
    yield from _mask_probes(rng, low, high)
    yield from _number_probes(rng, low, high)


def _probe(
    rng: Rng,
    rung: str,
    x: Any,
    rate: float,
    *asks: str,
    calls: int = 2,
    title: str = "",
    **kwargs: Any,
) -> Probe:
    args = (x, rate, seed(rng))
    return Probe(rung, args, kwargs, title, given=given(rng, *asks, calls=calls))


def _form_probes(rng: Rng, low: float, high: float) -> Iterator[Probe]:
    """What shape and dtype come out, and what may be passed in."""
    yield _probe(rng, "shape", reals(rng, 2, 3, 4, 5), low, "form")
    yield _probe(rng, "shape", rng.normal(size=(3, 4)), high, "form", title="float64")
    yield _probe(rng, "robust", wholes(rng, 4, 3, dtype=np.int64), low, "form", title="integers")
    yield _probe(rng, "robust", [[1, 2, 3], [4, 5, 6]], low, "form", title="lists")
    yield _probe(rng, "shape", reals(rng, 2, 3), high, "form", title="not training", training=False)
    yield _probe(rng, "shape", reals(rng, 3, 2), 1.0, "form", title="all is dropped")


def _mask_probes(rng: Rng, low: float, high: float) -> Iterator[Probe]:
    """Many calls, whose masks are counted and compared."""
    small = wholes(rng, 3, 8)  # so many that a mask with a fixed seed has kept and dropped cells
    for rate in (0.4, 0.75):
        many = f"{CALLS} calls"
        yield _probe(rng, "by-hand", small, rate, "factors", calls=CALLS, title=many)
    four, two = (6, 8, 9, 4), (24, 30)
    for rate, shape in ((low, four), (high, two), (rate_near(rng, 0.3), two)):
        title = f"{CALLS} calls, all cells counted"
        yield _probe(rng, "chance", reals(rng, *shape), rate, "share", calls=CALLS, title=title)
    for rate, shape in ((high, four), (low, (5, 5, 5, 5)), (rate_near(rng, 0.7), (8, 12))):
        title = f"{CALLS} calls, masks compared"
        yield _probe(
            rng, "independence", reals(rng, *shape), rate, "independence", calls=CALLS, title=title
        )


def _number_probes(rng: Rng, low: float, high: float) -> Iterator[Probe]:
    """The numbers that come out, also for rates of 0 and 1 and wrong ones."""
    test = "factors", "all", "rng"
    yield _probe(
        rng, "reference", reals(rng, 6, 8, 9, 4), low, *test, title="not training", training=False
    )
    yield _probe(
        rng, "reference", reals(rng, 7, 5), high, *test, title="not training", training=False
    )
    for dtype in (np.float32, np.float64):
        x = reals(rng, 5, 7, 6, 3, dtype=dtype)
        yield _probe(rng, "reference", x, rate_near(rng, 0.4), "factors", title=dtype.__name__)
    for shape in ((4, 5, 3, 2), (6, 7)):
        x = reals(rng, *shape)
        yield _probe(rng, "edge-cases", x, 1.0, "factors", "none", title="all is dropped")
        yield _probe(rng, "edge-cases", x, 0.0, "factors", "all", title="nothing is dropped")
    yield _probe(rng, "edge-cases", x, 1, *test, title="not training, a rate of 1", training=False)
    yield _probe(rng, "edge-cases", reals(rng, 60), low, "factors", calls=8, title="one axis")
    for rate in (-0.1, 1.25):
        yield Probe("robust", (x, rate, seed(rng)), given=given(rng, "form"), raises="rate")
    yield _probe(rng, "robust", x, low, "factors", calls=8, title="all in order")


def keras_dropout(x: Any, rate: float, rng: Any, training: bool = True, *, given: Any) -> Any:
    """Keras's ``Dropout``; its masks show in its outputs."""
    raw = with_masks(keras_raw("Dropout", x, rate, rng, training, given))
    return pairs_view((x, rate), raw)


def one_for_all(rng: Rng, shape: tuple[int, ...], p: float) -> Array:
    """One mask, used for every picture."""
    return np.broadcast_to(each_cell(rng, shape[1:], p), shape).copy()


def exactly(rng: Rng, shape: tuple[int, ...], p: float) -> Array:
    """Just so many cells, in places drawn by lot."""
    order = rng.permutation(int(np.prod(shape))).reshape(shape)
    return order < round(order.size * p)


def exactly_in_each(rng: Rng, shape: tuple[int, ...], p: float) -> Array:
    """Just so many cells of every picture."""
    return np.stack([exactly(rng, shape[1:] or (1,), p) for _ in range(shape[0])]).reshape(shape)


_ONE_MASK = "All pictures of a batch get one and the same mask. Every picture should lose different cells: what shape must the draw have?"
_EXACT = "You drop exactly the same number of cells each time. Draw for each cell separately, like a coin toss: then the number differs from call to call."

_INVERTED_MASK = "Your mask says which cells were dropped. It should be True where a number was kept. Which way around is your comparison?"

EXERCISE = Exercise(
    name="dropout",
    points={
        "shape": 0.5,
        "by-hand": 1.25,
        "chance": 1.5,
        "independence": 1.5,
        "reference": 1.75,
        "edge-cases": 1,
    },
    probes=dropout_probes,
    keras_reference=keras_dropout,
    numpy_op=thinned,
    driver="ch07.drawn",
    describe=pairs_view,
    twists=(
        *keep_twists(),
        *fair_twists(),
        *scale_twists(),
        Twist(
            "order-swapped",
            on_output(lambda both: both[::-1]),
            "The mask comes first in yours. In which order does the description name the two?",
        ),
        Twist("one-mask-per-batch", with_mistake(draw=one_for_all), _ONE_MASK),
        Twist(
            "one-mask-per-batch",
            with_mistake(draw=lambda rng, shape, p: each_cell(rng, (1, *shape[1:]), p)),
            _ONE_MASK,
        ),
        Twist(
            "one-mask-per-batch",
            with_mistake(draw=lambda rng, shape, p: each_cell(rng, shape[1:], p)),
            _ONE_MASK,
        ),
        Twist("exact-count", with_mistake(draw=exactly), _EXACT),
        Twist("exact-count", with_mistake(draw=exactly_in_each), _EXACT),
        *source_twists(),
        Twist("mask-inverted", with_mistake(returned_mask=lambda mask: ~mask), _INVERTED_MASK),
    ),
    hints=(
        "Think of one coin for every single number of x. How often should it show “keep”?",
        "rng.random(shape) gives numbers from 0 to 1, all equally likely. What share of them is at least rate?",
        "There are three cases: not in training, a rate of 1, and all others. What does the mask hold in each of them?",
    ),
    rung_hints={
        "shape": "A pair comes back: out and mask. Both have x's shape. Which dtype does each of yours have?",
        "by-hand": "Compare out with x where your mask is True, and where it is False. By what factor do they differ?",
        "chance": "Over many calls you should keep about a share of 1 − rate. Count how many cells you keep.",
        "independence": "Print the masks of two pictures, of two calls, of two rows. Do they have anything in common?",
        "reference": "Outside of training nothing is dropped, scaled or drawn. What does your function do there?",
        "edge-cases": "At a rate of 0 all numbers are kept. At a rate of 1 none is left. What do you divide by then?",
        "robust": "A share lies between 0 and 1, both included. Name rate in the message.",
    },
)
