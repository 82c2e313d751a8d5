"""Chapter 7's layers: ``dropout``, its way back, and ``spatial_dropout2d``.

False alarms: every statistical finding is one of the exact tests of
`cnnlab.autograder.graders.chance`. A submission meets fewer than 120 of them, each with a risk of at
most 1e-9, and some events (no cell kept in any call, two equal masks) of probabilities far
below that. So a right function loses a point by chance less than once in a million submissions;
`autograder/tests/test_ch07_chance.py` adds it up exactly and tries thousands of seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.exercise import Exercise, Probe
from cnnlab.autograder.graders.dense import floats
from cnnlab.autograder.graders.draws import reals, wholes
from cnnlab.autograder.graders.masks import (
    CALLS,
    given,
    keras_raw,
    pairs_view,
    seed,
    with_masks,
)
from cnnlab.autograder.twists import Op, Twist
from cnnlab.course.ops import Array, require

Rng = np.random.Generator


def rate_near(rng: Rng, middle: float) -> float:
    """A rate that is easily told from its complement, with two decimals."""
    return round(float(middle + rng.uniform(-0.08, 0.08)), 2)


# dropout


def dropout_probes(rng: Rng) -> Iterator[Probe]:
    def probe(
        rung: str, x: Any, rate: float, *asks: str, calls: int = 2, title: str = "", **kwargs: Any
    ) -> Probe:
        args = (x, rate, seed(rng))
        return Probe(rung, args, kwargs, title, given=given(rng, *asks, calls=calls))

    low, high = rate_near(rng, 0.25), rate_near(rng, 0.75)
    yield probe("shape", reals(rng, 2, 3, 4, 5), low, "form")
    yield probe("shape", rng.normal(size=(3, 4)), high, "form", title="float64")
    yield probe("shape", wholes(rng, 4, 3, dtype=np.int64), low, "form", title="integers")
    yield probe("shape", [[1, 2, 3], [4, 5, 6]], low, "form", title="lists")
    yield probe("shape", reals(rng, 2, 3), high, "form", title="not training", training=False)
    yield probe("shape", reals(rng, 3, 2), 1.0, "form", title="all is dropped")
    small = wholes(rng, 3, 8)  # so many that a mask with a fixed seed has kept and dropped cells
    for rate in (0.4, 0.75):
        many = f"{CALLS} calls"
        yield probe("by-hand", small, rate, "factors", calls=CALLS, title=many)
    four, two = (6, 8, 9, 4), (24, 30)
    for rate, shape in ((low, four), (high, two), (rate_near(rng, 0.3), two)):
        title = f"{CALLS} calls, all cells counted"
        yield probe("chance", reals(rng, *shape), rate, "share", calls=CALLS, title=title)
    for rate, shape in ((high, four), (low, (5, 5, 5, 5)), (rate_near(rng, 0.7), (8, 12))):
        title = f"{CALLS} calls, masks compared"
        yield probe(
            "independence", reals(rng, *shape), rate, "independence", calls=CALLS, title=title
        )
    test = "factors", "all", "rng"
    yield probe("reference", reals(rng, *four), low, *test, title="not training", training=False)
    yield probe("reference", reals(rng, 7, 5), high, *test, title="not training", training=False)
    for dtype in (np.float32, np.float64):
        x = reals(rng, 5, 7, 6, 3, dtype=dtype)
        yield probe("reference", x, rate_near(rng, 0.4), "factors", title=dtype.__name__)
    for shape in ((4, 5, 3, 2), (6, 7)):
        x = reals(rng, *shape)
        yield probe("edge-cases", x, 1.0, "factors", "none", title="all is dropped")
        yield probe("edge-cases", x, 0.0, "factors", "all", title="nothing is dropped")
    yield probe("edge-cases", x, 1, *test, title="not training, a rate of 1", training=False)
    yield probe("edge-cases", reals(rng, 60), low, "factors", calls=8, title="one axis")
    for rate in (-0.1, 1.25):
        yield Probe("bad-input", (x, rate, seed(rng)), given=given(rng, "form"), raises="rate")
    yield probe("bad-input", x, low, "factors", calls=8, title="all in order")


def keras_dropout(x: Any, rate: float, rng: Any, training: bool = True, *, given: Any) -> Any:
    """Keras's ``Dropout``; its masks show in its outputs."""
    raw = with_masks(keras_raw("Dropout", x, rate, rng, training, given))
    return pairs_view((x, rate), raw)


