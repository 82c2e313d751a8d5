"""Questions of chapter 15: your own photographs."""

from __future__ import annotations

import numpy as np

from cnnlab.course.guesses.question import choice, number, numbers
from cnnlab.course.ops import Array
from cnnlab.course.ops.calibration import calibration, worst_mistakes
from cnnlab.course.ops.evaluation import split
from cnnlab.course.ops.grouped_split import honest_split

FOUR = ([0, 1, 0, 1], [[0.4, 0.6], [0.1, 0.9], [0.2, 0.8], [0.7, 0.3]])
"""The labels and probabilities of the example by hand."""


def _with_a_twin() -> float:
    scenes = np.arange(1000) // 4
    train, test = split(np.zeros(1000), (0.7, 0.3), np.random.default_rng(0))
    return float(100 * np.isin(scenes[test], scenes[train]).mean())


def _lacks_most() -> str:
    lacks = np.array([[0, 2], [1, 1]])
    return ("the first", "the second")[int(np.argmax(lacks @ [1, 2]))]


def _better_number() -> str:
    """Nearest neighbors on scenes whose classes are drawn: there is nothing but scenes to learn."""
    rng = np.random.default_rng(0)
    scenes = np.repeat(np.arange(60), 4)
    labels = rng.integers(0, 2, 60)[scenes]
    features = rng.normal(size=(60, 16))[scenes] + 0.1 * rng.normal(size=(240, 16))

    def accuracy(train: Array, test: Array) -> float:
        apart = np.linalg.norm(features[test][:, None] - features[train], axis=2)
        return float(np.mean(labels[train][apart.argmin(axis=1)] == labels[test]))

    shuffled = accuracy(*split(labels, (0.7, 0.3), rng))
    honest = accuracy(*honest_split(labels, scenes, (0.7, 0.3), rng))
    return "the shuffled one" if shuffled > 0.9 and honest < 0.7 else ""


QUESTIONS = (
    number(
        "columns_cut_off",
        "A picture has 19 columns and 8 rows. How many columns are cut off on the left?",
        (19 - 8) // 2,
        "11 columns are too many, and half of 11, rounded down, is 5. On the right it is one more.",
        {
            11: "Those are both sides together.",
            5.5: "There is no half column. Round down on the left.",
            6: "So many are cut off on the right. On the left, round down.",
        },
    ),
    number(
        "twins_in_the_training",
        "Every scene has been photographed four times. You shuffle all pictures, and put three of ten "
        "aside for the test, as in chapter 6. Of 100 test pictures, how many have a near-duplicate "
        "among the training pictures?",
        100 * (1 - 0.3**3),
        "Only if all three others are in the test as well, a picture has none there. That happens with "
        "0.3 · 0.3 · 0.3, in 3 of 100 cases.",
        {
            70: "That would be right if there were one near-duplicate. There are three, and one of "
            "them is enough.",
            30: "That is the share of the test.",
            100 * 0.3**3: "So many have none.",
            0: "Shuffling does not keep the pictures of one scene together.",
        },
        within=0.03,
        proof=_with_a_twin,
    ),
    choice(
        "where_the_bag_goes",
        "The first part lacks 0 cats and 2 dogs, the second 1 cat and 1 dog. A bag holds 1 cat and 2 "
        "dogs. To which part does it go?",
        "the first",
        "For the first speaks 1 · 0 + 2 · 2 = 4, for the second 1 · 1 + 2 · 1 = 3. The first gets a cat "
        "too many, but the second would get a dog too many.",
        {
            "the first": "",
            "the second": "It is the only one that lacks a cat. But the bag holds more dogs than cats.",
        },
        proof=_lacks_most,
    ),
    number(
        "forgotten_pictures",
        "70 pictures go through the base, 32 at a time. A loop makes `len(images) // 32` rounds. How "
        "many pictures does it forget?",
        70 % 32,
        "Two rounds take 64. The last batch is a small one, and it needs a third round.",
        {
            0: "70 // 32 is rounded down. How many rounds are that?",
            2: "That is how many rounds there are.",
            38: "There are two rounds, not one.",
            26: "So many are missing to fill a third batch.",
        },
    ),
    choice(
        "which_head_looks_better",
        "Two heads are trained in the same way. One is tested on a shuffled split, the other on your "
        "honest one. Which of them gets the better number?",
        "the shuffled one",
        "It has seen a near-duplicate of nearly every test picture. What it remembers counts as if it "
        "had understood. The number for a friend is the other one.",
        {
            "the shuffled one": "",
            "the honest one": "Honesty makes the question harder. Which test may be answered from "
            "memory?",
            "both the same, up to chance": "The networks are the same, but the questions are not. In "
            "which test have the scenes been seen before?",
        },
        proof=_better_number,
    ),
    numbers(
        "mistakes_in_order",
        "Four pictures of the classes 0, 1, 0, 1 with the probabilities (0.4, 0.6), (0.1, 0.9), "
        "(0.2, 0.8), (0.7, 0.3). Which pictures are mistakes? Give their places, counted from 0, the "
        "surest mistake first.",
        worst_mistakes(*FOUR, 4),
        "The answers are 1, 1, 1, 0. Wrong are pictures 0, 2 and 3, by 0.6, 0.8 and 0.7.",
        {
            (0, 2, 3): "Those are the mistakes, in the order of the pictures.",
            (0, 3, 2): "The surest one comes first.",
            (1, 2, 0): "You counted among the mistakes. Count among all four pictures.",
            (1, 2, 3, 0): "Picture 1 is of class 1, and so is the answer.",
            (3, 2, 1): "Count from 0.",
        },
    ),
    number(
        "bin_of_certainty",
        "There are ten bins, 0 to 9. A network is completely sure: p = 1. Into which bin does the "
        "picture go?",
        int(calibration([0], [[1.0, 0.0]])[2].argmax()),
        "10 · 1 rounded down would be 10, and there is no bin 10. So p = 1 goes to the last one.",
        {
            10: "There is no such bin. Which one is nearest?",
            1: "Bin 1 goes from 0.1 to 0.2.",
            0: "Bin 0 is for answers of which the network is hardly sure.",
        },
    ),
)
