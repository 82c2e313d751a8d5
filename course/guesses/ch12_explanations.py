"""Questions of chapter 12: explanations."""

from __future__ import annotations

import numpy as np

from cnnlab.course.guesses.question import choice, number, numbers
from cnnlab.course.ops.network import softmax


def _stripe() -> str:
    before, after = (softmax(np.array([5.0, 4.9, 4.8]) + lift)[0] for lift in (0, 2))
    return "its logit" if np.isclose(before, after) else "its probability"


QUESTIONS = (
    choice(
        "what_to_explain",
        "The three best classes are cats, and their logits are nearly alike. What in the photograph "
        "speaks for the first one? What do you explain?",
        "its logit",
        "The probability also rises when the others lose. A stripe that speaks for *all* cats lifts all "
        "three logits, and hardly shows in the probability. The logit is about one class alone.",
        {
            "its probability": "A stripe that speaks for all three cats lifts all three, so their "
            "shares stay as they are.",
            "its logit": "",
            "either: they are the same": "The probability depends on the other classes, too.",
        },
        proof=_stripe,
    ),
    number(
        "saliency_by_hand",
        "The logit is ½ (4b − 20g + 8r) plus something without this pixel. What is the pixel's saliency?",
        max(abs(np.array([4, -20, 8]) / 2)),
        "The slopes are 2, −10 and 4. The largest *size* counts, here that of green.",
        {
            4: "You looked for the largest slope. It is the largest size, without the sign.",
            20: "The ½ belongs to the slopes.",
            16: "You added up the sizes. The largest counts.",
            -10: "The sign does not matter.",
            -4: "You added up the slopes.",
        },
        proof=lambda: float(max(abs(0.5 * n) for n in (4, -20, 8))),
    ),
    numbers(
        "cam_by_hand",
        "Two maps of two cells: 4, 1 and 1, 4, with the weights 2 and −1. What is the Grad-CAM map?",
        np.maximum([2 * 4 - 1 * 1, 2 * 1 - 1 * 4], 0) / 7,
        "The sums are 7 and −2. What is negative becomes 0, and the largest number becomes 1.",
        {
            (7, -2): "What is negative becomes 0, and then you divide by the largest number.",
            (7, 0): "Divide by the largest number at the end.",
            (9, 6): "The second map speaks *against* the class.",
        },
    ),
    choice(
        "early_layer",
        "What do you expect of Grad-CAM at an early layer, for the cup?",
        "it is scattered over the cat, too",
        "Early maps are edges and colors. The same edge speaks for a cup at one place and means nothing "
        "at another, and there is only one weight for the whole map.",
        {
            "it is the same, only finer": "Each map has one weight. Does an edge speak for a cup "
            "everywhere?",
            "it is scattered over the cat, too": "",
            "it is empty": "Some maps of edges have a positive weight.",
        },
    ),
    choice(
        "color_of_the_occluder",
        "A square hides a part of the photograph. Which color should it have?",
        "the photograph's mean color",
        "No color says nothing. The mean says the least.",
        {
            "black": "Black is a color, too, and a black square is an object with four sharp edges.",
            "white": "White is a color, too, and a white square is an object with four sharp edges.",
            "random pixels": "Noise is a strong pattern for the first layers.",
            "the photograph's mean color": "",
        },
    ),
    number(
        "passes_of_occlusion",
        "A photograph of 227 × 227, a square of 56, a stride of 17. How many pictures does the network "
        "look at in all?",
        ((227 - 56) // 17 + 1) ** 2 + 1,
        "11 places in a row, 121 in all, and once the original.",
        {
            11**2: "The original has to be asked as well.",
            13**2 + 1: "The square must stay inside: it needs room at the end.",
            10**2 + 1: "Those are the steps. Count the first place, too.",
            11: "The square also moves down.",
        },
    ),
    choice(
        "which_one_is_wrong",
        "Saliency says that the cat's pixels matter for the espresso. Occlusion says that the cat does "
        "not help it. Which one is wrong?",
        "neither",
        "They answer different questions: what would a tiny change do, and what if this part were gone?",
        {
            "saliency": "Change the cat's pixels by half a gray level, as the gradient says, and see.",
            "occlusion": "Hide the cat's half, and see.",
            "neither": "",
        },
    ),
    choice(
        "map_that_survives",
        "All weights of the network are shuffled. Which map still looks like the real one?",
        "saliency",
        "In part: the photograph's own edges show through any network of convolutions, trained or not.",
        {
            "saliency": "",
            "Grad-CAM": "It depends on the maps of a late layer, and these are destroyed.",
            "neither": "One of them keeps something: look for edges of the photograph.",
        },
    ),
)