def each_cell(rng: Rng, shape: tuple[int, ...], p: float) -> Array:
    return rng.random(shape) < p


def thinned(
    x: Any,
    rate: float,
    rng: Rng,
    training: bool = True,
    *,
    keep: Callable[[float], float] = lambda rate: 1 - rate,
    over: Callable[[float], float] = lambda rate: 1 - rate,
    draw: Callable[[Rng, tuple[int, ...], float], Array] = each_cell,
    source: Callable[[Rng], Rng] = lambda rng: rng,
    guard: str = "late",
    chosen: bool = False,
    active: bool = False,
    tested: Callable[[Array, float], Array] = lambda x, rate: x,
    told: Callable[[Array], Array] = lambda mask: mask,
) -> tuple[Array, Array]:
    """`cnnlab.course.dropping.dropout` with slips: without any, it is that function.

    Parameters
    ----------
    keep, over : callable, rate → float
        The probability to keep a cell, and what the kept ones are divided by.
    draw : callable, (rng, shape, probability) → mask
    source : callable, rng → rng
        Whose chance it is.
    guard : {"late", "early", ""}
        How a rate of 1 gives zeros without a division: with the mask that was drawn, or before
        anything is drawn; or not at all.
    chosen : bool
        Whether cells are chosen by ``np.where``, not multiplied by the mask.
    active : bool
        Whether it drops outside of training, too.
    tested : callable, (x, rate) → array
        What is done outside of training.
    told : callable, mask → mask
        What is returned of the mask.
    """
    x = floats(x)
    require(0 <= rate <= 1, "rate", "must be from 0 to 1", rate)
    if not training and not active:
        with np.errstate(all="ignore"):
            return tested(x, rate).astype(x.dtype), told(np.ones(x.shape, bool))
    if rate == 1 and guard == "early":
        return np.zeros_like(x), told(np.zeros(x.shape, bool))
    mask = draw(source(rng), x.shape, keep(rate))
    if rate == 1 and guard:
        return np.zeros_like(x), told(mask)
    with np.errstate(all="ignore"):
        scaled = x / np.asarray(over(rate), x.dtype)
        out = np.where(mask, scaled, 0) if chosen else x * mask / np.asarray(over(rate), x.dtype)
    return out.astype(x.dtype), told(mask)


def slip(**options: Any) -> Callable[[Op], Op]:
    """The op with one more slip."""
    return lambda op: lambda *args, **kwargs: op(*args, **options, **kwargs)


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


def itself(rate: float) -> float:
    return rate


_KEEP = (
    "About as many cells survive as should be dropped. The rate is the share that is *dropped*: "
    "at a rate of 0.2, how many of 100 numbers are left?"
)
_NOT_INVERTED = (
    "What you keep stays as large as it was. On average the layer then gives too little: at a rate of "
    "0.75 a quarter of it. By what must the survivors grow?"
)
BY_RATE = (
    "You enlarge the survivors by the wrong factor. Of 100 numbers, a share of 1 − rate is left. "
    "What factor brings their sum back to what it was?"
)
_AT_TEST = (
    "Outside of training you change the size of the numbers. Whoever enlarges the survivors in "
    "training has nothing left to do later."
)
_ACTIVE = "Outside of training you still drop. What should training=False give back?"
_ONE_MASK = (
    "All pictures of a batch get one and the same mask. Every picture should lose other cells: "
    "what shape must the draw have?"
)
_EXACT = (
    "You drop exactly the same number of cells each time. Each cell should be drawn for itself, "
    "as by a coin of its own: then the number is now larger, now smaller."
)
_RESEEDS = (
    "Every call draws the same mask. A generator that begins with a fixed seed begins again each "
    "time: whose generator should the function draw from?"
)
_IGNORES = (
    "You draw, but not from rng: the same generator state gives another mask each time. Nobody "
    "could repeat an experiment with it."
)
_INVERTED_MASK = (
    "Your mask says which cells were *dropped*. It should be True where a number was kept."
)
NAN = (
    "A rate of 1 gives nan: you divide 0 by 0. Nothing is left then, so there is nothing to "
    "scale. What should come out?"
)


