"""Chapter 6's calls: a split drawn three times, and single sides of a Keras model.

What is asked for is said by the judge (``given["asks"]``) and sent back with the answer, so that
each rung of a ladder is about one thing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cnnlab.autograder.sandbox.drivers import models


def splits(function: Callable[..., Any], args: Any, kwargs: Any, given: Any) -> dict[str, Any]:
    """Call a function that draws from a generator: with one, with another, with the first again.

    Parameters
    ----------
    given : dict
        ``seeds`` (two) and ``asks``.
    """
    one, other = given["seeds"]
    drawn = [function(*args, np.random.default_rng(seed), **kwargs) for seed in (one, other, one)]
    return {"asks": given["asks"], "splits": drawn}


def built(function: Callable[..., Any], args: Any, kwargs: Any, given: Any) -> dict[str, Any]:
    """As `models.built`, for the parts of the description that ``given["asks"]`` names."""
    given = dict(given)
    asks = given.pop("asks")
    tree = models.built(function, args, kwargs, given)
    return {name: tree[name] for name in asks}


def compiled(function: Callable[..., Any], args: Any, kwargs: Any, given: Any) -> dict[str, Any]:
    """As `models.compiled`, for the entries of the config that ``given["asks"]`` names."""
    given = dict(given)
    asks = given.pop("asks")
    tree = models.compiled(function, args, kwargs, given)
    config = tree["compiled"] or {}
    return {name: config.get(name) for name in asks} | {"returned": tree["returned"]}
