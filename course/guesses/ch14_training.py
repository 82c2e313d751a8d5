"""Questions of chapter 14: why training fails."""

from __future__ import annotations

import math

import numpy as np

from cnnlab.course.guesses.question import choice, number, numbers
from cnnlab.course.ops.convolution import conv2d, relu
from cnnlab.course.ops.training import best_rate, early_stop, residual_block, update_moving
from cnnlab.course.training import dense_stack
from cnnlab.course.training.dense_stack import Setting
from cnnlab.course.training.histories import load_histories


def _first_loss() -> float:
    """Of the fresh network, over several draws of its weights."""
    runs = (dense_stack.train(Setting(steps=1), seed=seed) for seed in range(10))
    return float(np.mean([run.losses[0] for run in runs]))


def _last_losses(setting: Setting) -> float:
    """The mean loss of a training's last ten steps."""
    return float(np.mean(dense_stack.train(setting).losses[-10:]))


def _rescued() -> str:
    without, rescued = (
        _last_losses(Setting(init=0.3, steps=100, batch_norm=on)) for on in (False, True)
    )
    learns = without > 0.9 * math.log(2) and rescued < 0.1 * math.log(2)
    return "it learns as from good weights" if learns else ""


def _batches(momentum: float) -> int:
    """So many batches with mean 10 bring the average from 0 to less than 0.1 below it."""
    moving, count = np.zeros(1), 0
    while 10 - moving[0] >= 0.1:
        moving, count = update_moving(moving, np.full(1, 10.0), momentum), count + 1
    return count


def _left_after_blocks() -> str:
    rng = np.random.default_rng(3)
    picture = around = straight = relu(rng.normal(size=(4, 8, 8, 3)))
    zeros = np.zeros(3)
    for _ in range(20):
        k1, k2 = 0.1 * rng.normal(size=(2, 3, 3, 3, 3))
        around = residual_block(around, k1, zeros, k2, zeros)
        inner = relu(conv2d(straight, k1, zeros, padding="same"))
        straight = relu(conv2d(inner, k2, zeros, padding="same"))
    sizes = [np.sqrt(np.mean(maps**2)) for maps in (picture, around, straight)]
    kept = sizes[1] > sizes[0] / 3 and sizes[2] < sizes[0] / 1e6
    return "nearly nothing without the shortcut, much with it" if kept else ""


def _too_long() -> str:
    rates = np.geomspace(1e-4, 10, 100)
    losses = dense_stack.sweep(rates, Setting())
    steepest = best_rate(rates[: len(losses)], losses)
    slow, good, long = (
        _last_losses(Setting(rate=factor * steepest, steps=150)) for factor in (0.01, 1, 4)
    )
    ruined = not long < 0.9 * math.log(2) and good < slow
    return "it learns nothing" if ruined else ""


def _patience() -> str:
    losses = load_histories()["plain"][0].val_loss
    three, ten = (early_stop(losses, patience) for patience in (3, 10))
    return "no: it only trains longer" if three[1] == ten[1] and three[0] < ten[0] else ""


