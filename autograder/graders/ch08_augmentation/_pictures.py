"""Pictures for chapter 8's exercises, and what their axes are probed with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.judging.exercise import Probe
from cnnlab.autograder.judging.twists import Op
from cnnlab.course.ops import Array, as_floats, augmentation

Rng = np.random.Generator


def floats(value: Any) -> Array:
    """Lists and integers as float64."""
    return as_floats(x=value)[0]


def bytes_(rng: Rng, *shape: int) -> Array:
    """Pictures as they come from a file: whole numbers from 0 to 255."""
    return rng.integers(0, 256, shape).astype(np.uint8)


def instead(function: Callable[..., Any]) -> Callable[[Op], Op]:
    """A formula that replaces the op."""
    return lambda op: function


def four_axes(function: Callable[..., Any]) -> Callable[..., Any]:
    """A mistake that still looks at the number of axes, as the course's own op does."""
    return lambda x, *args, **kwargs: function(augmentation.batch(x), *args, **kwargs)


def axes_probes(x: Array, *rest: Any) -> Iterator[Probe]:
    """The bad input that all four share."""
    yield Probe("robust", (x[0], *rest), title="three axes", raises="x")
    yield Probe("robust", (x[None], *rest), title="five axes", raises="x")
    yield Probe("robust", (x, *rest), title="four axes", terms=500)
