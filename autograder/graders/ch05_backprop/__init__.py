"""Chapter 5, the way back: what each exercise is probed with, and its typical mistakes."""

from __future__ import annotations

from cnnlab.autograder.graders.ch05_backprop import (
    bias_gradient,
    conv2d_backward,
    dense_backward,
    expose_max_pool2d_backward,
    expose_relu_backward,
    input_gradient,
    kernel_gradient,
    max_pool2d_backward,
    numerical_gradient,
    relu_backward,
    sgd_step,
    train_step,
)
from cnnlab.autograder.graders.shared.prelude import prelude
from cnnlab.autograder.judging.exercise import Chapter

CHAPTER = Chapter(
    name="ch05_backprop",
    title="The way back",
    exercises=(
        numerical_gradient.EXERCISE,
        relu_backward.EXERCISE,
        dense_backward.EXERCISE,
        max_pool2d_backward.EXERCISE,
        bias_gradient.EXERCISE,
        kernel_gradient.EXERCISE,
        input_gradient.EXERCISE,
        conv2d_backward.EXERCISE,
        sgd_step.EXERCISE,
        train_step.EXERCISE,
        expose_relu_backward.EXERCISE,
        expose_max_pool2d_backward.EXERCISE,
    ),
    prelude=prelude("ch05_backprop"),
)
