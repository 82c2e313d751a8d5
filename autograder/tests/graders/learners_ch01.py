"""What the tests of chapter 1's graders share."""

from __future__ import annotations

import numpy as np

from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.quality.proof import judge_function

CHAPTER = "ch01_convolution"


def judged(exercise, function):
    return judge_function(recorded(CHAPTER)[exercise], function)


def floats(*arrays):
    return [1.0 * np.asarray(a) for a in arrays]


def failed(result):
    """The rungs that do not hold."""
    return {rung.id for rung in result.rungs if not rung.passed}


def slide(
    places=lambda n, k: n - k + 1,
    taps=lambda kernel: kernel,
    cell=lambda window, kernel: np.sum(window * kernel),
    result=lambda rows, columns, dtype: np.zeros((rows, columns), dtype),
):
    """correlate2d in two loops, with one of its steps replaced."""

    def correlate2d(image, kernel):
        image, kernel = floats(image, kernel)
        (h, w), (kh, kw) = image.shape, kernel.shape
        if kh > h or kw > w:
            raise ValueError("kernel is larger than the image")
        dtype = np.result_type(image, kernel)
        out = result(h - kh + 1, w - kw + 1, dtype)
        for i in range(places(h, kh)):
            for j in range(places(w, kw)):
                out[i, j] = cell(image[i : i + kh, j : j + kw], taps(kernel))
        return out

    return correlate2d
