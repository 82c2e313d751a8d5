"""Chapter 13, fast convolution: what each exercise is probed with, and its typical mistakes."""

from __future__ import annotations

from cnnlab.autograder.graders.ch13_fast_convolution import (
    col2im,
    conv1x1,
    conv2d_fft,
    conv2d_im2col,
    conv2d_transpose,
    depthwise_conv2d,
    expose_col2im,
    expose_depthwise_conv2d,
    im2col,
)
from cnnlab.autograder.graders.shared.prelude import prelude
from cnnlab.autograder.judging.exercise import Chapter

CHAPTER = Chapter(
    name="ch13_fast_convolution",
    title="Fast convolution",
    exercises=(
        im2col.EXERCISE,
        conv2d_im2col.EXERCISE,
        col2im.EXERCISE,
        conv2d_transpose.EXERCISE,
        conv1x1.EXERCISE,
        depthwise_conv2d.EXERCISE,
        conv2d_fft.EXERCISE,
        expose_col2im.EXERCISE,
        expose_depthwise_conv2d.EXERCISE,
    ),
    prelude=prelude("ch13_fast_convolution"),
)
