"""Questions of chapter 3: pooling."""

from __future__ import annotations

import math

import numpy as np

from cnnlab.course import ops
from cnnlab.course.guesses.question import choice, number, numbers, shape
from cnnlab.course.ops.layers import trace_shapes
from cnnlab.datasets.load import photo

SMALL = np.array([[1, 1, 2, 4], [5, 6, 7, 8], [3, 2, 1, 0], [1, 2, 3, 4]])
RIGHT = np.array([[-1, 0, 1]] * 3)
ARTICLE = [(kind, *rest) for filters in (32, 64, 128, 128)
           for kind, *rest in (("conv", filters, 3), ("max_pool", 2))]  # fmt: skip


def _edges(cat: np.ndarray) -> np.ndarray:
    return ops.relu(ops.correlate2d(cat, RIGHT))[None, :, :, None]


def _likeness(pool: int) -> float:
    wide = photo("chelsea", size=128, gray=True)
    maps = [
        ops.max_pool2d(_edges(wide[16:114, 8 + shift : 106 + shift]), (pool, pool)).ravel()
        for shift in (0, 1)
    ]
    return 100 * float(np.corrcoef(maps[0], maps[1])[0, 1])


def _bright_line() -> str:
    edges = _edges(photo("chelsea", size=96, gray=True))
    return "no" if ops.max_pool2d(edges).max() == edges.max() else "yes, a little"


def _bricks() -> str:
    wall = photo("brick", size=96, gray=True)
    kernels = {"those for upright lines": RIGHT, "those for level lines": RIGHT.T}
    strength = {
        name: sum(float(ops.relu(ops.correlate2d(wall, sign * k)).mean()) for sign in (1, -1))
        for name, k in kernels.items()
    }
    return max(strength, key=lambda name: strength[name])


