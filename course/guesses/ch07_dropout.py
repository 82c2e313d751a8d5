"""Questions of chapter 7: dropout."""

from __future__ import annotations

import math

import numpy as np

from cnnlab.course.guesses.question import choice, number, numbers
from cnnlab.course.networks import split_cnn
from cnnlab.course.ops.dropout import dropout, dropout_backward
from cnnlab.datasets.pictures import load_cats_dogs


def _possible() -> str:
    out, _ = dropout(np.ones(1000), 0.75, np.random.default_rng(0))
    return f"{min(out):.0f} and {max(out):.0f}" if len(set(out)) == 2 else ""


def _tipped() -> str:
    rows = split_cnn.features(load_cats_dogs(source="embedded").test.x[:300])
    _, mask = dropout(rows, 0.8, np.random.default_rng(0))
    full, thinned = (np.mean(split_cnn.answers(x) > 0.5) for x in (rows, rows * mask))
    return "more dogs are called cats" if thinned < full - 0.1 else ""


QUESTIONS = (
    number(
        "nodes_switched_off",
        "A layer has 512 nodes and a rate of 0.25. How many nodes are off, on average?",
        512 * 0.25,
        "The rate is the share that is dropped: a quarter.",
        {
            512 * 0.75: "Those are the ones that stay. In Keras, and here, the rate is what is "
            "*dropped*.",
            512 * 0.5: "That is a rate of one half.",
        },
    ),
    number(
        "sum_in_training",
        "Eight nodes pass on 1 each. With a rate of 0.75 and without any factor, what is their sum on "
        "average in training?",
        8 * (1 - 0.75),
        "Two of the eight are left. Afterward all are on, and the sum is 8: four times what the next "
        "layer has learned with.",
        {
            6: "A rate of 0.75 drops three quarters.",
            8: "That is the sum after the training, when all nodes are on.",
        },
    ),
    numbers(
        "one_survivor",
        "x = 3, −2, 5, 1, the rate is 0.75, and only the second number survives. What comes out, with "
        "the factor?",
        np.array([3, -2, 5, 1]) * np.array([0, 1, 0, 0]) / (1 - 0.75),
        "Dropped numbers are 0. The survivor is divided by 1 − 0.75 = 0.25.",
        {
            (0, -2, 0, 0): "That is the mask alone. The survivor is made larger.",
            (12, 0, 20, 4): "You dropped the one that survives.",
            (0, 8, 0, 0): "The sign stays.",
        },
    ),
    number(
        "exactly_three",
        "Ten numbers at a rate of 0.3 lose three on average. In what share of all draws are exactly "
        "three gone?",
        100 * math.comb(10, 3) * 0.3**3 * 0.7**7,
        "About 27 %. Two or four are nearly as common: every number is drawn by itself.",
        {
            100: "Nobody counts. Every number is drawn by itself, and three is only the average.",
            30: "That is the share of numbers, not of draws. It is near by chance.",
        },
        unit="%",
        within=0.1,
    ),
    choice(
        "possible_numbers",
        "A row of ones goes through dropout at a rate of 0.75. Which numbers can come out?",
        "0 and 4",
        "Dropped, or divided by 1 − 0.75.",
        {
            "0 and 1": "The survivors are made larger, so that the average stays what it was.",
            "0 and 4": "",
            "any number from 0 to 4": "The draw decides between two: off, or on with the factor.",
            "0 and 4/3": "You divided by the rate. It is divided by what is *kept*, 1 − 0.75.",
        },
        proof=_possible,
    ),
    choice(
        "without_the_factor",
        "You drop more and more of the 512 numbers and leave the factor out. What happens to the "
        "answers?",
        "more dogs are called cats",
        "The sums shrink, and the balance tips to the side of the smaller sum, here cat.",
        {
            "nothing: the network was trained with dropout": "It was trained with the factor. "
            "Without it the sums shrink with the rate.",
            "they become random": "With the factor they stay balanced. Without it the sums shrink, "
            "all in one direction.",
            "more dogs are called cats": "",
        },
        proof=_tipped,
    ),
    numbers(
        "gradient_through_the_mask",
        "The mask is no, yes, no, no, the rate 0.75, and the gradient that arrives is 1, 10, 100, "
        "1000. What is handed on?",
        dropout_backward(
            np.array([1.0, 10, 100, 1000]), np.array([False, True, False, False]), 0.75
        ),
        "The slope of dropout is 0 or 1 / 0.25, the factor of the forward pass.",
        {
            (0, 10, 0, 0): "The survivor was multiplied by 4, so its slope is 4.",
            (1, 10, 100, 1000): "Dropped nodes had no effect, so they learn nothing in this step.",
            (4, 40, 400, 4000): "Dropped nodes had no effect, so they learn nothing in this step.",
        },
    ),
    choice(
        "pixels_dropped",
        "You drop 40 % of a feature map's pixels, each by itself. How much of what it says is lost?",
        "not much",
        "What a lost pixel said, its neighbors say too.",
        {
            "40 %": "That is the share of the pixels. But neighbors say nearly the same.",
            "nearly everything": "Squint: between the holes the cat is still there.",
            "not much": "",
        },
    ),
    number(
        "draws_for_maps",
        "A batch of 20 pictures, with 32 maps of 16 × 16 each, and whole maps are dropped. How many "
        "draws are needed?",
        20 * 32,
        "One for each map of each picture. At a rate of 0.25, 8 maps of a picture are gone on average.",
        {
            32: "Each picture has draws of its own.",
            20: "Each map has a draw of its own.",
            20 * 16 * 16 * 32: "That is a draw for every pixel. A map is dropped as a whole.",
        },
    ),
    choice(
        "brighter_survivors",
        "Why are the maps that survive brighter?",
        "they are divided by 1 − rate",
        "At a rate of 0.5 they are doubled, so that the average stays what it was.",
        {
            "they are divided by 1 − rate": "",
            "their dark pixels were dropped": "A map is dropped or kept as a whole.",
            "the picture is stretched to its own range": "Before and after have one scale here.",
        },
    ),
    number(
        "spread_of_three_passes",
        "Three passes say 0.5, 0.7 and 0.9; the mean is 0.7. What is their standard deviation?",
        float(np.std([0.5, 0.7, 0.9])),
        "√((0.04 + 0 + 0.04) / 3), about 0.163.",
        {
            0.2: "You divided by T − 1. Here it is T, as in the formula.",
            0.08 / 3: "That is the variance. Take its root.",
            0.4 / 3: "You took the mean distance. Square the distances first.",
        },
        within=0.01,
    ),
)
