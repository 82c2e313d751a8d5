"""The course's NumPy ops: one definition of each. Those of chapters 1 to 3 stand here."""

from cnnlab.course.ops.arguments import Array, as_floats, require
from cnnlab.course.ops.convolution import (
    average_pool2d,
    conv2d,
    conv_step,
    correlate2d,
    global_average_pool2d,
    max_pool2d,
    relu,
)
from cnnlab.course.ops.padding import layout, output_size, pad2d, same_padding

__all__ = [
    "Array",
    "as_floats",
    "average_pool2d",
    "conv2d",
    "conv_step",
    "correlate2d",
    "global_average_pool2d",
    "layout",
    "max_pool2d",
    "output_size",
    "pad2d",
    "relu",
    "require",
    "same_padding",
]
