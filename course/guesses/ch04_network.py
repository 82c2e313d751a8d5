"""Questions of chapter 4: a whole network."""

from __future__ import annotations

import math

import numpy as np

from cnnlab.course.guesses.question import choice, number
from cnnlab.course.ops.layers import count_macs, count_parameters
from cnnlab.course.ops.network import flatten, predict, sigmoid, softmax
from cnnlab.datasets.load import photo
from cnnlab.datasets.pictures import load_cats_dogs, load_network

LAYERS = {
    "the first convolution, 16 filters": ("conv", 16, 3),
    "a": ("max_pool", 2),
    "the second convolution, 32 filters": ("conv", 32, 3),
    "b": ("max_pool", 2),
    "the third convolution, 32 filters": ("conv", 32, 3),
    "c": ("max_pool", 2),
    "d": ("flatten",),
    "the first dense layer, 64 units": ("dense", 64),
    "the last dense layer, 1 unit": ("dense", 1),
}


def _largest(costs: list[int]) -> str:
    return list(LAYERS)[costs.index(max(costs))]


def _order() -> str:
    picture = np.array([[[1, 10], [2, 20]], [[3, 30], [4, 40]]])
    return ", ".join(str(int(n)) for n in flatten(picture[None])[0])


def _subtracted() -> str:
    z = np.array([2.0, 1.0, -1.0])
    return "nothing" if np.allclose(softmax(z), softmax(z - 2.0)) else "they all get smaller"


def _template() -> float:
    data = load_cats_dogs(source="embedded")
    train, test = data.train.x / 255, (data.test.x / 255).reshape(len(data.test.x), -1)
    cat, dog = (train[data.train.y == label].mean(axis=0).ravel() for label in (0, 1))
    says_dog = (test - (cat + dog) / 2) @ (dog - cat) > 0
    return round(100 * float(np.mean(says_dog == data.test.y)))


def _coffee() -> str:
    cup = photo("coffee", size=32)[None] / np.float32(255)
    return "surely a dog" if predict(cup, load_network().weights)[0, 0] > 0.75 else ""


