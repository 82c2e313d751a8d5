"""Questions of chapter 5: the way back."""

from __future__ import annotations

import numpy as np

from cnnlab.course.guesses.question import choice, number, numbers
from cnnlab.course.ops.descent import sgd_step
from cnnlab.course.ops.gradients import (
    conv2d_backward,
    dense_backward,
    max_pool2d_backward,
    numerical_gradient,
    relu_backward,
)


def _small_steps() -> str:
    errors = [
        abs(float(numerical_gradient(lambda x: float(np.exp(x[0])), [1.0], eps)[0]) - np.e)
        for eps in (1e-12, 1e-5)
    ]
    return "it goes up again" if errors[0] > 1000 * errors[1] else "it falls to 0"


def _unit() -> tuple[int, ...]:
    point = np.array([3.0, 10.0, 7.0])  # x, w, b
    x, w, b = numerical_gradient(lambda p: p[0] * p[1] + p[2], point)
    return round(w), round(x), round(b)


def _second_largest() -> float:
    window = np.array([1.0, 4.0, 3.0, 2.0])
    return round(float(numerical_gradient(lambda x: float(x.max()), window)[2]), 6)


def _kernel_gradient() -> str:
    picture = np.random.default_rng(0).random((1, 6, 6, 1))
    dout = np.zeros((1, 4, 4, 1))
    dout[0, 1, 2, 0] = 1
    _, dk, _ = conv2d_backward(dout, picture, np.zeros((3, 3, 1, 1)))
    patch = picture[0, 1:4, 2:5, 0]
    return "the eye, cut out of the picture" if np.allclose(dk[:, :, 0, 0], patch) else ""


def _arrives() -> str:
    left = {}
    for rate in (0.03, 0.3, 0.98):
        w = np.array([-3.0])
        for _ in range(12):
            (w,) = sgd_step([w], [2 * w], rate)
        left[f"rate {rate}"] = abs(w[0])
    return min(left, key=lambda name: left[name])


