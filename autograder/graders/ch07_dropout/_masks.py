"""Masks and outputs of dropout, described for the judge.

What came back cannot be compared number by number, because any draw is as good as another. So it
is described: with what the kept cells were multiplied, how many were kept, what differs from
call to call. Right functions have the same description, whatever they draw; mistakes have
another one, again the same whatever they draw.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cnnlab.autograder.graders.ch07_dropout._binomial import study
from cnnlab.autograder.graders.shared.arrays import floats
from cnnlab.autograder.sandbox.calls import Seed
from cnnlab.autograder.sandbox.drivers.ch07 import AGAIN

CALLS = 16
FEW = 2
"""How often a function is called whose draws are not looked at."""


def given(rng: np.random.Generator, *asks: str, calls: int = FEW) -> dict[str, Any]:
    """What a probe gives to the driver ``dropout.drawn``, with the seed of another generator."""
    return {"asks": list(asks), "calls": calls, "seed": int(rng.integers(1 << 31))}


def seed(rng: np.random.Generator) -> Seed:
    return Seed(int(rng.integers(1 << 31)))


def blank(value: Any) -> Any:
    """Zeros of the same shape and dtype: what is left to compare where numbers are random."""
    return np.zeros_like(value) if isinstance(value, np.ndarray) else value


def type_and_shape(value: Any) -> str:
    """What somebody returned, in words.

    Examples
    --------
    >>> type_and_shape((np.ones(3), None))
    'a tuple of an array of shape (3,) and None'
    """
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if isinstance(value, tuple | list) and len(value) in (2, 3):
        return f"a {type(value).__name__} of " + " and ".join(map(type_and_shape, value))
    return "None" if value is None else f"a {type(value).__name__}"


def pairs_view(args: tuple[Any, ...], raw: Any) -> Any:
    """The view of ``dropout``, which returns (out, mask)."""
    x, asks = floats(args[0]), raw["asks"]
    if "form" in asks:
        result = raw["results"][0]
        return tuple(map(blank, result)) if isinstance(result, tuple | list) else blank(result)
    results = [*raw["results"], *raw["again"], *raw["other"]]
    wrong = next((type_and_shape(r) for r in results if not _is_pair(r, x.shape)), None)
    if wrong is not None:
        return {"what is returned": wrong}
    outs = [floats(out) for out, _ in results]
    masks = [np.broadcast_to(mask, x.shape).astype(bool) for _, mask in results]
    described = {"what is returned": "out and mask, of x's shape"}
    return described | description(x, args[1], raw, np.stack(outs), np.stack(masks))


def _is_pair(result: Any, shape: tuple[int, ...]) -> bool:
    if not isinstance(result, tuple | list) or len(result) != 2:
        return False
    out, mask = result
    return _is_numbers(out, shape) and _is_numbers(mask) and _fits(mask, shape)


def _is_numbers(value: Any, shape: tuple[int, ...] | None = None) -> bool:
    usable = isinstance(value, np.ndarray) and value.dtype.kind in "biuf"
    return usable and shape in (None, value.shape)


def _fits(mask: Any, shape: tuple[int, ...]) -> bool:
    """Whether a mask that holds one entry for several cells can be spread over them."""
    try:
        return np.broadcast_shapes(mask.shape, shape) == shape
    except ValueError:
        return False


def maps_view(args: tuple[Any, ...], raw: Any) -> Any:
    """The view of ``spatial_dropout2d``, which returns out alone; x holds no zero."""
    x, asks = floats(args[0]), raw["asks"]
    if "form" in asks:
        return blank(raw["results"][0])
    results = [*raw["results"], *raw["again"], *raw["other"]]
    wrong = next((type_and_shape(r) for r in results if not _is_numbers(r, x.shape)), None)
    if wrong is not None:
        return {"what is returned": wrong}
    outs = np.stack([floats(out) for out in results])
    described = {"what is returned": "an array of x's shape"}
    return described | description(x, args[1], raw, outs, outs != 0)


def gradient_view(args: tuple[Any, ...], raw: Any) -> Any:
    """The view of ``dropout_backward``; dout holds no zero."""
    dout, mask = floats(args[0]), np.asarray(args[1], bool)
    if "form" in raw["asks"]:
        return blank(raw["results"][0])
    wrong = next(
        (type_and_shape(r) for r in raw["results"] if not _is_numbers(r, dout.shape)), None
    )
    if wrong is not None:
        return {"what is returned": wrong}
    outs = np.stack([floats(out) for out in raw["results"]])
    masks = np.broadcast_to(mask, outs.shape)
    described = {"what is returned": "an array of dout's shape", "calls": len(outs)}
    return described | {
        "where the mask is True, dout times": factor(dout, outs, masks),
        "where it is False, dout times": factor(dout, outs, ~masks),
    }


AXES = ("calls", "pictures")


def description(x: Any, rate: float, raw: Any, outs: Any, masks: Any) -> dict[str, Any]:
    """What the probe asks for, of the outputs and masks of all ``calls``, ``again``, ``other``."""
    asks, few = raw["asks"], len(raw["again"])
    drawn, again, other = np.split(masks, [len(raw["results"]), len(masks) - few])
    found: dict[str, Any] = {"calls": len(drawn)}
    if "factors" in asks:
        found["kept cells are x times"] = factor(x, outs, masks)
        found["dropped cells are x times"] = factor(x, outs, ~masks)
    if "all" in asks:
        found["every cell is kept"] = bool(masks.all())
    if "none" in asks:
        found["every cell is dropped"] = not masks.any()
    if "rng" in asks:
        found["rng is left alone"] = not raw["drew"]
    if "share" in asks or "independence" in asks:
        striking = study(drawn, 1 - rate)
    if "share" in asks:
        found["share of cells kept"] = striking["share"]
        varies = "varies" if striking["varies"] else "is always the same"
        found["the number of cells kept"] = varies
    if "independence" in asks:
        named = [*AXES, *(f"parts along axis {i}" for i in range(1, x.ndim))]
        masks_of = zip(named, striking["axes"], strict=True)
        found |= {f"the masks of different {name} are": axis for name, axis in masks_of}
        found["with the same seed, the same mask"] = bool(np.all(drawn[:few] == again))
        found["with another seed, another mask"] = bool(np.any(drawn[:few] != other))
    return found


def factor(x: Any, outs: Any, where: Any) -> Any:
    """With what the cells of x in these places were multiplied, if it is one number for all.

    Parameters
    ----------
    x : ndarray, without zeros
    outs : ndarray, shape (calls, *x.shape)
    where : ndarray of bool, shape (calls, *x.shape)

    Examples
    --------
    >>> x = np.array([1.0, -2.0, 4.0])
    >>> factor(x, np.array([[2.0, 0.0, 8.0]]), np.array([[True, False, True]]))
    np.float64(2.0)
    >>> factor(x, np.array([[2.0, 0.0, 8.0]]), np.array([[True, True, True]]))
    'sometimes 0, else one number'
    """
    with np.errstate(all="ignore"):
        ratios = (outs / x)[where]
    if not ratios.size:
        return "there are none"
    if not np.all(np.isfinite(ratios)):
        return "not finite numbers"
    eps = float(max(np.finfo(x.dtype).eps, np.finfo(outs.dtype).eps))
    if not _one_number(ratios, eps):
        others = _one_number(ratios[ratios != 0], eps)
        return "sometimes 0, else one number" if others else "different numbers"
    return x.dtype.type(ratios.mean(dtype=np.float64))


def _one_number(values: Any, eps: float) -> bool:
    low, high = values.min(), values.max()
    return bool(high - low <= 8 * eps * max(1.0, abs(high)))


def keras_raw(
    kind: str, x: Any, rate: float, state: Seed, training: bool, asked: dict[str, Any]
) -> dict[str, Any]:
    """What the driver would carry if the function were a Keras layer with a seed.

    Parameters
    ----------
    kind : {"Dropout", "SpatialDropout2D"}
    """
    import keras

    x = floats(x)

    def made(number: int) -> Callable[[], Any]:
        layer = getattr(keras.layers, kind)(rate, seed=number, dtype=x.dtype.name)
        return lambda: keras.ops.convert_to_numpy(layer(x, training=training))

    def drawn(number: int, count: int) -> list[Any]:
        layer = made(number)
        return [layer() for _ in range(count)]

    calls, few = asked["calls"], min(AGAIN, asked["calls"])
    return {
        "asks": asked["asks"],
        "results": drawn(state.n, calls),
        "again": drawn(state.n, few),
        "other": drawn(asked["seed"], few),
        "drew": False,
    }


def with_masks(raw: dict[str, Any]) -> dict[str, Any]:
    """A Keras layer's outputs with the masks that show in them; x holds no zero."""
    names = ("results", "again", "other")
    return raw | {name: [(out, out != 0) for out in raw[name]] for name in names}
