"""What chapter 3 gives its learners: two formulas of chapter 2, and a reader of layer tuples."""

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


def full_layer(layer):
    """A layer's tuple with nothing left out, and with a pair (down, across) for a single number.

    >>> full_layer(("conv", 10, 5))
    ('conv', 10, (5, 5), (1, 1), 'same', (1, 1))
    >>> full_layer(("max_pool", 2))
    ('max_pool', (2, 2), (2, 2))
    >>> full_layer(("dense", 7))
    ('dense', 7)
    """

    def pair(value):
        return tuple(value) if isinstance(value, (tuple, list)) else (value, value)

    kind, *given = layer
    if kind == "conv":
        filters, k, *rest = given
        stride, padding, dilation = rest + [1, "same", 1][len(rest) :]
        return kind, filters, pair(k), pair(stride), padding, pair(dilation)
    if kind == "max_pool":
        return kind, pair(given[0]), pair(given[-1])
    return tuple(layer)