QUESTIONS = (
    number(
        "slope_from_one_side",
        "f(x) = x², x = 3, ε = 0.1. What is the slope if you look to the right only?",
        (3.1**2 - 3**2) / 0.1,
        "(9.61 − 9) / 0.1. From school you know that the slope is 6, so looking to both sides is "
        "better.",
        {
            6: "That is the true slope, and what both sides together give. One side alone sees the "
            "curve bend.",
            3.05: "You divided by 2ε. To the right only, the two points are ε apart.",
            0.61: "That is the change. Divide it by the length of the step.",
        },
        within=1e-6,
    ),
    choice(
        "left_end_of_the_error",
        "The step gets smaller and smaller, from 1 to a millionth of a millionth. What does the "
        "error do in the end?",
        "it goes up again",
        "A float has 16 digits. Two values that are equal in the first 12 leave only 4 digits when "
        "you subtract them.",
        {
            "it falls to 0": "In mathematics it does. But a float has only 16 digits, and you "
            "subtract two nearly equal ones.",
            "it stays as small as it was": "The digits that are lost in the subtraction become more "
            "and more.",
            "it goes up again": "",
        },
        proof=_small_steps,
    ),
    number(
        "years_for_one_step",
        "VGG16 has 138 million numbers. Each needs two passes, and say that a pass takes a second. "
        "How many years does a single step of learning take?",
        2 * 138_357_544 / (3600 * 24 * 365),
        "277 million seconds: 8.8 years for one step, and training takes many thousands.",
        {
            138_357_544
            / (3600 * 24 * 365): "You counted one pass for each number. Looking to both "
            "sides takes two.",
            2 * 138_357_544: "Those are seconds.",
        },
        within=0.2,
    ),
    numbers(
        "slopes_of_relu",
        "What is the *slope* of ReLU at −2, and what at 3?",
        (0, 1),
        "Left of 0 nothing comes out, however you move. Right of 0, what goes in comes out.",
        {
            (0, 3): "Those are the values. The slope says how fast they change.",
            (-1, 1): "That is the absolute value. Left of 0, ReLU is flat.",
            (1, 1): "Left of 0, ReLU is flat.",
        },
        proof=lambda: tuple(
            round(float(numerical_gradient(lambda z: float(max(z[0], 0)), [at])[0]))
            for at in (-2.0, 3.0)
        ),
    ),
    numbers(
        "through_relu",
        "z = −1, 0, 2 and dout = 5, 5, −5. What is dz?",
        relu_backward(np.array([5.0, 5.0, -5.0]), np.array([-1.0, 0.0, 2.0])),
        "Only the last z is above 0, and there dout passes as it is, with its sign.",
        {
            (0, 5, -5): "At exactly 0 there is a corner and no slope. TensorFlow takes 0 there.",
            (5, 5, 0): "You looked at the sign of dout. It is z that decides.",
            (0, 0, 5): "dout may be negative. Where it passes, it keeps its sign.",
            (0, 0, 0): "You asked whether dout is positive, too. It is z alone that decides.",
        },
    ),
    numbers(
        "three_slopes",
        "A unit computes y = x · w + b, with x = 3, w = 10, b = 7. How fast does y grow with w, with "
        "x, and with b?",
        (3, 10, 1),
        "x times as fast as w, w times as fast as x, and just as fast as b.",
        {
            (10, 3, 1): "You exchanged two of them. Make w larger by 1: y grows by x.",
            (3, 10, 7): "b is added as it is. Make it larger by 1: y grows by 1.",
            (3, 10, 0): "b does not multiply anything, but y grows with it all the same.",
        },
        proof=_unit,
    ),
    number(
        "back_to_the_input",
        "One picture, x = 3, two units with the weights 10 and 100, and dout = 1, 2. What is dx?",
        float(dense_backward([[1.0, 2.0]], [[3.0]], [[10.0, 100.0]])[0][0, 0]),
        "1 · 10 + 2 · 100: an input feeds all units, and gets the sum back.",
        {
            110: "You left dout out. Each weight is multiplied by the dout of its unit.",
            105: "You took a mean. It is always a sum.",
            330: "You multiplied by x. That belongs to the weights' gradient.",
            9: "That is the sum of dw, 3 and 6.",
        },
    ),
    number(
        "second_largest",
        "A window holds 1, 4, 3, 2. Its largest number comes out. How fast does the result grow with "
        "the 3?",
        0,
        "Only the winner counts. A little more than 3 is still less than 4.",
        {
            1: "That is true of the 4.",
            1 / 4: "That would be average pooling.",
            3 / 4: "The result is 4, and the 3 has no part in it.",
        },
        proof=_second_largest,
    ),
    numbers(
        "overlapping_windows",
        "One row, x = 1, 5, 3, windows of 1 × 2 with stride 1, so out = 5, 5. With dout = 10, 1: what "
        "is dx?",
        max_pool2d_backward(
            np.array([10.0, 1.0]).reshape(1, 1, 2, 1),
            np.array([1.0, 5.0, 3.0]).reshape(1, 1, 3, 1),
            (1, 2),
            (1, 1),
        ).ravel(),
        "The 5 wins in both windows. What was used twice gets its gradient twice.",
        {
            (0, 1, 0): "The second window has overwritten what the first one gave. They add up.",
            (0, 10, 0): "The 5 wins in the second window, too.",
            (0, 10, 1): "In the second window the 5 is larger than the 3.",
            (10, 11, 1): "The losers get nothing.",
        },
    ),
    choice(
        "gradient_of_a_kernel",
        "dout is 1 at one of the cat's eyes and 0 everywhere else. What will `dk` look like?",
        "the eye, cut out of the picture",
        "dk is dout times the patch. To answer more to an eye, a kernel must become more like an eye.",
        {
            "a single white dot": "That is dout. The kernel's gradient is dout times the patch.",
            "the kernel, turned by half a turn": "The kernel has no part in its own gradient: dk is "
            "made of patches.",
            "the eye, cut out of the picture": "",
        },
        proof=_kernel_gradient,
    ),
    choice(
        "rate_that_arrives",
        "Twelve steps on w² from w = −3. Which rate comes nearest to the bottom?",
        "rate 0.3",
        "With 0.03 you hardly move. With 0.98 you jump from one slope to the other.",
        {
            "rate 0.03": "Each step takes away only 6 % of what is left.",
            "rate 0.3": "",
            "rate 0.98": "Each step jumps over the bottom, and lands nearly as high on the other "
            "side.",
        },
        proof=_arrives,
    ),
    choice(
        "your_curve_and_keras",
        "Keras starts from the same numbers and takes the same pictures in the same order. How will "
        "its curve look beside yours?",
        "the same, but for rounding",
        "Both do the same sums. There is no secret left in it.",
        {
            "similar, with other ups and downs": "The ups and downs come from the start and from the "
            "order of the pictures. Both are the same.",
            "the same, but for rounding": "",
            "better, because Keras is faster": "Faster, but the sums are the same.",
        },
    ),
)
