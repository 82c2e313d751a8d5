"""The two formulas of chapter 2 that chapter 3 gives its learners."""

import math


def output_size(n, k, stride=1, padding="valid", dilation=1):
    """How many places a window of k cells has along n cells; below 1 where it does not fit."""
    if padding == "valid":
        return (n - (dilation * (k - 1) + 1)) // stride + 1
    return math.ceil(n / stride)


def same_padding(n, k, stride=1, dilation=1):
    """How many cells "same" adds (before, after) an axis of n cells."""
    reach = (output_size(n, k, stride, "same") - 1) * stride + dilation * (k - 1) + 1
    total = max(reach - n, 0)
    return total // 2, total - total // 2
