"""How pictures were varied, read back: for chapter 8's random batch and its network.

Both are judged by what comes out, in words. The pictures are those of `cnnlab.course.ops.blobs`,
from which every variation can be read back. Three bounds hold for certain for a right function
(nothing turned by more than 15°, …); what is left to chance is bounded so that it fails with a
probability below 1 in 100,000 for each submission:

* *Mirrored about half.* Over n pictures the count of mirrored ones is binomial(n, ½). It fails
  beyond 5.2 standard deviations: n = 144 gives 9.5e-8 (exact, both sides).
* *Wide enough.* Some draw must lie in the outer half of each range, on each side. Uniform draws
  all miss it with probability 0.75ⁿ: below 1e-18. Cut to whole pixels the least likely one is a
  shift of a whole pixel to one side, one draw in four, with the same bound. The largest angle of
  the network must exceed 13° of 15°: (13/15)¹⁴⁴ is below 1.2e-9.
* *Drawn one by one.* The ten correlations between mirroring, both shifts, angle and contrast:
  |r|·√n above 5.2 has probability below 2e-7 each (n = 144).

A submission is judged by three such samples, two batches and one network: 23 tests at 2e-7, so
below 5e-6 in all. `autograder/tests/graders/test_ch08_chance.py` computes the bounds and tries thousands of seeds.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np

from cnnlab.course.ops import Array
from cnnlab.course.ops.augmentation import SHIFT
from cnnlab.course.ops.blobs import Varied

Rng = np.random.Generator
Z = 5.2
"""Standard deviations within which chance is left alone."""


def near_half(count: int, n: int) -> bool:
    """Whether a fair coin may show heads so often."""
    return bool(abs(count - n / 2) < Z * np.sqrt(n) / 2)


def independent(columns: list[Array]) -> bool:
    """Whether no two columns rise and fall together; a constant one does with none."""
    for one, other in combinations(columns, 2):
        a, b = one - one.mean(), other - other.mean()
        size = np.sqrt((a @ a) * (b @ b))
        if size > 0 and abs(a @ b) / size * np.sqrt(len(a)) > Z:
            return False
    return True


def spread(values: Array, middle: float, far: float, slack: float) -> str:
    """How far values go from their middle, on both sides, in words."""
    off = values - middle
    if np.abs(off).max() > far + slack:
        return "too far"
    if off.min() > -far / 2 + slack or off.max() < far / 2 - slack:
        return "not far enough, or to one side only"
    return "as it should"


def mirrored(flags: Array) -> str:
    """How often, in words."""
    if flags.all() or not flags.any():
        return "all of them" if flags.all() else "none of them"
    return "about half of them" if near_half(int(flags.sum()), len(flags)) else "not half of them"


def moved(down: Array, right: Array, degrees: Array, size: tuple[int, ...]) -> str:
    """How far pictures were moved, in words: after they were turned, or else before."""
    turn = np.radians(degrees)
    before = (
        np.cos(turn) * down + np.sin(turn) * right,  # rows count downwards
        np.cos(turn) * right - np.sin(turn) * down,
    )
    words = "as it should"
    for moves in ((down, right), before):
        ways = [spread(m, 0, SHIFT * n, 0.3) for m, n in zip(moves, size, strict=True)]
        words = next((way for way in ways if way != "as it should"), "as it should")
        if words == "as it should":
            break
    return words


def own_ways(found: Varied) -> bool:
    """Whether a batch holds more than one variation."""
    limits = {"down": 0.2, "right": 0.2, "degrees": 1.5, "contrast": 0.04}
    moves = any(np.std(getattr(found, name)) > limit for name, limit in limits.items())
    return bool(moves or len(set(found.mirrored.tolist())) > 1)
