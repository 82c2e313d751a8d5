"""Chapter 7's demo without a browser: what it shows for right, wrong and unwritten functions."""

from itertools import pairwise

import numpy as np
import pytest
import traitlets

from cnnlab.course.demos.ch07_dropout import (
    DRAWS,
    LAYERS,
    Answer,
    answer,
    demo,
    edges,
    network,
    thin,
    unscaled,
)
from cnnlab.course.ops.dropout import dropout


def later(x, rate, rng, training=True):
    raise NotImplementedError()


def not_inverted(x, rate, rng, training=True):
    mask = dropout(x, rate, rng, training)[1]
    return x * mask, mask


def test_the_full_network_by_hand():
    inputs, weights = network()
    shown = answer(dropout, 0.5, 0)
    by_hand = inputs @ weights[0] @ weights[1] @ weights[2]
    assert shown.outputs["full"] == pytest.approx(by_hand[0])
    assert [len(nodes) for nodes in shown.full] == list(LAYERS)
    assert all(matrix.min() > 0 for matrix in weights)


def test_a_rate_of_zero_and_no_training_leave_the_network_as_it_is():
    for shown in (answer(dropout, 0.0, 3), answer(dropout, 0.8, 3, training=False)):
        assert shown.full == shown.thinned
        assert shown.edges == [112, 112]
        outputs = shown.outputs
        assert outputs["full"] == pytest.approx(outputs["scaled"])
        assert outputs["full"] == pytest.approx(outputs["unscaled"])


@pytest.mark.parametrize("rate", [0.2, 0.5, 0.8])
def test_the_factor_keeps_the_average_and_the_mask_alone_loses_it_twice(rate):
    many = thin(dropout, rate, np.random.default_rng(0), copies=40_000)
    inputs, weights = network()
    full = (inputs @ weights[0] @ weights[1] @ weights[2])[0]
    assert many.nodes[-1].mean() == pytest.approx(full, rel=0.05)
    assert unscaled(many.masks).mean() == pytest.approx((1 - rate) ** 2 * full, rel=0.05)


def test_dropped_nodes_hand_on_nothing_and_their_edges_are_gone():
    shown = answer(dropout, 0.5, 1)
    for values, kept in zip(shown.thinned, shown.kept, strict=True):
        assert [value > 0 for value in values] == kept
    first, second = (sum(layer) for layer in shown.kept[1:3])
    assert shown.edges == [5 * first + first * second + second, 112]


def test_nodes_vanish_one_after_another_as_the_rate_grows():
    masks = [answer(dropout, rate, 4).kept for rate in np.arange(0, 1, 0.1)]
    for before, after in pairwise(masks):
        for layer, thinner in zip(before, after, strict=True):
            assert all(was or not now for was, now in zip(layer, thinner, strict=True))
    assert edges([np.zeros((1, 8), bool)] * 2) == (0, 112)


def test_the_learners_function_is_used_and_believed_where_it_is_not_inverted():
    shown = answer(not_inverted, 0.5, 0)
    assert shown.learners
    assert shown.outputs["scaled"] == pytest.approx(shown.outputs["unscaled"])


def raises(x, rate, rng, training=True):
    return x[99]


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (later, "Your later is not written yet."),
        (raises, "Your raises raised IndexError"),
        (lambda x, rate, rng, training: x, "did not give a pair (out, mask)"),
        (lambda x, rate, rng, training: None, "did not give a pair (out, mask)"),
        (lambda x, rate, rng, training: (x[0], x > 0), "The out of your function"),
        (lambda x, rate, rng, training: (x, np.ones(3, bool)), "The mask of your function"),
        (lambda x, rate, rng, training: (x * np.nan, x > 0), "not finite"),
    ],
)
def test_what_cannot_be_shown_is_said_and_the_courses_dropout_shown(function, said):
    shown, course = answer(function, 0.5, 0), answer(dropout, 0.5, 0)
    assert said in shown.message
    assert "You see the course's dropout." in shown.message
    assert not shown.learners
    assert shown == Answer(**{**vars(course), "learners": False, "message": shown.message})


def test_too_many_survivors_are_noticed():
    shown = answer(lambda x, rate, rng, t: dropout(x, 1 - rate, rng, t), 0.2, 0)
    assert shown.learners
    assert "At a rate of 0.2 your function keeps 2" in shown.message


def test_dropping_outside_of_training_is_noticed():
    shown = answer(lambda x, rate, rng, t: dropout(x, rate, rng), 0.5, 0, training=False)
    assert "drops nodes although it is not in training" in shown.message


def test_the_widget_follows_rate_seed_and_mode():
    widget = demo(dropout)
    first = widget.kept
    widget.seed += 1
    assert widget.kept != first
    widget.seed -= 1
    assert widget.kept == first
    widget.rate = 0.0
    assert all(all(layer) for layer in widget.kept)
    widget.rate, widget.training = 0.9, False
    assert widget.thinned == widget.full
    assert widget.draws == DRAWS


@pytest.mark.parametrize(("name", "value"), [("rate", 1.5), ("rate", -0.1), ("seed", -1)])
def test_values_that_make_no_sense_are_refused(name, value):
    with pytest.raises(traitlets.TraitError, match=name):
        setattr(demo(dropout), name, value)
