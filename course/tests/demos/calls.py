"""Every demo as a notebook calls it, with the course's functions in the place of a learner's."""

from __future__ import annotations

from cnnlab.course import demos

OPS = "cnnlab.course.ops"
BY_HAND = {
    "ch01_convolution": (OPS, "correlate2d"),
    "ch02_stride_padding": (OPS, "conv2d"),
    "ch03_pooling": (OPS, "max_pool2d"),
    "ch04_network": (f"{OPS}.layers", "count_parameters, count_macs"),
    "ch05_backprop": (f"{OPS}.gradients", "conv2d_backward, relu_backward, max_pool2d_backward"),
    "ch06_cats_dogs": (f"{OPS}.evaluation", "smooth, overfit_epoch", "load_histories()"),
    "ch07_dropout": (f"{OPS}.dropout", "dropout"),
    "ch08_augmentation": (f"{OPS}.augmentation", "hflip, shift, adjust_contrast, affine"),
    "ch09_vgg": (f"{OPS}.layers", "receptive_field"),
    "ch13_fast_convolution": (f"{OPS}.fast", "im2col"),
    "ch14_training": (f"{OPS}.training", "he_normal, batch_norm, adam_step"),
    "ch15_your_photographs": (f"{OPS}.calibration", "worst_mistakes, calibration"),
}
"""Demo → where its functions come from, their names, and what else it gets: without Keras."""

NETWORKS = "cnnlab.course.networks"
BY_KERAS = {
    "ch10_feature_maps": (
        f"{demos.__name__}.ch10_feature_maps",
        "course_maps",
        "build_vgg((224, 224, 3), (16, 16, 16, 16, 16), units=9, classes=7)",
    ),
    "ch11_filters_classes": (f"{OPS}.ascent", "ascent_step, total_variation"),
    "ch12_explanations": (
        f"{NETWORKS}.explain",
        "saliency, grad_cam, occlusion_map",
        "load_explained()",
    ),
}
"""Likewise, with a network of Keras's."""

MORE = {
    "load_histories": "cnnlab.course.training.histories",
    "build_vgg": f"{NETWORKS}.vgg",
    "load_explained": f"{NETWORKS}.explain",
}


def cell(name: str) -> str:
    """The text of a cell that shows a demo.

    Examples
    --------
    >>> print(cell("ch01_convolution"))
    from cnnlab.course.demos.ch01_convolution import demo
    from cnnlab.course.ops import correlate2d
    demo(correlate2d)
    """
    module, functions, *more = {**BY_HAND, **BY_KERAS}[name]
    lines = [f"from {demos.__name__}.{name} import demo", f"from {module} import {functions}"]
    called = [each.split("(")[0] for each in more]
    lines += [f"from {MORE[name]} import {name}" for name in called]
    return "\n".join([*lines, f"demo({', '.join([functions, *more])})"])
