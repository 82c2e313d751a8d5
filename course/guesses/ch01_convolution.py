"""Questions of chapter 1: convolution."""

from __future__ import annotations

import numpy as np

from cnnlab.course import ops
from cnnlab.course.guesses.question import choice, number, shape
from cnnlab.datasets.load import photo

PATCH = np.array([[1, 1, 1], [0, 1, 1], [0, 0, 1]])
CROSS = np.array([[1, 0, 1], [0, 1, 0], [1, 0, 1]])
RIGHT = np.array([[-1, 0, 1]] * 3)


def _brighter_patch() -> str:
    cat = photo("chelsea", size=96, gray=True)
    nose, cheek = (np.sum(p * RIGHT) for p in (cat[36:39, 42:45], cat[70:73, 40:43]))
    return "the edge of the nose" if nose > 2 * cheek else "the cheek"


def _bluest_place() -> str:
    red, green, blue = np.moveaxis(photo("chelsea", size=64) / 255, -1, 0)
    answers = ops.correlate2d(2 * blue - red - green, np.ones((3, 3)) / 9)
    places = {
        "in the fur": answers[5:15, 25:35],
        "on the nose": answers[40:46, 26:32],
        "in the eyes": answers[20:25, 17:22],
    }
    return max(places, key=lambda place: places[place].max())


def _two_kernels() -> str:
    cat, blur = photo("chelsea", size=32, gray=True), np.ones((3, 3)) / 9
    combined = ops.correlate2d(np.pad(blur, 2), RIGHT[::-1, ::-1])
    one_by_one = ops.correlate2d(ops.correlate2d(cat, blur), RIGHT)
    same = np.allclose(one_by_one, ops.correlate2d(cat, combined))
    return "no: one larger kernel does the same" if same else "yes: each adds something new"


def _lost_half() -> str:
    step = np.array([[0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0]] * 3)  # brighter, then darker
    kept = ops.relu(ops.correlate2d(step, RIGHT))[0]
    return "where it gets darker to the right" if kept[0] > 0 == kept[-1] else ""


def _level_lines() -> str:
    wall = photo("brick", size=96, gray=True)
    maps = {"`vertical_edges`": RIGHT, "`horizontal_edges`": RIGHT.T}
    return max(maps, key=lambda goal: float(np.abs(ops.correlate2d(wall, maps[goal])).mean()))


