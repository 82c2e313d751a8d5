"""What chapter 7's layers share: the usual mistakes, and what they would give.

False alarms: every statistical finding is one of the exact tests of
`cnnlab.autograder.graders.ch07_dropout._binomial`. A submission meets fewer than 120 of them, each
with a risk of at most 1e-9, and some events (no cell kept in any call, two equal masks) of
probabilities far below that. So a right function loses a point by chance less than once in a
million submissions; `autograder/tests/graders/test_ch07_chance.py` adds it up exactly and tries
thousands of seeds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cnnlab.autograder.graders.shared.arrays import floats
from cnnlab.autograder.judging.twists import Op, Twist
from cnnlab.course.ops import Array, require

Rng = np.random.Generator


def rate_near(rng: Rng, middle: float) -> float:
    """A rate that is easily distinguished from its complement, with two decimals."""
    return round(float(middle + rng.uniform(-0.08, 0.08)), 2)


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
    returned_mask: Callable[[Array], Array] = lambda mask: mask,
) -> tuple[Array, Array]:
    """`cnnlab.course.ops.dropout.dropout` with mistakes: without any, it is that function.

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
    returned_mask : callable, mask → mask
        What is returned of the mask.
    """
    x = floats(x)
    require(0 <= rate <= 1, "rate", "must be from 0 to 1", rate)
    if not training and not active:
        with np.errstate(all="ignore"):
            return tested(x, rate).astype(x.dtype), returned_mask(np.ones(x.shape, bool))
    if rate == 1 and guard == "early":
        return np.zeros_like(x), returned_mask(np.zeros(x.shape, bool))
    mask = draw(source(rng), x.shape, keep(rate))
    if rate == 1 and guard:
        return np.zeros_like(x), returned_mask(mask)
    with np.errstate(all="ignore"):
        scaled = x / np.asarray(over(rate), x.dtype)
        out = np.where(mask, scaled, 0) if chosen else x * mask / np.asarray(over(rate), x.dtype)
    return out.astype(x.dtype), returned_mask(mask)


def with_mistake(**options: Any) -> Callable[[Op], Op]:
    """The op with one more mistake."""
    return lambda op: lambda *args, **kwargs: op(*args, **options, **kwargs)


def itself(rate: float) -> float:
    return rate


def half(rate: float) -> float:
    return 0.5


_FAIR = (
    "Half of your cells are kept, whatever the rate: your coin is fair. At a rate of 0.2, how many "
    "of 100 numbers should be left?"
)
_KEEP = (
    "About as many cells survive as should be dropped. The rate is the share that is dropped: "
    "at a rate of 0.2, how many of 100 numbers are left?"
)
_NOT_INVERTED = "What you keep stays as large as it was. On average the layer then gives too little: at a rate of 0.75 only a quarter. By what must you multiply the numbers that are kept?"
BY_RATE = (
    "You multiply the kept numbers by the wrong factor. Of 100 numbers, a share of 1 − rate is left. "
    "What factor brings their sum back to what it was?"
)
_AT_TEST = "Outside of training you change the size of the numbers. The kept numbers were enlarged in training. What is left to do later?"
_ACTIVE = "Outside of training you still drop. What should training=False give back?"

_RESEEDS = (
    "Every call draws the same mask. A generator that begins with a fixed seed begins again each "
    "time: whose generator should the function draw from?"
)
_IGNORES = "You draw, but not from rng: the same generator state gives another mask each time. Nobody could repeat an experiment with it. Where does your random number come from?"

NAN = (
    "A rate of 1 gives nan: you divide 0 by 0. Nothing is left then, so there is nothing to "
    "scale. What should come out?"
)


def keep_twists(says: str = _KEEP) -> tuple[Twist, ...]:
    """The rate taken for what is kept: all along, or in the comparison alone."""
    ways: list[dict[str, Any]] = [{"over": itself}, {"over": itself, "chosen": True}, {}]
    return tuple(
        Twist("rate-is-keep-probability", with_mistake(keep=itself, guard=guard, **way), says)
        for way in ways
        for guard in ("late", "early", "")
    )


def fair_twists() -> tuple[Twist, ...]:
    """A coin that does not know the rate; the kept cells scaled by it, or for the coin."""
    return tuple(
        Twist("fair-coin", with_mistake(keep=half, guard=guard, **way), _FAIR)
        for way in ({}, {"over": half})
        for guard in ("late", "early", "")
    )


def scale_twists() -> tuple[Twist, ...]:
    """Survivors that are not enlarged, or by something else."""
    return (
        Twist("not-inverted", with_mistake(over=lambda rate: 1), _NOT_INVERTED),
        Twist("scaled-by-rate", with_mistake(over=itself), BY_RATE),
        Twist("scaled-by-rate", with_mistake(over=lambda rate: 1 / (1 - rate)), BY_RATE),
        Twist(
            "scaled-by-rate", with_mistake(over=lambda rate: 1 / rate if rate else np.inf), BY_RATE
        ),
        Twist("scales-at-test", with_mistake(tested=lambda x, rate: x * (1 - rate)), _AT_TEST),
        Twist(
            "scales-at-test",
            with_mistake(tested=lambda x, rate: x / np.float32(1 - rate)),
            _AT_TEST,
        ),
        Twist("active-at-test", with_mistake(active=True), _ACTIVE),
        Twist("active-at-test", with_mistake(active=True, guard="early"), _ACTIVE),
    )


def source_twists() -> tuple[Twist, ...]:
    return (
        Twist("reseeds", with_mistake(source=lambda rng: np.random.default_rng(0)), _RESEEDS),
        Twist("ignores-rng", with_mistake(source=lambda rng: np.random.default_rng()), _IGNORES),
        Twist("nan-at-rate-one", with_mistake(guard=""), NAN),
    )
