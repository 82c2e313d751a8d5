"""Shapes of a stack of layers: what Keras says, and how people get them wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cnnlab.autograder.graders.shared.loop_mistakes import COLUMNS
from cnnlab.autograder.judging.twists import Op, Twist, on_output
from cnnlab.course.ops.layers import Shape, normalise


def keras_layer(layer: tuple[Any, ...]) -> Any:
    """The Keras layer that a tuple of the course describes; its weights do not matter."""
    from keras import layers

    def dense(units: int) -> Any:
        return layers.Dense(units, kernel_initializer="zeros")

    def conv(
        filters: int, k: Any, stride: Any = 1, padding: str = "same", dilation: Any = 1
    ) -> Any:
        how = {"dilation_rate": dilation, "kernel_initializer": "zeros"}
        return layers.Conv2D(filters, k, stride, padding, **how)

    makers = {
        "conv": conv,
        "max_pool": layers.MaxPooling2D,
        "global_average_pool": layers.GlobalAveragePooling2D,
        "flatten": layers.Flatten,
        "dropout": layers.Dropout,
        "dense": dense,
    }
    return makers[layer[0]](*layer[1:])


def keras_shapes(input_shape: Shape, layers: list[tuple[Any, ...]]) -> list[Shape]:
    """The output shape of each layer of a Keras model, the batch left out."""
    import keras

    tensor, shapes = keras.Input(tuple(input_shape)), []
    for layer in layers:
        tensor = keras_layer(layer)(tensor)
        shapes.append(tuple(tensor.shape[1:]))
    return shapes


def on_layers(kind: str, change: Callable[..., dict[str, Any]]) -> Callable[[Op], Op]:
    """The correct op on other layers.

    ``change`` maps a tuple of this kind and its full form to what is read in it wrongly.
    """

    def misread(layer: tuple[Any, ...]) -> tuple[Any, ...]:
        if layer[0] != kind:
            return layer
        full = normalise(layer)
        read = {name: getattr(full, name) for name in ("size", "strides", "padding", "dilation")}
        read |= change(layer, full)
        if kind == "max_pool":
            return kind, read["size"], read["strides"]
        return kind, full.units, *read.values()

    return lambda op: lambda shape, layers: op(shape, [misread(layer) for layer in layers])


def stepwise(change: Callable[[Shape, Any, Shape], Shape]) -> Callable[[Op], Op]:
    """The correct op, layer by layer; ``change`` maps shape before, layer, shape after."""

    def apply(op: Op) -> Op:
        def trace(input_shape: Any, layers: Any) -> list[Shape]:
            shape, shapes = tuple(input_shape), []
            for layer in layers:
                shape = change(shape, normalise(layer), op(shape, [layer])[-1])
                shapes.append(shape)
            return shapes

        return trace

    return apply


def sizes(wrong: Callable[[int, int, int], int], *where: tuple[str, str]) -> Callable[[Op], Op]:
    """Height and width by another rule, (n, k, stride) → n, for these kinds and paddings."""

    def change(before: Shape, layer: Any, after: Shape) -> Shape:
        if (layer.kind, layer.padding) not in where:
            return after
        reach = [d * (k - 1) + 1 for k, d in zip(layer.size, layer.dilation, strict=True)]
        height, width = map(wrong, before[:2], reach, layer.strides)
        return height, width, after[2]

    return stepwise(change)


def _columns_from_height(before: Shape, layer: Any, after: Shape) -> Shape:
    """The width follows from the height, by the layer's own width and stride across."""
    if layer.kind not in ("conv", "max_pool"):
        return after
    k, step = layer.dilation[1] * (layer.size[1] - 1) + 1, layer.strides[1]
    same = layer.padding == "same"
    return after[0], -(-before[0] // step) if same else (before[0] - k) // step + 1, after[2]


def _rows_for_columns(before: Shape, layer: Any, after: Shape) -> Shape:
    """The width is the height."""
    return (after[0], *after[::2]) if layer.kind in ("conv", "max_pool") else after


VALID, SAME, POOL = ("conv", "valid"), ("conv", "same"), ("max_pool", "valid")


def _kept_depth(before: Shape, layer: Any, after: Shape) -> Shape:
    return (*after[:2], before[2]) if layer.kind == "conv" else after


def _pooled_depth(before: Shape, layer: Any, after: Shape) -> Shape:
    if layer.kind != "max_pool":
        return after
    return (*after[:2], max((before[2] - layer.size[0]) // layer.strides[0] + 1, 1))


def _one_channel(before: Shape, layer: Any, after: Shape) -> Shape:
    return (*after[:2], 1) if layer.kind == "max_pool" else after


def _flat_dense(before: Shape, layer: Any, after: Shape) -> Shape:
    return after[-1:] if layer.kind == "dense" else after


def _swapped(name: str, kind: str) -> Callable[[Op], Op]:
    return on_layers(kind, lambda layer, full: {name: getattr(full, name)[::-1]})


def _from_the_input(end: int | None) -> Callable[[Op], Op]:
    """The input's shape before those of the layers, up to an entry."""
    return lambda op: lambda shape, layers: [tuple(shape), *op(shape, layers)][:end]


def _both(*changes: Callable[[Op], Op]) -> Callable[[Op], Op]:
    return lambda op: changes[0](changes[1](op))


_POOL_DEPTH = (
    "Your pooling layer changes the depth. It treats every channel by itself: how many come out?"
)
_OFF_BY_ONE = "Your sizes are too small by one. How many places does a window of 3 have on 3 cells?"
_CEIL = (
    'You round up where no padding is. With "valid", what becomes of cells that no whole window '
    "reaches?"
)
_SIZE = "In a pair (kh, kw), the first number is the height. Yours takes it for the width. Which of the two do you use for the rows?"
_STRIDES = "In a pair of strides, the first number goes down the rows. Yours takes it across. Which of the two do you use for the rows?"
_LAST_ONLY = "Only the last shape comes out. The list should have one entry for each layer, in their order. When do you add a shape to the list?"

SHAPE_TWISTS = (
    Twist("depth-changed-by-pool", stepwise(_pooled_depth), _POOL_DEPTH),
    Twist("depth-changed-by-pool", stepwise(_one_channel), _POOL_DEPTH),
    Twist(
        "depth-kept-by-conv",
        stepwise(_kept_depth),
        "Your convolution passes on the depth that it was given. Who decides how many feature "
        "maps come out: the input, or the filters?",
    ),
    Twist(
        "same-keeps-size",
        on_layers(
            "conv", lambda layer, full: {"strides": (1, 1)} if full.padding == "same" else {}
        ),
        'You let "same" keep the size at every stride. What does a stride of 2 do to it?',
    ),
    Twist("size-off-by-one", sizes(lambda n, k, s: (n - k) // s, VALID, POOL), _OFF_BY_ONE),
    Twist("size-off-by-one", sizes(lambda n, k, s: (n - k) // s, VALID), _OFF_BY_ONE),
    Twist("size-off-by-one", sizes(lambda n, k, s: (n - k) // s, POOL), _OFF_BY_ONE),
    Twist(
        "floor-for-ceil",
        sizes(lambda n, k, s: n // s, SAME),
        'You round down with "same". Padding is there so that no cell is left out: which way '
        "must it round?",
    ),
    Twist("ceil-for-floor", sizes(lambda n, k, s: -(-(n - k) // s) + 1, VALID, POOL), _CEIL),
    Twist("ceil-for-floor", sizes(lambda n, k, s: -(-(n - k) // s) + 1, POOL), _CEIL),
    Twist("ceil-for-floor", sizes(lambda n, k, s: -(-(n - k) // s) + 1, VALID), _CEIL),
    Twist("ceil-for-floor", sizes(lambda n, k, s: -(-n // s), POOL), _CEIL),
    Twist("columns-from-height", stepwise(_columns_from_height), COLUMNS),
    Twist("columns-from-height", stepwise(_rows_for_columns), COLUMNS),
    Twist(
        "dilation-ignored",
        on_layers("conv", lambda layer, full: {"dilation": (1, 1)}),
        "The dilation has no effect in yours. How many cells does a kernel of 3 reach over when "
        "its taps lie 2 apart?",
    ),
    Twist(
        "stride-ignored",
        on_layers("conv", lambda layer, full: {"strides": (1, 1)}),
        "The convolution's stride has no effect in yours. Which entry of its tuple is it?",
    ),
    Twist(
        "stride-one-default",
        on_layers("max_pool", lambda layer, full: {"strides": (1, 1)} if len(layer) < 3 else {}),
        "Where a pooling layer has no stride, yours takes 1. Which number is it in this course?",
    ),
    Twist(
        "valid-by-default",
        on_layers("conv", lambda layer, full: {"padding": "valid"} if len(layer) < 5 else {}),
        'Where a convolution names no padding, yours takes "valid". Which is it in this course?',
    ),
    Twist("size-swapped", _both(_swapped("size", "conv"), _swapped("size", "max_pool")), _SIZE),
    Twist("size-swapped", _swapped("size", "conv"), _SIZE),
    Twist(
        "strides-swapped",
        _both(_swapped("strides", "conv"), _swapped("strides", "max_pool")),
        _STRIDES,
    ),
    *(
        Twist(
            "input-included",
            _from_the_input(end),
            "Your list begins with the input's own shape. It should have one entry for each layer. Where should the list begin?",
        )
        for end in (None, -1)
    ),
    Twist(
        "last-shape-only",
        lambda op: lambda shape, layers: [tuple(shape), *op(shape, layers)][-1:],
        _LAST_ONLY,
    ),
    Twist("last-shape-only", on_output(lambda shapes: shapes[-1:]), _LAST_ONLY),
    Twist(
        "dense-flattens",
        stepwise(_flat_dense),
        "Your dense layer flattens its input first. In Keras it works on the last axis alone. Which axes should stay as they are?",
    ),
)
