"""Questions of chapter 0: NumPy."""

from __future__ import annotations

import numpy as np

from cnnlab.course.guesses.question import choice, numbers, shape


def _met() -> str:
    product = np.ones((5, 4, 3)) * np.array([1.0, 2.0, 3.0])
    return "the channels" if np.array_equal(product[0, 0], [1, 2, 3]) else "the rows"


def _two_and_three() -> str:
    try:
        return str(np.array([10, 20]) * np.array([1, 2, 3]))
    except ValueError:
        return "an error"


QUESTIONS = (
    choice(
        "axis_that_meets",
        "NumPy multiplies an array of shape (96, 96, 3) by one of shape (3,). Which axis meets the "
        "three gains?",
        "the channels",
        "The right ends of the shapes stand together: 3 meets 3.",
        {
            "the rows": "The shapes are written with their *right* ends together.",
            "the channels": "",
            "none: it is an error": "Where an axis is missing on the left, NumPy puts 1.",
        },
        proof=_met,
    ),
    choice(
        "two_times_three",
        "What does `np.array([10, 20]) * np.array([1, 2, 3])` give?",
        "an error",
        "The lengths 2 and 3 meet, and neither is 1.",
        {
            "a table of 2 × 3": "For that the first one must stand upright, with shape (2, 1).",
            "`[10, 40]`": "NumPy never leaves numbers out.",
            "an error": "",
        },
        proof=_two_and_three,
    ),
    numbers(
        "fourth_place",
        "`np.ndindex(2, 3)` visits the places of 2 rows and 3 columns as you read. Which place comes "
        "fourth (row, column)?",
        list(np.ndindex(2, 3))[3],
        "Three places in row 0, then row 1 begins.",
        {
            (1, 1): "Places are counted from 0, and so are rows and columns.",
            (0, 3): "A row has three columns: 0, 1 and 2.",
            (2, 1): "Rows and columns are counted from 0.",
        },
    ),
    shape(
        "one_sum_for_each_pixel",
        'A picture has shape (96, 96, 3). What is the shape of `np.einsum("hwc->hw", picture)`?',
        np.einsum("hwc->hw", np.ones((96, 96, 3))).shape,
        "The letter c is missing after the arrow, so the channels are added up.",
        {
            (3,): "That is `hwc->c`. The letters after the arrow stay.",
            (96, 96, 1): "An axis that is summed over is gone.",
            (96, 96, 3): "A letter that is missing after the arrow is summed over.",
        },
    ),
)
