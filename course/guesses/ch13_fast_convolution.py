"""Questions of chapter 13: fast convolution."""

from __future__ import annotations

import numpy as np

from cnnlab.course.guesses.question import choice, number, numbers
from cnnlab.course.ops.fast import col2im, conv2d_transpose, depthwise_conv2d, im2col


def _transposed(kernel: int, stride: int) -> np.ndarray:
    ones = np.ones((kernel, kernel, 1, 1))
    return conv2d_transpose(np.ones((1, 6, 6, 1)), ones, np.zeros(1), (stride, stride))[0, :, :, 0]


def _checkerboard() -> str:
    inside = _transposed(3, 2)[2:-2, 2:-2]
    return "a regular pattern of brighter cells" if len(np.unique(inside)) > 1 else "the same gray"


QUESTIONS = (
    number(
        "how_long_it_should_take",
        "Eight filters of 3 × 3 × 3 stand in 62 × 62 places. A processor multiplies two billion times "
        "per second. How many milliseconds *should* that take?",
        62 * 62 * 8 * 27 / 2e9 * 1e3,
        "830,304 products. Run the cell, and see how long the loop takes.",
        {
            62 * 62 * 8 * 27 / 2e9: "Those are seconds.",
            62 * 62 * 27 / 2e9 * 1e3: "You left out that there are eight filters.",
            62 * 62 * 8 * 9 / 2e9 * 1e3: "You left out the three channels.",
        },
        unit="ms",
        within=0.25,
    ),
    number(
        "size_of_the_matrix",
        "A picture of 64 × 64 × 3 and a window of 3 × 3. How many times as large as the picture is the "
        "matrix?",
        62 * 62 * 27 / (64 * 64 * 3),
        "62 × 62 rows with 27 numbers. Nearly every pixel lies under nine windows.",
        {
            27: "The three channels are in the picture, too.",
            3: "A pixel lies under three windows in each direction: three times three.",
            1: "Every pixel is copied for each window that sees it.",
        },
        within=0.1,
        proof=lambda: im2col(np.ones((1, 64, 64, 3)), (3, 3)).size / (64 * 64 * 3),
    ),
    choice(
        "four_gradients",
        "A pixel was copied into four rows. Four gradients come back for it. What should it get?",
        "their sum",
        "Each of the four copies has an effect of its own on the result, and effects add up.",
        {
            "the last one": "Then three of the effects would be lost.",
            "their mean": "Move the pixel, and all four copies move as far. The effects add up.",
            "their sum": "",
        },
        proof=lambda: (
            "their sum" if col2im(np.ones((4, 4)), (1, 3, 3, 1), (2, 2))[0, 1, 1, 0] == 4 else ""
        ),
    ),
    numbers(
        "windows_that_see",
        "A matrix of ones goes back to a 5 × 6 picture, window 3 × 3. What stands in the corner, at the "
        "border (far from corners), and in the middle?",
        col2im(np.ones((12, 9)), (1, 5, 6, 1), (3, 3))[0, [0, 0, 2], [0, 2, 2], 0],
        "Each pixel counts the windows that see it.",
        {
            (9, 9, 9): "That is the middle. In the corner only one window sees the pixel.",
            (1, 2, 4): "That would be a window of 2 × 2.",
            (4, 6, 9): "That is with a frame. The window stays inside here.",
            (1, 3, 6): "In the middle three windows in each direction see the pixel.",
        },
    ),
    numbers(
        "transposed_by_hand",
        "The picture is one row, 2, 3. The kernel is one row, 1, 10. What does the transposed "
        "convolution give with stride 1?",
        conv2d_transpose(
            np.array([2.0, 3.0]).reshape(1, 1, 2, 1),
            np.array([1.0, 10.0]).reshape(1, 2, 1, 1),
            np.zeros(1),
        ).ravel(),
        "Two copies of the kernel: 2, 20, and one step further 3, 30. Where they overlap, they add up. "
        "With stride 2 they would lie side by side: 2, 20, 3, 30.",
        {
            (2, 20, 3, 30): "That is stride 2.",
            (2, 3, 30): "The second copy has overwritten the first. They add up.",
            (32,): "That is an ordinary convolution: 2 · 1 + 3 · 10. This one scatters.",
            (20, 32, 3): "You have turned the kernel around.",
        },
    ),
    choice(
        "gray_through_ones",
        "A kernel of ones with size 3, stride 2, and a picture that is the same gray everywhere. What "
        "comes out?",
        "a regular pattern of brighter cells",
        "Where two copies overlap, the sum is larger. If the stride does not divide the kernel's size, "
        "some cells get more copies than others.",
        {
            "the same gray, larger": "That needs a kernel whose size the stride divides. Count the "
            "copies that reach a cell.",
            "a regular pattern of brighter cells": "",
            "gray in the middle, dark at the border": "The border is dark, too. But look at the middle.",
        },
        proof=_checkerboard,
    ),
    number(
        "depthwise_maps",
        "A picture has three channels, and a depthwise layer has four filters for each. How many maps "
        "come out?",
        3 * 4,
        "Each channel gives four maps of its own, and nothing is summed over channels.",
        {
            4: "An ordinary layer sums over the channels. This one does not.",
            3: "Each channel has four filters.",
            7: "Each of the three channels meets four filters.",
        },
        proof=lambda: depthwise_conv2d(
            np.ones((1, 5, 5, 3)), np.ones((2, 2, 3, 4)), np.zeros(12)
        ).shape[-1],
    ),
    number(
        "saved_by_separating",
        "128 channels, 128 filters of 3 × 3. How many times fewer multiplications does the pair, "
        "depthwise and 1 × 1, need than the ordinary layer?",
        9 * 128 * 128 / (9 * 128 + 128 * 128),
        "At each place 9 · 128 · 128 against 9 · 128 + 128 · 128. With many filters that comes near 9.",
        {
            128: "That is the depthwise layer alone. The channels still have to be mixed.",
            2: "They are two layers, but each is far cheaper than the whole.",
            9 * 128: "The two costs add up: 9 · 128 + 128 · 128.",
        },
        within=0.12,
    ),
)
