"""Chapter 7's mistakes as learners write them, and odd ones for which no name fits."""

from __future__ import annotations

import numpy as np
import pytest

from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.quality.proof import judge_function
from cnnlab.autograder.tests.graders.learners import solved
from cnnlab.course.ops import dropout as ops

CHAPTER = "ch07_dropout"


def judged(name, function):
    return judge_function(recorded(CHAPTER)[name], function)


# dropout, as loops and as formulas


def loops(keep, scale, at_test=lambda x, rate: x, own=None, mask_of=lambda kept: kept):
    """dropout number by number, with something about it changed."""

    def dropout(x, rate, rng, training=True):
        if rate < 0 or rate > 1:
            raise ValueError(f"rate = {rate}")
        x = np.asarray(x) * 1.0
        if not training:
            return at_test(x, rate).astype(x.dtype), mask_of(np.ones(x.shape, bool))
        lots = own() if own else rng
        out, mask = np.zeros_like(x), np.zeros(x.shape, bool)
        for place in np.ndindex(x.shape):
            if keep(lots.random(), rate):
                mask[place] = True
                out[place] = x[place] * scale(rate)
        return out, mask_of(mask)

    return dropout


def above(lot, rate):
    return lot >= rate


def inverted(rate):
    return 1 / (1 - rate)


def masked(draw, guard=True, scaled=True):
    """dropout by a product with a mask; ``draw(rng, x, rate)`` draws it."""

    def dropout(x, rate, rng, training=True):
        x = np.asarray(x) * 1.0
        if not 0 <= rate <= 1:
            raise ValueError("rate")
        if not training:
            return x, np.full(x.shape, True)
        mask = draw(rng, x, rate)
        if guard and rate == 1:
            return x * 0, mask
        with np.errstate(all="ignore"):
            return (x * mask / (1 - rate) if scaled else x * mask), mask

    return dropout


def by_lot(rng, x, rate):
    """So many places, drawn without putting back."""
    mask = np.ones(x.size, bool)
    mask[rng.choice(x.size, int(rate * x.size), replace=False)] = False
    return mask.reshape(x.shape)


def never_drops(rng, x, rate):
    return np.ones(x.shape, bool)


def always_drops_at_test(x, rate, rng, training=True):
    return solved(CHAPTER)["dropout"](x, rate, rng)


def one_per_batch(rng, x, rate):
    mask = rng.random(x.shape[1:]) >= rate
    return np.stack([mask] * len(x))


def not_stacked(rng, x, rate):
    return rng.random(x.shape[1:]) >= rate


# dropout_backward


def backward(factor):
    def dropout_backward(dout, mask, rate):
        dout = np.asarray(dout) * 1.0
        if mask.shape != dout.shape:
            raise ValueError("mask has another shape")
        if not 0 <= rate <= 1:
            raise ValueError("rate is no share")
        return np.zeros_like(dout) if rate == 1 else factor(dout, mask, rate)

    return dropout_backward


def anywhere(shape):
    """NumPy's own hidden generator, as many still use it."""
    return np.random.rand(*shape)  # noqa: NPY002  that is the mistake


def another_mask(dout, mask, rate):
    return dout * (anywhere(dout.shape) >= rate) / (1 - rate)


# spatial_dropout2d


def half(rate):
    return 0.5


def spatial(shape, training_matters=True, rate_of=lambda rate: rate):
    """spatial_dropout2d with a draw of another shape."""

    def spatial_dropout2d(x, rate, rng, training=True):
        x = np.asarray(x) * 1.0
        if x.ndim != 4:
            raise ValueError("x needs four axes")
        if not 0 <= rate <= 1:
            raise ValueError("rate must be a share")
        if not training and training_matters:
            return x
        if rate == 1:
            return np.zeros_like(x)
        n, h, w, c = x.shape
        kept = rng.random(shape(n, h, w, c)) >= rate_of(rate)
        return np.where(kept, x / (1 - rate), 0).astype(x.dtype)

    return spatial_dropout2d


