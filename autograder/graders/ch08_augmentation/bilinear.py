"""Chapter 8's ``bilinear``: pictures read between their pixels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.ch08_augmentation._pictures import floats, four_axes
from cnnlab.autograder.graders.ch08_augmentation._warping import READINGS, read_by_keras
from cnnlab.autograder.graders.shared.draws import reals, whole, wholes
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Op, Twist, on_args
from cnnlab.course.ops import Array, augmentation

Rng = np.random.Generator


def bilinear_probes(rng: Rng) -> Iterator[Probe]:
    def probe(rung: str, x: Array, rows: Any, columns: Any, title: str = "") -> Probe:
        at = np.asarray(rows, float), np.asarray(columns, float)
        return Probe(rung, (x, *at), title=title, terms=4)

    def places(x: Array, *shape: int, around: int = 2) -> tuple[Array, Array]:
        """Eighths of a pixel, up to so many pixels outside of the picture."""
        low, high = -8 * around, [8 * (n - 1 + around) for n in x.shape[1:3]]
        rows, columns = (rng.integers(low, h + 1, shape) / 8 for h in high)
        return rows, columns

    x = reals(rng, 2, 3, 4, 2)
    yield probe("shape", x, *places(x, 5, 6))
    small = wholes(rng, 1, 2, 2, 1)
    yield probe("by-hand", small, [[0, 1]], [[1, 0]], "on two pixels")
    yield probe("by-hand", small, [[0, 1]], [[0.5, 0.25]], "between two columns")
    yield probe("by-hand", small, [[0.5, 0.25]], [[0.5, 0.25]], "between four pixels")
    yield probe("by-hand", small, [[-0.5, 1.5]], [[0, 1]], "half a pixel outside")
    x = reals(rng, 3, 3, 3, 3)
    yield probe("structure", x, *places(x, 3, 3, around=0), "every size 3")
    x = reals(rng, 2, 4, 6, 2)
    yield probe("structure", x, *places(x, 5, 4, around=0), "inside")
    inside, beyond = places(x, 6, 1, around=0), np.array([[-0.75], [-0.25], [-0.5]])
    yield probe("structure", x, beyond, inside[1][:3], "above the picture")
    yield probe("structure", x, 3 - beyond, inside[1][3:], "below the picture")
    yield probe("structure", x, inside[0][:3], beyond, "left of the picture")
    yield probe("structure", x, inside[0][3:], 5 - beyond, "right of the picture")
    for shape in ((2, 5, 7, 3), (3, 8, 6, 2), (1, 6, 9, 4)):
        x = reals(rng, *shape)
        yield probe("reference", x, *places(x, 7, 8))
    x = reals(rng, 2, 5, 6, 2, dtype=np.float64)
    yield probe("reference", x, *places(x, 6, 9), "float64")
    x = reals(rng, 2, 4, 5, 2)
    yield probe("edge-cases", x, [[3, 3, 0]], [[4, 0, 4]], "on the last row and column")
    yield probe("edge-cases", x, [[-1, 4, 2]], [[2, 2, 5]], "a whole pixel outside")
    far = whole(rng, 40, 900)
    yield probe("edge-cases", x, [[-far, far, 1]], [[1, 2, far]], "far outside")
    one = reals(rng, 2, 1, 1, 3)
    yield probe("edge-cases", one, [[0, 0.5, -0.25]], [[0, 0.25, 0]], "pictures of one pixel")
    bad: dict[str, Any] = {"rung": "robust"}
    rows, columns = places(x, 2, 3)
    yield Probe(args=(x[0], rows, columns), title="three axes", raises="x", **bad)
    yield Probe(args=(x, rows, columns[:1]), title="other shapes", raises="rows|columns", **bad)
    yield Probe(args=(x, rows, columns), title="all in order", terms=4, **bad)


def keras_bilinear(x: Any, rows: Any, columns: Any) -> Array:
    return read_by_keras(floats(x), np.asarray(rows), np.asarray(columns))


def _instead(read: Callable[[Array, Array, Array], Array]) -> Callable[[Op], Op]:
    """Another way to read; places still need one shape."""

    def mistaken(x: Any, rows: Any, columns: Any) -> Array:
        augmentation.bilinear(x, rows, columns)  # what it refuses is refused
        return four_axes(read)(x, np.asarray(rows, float), np.asarray(columns, float))

    return lambda op: mistaken


def _shares(
    weight: Callable[[Array], Array], index: Callable[[Array, int], tuple[Array, Array]]
) -> Callable[[Array, Array, Array], Array]:
    """Four neighbors, each with a weight by its distance; ``index`` finds them along an axis, and
    says which of them count."""

    def read(x: Array, rows: Array, columns: Array) -> Array:
        out = np.zeros((len(x), *rows.shape, x.shape[3]), x.dtype)
        for a, b in np.ndindex(2, 2):
            i, j = np.floor(rows) + a, np.floor(columns) + b
            share = weight(np.abs(rows - i)) * weight(np.abs(columns - j))
            (i, high), (j, wide) = (
                index(n, size) for n, size in zip((i, j), x.shape[1:3], strict=True)
            )
            out += (share * high * wide)[..., None].astype(x.dtype) * x[:, i, j]
        return out

    return read


def _inside(n: Array, size: int) -> tuple[Array, Array]:
    return np.clip(n, 0, size - 1).astype(int), (n >= 0) & (n < size)


def _from_the_end(n: Array, size: int) -> tuple[Array, Array]:
    """Negative indices read from the other side, as NumPy's do."""
    return (np.minimum(n, size - 1).astype(int)) % size, n < size


