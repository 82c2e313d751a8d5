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
    gradient_view,
    keras_raw,
    maps_view,
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
_BY_RATE = (
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
_NAN = (
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
        Twist("scaled-by-rate", slip(over=itself), _BY_RATE),
        Twist("scaled-by-rate", slip(over=lambda rate: 1 / (1 - rate)), _BY_RATE),
        Twist("scaled-by-rate", slip(over=lambda rate: 1 / rate if rate else np.inf), _BY_RATE),
        Twist("scales-at-test", slip(tested=lambda x, rate: x * (1 - rate)), _AT_TEST),
        Twist("scales-at-test", slip(tested=lambda x, rate: x / np.float32(1 - rate)), _AT_TEST),
        Twist("active-at-test", slip(active=True), _ACTIVE),
        Twist("active-at-test", slip(active=True, guard="early"), _ACTIVE),
    )


def source_twists() -> tuple[Twist, ...]:
    return (
        Twist("reseeds", slip(source=lambda rng: np.random.default_rng(0)), _RESEEDS),
        Twist("ignores-rng", slip(source=lambda rng: np.random.default_rng()), _IGNORES),
        Twist("nan-at-rate-one", slip(guard=""), _NAN),
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


# dropout_backward


def backward_probes(rng: Rng) -> Iterator[Probe]:
    def probe(
        rung: str, dout: Any, rate: float, *asks: str, title: str = "", mask: Any = None
    ) -> Probe:
        if mask is None:
            mask = rng.random(np.shape(dout)) >= rate
        asked = {"asks": list(asks or ("factors",)), "calls": CALLS}
        return Probe(rung, (dout, mask, rate), title=title, given=asked)

    low, high = rate_near(rng, 0.25), rate_near(rng, 0.75)
    yield probe("shape", reals(rng, 2, 3, 4, 5), low, "form")
    yield probe("shape", rng.normal(size=(3, 4)), high, "form", title="float64")
    yield probe("shape", wholes(rng, 3, 4, dtype=np.int64), high, "form", title="integers")
    yield probe("shape", reals(rng, 2, 3), 1.0, "form", title="all was dropped")
    half = np.array([[True, False] * 6, [False, True] * 6])
    for rate in (0.2, 0.75):
        yield probe("by-hand", wholes(rng, 2, 12), rate, mask=half, title="every other cell")
    for rate, shape in ((low, (5, 6, 7, 3)), (high, (9, 20)), (rate_near(rng, 0.4), (4, 4, 4, 4))):
        yield probe("reference", reals(rng, *shape), rate)
    yield probe("reference", reals(rng, 8, 12, dtype=np.float64), high, title="float64")
    dout = reals(rng, 6, 7)
    for x in (dout, reals(rng, 3, 4, 5, 2)):
        none, all_of_it = np.zeros(x.shape, bool), np.ones(x.shape, bool)
        yield probe("edge-cases", x, 1.0, mask=none, title="all was dropped")
        yield probe("edge-cases", x, 0.0, mask=all_of_it, title="nothing was dropped")
    mask = rng.random((6, 7)) >= 0.3
    fewer = probe("bad-input", dout, 0.3, mask=mask[:1], title="a mask of one row only")
    other = probe("bad-input", dout, 0.3, mask=mask.T, title="a mask that lies on its side")
    for wrong in (fewer, other):
        yield Probe("bad-input", wrong.args, title=wrong.title, given=wrong.given, raises="mask")
    for rate in (-0.1, 1.25):
        yield Probe("bad-input", (dout, mask, rate), given=fewer.given, raises="rate")
    yield probe("bad-input", dout, 0.3, mask=mask, title="all in order")


def tape_backward(dout: Any, mask: Any, rate: float, *, given: Any) -> Any:
    """The gradient by TensorFlow's tape, through the layer's formula with this mask."""
    import tensorflow as tf

    dout = floats(dout)
    x = tf.ones(dout.shape, dout.dtype)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.where(mask, x / (1 - rate), 0) if rate < 1 else tf.zeros_like(x) * x
    raw = {"asks": given["asks"], "calls": [np.asarray(tape.gradient(y, x, dout))] * given["calls"]}
    return gradient_view((dout, mask), raw)


def returned(
    dout: Any,
    mask: Any,
    rate: float,
    *,
    over: Callable[[float], float] = lambda rate: 1 - rate,
    guarded: bool = True,
    masked: Callable[[Array, float], Array] = lambda mask, rate: mask,
) -> Array:
    """`cnnlab.course.dropping.dropout_backward` with slips, as in `thinned`."""
    dout, mask = floats(dout), np.asarray(mask, bool)
    require(mask.shape == dout.shape, "mask", f"must have shape {dout.shape}", mask.shape)
    require(0 <= rate <= 1, "rate", "must be from 0 to 1", rate)
    if rate == 1 and guarded:
        return np.zeros_like(dout)
    with np.errstate(all="ignore"):
        out = dout * masked(mask, rate) / np.asarray(over(rate), dout.dtype)
    return np.asarray(out, dout.dtype)


_NEW_MASK = (
    "Your gradients do not follow the mask that was given: it looks as if you draw a new one. "
    "Which cells had a part in the result, and so in the gradient?"
)
_NO_SCALE = (
    "The gradient passes the survivors unchanged. But on the way forward they were enlarged: "
    "what does that do to the slope?"
)

dropout_backward = Exercise(
    name="dropout_backward",
    points={"shape": 0.5, "by-hand": 1, "reference": 1.5, "edge-cases": 0.5, "bad-input": 0.5},
    probes=backward_probes,
    reference=tape_backward,
    correct=returned,
    driver="dropout.repeated",
    view=gradient_view,
    twists=(
        *(
            Twist("new-mask", slip(masked=masked, guarded=guarded), _NEW_MASK)
            for masked in (
                lambda mask, rate: np.random.default_rng().random(mask.shape) >= rate,
                lambda mask, rate: np.random.default_rng().random(mask.shape) < rate,
            )
            for guarded in (True, False)
        ),
        Twist("scale-missing", slip(over=lambda rate: 1), _NO_SCALE),
        Twist(
            "mask-missing",
            slip(masked=lambda mask, rate: np.ones_like(mask)),
            "Cells that were dropped get a gradient in your function. The result did not depend on them: what is its slope there?",
        ),
        Twist(
            "mask-missing",
            slip(masked=lambda mask, rate: np.ones_like(mask), guarded=False),
            "Cells that were dropped get a gradient in your function. The result did not depend on them: what is its slope there?",
        ),
        Twist(
            "mask-inverted",
            slip(masked=lambda mask, rate: ~mask),
            "You let the gradient through where the mask is False. True means kept.",
        ),
        Twist(
            "mask-inverted",
            slip(masked=lambda mask, rate: ~mask, guarded=False),
            "You let the gradient through where the mask is False. True means kept.",
        ),
        Twist("scaled-by-rate", slip(over=itself), _BY_RATE),
        Twist("scaled-by-rate", slip(over=lambda rate: 1 / (1 - rate)), _BY_RATE),
        Twist("nan-at-rate-one", slip(guarded=False), _NAN),
    ),
    hints=(
        "On the way forward every number was multiplied by something that does not depend on it. What is the slope of such a function?",
        "Dropped numbers were multiplied by 0, kept ones by 1 / (1 − rate). And on the way back?",
        "The way back is the same formula with the same mask. At a rate of 1 nothing was kept.",
    ),
    rung_hints={
        "shape": "The gradient has dout's shape and float type; integers become float64.",
        "by-hand": "Write down for each of the cells what it was multiplied by on the way forward.",
        "edge-cases": "At a rate of 1 there is nothing to divide: all gradients are 0.",
        "bad-input": "A mask of another shape belongs to another call, even where NumPy could stretch it. And a rate is a share.",
    },
)


# spatial_dropout2d


def spatial_probes(rng: Rng) -> Iterator[Probe]:
    def probe(
        rung: str, x: Any, rate: float, *asks: str, calls: int = 2, title: str = "", **kwargs: Any
    ) -> Probe:
        args = (x, rate, seed(rng))
        return Probe(rung, args, kwargs, title, given=given(rng, *asks, calls=calls))

    low, high = rate_near(rng, 0.25), rate_near(rng, 0.75)
    many = 3 * CALLS
    yield probe("shape", reals(rng, 2, 3, 4, 5), low, "form")
    yield probe("shape", rng.normal(size=(3, 2, 4, 3)), high, "form", title="float64")
    yield probe("shape", wholes(rng, 1, 3, 2, 4, dtype=np.int64), low, "form", title="integers")
    yield probe("shape", reals(rng, 2, 3, 2, 4), 1.0, "form", title="all is dropped")
    for rate in (0.4, 0.75):
        x = wholes(rng, 3, 1, 2, 8)
        yield probe("by-hand", x, rate, "factors", calls=many, title=f"{many} calls")
    for rate, shape in ((low, (6, 3, 4, 8)), (high, (5, 4, 3, 9)), (low, (5, 5, 5, 5))):
        title = f"{many} calls, maps compared"
        x = reals(rng, *shape)
        yield probe("structure", x, rate, "independence", calls=many, title=title)
    for rate, shape in ((high, (6, 3, 4, 8)), (rate_near(rng, 0.3), (7, 4, 2, 9))):
        title = f"{many} calls, all maps counted"
        yield probe("chance", reals(rng, *shape), rate, "share", calls=many, title=title)
    test = "factors", "all", "rng"
    for rate, shape in ((low, (4, 9, 8, 3)), (high, (2, 5, 6, 7))):
        x = reals(rng, *shape)
        yield probe("reference", x, rate, *test, title="not training", training=False)
    for dtype in (np.float32, np.float64):
        full = reals(rng, 8, 5, 6, 9, dtype=dtype)
        yield probe("reference", full, rate_near(rng, 0.4), "factors", title=dtype.__name__)
    for x in (full, reals(rng, 2, 3, 3, 4)):
        yield probe("edge-cases", x, 1.0, "factors", "none", title="all is dropped")
        yield probe("edge-cases", x, 0.0, "factors", "all", title="nothing is dropped")
    yield probe("edge-cases", x, 1, *test, title="not training, a rate of 1", training=False)
    asked = given(rng, "form")
    for rate in (-0.1, 1.25):
        yield Probe("bad-input", (x, rate, seed(rng)), given=asked, raises="rate")
    for wrong, title in ((x[0], "one picture without a batch"), (x[None], "five axes")):
        yield Probe("bad-input", (wrong, low, seed(rng)), title=title, given=asked, raises="x")
    yield probe("bad-input", full, low, "factors", calls=8, title="all in order")


def keras_spatial(x: Any, rate: float, rng: Any, training: bool = True, *, given: Any) -> Any:
    """Keras's ``SpatialDropout2D``."""
    raw = keras_raw("SpatialDropout2D", x, rate, rng, training, given)
    return maps_view((x, rate), raw)


def over_axes(axes: str) -> Callable[[Rng, tuple[int, ...], float], Array]:
    """One draw for each place along the axes named, of "NHWC"."""

    def draw(rng: Rng, shape: tuple[int, ...], p: float) -> Array:
        sizes = (n if axis in axes else 1 for n, axis in zip(shape, "NHWC", strict=True))
        return each_cell(rng, tuple(sizes), p)

    return draw


def maps_thinned(x: Any, *args: Any, **options: Any) -> Array:
    """`cnnlab.course.dropping.spatial_dropout2d` with slips, as in `thinned`."""
    x = floats(x)
    require(x.ndim == 4, "x", "must have shape (N, H, W, C)", x.shape)
    return thinned(x, *args, **{"draw": over_axes("NC"), **options})[0]


_PER_PIXEL = (
    "Your maps get holes: each pixel is drawn for itself. Here a whole map of a picture lives or dies. "
    "How many draws does that take?"
)
_OVER_ROWS = (
    "You drop rows or columns of the picture. The maps lie along the last axis: which sizes "
    "of x count the pictures and the channels?"
)
_ONE_CHOICE = (
    "All pictures of a batch lose the same maps. How many draws do N pictures with C channels take?"
)
_WHOLE_PICTURE = (
    "Your pictures lose all of their maps or none. One draw for each picture is not enough: "
    "every channel has one of its own."
)

spatial_dropout2d = Exercise(
    name="spatial_dropout2d",
    points={
        "shape": 0.5,
        "by-hand": 0.5,
        "structure": 2,
        "chance": 1,
        "reference": 1,
        "edge-cases": 0.5,
        "bad-input": 0.5,
    },
    probes=spatial_probes,
    reference=keras_spatial,
    correct=maps_thinned,
    driver="dropout.drawn",
    view=maps_view,
    needs=("dropout",),
    twists=(
        *(Twist("per-pixel", slip(draw=over_axes(axes)), _PER_PIXEL) for axes in ("NHWC", "NHW")),
        Twist("one-mask-per-batch", slip(draw=over_axes("C")), _ONE_CHOICE),
        *(Twist("over-rows", slip(draw=over_axes(axes)), _OVER_ROWS) for axes in ("NH", "NW")),
        Twist("whole-picture", slip(draw=over_axes("N")), _WHOLE_PICTURE),
        *keep_twists(),
        *scale_twists(),
        *source_twists(),
    ),
    hints=(
        "A map is dropped as a whole or not at all. What do N pictures with C channels each need: how many coins?",
        "Draw an array of N times C numbers, not of N × H × W × C. Which shape does it need so that NumPy spreads it over rows and columns?",
        "A shape of (N, 1, 1, C) is spread over every row and column by itself. All else is as in dropout.",
    ),
    rung_hints={
        "shape": "One array comes back, with x's shape and float type. There is no mask to return.",
        "by-hand": "Look at one map: it is all zeros, or all of it has grown by the same factor. Which one?",
        "structure": "Look at the zeros of one picture: is a map either all zeros or free of them? Are other maps gone in the next picture?",
        "chance": "Count the maps that survive over many calls: a share of 1 − rate.",
        "reference": "Outside of training x comes back as it is, and nothing is drawn.",
        "edge-cases": "At a rate of 1 there are only zeros, and nothing to divide by.",
        "bad-input": "x must have four axes, and the rate must be from 0 to 1. Name the one that is wrong.",
    },
)