QUESTIONS = (
    number(
        "weights_of_one_neuron",
        "A color picture has 150 × 150 pixels. One neuron is connected to every number in it. How "
        "many weights does it need?",
        150 * 150 * 3,
        "150 × 150 pixels with three numbers each, and a weight for every number. That is one single "
        "neuron.",
        {
            150 * 150: "You counted pixels. A color pixel holds three numbers, and each needs a "
            "weight.",
            3 * 3 * 3: "That is a small patch. This neuron is connected to the whole picture.",
            150 * 3: "You counted one row. The picture has 150 of them.",
        },
    ),
    number(
        "first_step",
        "Multiply each number of the framed patch by the number of the kernel that lies on it, and "
        "add up the nine products. What do you get?",
        int(np.sum(PATCH * CROSS)),
        "Four of the nine products are 1, the others 0.",
        {
            int(np.sum(PATCH)): "You added up the patch. Multiply first: where the kernel holds a "
            "0, the pixel does not count.",
            int(np.sum(CROSS)): "You added up the kernel. Where the patch holds a 0, the weight "
            "does not count.",
            int(np.sum(PATCH @ CROSS)): "You multiplied two matrices, rows with columns. Here each "
            "number meets only the one that lies on it.",
            PATCH.size: "You counted the products. Most of them are 0: add them up.",
        },
    ),
    number(
        "sum_in_one_byte",
        "What is 200 + 100 in one byte (`uint8`)?",
        (200 + 100) % 256,
        "After 255 a byte starts again at 0: 300 − 256 = 44.",
        {
            300: "A byte holds nothing above 255.",
            255: "Some programs stop at the largest number. NumPy does not.",
            (200 + 100) % 255: "Nearly. A byte has 256 values, because 0 is one of them.",
        },
        proof=lambda: int((np.array([200], np.uint8) + np.array([100], np.uint8))[0]),
    ),
    choice(
        "brighter_patch",
        "The kernel subtracts the left side of a patch from its right side. Which patch gives the "
        "larger number?",
        "the edge of the nose",
        "There it gets much brighter from left to right. On the cheek both sides are nearly alike, "
        "so little is left.",
        {
            "the cheek": "All pixels of the cheek are fairly bright, but brightness alone is "
            "subtracted away. Only the difference of the two sides counts.",
            "the edge of the nose": "",
            "both the same": "Compare the left column of each patch with its right column.",
        },
        proof=_brighter_patch,
    ),
    shape(
        "places_of_the_kernel",
        "The picture is 5 × 5, the kernel 3 × 3, and the kernel must stay inside. Each place gives "
        "one answer. What is the shape of all the answers?",
        (5 - 3 + 1, 5 - 3 + 1),
        "Three places in a row, and three rows of them: nine answers.",
        {
            (5, 5): "The kernel would hang over the border. It must stay inside.",
            (2, 2): "The kernel takes two steps, so it stands in *three* places: count the first.",
            (3, 1): "It also moves down.",
        },
        proof=lambda: ops.correlate2d(np.ones((5, 5)), CROSS).shape,
    ),
    shape(
        "map_of_one_filter",
        "A filter of 5 × 5 × 3 slides over a picture of 32 × 32 × 3. What is the shape of its "
        "feature map: rows, columns, channels?",
        (32 - 5 + 1, 32 - 5 + 1, 1),
        "One step runs over rows, columns *and* channels, and gives one number. So one filter makes "
        "a map with one channel.",
        {
            (28, 28, 3): "You kept the channels apart. Each step adds up over all three.",
            (32, 32, 1): "One channel is right. But the filter must stay inside the picture.",
            (32, 32, 3): "The filter must stay inside, and each step adds up over all channels.",
            (27, 27, 1): "One channel is right. Do not forget the first place: 32 − 5 + 1.",
        },
        proof=lambda: ops.conv2d(np.ones((1, 32, 32, 3)), np.ones((5, 5, 3, 1)), np.zeros(1)).shape[
            1:
        ],
    ),
    choice(
        "bluest_place",
        "The fourth filter asks for blue against red and green. Where is its map largest?",
        "in the eyes",
        "There red, green and blue are in balance, so the answer is about 0. Fur and nose are "
        "reddish: they have less blue than red and green, and the answer is negative.",
        {
            "in the fur": "The fur is bright, but reddish: red and green outweigh its blue.",
            "on the nose": "The nose is the reddest place of all, so the answer is lowest there.",
            "in the eyes": "",
        },
        proof=_bluest_place,
    ),
    number(
        "numbers_to_learn",
        "A layer has ten filters of 5 × 5 × 3. How many numbers must it learn?",
        10 * (5 * 5 * 3 + 1),
        "750 weights and 10 biases: 760.",
        {
            10 * 5 * 5 * 3: "You forgot the biases: each filter has one.",
            10 * (5 * 5 + 1): "You forgot the channels: each filter is a box of 5 × 5 × 3.",
            10 * 5 * 5: "Each filter is a box of 5 × 5 × 3, and has a bias.",
            10 * (5 * 5 * 3 + 3): "You counted a bias for each channel. A filter has only one.",
            28 * 28 * 10: "Those are the numbers in the maps. They are computed, not learned.",
        },
        proof=lambda: np.ones((5, 5, 3, 10)).size + np.zeros(10).size,
    ),
    choice(
        "two_convolutions",
        "Two convolutions, one directly after the other. Can they do more than a single one?",
        "no: one larger kernel does the same",
        "Multiplying and adding twice is again multiplying and adding. A kernel of 5 × 5 does what "
        "two kernels of 3 × 3 do.",
        {
            "yes: each adds something new": "Write the second sum with the first one inside it: "
            "only products and sums are left, so it is a convolution again.",
            "no: one larger kernel does the same": "",
            "no: the second one undoes the first": "Blurring a map twice does not sharpen it.",
        },
        proof=_two_kernels,
    ),
    choice(
        "lost_half_of_the_outlines",
        "The kernel asks whether it gets brighter to the right. Which outlines are gone after ReLU?",
        "where it gets darker to the right",
        "There the map is negative, and ReLU turns negative numbers into 0.",
        {
            "where the picture is dark": "ReLU never sees the picture. It sees the map, and sets "
            "its negative numbers to 0.",
            "where it gets darker to the right": "",
            "where it gets brighter to the right": "There the map is positive, and ReLU lets "
            "positive numbers pass.",
        },
        proof=_lost_half,
    ),
    number(
        "side_weights",
        "You want a kernel of one row and three columns that doubles the middle and keeps a flat "
        "picture as it is. The middle weight is 2, the two others are equal. What is each of them?",
        (1 - 2) / 2,
        "All three must add up to 1, so the two sides have −1 together.",
        {
            -1: "Then the sum is 0, and a flat picture becomes black.",
            0: "Then the sum is 2, and a flat picture becomes twice as bright.",
            0.5: "Then the sum is 3. The sides have to take something away.",
        },
    ),
    choice(
        "lines_of_mortar",
        "A wall has level lines of mortar that run through, and short upright ones. Which map shows "
        "every line of mortar from end to end?",
        "`horizontal_edges`",
        "A level line is a change from top to bottom, and that is what this kernel asks for. The "
        "other one sees the upright joints.",
        {
            "`vertical_edges`": "That kernel compares left with right. Along a level line nothing "
            "changes in this direction.",
            "`horizontal_edges`": "",
            "both": "Each kernel compares in one direction only.",
        },
        proof=_level_lines,
    ),
)
