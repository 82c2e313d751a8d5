"""First weights, described for the judge: how wide they scatter, and where chance comes from.

Any draw is as good as another, so what came back is described in words. Right functions, normal
or truncated (as Keras draws them), have the same description whatever they draw.

False alarms: over n numbers the standard deviation of a normal sample is off by more than 7 parts
of 1/√(2n), or its mean by more than 7/√n of it, once in about 10¹¹ times. The share of numbers
within half a standard deviation is 0.383 of a normal and 0.356 of a truncated distribution, with
n of 16,000 or more at least 9 standard errors above the 0.32 that is asked for.
`autograder/tests/graders/test_ch14_chance.py` tries thousands of seeds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from cnnlab.autograder.sandbox.calls import Seed
from cnnlab.course.ops import Array

Z = 7.0
"""Standard errors within which chance is left alone."""
BELL = 0.32
"""The share of numbers within half a standard deviation: more in a bell, 0.29 in a flat range."""
RIGHT = "√(2 / fan_in)"


def given(rng: np.random.Generator, *asks: str, calls: int = 2) -> dict[str, Any]:
    """What a probe gives to the driver ``ch14.drawn``, with the seed of another generator."""
    return {"asks": list(asks), "calls": calls, "seed": int(rng.integers(1 << 31))}


def known_spreads(shape: Sequence[int]) -> dict[str, float]:
    """What may be taken for the standard deviation, by what it is; the right one first.

    Parameters
    ----------
    shape : sequence of int
        ``(kh, kw, C, F)`` or ``(n, units)``.

    Examples
    --------
    >>> {name: round(std, 2) for name, std in known_spreads((2, 2, 2, 4)).items()}[RIGHT]
    0.5
    """
    window = math.prod(shape[:-2])
    fan_in, fan_out = window * shape[-2], window * shape[-1]
    right = math.sqrt(2 / fan_in)
    return {
        RIGHT: right,
        "√(2 / fan_out)": math.sqrt(2 / fan_out),
        "2 / fan_in": 2 / fan_in,
        "√(2 / C)": math.sqrt(2 / shape[-2]),
        "√(2 / (kh · kw))": math.sqrt(2 / window),
        "√(2 / (kh · kw · C · F))": math.sqrt(2 / math.prod(shape)),
        "√(2 / kh)": math.sqrt(2 / shape[0]),
        "√(1 / fan_in)": math.sqrt(1 / fan_in),
        "√(2 / (fan_in + fan_out))": math.sqrt(2 / (fan_in + fan_out)),
        "√(2 / fan_in) / √3": right / math.sqrt(3),
    }


def weights_view(args: tuple[Any, ...], raw: Any) -> Any:
    """What the probe asks for, of the weights that ``he_normal`` drew."""
    shape, asks = tuple(args[0]), raw["asks"]
    first = raw["results"][0]
    if "form" in asks:
        return np.zeros(first.shape) if isinstance(first, np.ndarray) else first
    arrays = [*raw["results"], raw["again"], raw["other"]]
    if not all(_is_weights(array, shape) for array in arrays):
        return {"what is returned": "not an array of finite numbers in the shape asked for"}
    drawn = np.stack([np.asarray(array, np.float64) for array in raw["results"]])
    found: dict[str, Any] = {"what is returned": "an array of the shape asked for"}
    if "spread" in asks:
        found |= spread_view(drawn, shape)
    if "independence" in asks:
        found |= {
            "every weight is a draw of its own": np.unique(drawn[0]).size > 0.9 * drawn[0].size,
            "the next call draws other weights": not np.array_equal(drawn[0], drawn[1]),
            "with the same seed, the same weights": np.array_equal(first, raw["again"]),
            "with another seed, other weights": not np.array_equal(first, raw["other"]),
        }
    return found


def _is_weights(array: Any, shape: tuple[int, ...]) -> bool:
    numbers = isinstance(array, np.ndarray) and array.dtype.kind == "f" and array.shape == shape
    return numbers and bool(np.isfinite(array).all())


def spread_view(drawn: Array, shape: tuple[int, ...]) -> dict[str, Any]:
    """Middle, spread and form of what was drawn.

    Parameters
    ----------
    drawn : ndarray, shape (calls, *shape)
    shape : tuple of int
    """
    n, std = np.unique(drawn).size, float(drawn.std())
    middle = float(drawn.mean())
    within = float(np.mean(np.abs(drawn - middle) < std / 2))
    return {
        "the standard deviation is": _recognised(std, Z / math.sqrt(2 * n), known_spreads(shape)),
        "the mean is 0": abs(middle) <= Z * std / math.sqrt(n),
        "small weights are the most common": within > BELL,
    }


def _recognised(std: float, slack: float, known: dict[str, float]) -> str:
    """The nearest known value, if it is near enough; else the number itself."""
    name = min(known, key=lambda each: abs(math.log(max(std, 1e-30) / known[each])))
    return name if abs(std / known[name] - 1) <= slack else f"{std:.1g}, and nothing known"


def keras_weights(shape: Sequence[int], state: Seed, *, given: Any) -> Any:
    """Keras's ``HeNormal``, described; each initializer draws on from its own seed."""
    import keras

    def drawn(number: int, calls: int) -> list[Array]:
        chance = keras.random.SeedGenerator(number)
        initializer = keras.initializers.HeNormal(seed=chance)
        return [keras.ops.convert_to_numpy(initializer(tuple(shape))) for _ in range(calls)]

    raw = {
        "asks": given["asks"],
        "results": drawn(state.n, given["calls"]),
        "again": drawn(state.n, 1)[0],
        "other": drawn(given["seed"], 1)[0],
    }
    return weights_view((shape, state), raw)
