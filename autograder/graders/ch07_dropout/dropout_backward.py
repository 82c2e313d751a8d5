"""Chapter 7's way back through dropout: the gradient follows the mask."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.ch07_dropout._masks import CALLS, gradient_view
from cnnlab.autograder.graders.ch07_dropout._mistakes import (
    BY_RATE,
    NAN,
    itself,
    rate_near,
    with_mistake,
)
from cnnlab.autograder.graders.shared.arrays import floats
from cnnlab.autograder.graders.shared.draws import reals, wholes
from cnnlab.autograder.graders.shared.gradients import gradients
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Twist
from cnnlab.course.ops import Array, require

Rng = np.random.Generator


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
    yield probe("robust", wholes(rng, 3, 4, dtype=np.int64), high, "form", title="integers")
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
    fewer = probe("robust", dout, 0.3, mask=mask[:1], title="a mask of one row only")
    other = probe("robust", dout, 0.3, mask=mask.T, title="a mask that lies on its side")
    for wrong in (fewer, other):
        yield Probe("robust", wrong.args, title=wrong.title, given=wrong.given, raises="mask")
    for rate in (-0.1, 1.25):
        yield Probe("robust", (dout, mask, rate), given=fewer.given, raises="rate")
    yield probe("robust", dout, 0.3, mask=mask, title="all in order")


def keras_dropout_backward(dout: Any, mask: Any, rate: float, *, given: Any) -> Any:
    """The gradient through the layer's formula with this mask."""
    from keras import ops

    dout = floats(dout)

    def layer(x: Any) -> Any:
        return ops.where(mask, x / (1 - rate), 0) if rate < 1 else ops.zeros_like(x) * x

    (gradient,) = gradients(layer, [np.ones_like(dout)], dout)
    raw = {"asks": given["asks"], "results": [gradient] * given["calls"]}
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
    """`cnnlab.course.ops.dropout.dropout_backward` with mistakes, as in `thinned`."""
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
    "You pass the gradient of the kept numbers unchanged. But in the forward pass these were enlarged: "
    "what does that do to the slope?"
)

EXERCISE = Exercise(
    name="dropout_backward",
    points={"shape": 0.5, "by-hand": 1.25, "reference": 1.75, "edge-cases": 0.5},
    probes=backward_probes,
    keras_reference=keras_dropout_backward,
    numpy_op=returned,
    driver="ch07.repeated",
    describe=gradient_view,
    twists=(
        *(
            Twist("new-mask", with_mistake(masked=masked, guarded=guarded), _NEW_MASK)
            for masked in (
                lambda mask, rate: np.random.default_rng().random(mask.shape) >= rate,
                lambda mask, rate: np.random.default_rng().random(mask.shape) < rate,
            )
            for guarded in (True, False)
        ),
        Twist("scale-missing", with_mistake(over=lambda rate: 1), _NO_SCALE),
        Twist(
            "mask-missing",
            with_mistake(masked=lambda mask, rate: np.ones_like(mask)),
            "Cells that were dropped get a gradient in your function. The result did not depend on them: what is its slope there?",
        ),
        Twist(
            "mask-missing",
            with_mistake(masked=lambda mask, rate: np.ones_like(mask), guarded=False),
            "Cells that were dropped get a gradient in your function. The result did not depend on them: what is its slope there?",
        ),
        Twist(
            "mask-inverted",
            with_mistake(masked=lambda mask, rate: ~mask),
            "You let the gradient through where the mask is False. What does True mean in the mask?",
        ),
        Twist(
            "mask-inverted",
            with_mistake(masked=lambda mask, rate: ~mask, guarded=False),
            "You let the gradient through where the mask is False. What does True mean in the mask?",
        ),
        Twist("scaled-by-rate", with_mistake(over=itself), BY_RATE),
        Twist("scaled-by-rate", with_mistake(over=lambda rate: 1 / (1 - rate)), BY_RATE),
        Twist("nan-at-rate-one", with_mistake(guarded=False), NAN),
    ),
    hints=(
        "In the forward pass every number was multiplied by something that does not depend on it. What is the slope of such a function?",
        "Dropped numbers were multiplied by 0, kept ones by 1 / (1 − rate). And on the way back?",
        "The way back is the same formula with the same mask. At a rate of 1 nothing was kept. What is the gradient then?",
    ),
    rung_hints={
        "shape": "The gradient has dout's shape. What is the shape of yours?",
        "by-hand": "Write down for each of the cells what it was multiplied by in the forward pass.",
        "edge-cases": "At a rate of 1 all gradients are 0. What do you divide by there?",
        "robust": "A mask of another shape belongs to another call, even where NumPy could stretch it. A rate must be a share. Name the argument in each message.",
    },
)
