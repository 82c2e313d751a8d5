"""Questions of chapter 6: cats and dogs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from cnnlab.course.guesses.question import choice, number, numbers, shape
from cnnlab.course.ops.evaluation import accuracy_gain, confusion_matrix, smooth, split
from cnnlab.course.ops.layers import count_parameters

LAYERS: list[Any] = [layer for filters in (32, 64, 128, 128)
          for layer in (("conv", filters, 3), ("max_pool", 2))]  # fmt: skip
LAYERS += [("flatten",), ("dropout", 0.5), ("dense", 512), ("dense", 256), ("dense", 1)]


def _parts() -> tuple[int, ...]:
    parts = split([0] * 7 + [1] * 9, (0.5, 0.25, 0.25), np.random.default_rng(0))
    return tuple(len(part) for part in parts)


def _matrix() -> tuple[int, ...]:
    answers = [0.1, 0.8, 0.9, 0.7, 0.6, 0.95, 0.3]
    return tuple(int(n) for n in np.ravel(confusion_matrix([0] * 3 + [1] * 4, answers)))


def _largest_layer() -> str:
    counts = count_parameters((150, 150, 3), LAYERS)
    names = {6: "the last convolution", 10: "the first dense layer", 11: "the second dense layer"}
    return names[counts.index(max(counts))]


def _lag() -> str:
    values = [*range(20, 0, -1), *range(20)]  # falls, and turns in the middle
    late = {w: int(np.argmin(smooth(values, w))) for w in (0.5, 0.95)}
    return "it turns later than the raw one" if late[0.95] > late[0.5] >= 20 else ""


QUESTIONS = (
    choice(
        "best_of_twenty",
        "You try twenty networks and take the one that is best on the validation pictures. Its "
        "accuracy there is …",
        "too good",
        "The best of twenty was also a bit lucky, and you have chosen its luck with it. That is why "
        "there is a third part.",
        {
            "honest: it has never trained with these pictures": "It has not, but *you* have chosen "
            "with them.",
            "too good": "",
            "too bad": "Of twenty, you took the one with the best luck, not the worst.",
        },
        proof=lambda: (
            "too good"
            if np.random.default_rng(0).binomial(1000, 0.75, (200, 20)).max(axis=1).mean() > 760
            else ""
        ),
    ),
    numbers(
        "parts_of_a_split",
        "7 cats and 9 dogs, fractions 0.5, 0.25, 0.25. Each class is dealt by itself, and what is left "
        "over goes to the first part. How large are the three parts?",
        (5 + 5, 1 + 2, 1 + 2),
        "Cats: 5, 1, 1. Dogs: 5, 2, 2.",
        {
            (8, 4, 4): "You dealt all 16 together. Each class is dealt by itself.",
            (7, 3, 3): "What rounding down leaves over has to go to the first part.",
            (8, 3, 3): "The parts must have 16 examples together.",
        },
        proof=_parts,
    ),
    choice(
        "largest_layer",
        "Which layer of the article's network has the most parameters?",
        "the first dense layer",
        "A weight from each of its 10,368 inputs to each of its 512 units: 5.3 million of 5.7 million.",
        {
            "the last convolution": "It has 128 boxes of 3 × 3 × 128, and they serve every place.",
            "the first dense layer": "",
            "the second dense layer": "It has 512 inputs. The one before it has 10,368.",
        },
        proof=_largest_layer,
    ),
    number(
        "dense_parameters_at_32",
        "For pictures of 32 × 32, four poolings leave 2 × 2 × 128 numbers. How many parameters does "
        "the first dense layer, with 512 units, have then?",
        (2 * 2 * 128 + 1) * 512,
        "512 inputs and a bias for each of 512 units: 262,656 in place of 5.3 million.",
        {
            2 * 2 * 128 * 512: "You forgot the biases.",
            10_369
            * 512: "That is the number for 150 × 150. A dense layer depends on the size of the "
            "picture.",
        },
        proof=lambda: count_parameters((32, 32, 3), LAYERS)[10],
    ),
    number(
        "price_of_a_wrong_answer",
        "An answer of 0.9 costs 0.105 for a dog. What does it cost for a cat?",
        -math.log(1 - 0.9),
        "−log 0.1: twenty-two times as much. The cat got a probability of 0.1.",
        {
            -math.log(0.9): "That is the price for a dog. The cat got only 1 − 0.9.",
            0.9: "That is the answer. The loss is minus the logarithm of what the truth got.",
            1: "You took the logarithm to base 10. In this field log is the natural one.",
        },
        within=0.02,
    ),
    number(
        "first_accuracy",
        "The network begins with random numbers. Which accuracy will it begin with?",
        50,
        "It guesses, and there are two classes, equally many of each.",
        {
            0: "To be always wrong, it would have to know. It guesses.",
            100: "It has not learned anything yet.",
        },
        unit="%",
        within=0.12,
        proof=lambda: 100 / 2,
    ),
    number(
        "second_average",
        "All values are 1 and w = 0.8. m₁ is 0.2. What is m₂?",
        0.8 * 0.2 + 0.2 * 1,
        "0.8 · 0.2 + 0.2 · 1. But the curve is flat at 1!",
        {
            0.4: "The old average counts only 0.8 times: 0.8 · 0.2 + 0.2.",
            1: "That is what it should be. But it starts at 0.",
            0.84: "You exchanged the two weights. The old average is kept with weight 0.8.",
            0.16: "The new value is missing: 0.2 · 1.",
        },
        within=1e-6,
    ),
    choice(
        "price_of_smoothness",
        "A larger weight makes the curve smoother. What does it cost?",
        "it turns later than the raw one",
        "A moving average always looks back.",
        {
            "nothing": "Then one would take 0.999 and be done.",
            "it turns earlier than the raw one": "It would have to know what comes. It looks back.",
            "it turns later than the raw one": "",
        },
        proof=_lag,
    ),
    number(
        "gain_in_percent",
        "Accuracy rises from 73 % to 81 %. In percentage points that is 8. How much is it in percent?",
        accuracy_gain(0.73, 0.81)[1],
        "Compared with what was right *before*: 8 / 73.",
        {
            8: "Those are the percentage points: of 100 pictures, 8 more are right.",
            100 * 8 / 81: "You divided by what is right afterward. Compare with before.",
            100 * 8 / 27: "That is the share of the errors that are gone.",
        },
        unit="%",
        within=0.02,
    ),
    number(
        "errors_gone",
        "Another network goes from 98 to 99 right answers in 100. That is a single point. What share "
        "of its errors is gone?",
        1 - (100 - 99) / (100 - 98),
        "Of two errors one is left. At the top a single point is a great deal, and neither points nor "
        "percent show it.",
        {
            1: "One of how many? Two were wrong before.",
            0.01: "That is the point itself, as a share of all pictures. Compare with the errors.",
            1 / 98: "That compares with what was right before. Compare with what was wrong.",
        },
    ),
    numbers(
        "confusion_by_hand",
        "Three cats got 0.1, 0.8, 0.9, four dogs 0.7, 0.6, 0.95, 0.3; the threshold is 0.5. What is the "
        "matrix, row by row?",
        _matrix(),
        "One cat is right, two were taken for dogs; one dog was taken for a cat, three are right.",
        {
            (1, 1, 2, 3): "You exchanged rows and columns. Rows are the truth.",
            (3, 1, 2, 1): "Cat is class 0 and comes first.",
            (2, 1, 1, 3): "In the first row, the right answers come first.",
        },
    ),
    shape(
        "column_and_row",
        "Five pictures. Keras answers with a column of shape (5, 1), the labels are a row of shape "
        "(5,). What is the shape of `column == row`?",
        (5, 5),
        "Every picture is compared with every other. There is no error message, and the result is "
        "meaningless.",
        {
            (5, 1): "NumPy repeats the row for each line of the column.",
            (5,): "NumPy repeats the column for each entry of the row.",
        },
        proof=lambda: (np.zeros((5, 1)) == np.zeros(5)).shape,
    ),
)