def _round(n: Array, size: int) -> tuple[Array, Array]:
    return n.astype(int) % size, np.ones(n.shape, bool)


def _near(x: Any, rows: Any, columns: Any) -> tuple[Array, Array]:
    """Places that are clipped to one pixel outside of the picture."""
    height, width = np.shape(x)[1:3]
    return np.clip(rows, -1, height), np.clip(columns, -1, width)


def _truncated(x: Array, rows: Array, columns: Array) -> Array:
    """Neighbors after the decimals are cut off: below 0 the shares are no shares any more."""
    out = np.zeros((len(x), *rows.shape, x.shape[3]), x.dtype)
    for a, b in np.ndindex(2, 2):
        share = np.ones(rows.shape)
        found, inside = [], np.ones(rows.shape, bool)
        for at, step, size in ((rows, a, x.shape[1]), (columns, b, x.shape[2])):
            first = np.trunc(at)
            share = share * (at - first if step else 1 - at + first)
            index, held = _inside(first + step, size)
            found.append(index)
            inside &= held
        out += (share * inside)[..., None].astype(x.dtype) * x[:, found[0], found[1]]
    return out


def _four_inside(x: Array, rows: Array, columns: Array) -> Array:
    """0 wherever one of the four neighbors is outside, though it may not count."""
    inside = (rows >= 0) & (rows < x.shape[1] - 1) & (columns >= 0) & (columns < x.shape[2] - 1)
    return np.where(inside[..., None], augmentation.bilinear(x, rows, columns), 0).astype(x.dtype)


EXERCISE = Exercise(
    name="bilinear",
    points={"shape": 0.25, "by-hand": 0.5, "structure": 0.5, "reference": 0.5, "edge-cases": 0.25},
    probes=bilinear_probes,
    keras_reference=keras_bilinear,
    numpy_op=augmentation.bilinear,
    twists=(
        *(Twist(name, _instead(read), says) for name, read, says in READINGS),
        Twist(
            "weights-swapped",
            _instead(_shares(lambda off: off, _inside)),
            "The farther one of two neighbors counts more in yours. Where p is the distance to the first of them, how much should that one count?",
        ),
        Twist(
            "weights-swapped",
            lambda op: (
                lambda x, rows, columns: _instead(_shares(lambda off: off, _inside))(op)(
                    x, *_near(x, rows, columns)
                )
            ),
            "The farther one of two neighbors counts more in yours. Where p is the distance to the first of them, how much should that one count?",
        ),
        Twist(
            "truncated",
            _instead(_truncated),
            "Above and left of the picture your neighbors are the wrong ones. Cutting the decimals off makes 0 of −0.5. Which whole number lies before −0.5?",
        ),
        Twist(
            "last-row-missing",
            _instead(_four_inside),
            "You read only where all four neighbors are inside, so the last row and the last column give 0, too. On the last row, which of the four count?",
        ),
        Twist(
            "rows-and-columns-swapped",
            on_args(lambda x, rows, columns: (x, columns, rows)),
            "Rows and columns have changed places. Which axis of x do the rows belong to?",
        ),
        Twist(
            "wraps-around",
            _instead(_shares(lambda off: 1 - off, _from_the_end)),
            "Above and left of the picture you read from its other end. What does NumPy give at the index −1, and what should be there?",
        ),
        Twist(
            "wraps-around",
            _instead(_shares(lambda off: 1 - off, _round)),
            "Outside of the picture you read from its other side. What should be there?",
        ),
    ),
    hints=(
        "A place lies between four pixels. Which are they, and which of them counts most?",
        "Along the rows the two neighbors share by distance, and so they do along the columns. How much does one of the four count then?",
        "Neighbors may lie outside of the picture. With a frame of zeros around it, or with a weight of 0, they give nothing. What about places that are far away?",
    ),
    rung_hints={
        "shape": "The result has a number for each picture, each place and each channel: (N, h, w, C). What is the shape of yours?",
        "by-hand": "In the middle of four pixels each counts one quarter. And a quarter of the way from one pixel to the next one?",
        "structure": "Half a pixel beyond the edge, the pixel at the edge counts by half. Which neighbors give 0 there?",
        "edge-cases": "On the last row there is no next row, though its weight is 0. Which index do you read there, and which one far away?",
        "robust": "x needs four axes, and rows and columns the same shape. Name the argument that is wrong.",
    },
)
