"""How chapter 9's formulas make a mistake."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cnnlab.autograder.judging.twists import Op


def with_mistake(**mistakes: Any) -> Callable[[Op], Op]:
    return lambda op: lambda *args, **kwargs: op(*args, **{**mistakes, **kwargs})
