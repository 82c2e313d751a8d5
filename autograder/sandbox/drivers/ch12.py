"""A small Keras classifier for a learner to explain, with weights that the judge chose.

Keras is imported in functions alone: a chapter without Keras loads this file, too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cnnlab.autograder.sandbox.drivers import models


def explained(function: Callable[..., Any], args: Any, kwargs: Any, given: Any) -> Any:
    """Call ``function(model, *args)`` on a model of ours, and give its result as an array.

    Parameters
    ----------
    given : dict
        What `models.stack` takes. The model is new in every call: what a function does to it
        is of no consequence for the next.
    """
    return models.numbers(function(models.stack(**given), *args, **kwargs))