QUESTIONS = (
    number(
        "loss_before_the_first_step",
        "There are two classes, and the network knows nothing yet. About how large is its loss before "
        "the first step?",
        math.log(2),
        "Both classes get about the same share, one half, and −log 0.5 is 0.693. With 10 classes it "
        "would be log 10, 2.3.",
        {
            0.5: "That is the share of the true class. The loss is minus its logarithm.",
            0: "That would be a network that is sure of every right answer.",
            1: "Minus the logarithm of one half: is that 1? It would be with the logarithm to base 2.",
        },
        within=0.1,
        proof=_first_loss,
    ),
    number(
        "left_after_thirty_layers",
        "With a standard deviation of 0.1, each layer hands on 0.7 times the size that it got. How "
        "many times smaller is the signal after 30 layers?",
        (1 / 0.7) ** 30,
        "0.7 to the power of 30 is about 0.00002. With 0.2 the factor is 1.4 and the signal grows as "
        "wildly.",
        {
            30 / 0.7: "The factors multiply, layer by layer. They do not add up.",
            1 / 0.7: "That is one layer.",
            30 * 0.7: "The factors multiply, layer by layer. They do not add up.",
        },
        within=0.6,
    ),
    choice(
        "start_three_times_too_small",
        "The first weights are three times too small, and each layer has batch normalization. How "
        "does the training go?",
        "it learns as from good weights",
        "Each channel is brought to standard deviation 1 again in every layer, whatever the weights "
        "have made of it.",
        {
            "it learns nothing, as without": "Each layer divides by the spread that it finds, however "
            "small it is. What is the size after that?",
            "it learns, but three times as slowly": "The factor of three is divided out in each layer, "
            "before the ReLU sees it.",
            "it learns as from good weights": "",
        },
        proof=_rescued,
    ),
    numbers(
        "batches_for_the_average",
        "The momentum is 0.5, 0.9 or 0.99. For each of them: after how many batches is the average "
        "off by less than 0.1?",
        [math.ceil(math.log(0.1 / 10) / math.log(momentum)) for momentum in (0.5, 0.9, 0.99)],
        "The share that is missing is momentum to the power of t. It falls below a hundredth after 7, "
        "44 and 459 batches: the last one lies beyond the end of the figure.",
        {
            (
                2,
                10,
                100,
            ): "After 1 / (1 − momentum) batches about a third is missing still. It has to "
            "be a hundredth.",
            (6, 43, 458): "That is one batch too early: the average is off by more than 0.1 still.",
            (1, 1, 1): "One batch moves the average by the share 1 − momentum only.",
        },
        proof=lambda: (_batches(0.5), _batches(0.9), _batches(0.99)),
    ),
    number(
        "after_sixty_plain_steps",
        "Where is `a` after 60 plain steps? (The slope of `a²` is `2a`.)",
        3 * (1 - 0.0009 * 2) ** 60,
        "Each step takes 0.18 % off it. Adam is near 0 by then: it gives `a` steps of its own length.",
        {
            0: "The rate suits `b`. For `a` it is so small that each step takes only 0.18 % off it.",
            3 - 60 * 0.1: "That is Adam's rate. Plain steps have 0.0009.",
            3 * (1 - 0.1 * 2) ** 60: "That is Adam's rate. Plain steps have 0.0009.",
        },
        within=0.03,
    ),
    choice(
        "left_after_twenty_blocks",
        "What is left of the picture after twenty blocks?",
        "nearly nothing without the shortcut, much with it",
        "Each convolution with small kernels makes its signal smaller. The shortcut hands the picture "
        "on as it is.",
        {
            "much in both": "Small kernels make a signal smaller. Forty of them, one after the other?",
            "nearly nothing in both": "With a shortcut, a block that gives nearly 0 still hands its "
            "picture on.",
            "nearly nothing without the shortcut, much with it": "",
        },
        proof=_left_after_blocks,
    ),
    choice(
        "four_times_the_best_rate",
        "A hundredth of the steepest rate learns slowly. What happens with four times as much?",
        "it learns nothing",
        "It is beyond the rate at which the sweep flew up. Too small costs time, too large costs "
        "everything.",
        {
            "it learns four times as fast": "Look at the sweep: how far is it from the steepest place to "
            "where the loss flies up?",
            "it learns as well, with more noise": "Look at the sweep: how far is it from the steepest "
            "place to where the loss flies up?",
            "it learns nothing": "",
        },
        proof=_too_long,
    ),
    choice(
        "patience_of_ten",
        "Does a patience of 10 find a better epoch here than a patience of 3?",
        "no: it only trains longer",
        "The lowest loss comes early, and after it the network overfits. A patience of 1 would be too "
        "short: it ends at the first bump.",
        {
            "yes: it sees more epochs": "It sees more of them, but they are better only if the loss falls "
            "once more. Does it, on a network that overfits?",
            "no: it only trains longer": "",
            "no: it stops at the same epoch": "Ten epochs without a new minimum take longer than three.",
        },
        proof=_patience,
    ),
)
