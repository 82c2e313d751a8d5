"""Arithmetic on stacks of layers: what shapes come out, before anything is computed.

A layer is a tuple, its kind first:

=====================================================  ===========================================
``("conv", filters, k, stride, padding, dilation)``    from stride on with defaults 1, "same", 1
``("max_pool", k, stride)``                            stride = k where left out; always "valid"
``("global_average_pool",)``, ``("flatten",)``
``("dropout", rate)``
``("dense", units)``                                   on three axes: on the last one, as in Keras
=====================================================  ===========================================

k, stride and dilation are an int or a pair (down, across). Shapes leave the batch out.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from cnnlab.course.ops import output_size, require

Shape = tuple[int, ...]
Pair = tuple[int, int]

LENGTHS = {
    "conv": (3, 6),
    "max_pool": (2, 3),
    "global_average_pool": (1, 1),
    "flatten": (1, 1),
    "dropout": (2, 2),
    "dense": (2, 2),
}
"""The kinds of layer, and how many entries a tuple of each has, at least and at most."""


@dataclass(frozen=True)
class Layer:
    """A layer with everything spelled out.

    Parameters
    ----------
    kind : str
        A key of `LENGTHS`.
    units : int
        Filters of a convolution, units of a dense layer; else 0.
    size, strides, dilation : pair of int
        Down the rows, along the columns.
    padding : {"valid", "same"}
    rate : float
        Of a dropout; else 0.
    """

    kind: str
    units: int = 0
    size: Pair = (1, 1)
    strides: Pair = (1, 1)
    padding: str = "valid"
    dilation: Pair = (1, 1)
    rate: float = 0.0


def normalise(layer: Sequence[Any]) -> Layer:
    """A layer's tuple with the entries that it leaves out, and with pairs for single numbers.

    Parameters
    ----------
    layer : tuple
        As in `trace_shapes`.

    Returns
    -------
    Layer

    Raises
    ------
    ValueError
        Not a layer; the message names ``layers`` and repeats the tuple.

    Examples
    --------
    >>> normalise(("conv", 32, 3)) == Layer("conv", 32, (3, 3), padding="same")
    True
    >>> normalise(("max_pool", (2, 3))).strides
    (2, 3)
    """
    known = isinstance(layer, tuple | list) and len(layer) > 0 and layer[0] in list(LENGTHS)
    require(known, "layers", f"must be tuples that begin with one of {list(LENGTHS)}", repr(layer))
    kind, *given = layer
    least, most = LENGTHS[kind]
    wanted = f"must have {least} to {most} entries for {kind!r}"
    require(least <= len(layer) <= most, "layers", wanted, repr(layer))
    if kind == "conv":
        filters, k, stride, padding, dilation = given + [1, "same", 1][len(given) - 2 :]
        require(padding in ("valid", "same"), "layers", "must pad 'valid' or 'same'", repr(layer))
        units, pairs = _count(filters, layer), [_pair(n, layer) for n in (k, stride, dilation)]
        return Layer(kind, units, pairs[0], pairs[1], padding, pairs[2])
    if kind == "max_pool":
        return Layer(kind, size=_pair(given[0], layer), strides=_pair(given[-1], layer))
    if kind == "dense":
        return Layer(kind, _count(given[0], layer))
    if kind == "dropout":
        rate = given[0]
        sound = isinstance(rate, int | float) and 0 <= rate <= 1
        require(sound, "layers", "must drop a rate from 0 to 1", repr(layer))
        return Layer(kind, rate=float(rate))
    return Layer(kind)


def _count(value: Any, layer: Sequence[Any]) -> int:
    """A whole number from 1 on."""
    try:
        number = operator.index(value)
    except TypeError:
        number = 0
    require(number >= 1, "layers", "must hold whole numbers from 1 on", repr(layer))
    return number


def _pair(value: Any, layer: Sequence[Any]) -> Pair:
    """An int for both directions, or one for each."""
    down, across = value if isinstance(value, tuple | list) and len(value) == 2 else (value, value)
    return _count(down, layer), _count(across, layer)


def output_shape(shape: Shape, layer: Sequence[Any]) -> Shape:
    """The shape that one layer makes of ``shape``, the batch left out.

    Parameters
    ----------
    shape : tuple of int
        (H, W, C) or (n,).
    layer : tuple
        As in `trace_shapes`.

    Returns
    -------
    tuple of int

    Raises
    ------
    ValueError
        The layer does not fit onto this shape; the message names ``layers``.

    Examples
    --------
    >>> output_shape((32, 32, 3), ("conv", 16, 5, 2))
    (16, 16, 16)
    """
    full = normalise(layer)
    if full.kind == "flatten":
        return (prod(shape),)
    if full.kind == "dropout":
        return shape
    if full.kind == "dense":
        return (*shape[:-1], full.units)
    wanted = f"must not put {full.kind!r} on anything but (H, W, C)"
    require(len(shape) == 3, "layers", wanted, f"{layer!r} on {shape}")
    height, width, channels = shape
    if full.kind == "global_average_pool":
        return (channels,)
    reach = [d * (k - 1) + 1 for k, d in zip(full.size, full.dilation, strict=True)]
    fits = full.padding == "same" or (reach[0] <= height and reach[1] <= width)
    require(fits, "layers", "must have windows that fit", f"{layer!r} on {shape}")
    height, width = (
        output_size(n, k, s, full.padding, d)
        for n, k, s, d in zip(shape[:2], full.size, full.strides, full.dilation, strict=True)
    )
    return height, width, full.units or channels


def trace_shapes(input_shape: Sequence[int], layers: Iterable[Sequence[Any]]) -> list[Shape]:
    """The shape after each layer of a stack, the input left out.

    Parameters
    ----------
    input_shape : (H, W, C) or (n,)
        Without the batch.
    layers : iterable of tuple
        As the module says.

    Returns
    -------
    list of tuple of int
        One for each layer.

    Raises
    ------
    ValueError
        A layer that is none, or does not fit onto what the one before leaves: the message
        names ``layers``. A size below 1: it names ``input_shape``.

    Examples
    --------
    >>> trace_shapes((32, 32, 3), [("conv", 16, 3), ("max_pool", 2), ("flatten",), ("dense", 1)])
    [(32, 32, 16), (16, 16, 16), (4096,), (1,)]
    """
    shape = tuple(int(n) for n in input_shape)
    sound = len(shape) in (1, 3) and min(shape) >= 1
    require(sound, "input_shape", "must be (H, W, C) or (n,), each 1 or more", input_shape)
    shapes = []
    for layer in layers:
        shape = output_shape(shape, layer)
        shapes.append(shape)
    return shapes


def weights_and_biases(shape: Shape, layer: Sequence[Any]) -> tuple[int, int]:
    """How many weights and how many biases a layer learns that is put on ``shape``.

    Neither depends on height and width: the same kernel serves every place.

    Parameters
    ----------
    shape : tuple of int
        (H, W, C) or (n,), what the layer is put on.
    layer : tuple
        As in `trace_shapes`.

    Returns
    -------
    (weights, biases) : pair of int

    Examples
    --------
    >>> weights_and_biases((32, 32, 3), ("conv", 10, 5))
    (750, 10)
    """
    full = normalise(layer)
    if full.kind not in ("conv", "dense"):
        return 0, 0
    return prod(full.size) * shape[-1] * full.units, full.units


def count_parameters(input_shape: Sequence[int], layers: Sequence[Sequence[Any]]) -> list[int]:
    """The numbers that each layer of a stack learns, as Keras's ``summary`` lists them.

    Arguments and errors as in `trace_shapes`.

    Parameters
    ----------
    input_shape : (H, W, C)
    layers : sequence of tuples
        As in `trace_shapes`.

    Returns
    -------
    list of int

    Examples
    --------
    >>> count_parameters((32, 32, 3), [("conv", 10, 5), ("max_pool", 2), ("flatten",)])
    [760, 0, 0]
    """
    return [sum(weights_and_biases(*pair)) for pair in _inputs(input_shape, layers)]


def count_macs(input_shape: Sequence[int], layers: Sequence[Sequence[Any]]) -> list[int]:
    """The multiply-accumulates of each layer for one picture.

    Every weight is used once at every place of the layer's result. Taps on padding count,
    biases do not. Arguments and errors as in `trace_shapes`.

    Parameters
    ----------
    input_shape : (H, W, C)
    layers : sequence of tuples
        As in `trace_shapes`.

    Returns
    -------
    list of int

    Examples
    --------
    >>> count_macs((32, 32, 3), [("conv", 10, 5), ("max_pool", 2), ("flatten",)])
    [768000, 0, 0]
    """
    results = trace_shapes(input_shape, layers)
    pairs = zip(_inputs(input_shape, layers), results, strict=True)
    return [weights_and_biases(*pair)[0] * prod(result[:-1]) for pair, result in pairs]


def receptive_field(layers: Iterable[Sequence[Any]]) -> tuple[int, int]:
    """How many input cells a unit depends on in each direction, and how far neighbours lie apart.

    Parameters
    ----------
    layers : iterable of tuple
        Convolutions and poolings, with an int or two equal numbers for each size.

    Returns
    -------
    (size, jump)
        In cells of the input. What padding adds at the border counts as cells.

    Raises
    ------
    ValueError
        A layer is neither, or is not square: the message names ``layers``.

    Examples
    --------
    >>> receptive_field([("conv", 8, 3), ("conv", 8, 3)]), receptive_field([("max_pool", 2)])
    ((5, 1), (2, 2))
    """
    size = jump = 1
    for layer in layers:
        full = normalise(layer)
        square = all(len(set(pair)) == 1 for pair in (full.size, full.strides, full.dilation))
        fits = full.kind in ("conv", "max_pool") and square
        require(fits, "layers", "must be square convolutions and poolings", repr(layer))
        size += full.dilation[0] * (full.size[0] - 1) * jump
        jump *= full.strides[0]
    return size, jump


def _inputs(
    input_shape: Sequence[int], layers: Sequence[Sequence[Any]]
) -> list[tuple[Shape, Sequence[Any]]]:
    """Each layer with the shape that it is put on."""
    before = [tuple(input_shape), *trace_shapes(input_shape, layers)]
    return list(zip(before, layers, strict=False))
