"""Dropout called many times over, and a small model that remembers how it was called.

Masks, outputs and calls go to the judge as they are. Nothing is judged here.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

RATE = 0.3
HIDDEN = 12
AGAIN = 8
"""How many calls are made once more at most: enough that two masks are never equal by chance."""


def drawn(function: Callable[..., Any], args: Any, kwargs: Any, given: Any) -> dict[str, Any]:
    """Call ``function(x, rate, rng, …)`` several times with one generator, and with others.

    Parameters
    ----------
    given : dict
        ``asks`` (what the judge wants to know: is carried along), ``calls`` (how many), and
        ``seed`` (of the other generator).

    Returns
    -------
    dict
        ``results`` (what each call returned), ``again`` (the first few of them once more, with a
        generator in the same state), ``other`` (as many, with another generator), and ``drew``
        (whether the first call took anything from its generator).
    """
    x, rate, rng, *rest = args
    twin, other = copy.deepcopy(rng), np.random.default_rng(given["seed"])
    before = copy.deepcopy(rng.bit_generator.state)

    def call(generator: Any, first: bool = False) -> Any:
        # Each on its own copy, but the first, so that a change of x is seen.
        return _kept(function(x if first else copy.copy(x), rate, generator, *rest, **kwargs))

    fresh = copy.copy(x)
    calls = [call(rng, first=True)]
    drew = rng.bit_generator.state != before
    x = fresh
    calls += [call(rng) for _ in range(given["calls"] - 1)]
    few = range(min(AGAIN, given["calls"]))
    again, others = ([call(generator) for _ in few] for generator in (twin, other))
    return {"asks": given["asks"], "results": calls, "again": again, "other": others, "drew": drew}


def repeated(function: Callable[..., Any], args: Any, kwargs: Any, given: Any) -> dict[str, Any]:
    """Call a function several times with the same arguments: do its results depend on chance?

    Parameters
    ----------
    given : dict
        ``asks`` is carried along, ``calls`` says how many.
    """
    calls = [_kept(function(*args, **kwargs)) for _ in range(given["calls"])]
    return {"asks": given["asks"], "results": calls}


def asked(function: Callable[..., Any], args: Any, kwargs: Any, given: Any) -> dict[str, Any]:
    """Call ``function(model, x, passes)`` with a `Model` in place of the first argument.

    Parameters
    ----------
    given : dict
        ``asks`` and ``model`` (seed and units) are carried along.

    Returns
    -------
    dict
        ``result``, and ``trained``: what the model was called with in training, in order. So the
        judge can have the same model answer the same calls again.
    """
    model = Model(*given["model"])
    result = function(model, *args[1:], **kwargs)
    if isinstance(result, tuple | list):
        result = tuple(_plain(item) for item in result)
    return {**given, "result": _plain(result), "trained": model.trained}


class Model:
    """A network of one hidden layer with dropout, called as a Keras model is.

    It remembers in ``trained`` what it was called with in training.

    Parameters
    ----------
    seed : int
        Of its weights and of its dropout.
    units : int
        Numbers in one answer, each from 0 to 1.
    """

    def __init__(self, seed: int, units: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._seed, self._units = seed, units
        self.trained: list[np.ndarray] = []

    def __call__(self, inputs: Any, training: bool | None = None) -> Answer:
        x = np.array(inputs, np.float32)
        rows = x.reshape(len(x), -1)
        weights = np.random.default_rng(self._seed)
        hidden = np.tanh(rows @ weights.normal(size=(rows.shape[1], HIDDEN)))
        if training:
            self.trained.append(x)
            hidden = hidden * (self._rng.random(hidden.shape) >= RATE) / (1 - RATE)
        out = 1 / (1 + np.exp(-hidden @ weights.normal(size=(HIDDEN, self._units))))
        return Answer(out.astype(np.float32))

    call = __call__

    def predict(self, x: Any, *args: Any, **kwargs: Any) -> np.ndarray:
        """Answers outside of training, as a plain array."""
        return self(x).numpy()


class Answer(NDArrayOperatorsMixin):
    """What a Keras model gives when it is called: no array, but nearly one."""

    def __init__(self, array: np.ndarray) -> None:
        self._array = array

    def numpy(self) -> np.ndarray:
        return self._array.copy()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self._array, dtype)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Answer:
        return Answer(getattr(ufunc, method)(*map(_plain, inputs), **kwargs))

    def __getitem__(self, index: Any) -> Answer:
        return Answer(self._array[index])

    def __len__(self) -> int:
        return len(self._array)

    def __float__(self) -> float:
        return float(self._array)

    @property
    def shape(self) -> tuple[int, ...]:
        return self._array.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._array.dtype


def _plain(value: Any) -> Any:
    return value._array if isinstance(value, Answer) else value


def _kept(result: Any) -> Any:
    """A result that later calls cannot change."""
    if isinstance(result, tuple | list):
        return type(result)(_kept(item) for item in result)
    return result.copy() if type(result) is np.ndarray else result