def maps_one_by_one(x, rate, rng, training=True):
    """Right, in loops over pictures and channels."""
    if np.ndim(x) != 4:
        raise ValueError("x")
    if not 0 <= rate <= 1:
        raise ValueError("rate")
    out = np.array(x) * 1.0
    if training:
        for n in range(out.shape[0]):
            for c in range(out.shape[3]):
                out[n, :, :, c] *= 0 if rng.random() < rate else 1 / (1 - rate)
    return out


RIGHT = [
    ("dropout", loops(above, lambda rate: 1 / (1 - rate) if rate < 1 else 0)),
    ("dropout", masked(lambda rng, x, rate: rng.uniform(size=x.shape) < 1 - rate)),
    ("dropout", masked(lambda rng, x, rate: rng.binomial(1, 1 - rate, x.shape).astype(bool))),
    (
        "dropout",
        masked(lambda rng, x, rate: rng.choice([True, False], x.shape, p=[1 - rate, rate])),
    ),
    (
        "dropout_backward",
        backward(lambda dout, mask, rate: np.where(mask, dout / (1 - rate), 0).astype(dout.dtype)),
    ),
    ("spatial_dropout2d", spatial(lambda n, h, w, c: (n, 1, 1, c))),
    ("spatial_dropout2d", maps_one_by_one),
]


@pytest.mark.parametrize(("name", "function"), RIGHT)
def test_any_equivalent_way_passes(name, function):
    result = judged(name, function)
    assert result.status == "passed", result.message


MISTAKES = [
    (
        "dropout",
        loops(lambda lot, rate: lot < rate, lambda rate: 1 / rate),
        ["rate-is-keep-probability"],
    ),
    (
        "dropout",
        masked(lambda rng, x, rate: rng.random(x.shape) < rate),
        ["rate-is-keep-probability"],
    ),
    (
        "dropout",
        masked(lambda rng, x, rate: rng.random(x.shape) < rate, guard=False),
        ["rate-is-keep-probability"],
    ),
    ("dropout", masked(lambda rng, x, rate: rng.random(x.shape) >= 0.5), ["fair-coin"]),
    ("dropout", masked(lambda rng, x, rate: rng.random(x.shape) < 0.5, guard=False), ["fair-coin"]),
    (
        "dropout",
        masked(lambda rng, x, rate: rng.integers(0, 2, x.shape).astype(bool), scaled=False),
        ["fair-coin", "not-inverted"],
    ),
    ("dropout", loops(lambda lot, rate: lot < 0.5, lambda rate: 2), ["fair-coin"]),
    ("spatial_dropout2d", spatial(lambda n, h, w, c: (n, 1, 1, c), rate_of=half), ["fair-coin"]),
    ("dropout", loops(above, lambda rate: 1), ["not-inverted"]),
    (
        "dropout",
        loops(above, lambda rate: 1, lambda x, rate: x * (1 - rate)),
        ["not-inverted", "scales-at-test"],
    ),
    ("dropout", loops(above, lambda rate: 1 / rate if rate else np.inf), ["scaled-by-rate"]),
    ("dropout", loops(above, lambda rate: 1 - rate), ["scaled-by-rate"]),
    (
        "dropout",
        loops(
            above, lambda rate: inverted(rate) if rate < 1 else 0, lambda x, rate: x * (1 - rate)
        ),
        ["scales-at-test"],
    ),
    ("dropout", always_drops_at_test, ["active-at-test"]),
    ("dropout", masked(one_per_batch), ["one-mask-per-batch"]),
    ("dropout", masked(not_stacked), ["one-mask-per-batch"]),
    ("dropout", masked(by_lot), ["exact-count"]),
    (
        "dropout",
        loops(
            above,
            lambda rate: inverted(rate) if rate < 1 else 0,
            own=lambda: np.random.default_rng(42),
        ),
        ["reseeds"],
    ),
    (
        "dropout",
        masked(lambda rng, x, rate: np.random.RandomState(1).rand(*x.shape) >= rate),
        ["reseeds"],
    ),
    ("dropout", masked(lambda rng, x, rate: anywhere(x.shape) >= rate), ["ignores-rng"]),
    (
        "dropout",
        masked(lambda rng, x, rate: rng.random(x.shape) >= rate, guard=False),
        ["nan-at-rate-one"],
    ),
    (
        "dropout",
        loops(above, lambda rate: inverted(rate) if rate < 1 else 0, mask_of=lambda kept: ~kept),
        ["mask-inverted"],
    ),
    ("dropout_backward", backward(another_mask), ["new-mask"]),
    ("dropout_backward", backward(lambda dout, mask, rate: dout * mask), ["scale-missing"]),
    ("dropout_backward", backward(lambda dout, mask, rate: dout / (1 - rate)), ["mask-missing"]),
    ("spatial_dropout2d", spatial(lambda n, h, w, c: (n, h, w, c)), ["per-pixel"]),
    ("spatial_dropout2d", spatial(lambda n, h, w, c: (n, h, w, 1)), ["per-pixel"]),
    ("spatial_dropout2d", spatial(lambda n, h, w, c: c), ["one-mask-per-batch"]),
    ("spatial_dropout2d", spatial(lambda n, h, w, c: (n, h, 1, 1)), ["over-rows"]),
    (
        "spatial_dropout2d",
        spatial(lambda n, h, w, c: (n, 1, 1, c), training_matters=False),
        ["active-at-test"],
    ),
]


