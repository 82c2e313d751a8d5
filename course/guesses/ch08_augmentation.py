"""Questions of chapter 8: more pictures from the same ones."""

from __future__ import annotations

import numpy as np

from cnnlab.course.guesses.question import choice, number, numbers
from cnnlab.course.ops.augmentation import (
    adjust_contrast,
    affine,
    bilinear,
    fit_standardizer,
    hflip,
    shift,
)
from cnnlab.course.ops.network import predict
from cnnlab.course.training.histories import gain, load_histories
from cnnlab.datasets.pictures import load_cats_dogs, load_network


def _contrast() -> str:
    low, high = adjust_contrast(np.array([0.1, 0.9]).reshape(1, 1, 2, 1), 2.0).ravel()
    return f"{low:.1f} and {high:.1f}".replace("-", "−")


def _quarter_turn() -> str:
    picture = np.arange(9.0).reshape(1, 3, 3, 1)
    came = affine(picture, 90, 1)[0, 0, 0, 0]
    return {0: "the top left", 2: "the top right", 6: "the bottom left"}.get(round(came), "")


def _on_photographs() -> str:
    small, large = gain(load_histories()).final.mean, gain(load_histories("photographs64")).final
    return "larger" if large.mean > small else "smaller"


def _mirrored() -> float:
    pictures = load_cats_dogs(source="embedded").test.x / np.float32(255)
    weights = load_network().weights
    says_dog, mirrored = (predict(x, weights) > 0.5 for x in (pictures, pictures[:, :, ::-1]))
    return round(100 * float(np.mean(says_dog != mirrored)))