QUESTIONS = (
    choice(
        "order_of_flatten",
        "Channel 0 holds 1, 2, 3, 4, channel 1 holds 10, 20, 30, 40. In which order does Keras put "
        "the eight numbers in a row?",
        "1, 10, 2, 20, 3, 30, 4, 40",
        "Place by place, and at each place all channels. Any order would do, as long as it is always "
        "the same; but the weights are learned for this one.",
        {
            "1, 2, 3, 4, 10, 20, 30, 40": "That is channels first. Keras has the channels last, so "
            "they change fastest.",
            "1, 10, 2, 20, 3, 30, 4, 40": "",
            "1, 10, 3, 30, 2, 20, 4, 40": "You went down the columns. Rows come first.",
        },
        proof=_order,
    ),
    number(
        "place_after_flatten",
        "Maps of 4 × 4 × 32. To which place goes the number at row 1, column 0, channel 0?",
        (1 * 4 + 0) * 32 + 0,
        "Row 0 comes first: four places with 32 channels each.",
        {
            4: "Before it come four *places*, and each holds 32 numbers.",
            16: "A row has four places, not sixteen; and each place holds 32 numbers.",
            129: "Places are counted from 0.",
            32: "You counted one place. A whole row of four comes before it.",
        },
        proof=lambda: int(
            np.flatnonzero(flatten(np.arange(512).reshape(1, 4, 4, 32))[0] == 128)[0]
        ),
    ),
    number(
        "numbers_of_one_cat",
        "One picture of 32 × 32 pixels in color becomes a row. How many numbers are in it?",
        32 * 32 * 3,
        "Each pixel gives three: red, green, blue; red, green, blue; and so on.",
        {32 * 32: "You counted pixels. Each has three channels.", 32 * 3: "That is one row of it."},
    ),
    number(
        "pixel_below",
        "In the row of numbers, how many places further is the red of the pixel *below*?",
        32 * 3,
        "A whole row of the picture lies between them: 32 pixels with three numbers each.",
        {
            3: "That is the red of the pixel to the right.",
            32: "There are 32 pixels between them, with three numbers each.",
            1: "The next number is the green of the same pixel.",
        },
    ),
    choice(
        "dense_and_neighbors",
        "Two pixels are neighbors in the picture. Does a dense layer know that?",
        "no",
        "It treats all inputs alike: you may shuffle them, if you shuffle its weights in the same "
        "way. That is why the convolutions come first, as long as there is still a picture.",
        {
            "yes, if they stand side by side in the row": "A dense layer has one weight for each "
            "input, and the order of the inputs has no meaning for it.",
            "yes, after flatten": "Flatten is where the picture ends: there are no rows and columns "
            "any more.",
            "no": "",
        },
    ),
    number(
        "sigmoid_of_log_3",
        "sigmoid(0) is 0.5. What is sigmoid(log 3)?",
        1 / (1 + math.exp(-math.log(3))),
        "exp(−log 3) is 1/3, and 1 / (1 + 1/3) = 3/4.",
        {
            0.25: "You took exp(log 3) = 3. The formula has a minus in the exponent.",
            1 / 3: "That is exp(−log 3). It still goes into 1 / (1 + …).",
            3: "That is exp(log 3). A sigmoid is always between 0 and 1.",
        },
        within=0.005,
        proof=lambda: float(sigmoid(np.array([math.log(3)]))[0]),
    ),
    choice(
        "subtracting_from_all",
        "What happens to the shares of a softmax if you subtract the same number from all `z`?",
        "nothing",
        "Each exp is multiplied by the same factor, in the numerator and in the denominator.",
        {
            "they all get smaller": "Shares always add up to 1, so they cannot all get smaller.",
            "the largest gets larger": "Every exp is multiplied by the same factor. No share can "
            "gain.",
            "nothing": "",
        },
        proof=_subtracted,
    ),
    number(
        "softmax_of_one_class",
        "There is only one class, and its `z` is −7. What does softmax give?",
        float(softmax(np.array([-7.0]))[0]),
        "With only one class, its share is the whole, whatever the number was.",
        {
            0: "exp(−7) is small. But it is divided by the sum of all exps, and it is the only one.",
            0.5: "That would be sigmoid(0). Softmax gives shares of a whole.",
            math.exp(-7): "That is the exp. It is still divided by the sum.",
        },
    ),
    number(
        "right_by_a_template",
        "One dense unit on pixels, with the average dog minus the average cat as its weights. How "
        "many of 100 test pictures will be right?",
        55.0,
        "Hardly better than tossing a coin: cats and dogs stand anywhere, and an average of them is a "
        "brown cloud.",
        {
            50: "Tossing a coin gives 50. It is a little better than that, but not much.",
            100: "An average is a brown cloud. It fits hardly any single picture.",
        },
        within=0.05,
        proof=_template,
    ),
    choice(
        "most_parameters",
        "In the network above, which layer has the most parameters?",
        "the first dense layer, 64 units",
        "It connects 512 numbers with 64 units: 32,832 parameters, two thirds of all.",
        {
            "the second convolution, 32 filters": "It has 3 × 3 × 16 weights for each of 32 filters, "
            "and they serve every place. Compare 512 × 64.",
            "the third convolution, 32 filters": "It has 3 × 3 × 32 weights for each of 32 filters. "
            "Compare 512 × 64.",
            "the first dense layer, 64 units": "",
            "the last dense layer, 1 unit": "It has one weight for each of 64 inputs.",
        },
        proof=lambda: _largest(count_parameters((32, 32, 3), list(LAYERS.values()))),
    ),
    choice(
        "most_work",
        "And which layer has the most work?",
        "the second convolution, 32 filters",
        "4,608 weights at 16 × 16 places. The third has twice the weights, at a quarter of the "
        "places.",
        {
            "the first convolution, 16 filters": "It has the most places, but only three channels to "
            "look at.",
            "the second convolution, 32 filters": "",
            "the third convolution, 32 filters": "It has the most weights of the three, but only "
            "8 × 8 places.",
            "the first dense layer, 64 units": "It uses each of its weights once. A convolution uses "
            "its weights at every place.",
        },
        proof=lambda: _largest(count_macs((32, 32, 3), list(LAYERS.values()))),
    ),
    number(
        "macs_at_stride_2",
        'Ten filters of 5 × 5 on 32 × 32 × 3, `"same"`: 768,000 MACs at stride 1. How many at '
        "stride 2?",
        16 * 16 * (5 * 5 * 3) * 10,
        "The map that comes out is 16 × 16: a quarter of the places, and 192,000 MACs.",
        {
            32
            * 32
            * 750: "You counted places of the picture. What counts is the map that comes out.",
            32 * 16 * 750: "The stride counts in both directions.",
        },
        proof=lambda: count_macs((32, 32, 3), [("conv", 10, 5, 2)])[0],
    ),
    number(
        "right_by_the_network",
        "Tossing a coin is right for 50 of 100. For how many of 100 new pictures is this tiny trained "
        "network right?",
        76.0,
        "Far better than the brown clouds, and far from perfect.",
        {
            100: "It is tiny, the pictures are coarse, and it has learned from 2,800 of them.",
            50: "It has learned something.",
        },
        within=0.06,
        proof=lambda: round(100 * load_network().card["accuracy"]["test"]),
    ),
    choice(
        "cup_of_coffee",
        "What will the network say about a cup of coffee?",
        "surely a dog",
        "0.81 for dog. It has no way to say *neither*, and nothing makes it cautious about what it "
        "has never seen.",
        {
            "about 0.5, because it does not know": "Nobody taught it to be unsure. It was only ever "
            "shown cats and dogs.",
            "surely a cat": "It could have been. Nothing in its training says what a cup is.",
            "surely a dog": "",
        },
        proof=_coffee,
    ),
)
