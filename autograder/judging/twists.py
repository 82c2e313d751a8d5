"""Twists: typical wrong implementations, by name, and how a wrong answer is matched to one.

A twist takes the correct op and gives back a wrong one. So two mistakes in one function
are a composition, and what a mistaken function would answer is simply called:

>>> import numpy as np
>>> flipped = Twist("flipped", on_args(lambda x: (x[::-1],)), "You read the list backwards.")
>>> doubled = Twist("doubled", on_output(lambda y: 2 * y), "You count everything twice.")
>>> doubled.apply(flipped.apply(np.cumsum))(np.array([1, 2, 3]))
array([ 6, 10, 12])
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Op = Callable[..., Any]

CHANGES_INPUT = "changes-input"
"""The mistake that is seen directly, by the arguments before and after a call."""


@dataclass(frozen=True)
class Twist:
    """A named mistake.

    Parameters
    ----------
    name : str
        Public vocabulary, as in ``kernel-flipped``.
    apply : callable, op → op
        From the correct op to the mistaken one.
    says : str
        What the learner hears: what happened, and what to think about. Never code.
    """

    name: str
    apply: Callable[[Op], Op]
    says: str


class Fails(Exception):
    """Raised by a mistake that ends in an error, where the error itself tells the mistake.

    The learner's function fails in its own words, so the message is compared by the numbers
    in it: sizes that come about in one way only.
    """


def names_all_numbers(prediction: str, message: str) -> bool:
    """Whether a learner's error message names every number that a `Fails` predicts.

    Examples
    --------
    >>> names_all_numbers("512 weights, 32768 inputs", "shapes (2,32768) and (512,64) not aligned")
    True
    >>> names_all_numbers("512 weights, 32768 inputs", "shapes (2,8192) and (512,64) not aligned")
    False
    """
    return set(re.findall(r"\d+", prediction)) <= set(re.findall(r"\d+", message))


def on_args(change: Callable[..., tuple[Any, ...]]) -> Callable[[Op], Op]:
    """The correct op on changed arguments; ``change`` maps all positional ones to new ones."""
    return lambda op: lambda *args, **kwargs: op(*change(*args), **kwargs)


def on_output(change: Callable[[Any], Any]) -> Callable[[Op], Op]:
    """The correct op with a changed result."""
    return lambda op: lambda *args, **kwargs: change(op(*args, **kwargs))


def with_mistake(**options: Any) -> Callable[[Op], Op]:
    """A mistake that an op makes itself where an option is set; an option that is given stays."""
    return lambda op: lambda *args, **kwargs: op(*args, **{**options, **kwargs})


def combine(*twists: Twist) -> Callable[[Op], Op]:
    """Several mistakes in one function: the last named is made first, nearest to the op."""

    def apply(op: Op) -> Op:
        for twist in reversed(twists):
            op = twist.apply(op)
        return op

    return apply


def names(found: tuple[Twist, ...], twists: tuple[Twist, ...]) -> list[str]:
    """The names of a combination, in the order in which the grader lists its twists."""
    return [twist.name for twist in twists if twist in found]
