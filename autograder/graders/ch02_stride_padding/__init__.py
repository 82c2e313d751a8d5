"""Chapter 2, stride and padding: what each exercise is probed with, and its typical mistakes."""

from __future__ import annotations

from cnnlab.autograder.graders.ch02_stride_padding import (
    conv2d,
    expose_conv2d,
    expose_pad2d,
    output_size,
    pad2d,
    same_padding,
)
from cnnlab.autograder.judging.exercise import Chapter

CHAPTER = Chapter(
    name="ch02_stride_padding",
    title="Stride, padding and dilation",
    exercises=(
        output_size.EXERCISE,
        same_padding.EXERCISE,
        pad2d.EXERCISE,
        conv2d.EXERCISE,
        expose_pad2d.EXERCISE,
        expose_conv2d.EXERCISE,
    ),
)
