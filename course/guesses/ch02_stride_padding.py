"""Questions of chapter 2: stride, padding and dilation."""

from __future__ import annotations

import numpy as np

from cnnlab.course.guesses.question import choice, number, numbers
from cnnlab.course.ops import conv2d, output_size, pad2d, same_padding


def _layers_until_no_room() -> int:
    size, layers = 32, 0
    while size >= 3:
        size, layers = output_size(size, 3), layers + 1
    return layers


def _half_a_kernel() -> str:
    rows = ((7, 3, 1), (6, 4, 1), (7, 3, 2), (6, 3, 2))
    right = [same_padding(n, k, s) == (k // 2, k // 2) for n, k, s in rows]
    return "for the first and the third" if right == [True, False, True, False] else ""


def _false_lines() -> str:
    flat, kernel = np.ones((1, 6, 6, 1)), np.array([[-1, 0, 1]] * 3)[:, :, None, None]
    plain, framed = (conv2d(flat, kernel, np.zeros(1), padding=p) for p in ("valid", "same"))
    return "from the frame of zeros" if framed.any() and not plain.any() else ""


def _work(stride: int) -> int:
    return output_size(150, 3, stride, "same") ** 2 * 32 * 27


QUESTIONS = (
    number(
        "layers_until_no_room",
        "A picture of 32 × 32 goes through one 3 × 3 layer after the other. After how many layers is "
        "there no room for the window?",
        (32 - 2) // 2,
        "Each layer takes away two rows and two columns. After fifteen layers the map is 2 × 2.",
        {
            10: "You took away three rows for each layer. A window of three costs two: one above and "
            "one below.",
            16: "After fifteen layers the map is 2 × 2 already, and the window does not fit.",
            30: "You took away one row for each layer. It is one above *and* one below.",
            31: "You took away one row for each layer. It is one above *and* one below.",
            14: "After fourteen layers the map is 4 × 4. The window still fits.",
        },
        proof=_layers_until_no_room,
    ),
    number(
        "windows_that_see_the_middle",
        "A picture has 5 × 7 pixels. How many windows of 3 × 3 see the pixel in its middle?",
        3 * 3,
        "The pixel can lie at each of the nine places inside the window.",
        {
            (5 - 3 + 1) * (7 - 3 + 1): "Those are all the windows. Some of them do not reach the "
            "middle.",
            1: "That is true of a corner. The middle lies in many windows.",
            3: "You looked at one direction. The window moves down, too.",
        },
        proof=lambda: sum(
            (i <= 2 < i + 3) and (j <= 3 < j + 3) for i in range(3) for j in range(5)
        ),
    ),
    number(
        "places_on_eight_cells",
        "A window of three cells moves in steps of 2. In how many places can it stand on eight "
        "cells?",
        (8 - 3) // 2 + 1,
        "It begins at cell 0, 2 and 4. At cell 6 it would hang over the end.",
        {
            8 // 2: "You divided the cells by the stride. The window needs room at the end.",
            (8 - 3) // 2: "You counted the steps. Before the first step there is a first place.",
            8 - 3 + 1: "That is stride 1.",
            3.5: "Half a step is no place. Round down.",
        },
        proof=lambda: output_size(8, 3, 2),
    ),
    number(
        "places_by_the_formula",
        "`n` = 10, `k` = 4, stride 3. How many places?",
        (10 - 4) // 3 + 1,
        "6 cells are left to walk, that is 2 steps, and the first place makes 3.",
        {
            2: "Those are the steps. Count the first place, too.",
            10 - 4 + 1: "That is stride 1.",
            4: 'You rounded 10/3 up. That is what `"same"` does, in the next section.',
        },
        proof=lambda: output_size(10, 4, 3),
    ),
    number(
        "same_at_stride_3",
        '`n` = 7 and `"same"`. At stride 1 there are 7 places, at stride 2 there are 4. How many at '
        "stride 3?",
        -(-7 // 3),
        "7/3, rounded up.",
        {
            2: 'You rounded down. `"same"` rounds up.',
            7: "The name is misleading: the number stays the same at stride 1 alone.",
        },
        proof=lambda: output_size(7, 3, 3, "same"),
    ),
    number(
        "reach_of_three_taps",
        "Three taps, dilation 2. How many cells does the window span, from the first tap to the last?",
        2 * (3 - 1) + 1,
        "Three taps have two gaps. Each tap lies 2 cells after the one before: cells 0, 2 and 4.",
        {
            6: "You gave every tap a gap of its own, `d` · `k`. Three taps have only two gaps.",
            7: "You left two cells empty between the taps. Dilation 2 leaves one empty.",
            3: "You counted the taps. The cells between them belong to the span, too.",
            4: "That is the distance from the first tap to the last. Count the cells at both ends.",
        },
    ),
    number(
        "places_with_dilation",
        '`n` = 12, `k` = 4, dilation 3, `"valid"`. How many places?',
        12 - (3 * (4 - 1) + 1) + 1,
        "The reach is 3 · 3 + 1 = 10, so there are 12 − 10 + 1 places.",
        {
            12 - 4 + 1: "You left the dilation out. The window needs room for its whole reach.",
            1: "You took `d` · `k` = 12 for the reach. Four taps have only three gaps.",
            2: "Those are the steps. Count the first place, too.",
        },
        proof=lambda: output_size(12, 4, dilation=3),
    ),
    numbers(
        "zeros_before_and_after",
        '`n` = 10, `k` = 4, stride 3, `"same"`. How many zeros come before the cells, and how many '
        "after?",
        same_padding(10, 4, 3),
        "4 places: 3 · 3 + 4 − 10 = 3 zeros. The extra one goes after.",
        {
            (2, 1): "Three zeros are right. In Keras the extra one goes after.",
            (2, 2): "You took half a kernel on each side. The last window does not need so much.",
            (1, 1): "Three zeros are needed. If their number is odd, the extra one goes after.",
            (0, 0): "There are 10/3, rounded up, places: the last window hangs over the end.",
        },
    ),
    choice(
        "half_a_kernel",
        'Half a kernel on each side, `k // 2`, in place of what `"same"` needs. For which of these '
        "rows is it right? First: `n` = 7, `k` = 3, stride 1. Second: 6, 4, 1. Third: 7, 3, 2. "
        "Fourth: 6, 3, 2.",
        "for the first and the third",
        "With an odd kernel at stride 1 it always is. At stride 2 it depends on the number of cells: "
        "with six cells only one zero is needed.",
        {
            "for the first only": "Compute the third: 4 places, 3 · 2 + 3 − 7 = 2 zeros, one on each "
            "side.",
            "for the first and the third": "",
            "for all with an odd kernel": "Compute the fourth: 3 places, 2 · 2 + 3 − 6 = 1 zero.",
            "for all four": "An even kernel needs an odd number of zeros. The two sides differ.",
        },
        proof=_half_a_kernel,
    ),
    choice(
        "axes_with_a_frame",
        "A batch has the axes `N`, `H`, `W`, `C`. Which of them get a frame?",
        "`H` and `W`",
        "Rows and columns. The picture's number and its channels stay as they are.",
        {
            "all four": "A frame around `N` would add black pictures to the batch.",
            "`H`, `W` and `C`": "A frame around `C` would add black color channels.",
            "`H` and `W`": "",
            "`N` and `C`": "Those are the two that must stay as they are.",
        },
        proof=lambda: (
            "`H` and `W`"
            if pad2d(np.ones((2, 3, 4, 5)), (1, 1), (1, 1)).shape == (2, 5, 6, 5)
            else ""
        ),
    ),
    number(
        "ones_under_the_corner",
        "The picture is all ones, the frame is made of zeros, and a 3 × 3 kernel of ones counts what "
        "lies under it. What does it count in a corner?",
        2 * 2,
        "Four cells of the picture and five of the frame. With a frame of edge pixels it would be 9.",
        {
            3 * 3: "That is the count with a frame of edge pixels, which are ones, too.",
            2
            * 3: "That is the count at a side. In a corner the window loses a row *and* a column.",
            1: "The window has its middle on the corner, so it sees more than this one pixel.",
        },
        proof=lambda: int(
            conv2d(np.ones((1, 4, 5, 1)), np.ones((3, 3, 1, 1)), np.zeros(1), padding="same")[
                0, 0, 0, 0
            ]
        ),
    ),
    choice(
        "lines_at_the_border",
        "None of these lines at the border is in the photograph. Where do they come from?",
        "from the frame of zeros",
        "Zeros are black. From black to fur it gets brighter, and the kernel says so. There is a line "
        "exactly where there is a frame.",
        {
            "from the stride": "A stride only leaves places out. It cannot make a line.",
            "from the frame of zeros": "",
            "from the kernel's bias": "The bias is 0 here, and it would be the same everywhere.",
        },
        proof=_false_lines,
    ),
    number(
        "work_saved_by_stride_2",
        'A 3 × 3 layer with `"same"` works on 150 × 150 pixels. How many times fewer '
        "multiplications does it need at stride 2 than at stride 1?",
        _work(1) / _work(2),
        "Half as many rows, half as many columns: a quarter of the places, and each costs the same.",
        {
            2: "The stride counts in both directions, down and to the right.",
            1: "Each place costs the same, but there are fewer places.",
            9: "The kernel keeps its nine taps. Only the number of places changes.",
        },
    ),
)
