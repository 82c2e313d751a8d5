"""First weights drawn many times over. They go to the judge as they are: nothing is judged here."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np


def drawn(function: Callable[..., Any], args: Any, kwargs: Any, given: Any) -> dict[str, Any]:
    """Call ``function(shape, rng)`` several times with one generator, and with others.

    Parameters
    ----------
    given : dict
        ``asks`` (what the judge wants to know: is carried along), ``calls`` (how many), and
        ``seed`` (of the other generator).

    Returns
    -------
    dict
        ``results`` (what each call returned), ``again`` (the first once more, with a generator in
        the same state), ``other`` (one with another generator).
    """
    shape, rng = args
    twin, other = copy.deepcopy(rng), np.random.default_rng(given["seed"])

    def call(generator: np.random.Generator) -> Any:
        result = function(copy.copy(shape), generator, **kwargs)
        return result.copy() if type(result) is np.ndarray else result  # later calls may reuse it

    results = [call(rng) for _ in range(given["calls"])]
    return {"asks": given["asks"], "results": results, "again": call(twin), "other": call(other)}