@pytest.mark.parametrize(("name", "function", "diagnosis"), MISTAKES)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_learners_mistake_has_a_name(name, function, diagnosis):
    result = judged(name, function)
    assert result.score < result.max_score
    assert result.diagnosis == diagnosis, result.message


ODD = [
    ("dropout", masked(never_drops)),
    ("dropout", masked(lambda rng, x, rate: rng.random(x.shape) >= rate**2)),
    ("dropout", masked(lambda rng, x, rate: np.sort(rng.random(x.shape), axis=-1) >= rate)),
    ("dropout_backward", backward(lambda dout, mask, rate: np.abs(dout) * mask / (1 - rate))),
    ("spatial_dropout2d", spatial(lambda n, h, w, c: (1, h, w, c))),
]


@pytest.mark.parametrize(("name", "function"), ODD)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_an_odd_mistake_loses_points_and_gets_no_name(name, function):
    result = judged(name, function)
    assert result.score < result.max_score
    assert result.diagnosis == []
    assert result.hint


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (lambda out, mask: out, "expected a tuple of 2"),
        (lambda out, mask: (out, None), "received None"),
    ],
)
def test_results_of_another_form_are_told_what_is_wrong(result, said):
    def dropout(x, rate, rng, training=True):
        return result(*solved(CHAPTER)["dropout"](x, rate, rng, training))

    assert said in judged("dropout", dropout).message


def test_a_mask_of_floats_is_advice():
    def dropout(x, rate, rng, training=True):
        out, mask = ops.dropout(x, rate, rng, training)  # lists, too: its mask alone is odd
        return out, mask * 1.0

    result = judged("dropout", dropout)
    assert result.status == "passed"
    assert "expected dtype bool, received float64" in result.remarks[0]


def test_a_changed_input_is_noticed_and_costs_a_tenth():
    def dropout(x, rate, rng, training=True):
        out, mask = ops.dropout(x, rate, rng, training)
        if isinstance(x, np.ndarray):
            x[...] = 7
        return out, mask

    result = judged("dropout", dropout)
    assert all(rung.passed for rung in result.rungs)
    assert result.score == 0.9 * result.max_score
    assert "leave the input as it was" in result.message


def test_drawing_outside_of_training_is_noticed():
    def dropout(x, rate, rng, training=True):
        out = solved(CHAPTER)["dropout"](x, rate, rng, training)
        rng.random()
        return out

    assert "“rng is left alone” should be true" in judged("dropout", dropout).message
