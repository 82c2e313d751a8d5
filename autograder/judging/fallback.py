"""What fails on our side is logged for us; the learner gets the plainer form instead."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from cnnlab.autograder.sandbox.budget import BudgetSpent

T = TypeVar("T")
LOG = logging.getLogger("cnnlab")
LOG.addHandler(logging.NullHandler())  # else Python prints to stderr, before the learner's eyes


def attempt(function: Callable[..., T], *args: Any, plainer: T) -> T:
    """The function's result; where it fails, the plainer form, and a record in the log.

    It fails, too, where the submission has cost what it may cost: what is put into better words
    here never costs the points that have been earned.

    Examples
    --------
    >>> attempt(int, "3", plainer=0), attempt(int, "three", plainer=0)
    (3, 0)
    """
    try:
        return function(*args)
    except (Exception, BudgetSpent):
        name = getattr(function, "__name__", str(function))
        LOG.warning("%s failed; the plainer form is shown", name, exc_info=True)
        return plainer