QUESTIONS = (
    numbers(
        "four_largest",
        "Each window keeps its largest number. What are the four results, row by row?",
        ops.max_pool2d(SMALL[None, :, :, None]).ravel(),
        "One largest number for each window of 2 × 2.",
        {
            (1, 2, 1, 0): "Those are the smallest numbers.",
            (5, 6, 7, 8): "That is the second row. Each result is the largest of four cells: two "
            "rows and two columns.",
            (6, 7, 8, 6, 7, 8, 3, 3, 4): "You moved the window by one cell. It moves by two, so no "
            "two windows share a cell.",
        },
    ),
    choice(
        "last_row_and_column",
        "A map has five rows and seven columns. What do windows of 2 × 2 do with its last row and "
        "its last column?",
        "they are never looked at",
        "No whole window reaches them, so all those nines are lost.",
        {
            "a smaller window takes them": 'Only with `"same"`. Without a word about padding it is '
            '`"valid"`: whole windows alone.',
            "they are filled up with zeros": "Nothing is added. That would be a frame.",
            "they are never looked at": "",
        },
        proof=lambda: (
            "they are never looked at"
            if ops.max_pool2d(np.ones((1, 5, 7, 1))).shape == (1, 2, 3, 1)
            else ""
        ),
    ),
    number(
        "last_largest",
        'One row, −3, −5, −2, windows of 1 × 2 and `"same"`. What is the last result?',
        float(ops.max_pool2d([[[[-3.0], [-5.0], [-2.0]]]], (1, 2), padding="same")[0, 0, -1, 0]),
        "The last window holds −2 and nothing else. If the frame held a 0, it would win, and 0 is not "
        "in the map at all.",
        {
            0: "You let a zero of the frame win. In pooling, only cells of the map count.",
            -5: "The last window begins at the third cell: −5 belongs to the first one.",
            -3: "That is the first result.",
        },
    ),
    number(
        "largest_from_zero",
        "A loop looks for the largest of −3 and −5. It begins with `best = 0` and takes over every "
        "value that is above `best`. What does it print?",
        max([0, -3, -5]),
        "Neither number is above 0, so `best` never changes.",
        {
            -3: "That is the largest of the two, and what the loop should find. But is −3 above 0?",
            -5: "−5 is the smaller of the two, and neither is above 0.",
        },
    ),
    choice(
        "fainter_line",
        "The bright line beside the nose is three or four pixels wide. You pool the map three times. "
        "Will the line get fainter?",
        "no",
        "One strong pixel is enough to win its window. Even thinner lines stay as bright as they "
        "were.",
        {
            "yes, a little": "That would happen to a mean. The largest number stays as large as it is.",
            "yes, it disappears": "A window gives its largest number, and the line has the largest.",
            "no": "",
        },
        proof=_bright_line,
    ),
    number(
        "likeness_without_pooling",
        "Chelsea moves by one pixel. How alike are the two maps without pooling, as a correlation in "
        "percent?",
        61.0,
        "Lines are thin. One pixel further, many cells hold something else.",
        {
            100: "It is the same cat, but every line has moved by one cell.",
            0: "Lines are more than one pixel wide, so some of each line still meets itself.",
        },
        unit="%",
        within=0.15,
        proof=lambda: round(_likeness(1)),
    ),
    number(
        "likeness_with_pooling",
        "And with windows of 4 × 4?",
        88.0,
        "Most lines stay inside their windows. But not all: every fourth one crosses a border.",
        {100: "A shift by one pixel moves some lines over the border of a window."},
        unit="%",
        within=0.08,
        proof=lambda: round(_likeness(4)),
    ),
    number(
        "mean_of_the_first_window",
        "And the means? What is that of the first window, with 1, 1, 5 and 6?",
        float(SMALL[:2, :2].mean()),
        "(1 + 1 + 5 + 6) / 4. The other three are 5.25, 2 and 2.",
        {
            6: "That is the largest number.",
            13: "That is the sum. A mean divides by the number of cells.",
            3: "That is the number in the middle of the four, the median.",
        },
        proof=lambda: float(ops.average_pool2d(SMALL[None, :, :, None])[0, 0, 0, 0]),
    ),
    number(
        "mean_in_the_corner",
        'A picture of 3 × 3 is all ones. You take means of 2 × 2 with `"same"`. In the last corner '
        "only one cell lies under the window. What should the result be there?",
        float(ops.average_pool2d(np.ones((1, 3, 3, 1)), padding="same")[0, -1, -1, 0]),
        "The mean of the cells that are there. A picture without an edge must not get one.",
        {
            1 / 4: "You divided by four, as if zeros lay around the picture. It would get a dark "
            "border.",
            1 / 2: "Only one cell is there, and its mean is itself.",
        },
    ),
    choice(
        "filters_for_bricks",
        "Two of the four filters ask for upright lines (brighter or darker to the right), two for "
        "level ones (brighter or darker below). Which two are strongest on a wall of bricks?",
        "those for level lines",
        "A wall has long level lines and fewer short upright ones.",
        {
            "those for upright lines": "There are upright joints, but they are short. The level lines "
            "run through.",
            "those for level lines": "",
            "all four alike": "Compare how long the lines of mortar are in each direction.",
        },
        proof=_bricks,
    ),
    shape(
        "description_of_a_larger_photograph",
        "A photograph of 160 × 160 goes through the four filters and a global average pooling. What "
        "is the shape of the result, batch first?",
        (1, 4),
        "One picture, four numbers. What follows does not depend on how large the picture is.",
        {
            (1, 158, 158, 4): "Those are the maps. Each of them becomes a single number.",
            (1, 160, 160, 4): "Each map becomes a single number, however large it is.",
            (4, 1): "The batch comes first: one row for each picture.",
        },
        proof=lambda: ops.global_average_pool2d(np.ones((1, 158, 158, 4))).shape,
    ),
    shape(
        "shape_after_flatten",
        'A picture of 32 × 32 × 3 goes through `("conv", 10, 5)`, `("max_pool", 2)` and '
        '`("flatten",)`. What is the last of the three shapes?',
        (16 * 16 * 10,),
        '32 × 32 × 10, because the padding is `"same"`; then 16 × 16 × 10; then all of them in a '
        "row.",
        {
            (14 * 14 * 10,): "You let the convolution shrink the map. In these tuples it has "
            '`"same"` unless another padding is written down.',
            (16 * 16 * 3,): "Three channels came in, but ten filters make ten maps.",
            (32 * 32 * 10,): "You left the pooling out.",
            (16, 16, 10): "That is the shape before flatten.",
        },
        proof=lambda: trace_shapes((32, 32, 3), [("conv", 10, 5), ("max_pool", 2), ("flatten",)])[
            -1
        ],
    ),
    shape(
        "after_the_last_pooling",
        'A picture of 150 × 150 × 3 goes four times through a `"same"` convolution and a 2 × 2 '
        "pooling. The filters are 32, 64, 128 and 128. What is the shape after the last pooling?",
        (150 // 2 // 2 // 2 // 2, 150 // 2 // 2 // 2 // 2, 128),
        "150, 75, 37, 18, 9. An odd number loses its last row, so 10,368 numbers are left of 67,500.",
        {
            (10, 10, 128): "You rounded up. A pooling drops the row that has no partner.",
            (9, 9, 3): "The height is right. The depth is the number of filters.",
            (75, 75, 128): "That is one pooling. There are four.",
            (18, 18, 128): "That is three poolings. There are four.",
        },
        proof=lambda: trace_shapes((150, 150, 3), ARTICLE)[-1],
    ),
    number(
        "weights_after_global_pooling",
        "Maps of 16 × 16 × 64 go through a global average pooling and then into a dense layer with "
        "512 units. How many weights (without biases) does that layer have?",
        64 * 512,
        "64 numbers are left of the maps, and each is connected to each of the 512 units.",
        {
            16 * 16 * 64 * 512: "That is the number with flatten.",
            16
            * 16
            * 512: "You averaged over the channels. The average runs over rows and columns.",
            64: "Each of the 64 numbers is connected to *each* unit.",
        },
        proof=lambda: math.prod(ops.global_average_pool2d(np.ones((1, 16, 16, 64))).shape) * 512,
    ),
)
