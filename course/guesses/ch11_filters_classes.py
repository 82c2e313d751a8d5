"""Questions of chapter 11: filters and classes."""

from __future__ import annotations

import numpy as np

from cnnlab.course.guesses.question import choice, number, numbers
from cnnlab.course.ops.ascent import ascent_step, total_variation
from cnnlab.course.ops.network import softmax
from cnnlab.datasets.load import photo


def _smoothest() -> str:
    cat, rng = photo("chelsea", size=96).astype(float), np.random.default_rng(0)
    pictures = {
        "Chelsea": cat,
        "her pixels, mixed": rng.permutation(cat.reshape(-1, 3)).reshape(cat.shape),
        "noise": rng.normal(0, 10, cat.shape),
    }
    return min(pictures, key=lambda name: total_variation(pictures[name]))


def _two_ways() -> str:
    own, others = (softmax(np.array(z))[0] for z in ([3.0, 1, 1], [1.0, -1, -1]))
    return "its logit grows, or all others fall" if np.isclose(own, others) else ""


QUESTIONS = (
    choice(
        "plain_step",
        "The picture's numbers go from about −120 to 150. How far would a plain step `image + gradient` "
        "move them?",
        "by far less than one gray level",
        "The mean of a map hardly changes when a single number of the picture does.",
        {
            "by about a hundred": "Think of how much the mean of a whole map changes when one number "
            "of the picture grows by 1.",
            "by about one gray level": "It is far less: a map's mean has thousands of cells, and each "
            "number of the picture reaches few of them.",
            "by far less than one gray level": "",
        },
    ),
    numbers(
        "step_of_equal_length",
        "A picture has two numbers, both 0. The gradient is 3, −3, and the rate is 1. Where does the "
        "step lead?",
        ascent_step(np.zeros(2), np.array([3.0, -3.0]), 1.0).round(6),
        "The mean of the squares is 9, and its root 3. With 0.003, −0.003 the step would be the same.",
        {
            (3, -3): "You took the gradient as it is. Divide it by its own size first.",
            (-1, 1): "You went downhill.",
            (1, 1): "The sign says in which direction.",
        },
    ),
    number(
        "total_variation_by_hand",
        "One channel, two rows: `1 4` and `1 2`. What is its total variation?",
        total_variation(np.array([[[1.0], [4.0]], [[1.0], [2.0]]])),
        "Down |1 − 1| + |2 − 4| = 2, across |4 − 1| + |2 − 1| = 4.",
        {
            2: "Those are the differences down. Add those across.",
            4: "Those are the differences across. Add those down.",
            1.5: "That is a mean. It is a sum.",
            3: "You have a difference twice or with its sign: they are made positive and added up.",
        },
    ),
    choice(
        "smoothest_picture",
        "Chelsea, Chelsea with her pixels mixed, and faint noise. Which one has the smallest total "
        "variation?",
        "Chelsea",
        "But the noise is close: its numbers are small. Mixing makes the cat far rougher, although not "
        "one color is new.",
        {
            "Chelsea": "",
            "her pixels, mixed": "The colors are the same. But now bright pixels lie beside dark ones.",
            "noise": "A good guess: its numbers are so small that it is hardly rougher than the cat.",
        },
        proof=_smoothest,
    ),
    number(
        "sixth_power",
        "Two pictures of 100 numbers: in one all are 10; in the other one is 60 and the rest is 0. The "
        "mean of the sixth powers is a million in the first. How many million is it in the second?",
        60**6 / 100 / 1e6,
        "6 to the sixth power is 46,656. A few extreme numbers cost far more than many moderate ones.",
        {
            60**6 / 1e6: "Divide by 100: it is a mean.",
            0.6: "That is the mean of the numbers themselves, compared with 1. Take the sixth power.",
            36: "That would be the second power, without the mean.",
        },
        unit="million",
        within=0.03,
    ),
    choice(
        "outside_of_the_middle",
        "The score asks how yellow the *middle* of the picture is. What happens to the rest of it?",
        "nothing",
        "Its numbers have no part in the score, so their gradient is 0.",
        {
            "it turns yellow, too": "Its numbers have no part in the score.",
            "it turns blue": "Nothing asks for a contrast.",
            "nothing": "",
        },
    ),
    choice(
        "blank_start",
        "All places of a blank picture are alike. What does the gradient of a filter look like there?",
        "the same at all places, apart from the border",
        "Every unit in the middle sees the same. Differences come from the padding at the border and "
        "from the grid of the poolings. Noise gives every place something to build on.",
        {
            "0 everywhere": "A filter can still like a color more, or less.",
            "the same at all places, apart from the border": "",
            "random": "Nothing random is in a blank picture, nor in the network.",
        },
    ),
    choice(
        "two_ways_to_grow",
        "A softmax divides by the sum over all classes. In which ways can the goldfish's probability "
        "grow?",
        "its logit grows, or all others fall",
        "And when the probability is nearly 1, nothing is left to win: its gradient is nearly 0. So "
        "maximize the logit.",
        {
            "its logit grows": "That is one way. But it is a share.",
            "its logit grows, or all others fall": "",
            "all logits grow alike": "Softmax does not notice if the same is added to all.",
        },
        proof=_two_ways,
    ),
)