QUESTIONS = (
    choice(
        "one_mean_for_what",
        "Which mean and standard deviation should be subtracted and divided by?",
        "one for each channel",
        "Red, green and blue have their own ranges. Within a channel all pictures and places are "
        "treated alike, as a kernel treats them.",
        {
            "one for each picture": "Then a dark photograph and a bright one become alike. That "
            "brightness may have said something.",
            "one for each pixel": "Then the top left corner is treated differently from the middle. "
            "But a kernel is the same everywhere.",
            "one for each channel": "",
            "one for everything": "It would work. But red, green and blue have ranges of their own.",
        },
    ),
    numbers(
        "mean_and_deviation",
        "One channel, one picture, four pixels: 1, 1, 5, 5. What are mean and standard deviation?",
        np.concatenate(fit_standardizer(np.array([1.0, 1, 5, 5]).reshape(1, 2, 2, 1))),
        "Each pixel is 2 away from 3.",
        {
            (3, 4): "That is the variance. Take its root.",
            (12, 2): "That is the sum. Divide by the number of pixels.",
            (3, 0): "The distances cancel only with their signs. They are squared first.",
        },
    ),
    number(
        "ten_minus_twenty",
        "What is 10 − 20 in bytes (`uint8`)?",
        (10 - 20) % 256,
        "A byte goes from 0 to 255 and around: below 0 it begins again at the top.",
        {
            -10: "A byte has no sign.",
            0: "Some programs stop at 0. NumPy does not.",
            10: "It is not the distance either.",
            245: "Nearly. One step below 0 is 255.",
        },
        proof=lambda: int((np.array([10], np.uint8) - np.array([20], np.uint8))[0]),
    ),
    choice(
        "statistics_at_test",
        "Now the test pictures come. With which mean and standard deviation are they standardized?",
        "those of the training pictures",
        "The network was trained with numbers on one scale, and must get new pictures on the very "
        "same scale. And one day a single picture will come, without others to take a mean of.",
        {
            "their own": "Then the same pixel means something else at the test. And what would you "
            "do with a single picture?",
            "those of all pictures together": "Then the test has told you something before it began.",
            "those of the training pictures": "",
        },
    ),
    numbers(
        "mirrored_then_shifted",
        "A row holds 1, 2, 3. It is mirrored, and then shifted by dx = 1. What comes out?",
        shift(hflip(np.array([1.0, 2, 3]).reshape(1, 1, 3, 1)), 0, 1).ravel(),
        "Mirrored it is 3, 2, 1, and then a zero comes in from the left. Shifted first and then "
        "mirrored it would be 2, 1, 0: the order matters, and one has to be agreed upon.",
        {
            (2, 1, 0): "You shifted first. Then the zero is mirrored, too.",
            (2, 1, 3): "What leaves the picture on one side does not come back on the other.",
            (0, 1, 2): "You did not mirror it.",
            (3, 3, 2): "Zeros come in, not the edge once more.",
        },
    ),
    choice(
        "doubled_contrast",
        "What becomes of the pixels 0.1 and 0.9 if the contrast is doubled?",
        "−0.3 and 1.3",
        "The mean is 0.5, and each distance from it is doubled. What is below 0 or above 1 stays as "
        "it is: what is cut off here cannot come back in the next step.",
        {
            "0 and 1": "You cut off what is too small or too large. It would be lost for the next "
            "step.",
            "0.2 and 1.8": "You doubled the pixels. It is the distance from the mean that doubles.",
            "−0.3 and 1.3": "",
        },
        proof=_contrast,
    ),
    choice(
        "why_holes",
        "Every pixel was sent to its new place. Why are there holes?",
        "some places get two pixels, others none",
        "New places are not whole numbers, and rounding decides. When you enlarge it is obvious: "
        "there are fewer pixels than places.",
        {
            "pixels were turned out of the picture": "That explains the corners, not the middle.",
            "some places get two pixels, others none": "",
            "the angle is not a multiple of 90°": "True, but what happens to the pixels then?",
        },
    ),
    choice(
        "quarter_turn",
        "Three by three pixels make a quarter turn counter-clockwise. From which corner does the new "
        "top left pixel come?",
        "the top right",
        "y = −1, x = −1, cos = 0, sin = 1: y′ = −1, x′ = 1. Turn a sheet of paper and see.",
        {
            "the bottom left": "That would be a turn clockwise.",
            "the top right": "",
            "the bottom right": "That would be half a turn.",
        },
        proof=_quarter_turn,
    ),
    number(
        "between_four_pixels",
        "Two rows of two pixels: 0 and 8, and below them 32 and 40. What is a quarter of a row below "
        "the upper row, and half a column to the right of the left column?",
        float(
            bilinear(np.array([0.0, 8, 32, 40]).reshape(1, 2, 2, 1), [[1 / 4]], [[1 / 2]]).item()
        ),
        "In the middle of the columns there is 4 above and 36 below. A quarter of the way down is 12.",
        {
            20: "That is the middle of all four. Of the rows, the upper one is nearer.",
            28: "The lower row counts three quarters in yours. The upper one is nearer: it counts more.",
            18: "You exchanged rows and columns: a quarter down, half to the right.",
            0: "That is a nearest pixel. All four count, each by how near it is.",
            8: "That is a nearest pixel. All four count, each by how near it is.",
        },
    ),
    choice(
        "keras_and_fifteen",
        "What will Keras do with `RandomRotation(15)`?",
        "refuse it",
        "Its number is a share of a whole turn, and nobody wants 15 whole turns. But it checks a "
        "single number only, not a pair.",
        {
            "turn by up to 15 degrees": "Its number is a share of a whole turn: 15 degrees are "
            "15/360.",
            "turn by up to 15 whole turns": "That is what it would mean, and for a pair from −15 to "
            "15 it does so.",
            "refuse it": "",
        },
    ),
    choice(
        "call_that_varies",
        "An untrained model with random layers is asked twice about the same pictures. Which way of "
        "asking gives two different answers?",
        "`model(x)`",
        "`predict` sets `training` to False. A plain call leaves it to each layer, and the random "
        "layers of this Keras are then active.",
        {
            "`model.predict(x)`": "`predict` always sets `training=False`.",
            "`model(x, training=False)`": "You said it yourself: not training.",
            "`model(x)`": "",
            "none of them": "One of them says nothing about `training`. Then each layer decides.",
        },
    ),
    number(
        "worth_of_augmentation",
        "By how many percentage points will augmentation raise the accuracy on new pictures, with "
        "dropout in both, in the mean over three seeds?",
        5.0,
        "+5.0 ± 3.4 points in the last epoch. The single pairs of runs lie far apart.",
        {
            8: "That is the article's number. Its second network also saw four times as many pictures.",
            0: "It does help: the network has less to memorize.",
        },
        within=0.4,
        proof=lambda: round(gain(load_histories()).final.mean, 6),
    ),
    choice(
        "gain_on_photographs",
        "On photographs of 64 × 64 pixels, will the gain be larger?",
        "larger",
        "+7.4 ± 1.0 points in place of +5.0 ± 3.4. Larger pictures can be varied in finer steps and "
        "show more; but the spreads overlap.",
        {
            "smaller": "One could think so: there is more to learn from. But there is also more to "
            "vary, and more to memorize.",
            "larger": "",
        },
        proof=_on_photographs,
    ),
    number(
        "verdicts_that_change",
        "The network of chapter 4 was trained with mirrored pictures. You mirror 1,000 test pictures. "
        "About what share of them gets another verdict?",
        13.0,
        "It has learned to react less. But nothing in it forces it to treat the two alike.",
        {
            0: "Then it would be invariant. A picture and its mirror image are two different arrays, "
            "and it only learned from both.",
            50: "Then it would be tossing a coin. It has seen mirrored pictures in its training.",
        },
        unit="%",
        within=0.4,
        proof=_mirrored,
    ),
)
