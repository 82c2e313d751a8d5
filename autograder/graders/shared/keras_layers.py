"""A Keras layer that holds given weights, on whichever backend Keras runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]


def layer_with(
    kind: str, shape: tuple[int, ...], weights: Sequence[Array], *args: Any, **config: Any
) -> Any:
    """A built layer, for example ``layer_with("Dense", (2, 3), [kernel, bias], 4)``.

    Parameters
    ----------
    kind : str
        A class of ``keras.layers``.
    shape : tuple of int
        Of the layer's input, with the batch.
    weights : sequence of ndarray
        As ``get_weights`` gives them.
    *args, **config
        Of the class.
    """
    import keras

    # Weights that are replaced at once need not be drawn: JAX compiles that for every new shape.
    first = "depthwise_initializer" if kind == "DepthwiseConv2D" else "kernel_initializer"
    layer = getattr(keras.layers, kind)(*args, **config, **{first: "zeros"})
    layer.build(shape)
    layer.set_weights(weights)
    return layer


def answer(kind: str, x: Array, weights: Sequence[Array], *args: Any, **config: Any) -> Array:
    """What such a layer makes of ``x``, computed in the type of ``x``."""
    import keras

    layer = layer_with(kind, x.shape, weights, *args, dtype=x.dtype.name, **config)
    return keras.ops.convert_to_numpy(layer(x))
