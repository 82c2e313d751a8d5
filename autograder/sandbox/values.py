"""Which values cross between the judge and a worker, how large, and what is said of others.

This file also goes inside the sandbox: it needs only the standard library and NumPy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

MAX_FRAME = 64 * 2**20
"""Bytes in one frame at most."""
MAX_HEADER = 4 * 2**20
"""Bytes in a frame's header at most."""
MAX_ITEMS = 200_000
"""Values in one tree at most, arrays counted as one each."""
MAX_DEPTH = 32
"""How deeply a tree may be nested."""
MAX_AXES = 64
"""Axes of one array at most. (A product of millions of sizes would keep the judge busy.)"""
MAX_INT_BITS = 4096
MAX_ARRAY = 2 * MAX_FRAME
"""Bytes at most that a list may take as an array, whose cells are all as wide as the widest."""


class ProtocolError(ValueError):
    """A frame that `encode` cannot have written."""


class Unsupported(TypeError):
    """A value that cannot cross. The message continues "returned …"."""


@dataclass(frozen=True)
class Seed:
    """An argument that arrives as ``np.random.default_rng(n)``."""

    n: int

    def __repr__(self) -> str:
        return f"np.random.default_rng({self.n})"


@dataclass(frozen=True)
class Named:
    """An argument that arrives as the function of this name in the worker's `FUNCTIONS`."""

    name: str

    def __repr__(self) -> str:
        return self.name


def demand_modest(tree: Any) -> None:
    """Refuse lists that would be huge as arrays: one long text among many short ones is enough.

    Raises
    ------
    Unsupported
    """
    _cells(tree)


def _cells(tree: Any) -> tuple[int, int]:
    """How many cells a value has as an array, and the bytes of the widest."""
    if isinstance(tree, np.ndarray | np.generic):
        return tree.size, tree.itemsize
    if isinstance(tree, str):
        return 1, 4 * len(tree)
    if isinstance(tree, dict):
        for item in tree.values():
            _cells(item)
    if not isinstance(tree, list | tuple):
        return 1, 16
    count, width = 0, 1
    for item in tree:
        n, wide = _cells(item)
        count += n
        width = max(width, wide)
    if count * width > MAX_ARRAY:
        kind = "list" if isinstance(tree, list) else "tuple"
        size = f"more than {MAX_ARRAY >> 20} MiB as an array"
        raise Unsupported(f"a {kind} that takes {size}; return an array of numbers")
    return count, width


def advice(value: Any) -> str:
    """What is wrong with a value that cannot cross, and what to return in its place."""
    kind = type(value)
    name = name_of(kind)
    named = f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"
    if isinstance(value, np.ndarray | np.generic):
        if value.dtype.kind == "O":
            return "an array of Python objects; its rows may have different lengths"
        if kind is np.ndarray or isinstance(value, np.generic):
            return f"an array of dtype {value.dtype}; return an array of numbers"
        return f"{named}; return a plain NumPy array"
    if callable(value):
        return f"{named}, not what it computes; call it"
    if hasattr(kind, "numpy"):
        return f"{named}; return a NumPy array, with its .numpy()"
    return f"{named}; return NumPy arrays, numbers, text, lists, tuples or dicts"


def name_of(kind: type) -> str:
    """A type as a learner knows it: ``"list"``, ``"pandas.DataFrame"``."""
    try:
        module, name = str(kind.__module__), str(kind.__qualname__)
    except BaseException:  # a metaclass may do anything here
        return "object"
    if module in ("builtins", "__main__"):
        return name or "object"
    return f"{module.partition('.')[0]}.{name}"
