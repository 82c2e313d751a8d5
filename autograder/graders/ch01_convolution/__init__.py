"""Chapter 1, convolution by hand: what each exercise is probed with, and its typical mistakes."""

from __future__ import annotations

from cnnlab.autograder.graders.ch01_convolution import (
    conv2d,
    conv_step,
    correlate2d,
    design_kernel,
    expose_correlate2d,
    expose_relu,
    relu,
)
from cnnlab.autograder.judging.exercise import Chapter

CHAPTER = Chapter(
    name="ch01_convolution",
    title="Convolution by hand",
    exercises=(
        conv_step.EXERCISE,
        correlate2d.EXERCISE,
        conv2d.EXERCISE,
        relu.EXERCISE,
        design_kernel.EXERCISE,
        expose_correlate2d.EXERCISE,
        expose_relu.EXERCISE,
    ),
)