def keep_twists(says: str = _KEEP) -> tuple[Twist, ...]:
    """The rate taken for what is kept: all along, or in the comparison alone."""
    ways: list[dict[str, Any]] = [{"over": itself}, {"over": itself, "chosen": True}, {}]
    return tuple(
        Twist("rate-is-keep-probability", slip(keep=itself, guard=guard, **way), says)
        for way in ways
        for guard in ("late", "early", "")
    )


def scale_twists() -> tuple[Twist, ...]:
    """Survivors that are not enlarged, or by something else."""
    return (
        Twist("not-inverted", slip(over=lambda rate: 1), _NOT_INVERTED),
        Twist("scaled-by-rate", slip(over=itself), BY_RATE),
        Twist("scaled-by-rate", slip(over=lambda rate: 1 / (1 - rate)), BY_RATE),
        Twist("scaled-by-rate", slip(over=lambda rate: 1 / rate if rate else np.inf), BY_RATE),
        Twist("scales-at-test", slip(tested=lambda x, rate: x * (1 - rate)), _AT_TEST),
        Twist("scales-at-test", slip(tested=lambda x, rate: x / np.float32(1 - rate)), _AT_TEST),
        Twist("active-at-test", slip(active=True), _ACTIVE),
        Twist("active-at-test", slip(active=True, guard="early"), _ACTIVE),
    )


def source_twists() -> tuple[Twist, ...]:
    return (
        Twist("reseeds", slip(source=lambda rng: np.random.default_rng(0)), _RESEEDS),
        Twist("ignores-rng", slip(source=lambda rng: np.random.default_rng()), _IGNORES),
        Twist("nan-at-rate-one", slip(guard=""), NAN),
    )


dropout = Exercise(
    name="dropout",
    points={
        "shape": 0.5,
        "by-hand": 1,
        "chance": 1.5,
        "independence": 1.5,
        "reference": 1.5,
        "edge-cases": 1,
        "bad-input": 0.5,
    },
    probes=dropout_probes,
    reference=keras_dropout,
    correct=thinned,
    driver="dropout.drawn",
    view=pairs_view,
    twists=(
        *keep_twists(),
        *scale_twists(),
        Twist("one-mask-per-batch", slip(draw=one_for_all), _ONE_MASK),
        Twist(
            "one-mask-per-batch",
            slip(draw=lambda rng, shape, p: each_cell(rng, (1, *shape[1:]), p)),
            _ONE_MASK,
        ),
        Twist(
            "one-mask-per-batch",
            slip(draw=lambda rng, shape, p: each_cell(rng, shape[1:], p)),
            _ONE_MASK,
        ),
        Twist("exact-count", slip(draw=exactly), _EXACT),
        Twist("exact-count", slip(draw=exactly_in_each), _EXACT),
        *source_twists(),
        Twist("mask-inverted", slip(told=lambda mask: ~mask), _INVERTED_MASK),
    ),
    hints=(
        "Think of one coin for every single number of x. How often should it show “keep”?",
        "rng.random(shape) gives numbers from 0 to 1, all equally likely. What share of them is at least rate?",
        "Three cases: not training (everything as it is, nothing drawn), a rate of 1 (nothing left), and all others: mask, product, division.",
    ),
    rung_hints={
        "shape": "A pair comes back: out, with x's shape and float type, and mask, with x's shape and dtype bool.",
        "by-hand": "Compare out with x where your mask is True, and where it is False. By what factor do they differ?",
        "chance": "Count how many cells you keep, over many calls. It should be about 1 − rate of them, and not always the same number.",
        "independence": "Print the masks of two pictures, of two calls, of two rows. Do they have anything in common?",
        "reference": "Outside of training nothing happens at all: no zero, no factor, no draw.",
        "edge-cases": "At a rate of 0 all survive; at a rate of 1 nobody does, and 1 − rate is 0.",
        "bad-input": "A share lies between 0 and 1, both included. Say in the message that rate is to blame.",
    },
)
