"""Chapter 8's ``covariance``, for whitening: how pixels vary together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.ch08_augmentation._pictures import floats
from cnnlab.autograder.graders.ch08_augmentation.zca_whiten import (
    CENTRE,
    OFF_CENTRE,
    PIXELS,
    SAMPLE,
    SUMS,
    patches_like,
)
from cnnlab.autograder.graders.shared.draws import wholes
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Twist, on_args, on_output, with_mistake
from cnnlab.course.ops import Array, require

Rng = np.random.Generator


def covariance_probes(rng: Rng) -> Iterator[Probe]:
    def probe(rung: str, patches: Any, title: str = "") -> Probe:
        return Probe(rung, (patches,), title=title, terms=len(patches))

    yield probe("shape", patches_like(rng, 9, 2))
    middle, off = wholes(rng, 1, 2), wholes(rng, 1, 2)
    yield probe("by-hand", np.concatenate([middle - off, middle + off]), "two patches")
    first, second = wholes(rng, 1, 2) * [[1, 0]], wholes(rng, 1, 2) * [[0, 1]]
    square = np.concatenate([first + second, first - second, second - first, -first - second])
    yield probe("by-hand", square + wholes(rng, 1, 2), "four points on a rectangle")
    for n, side in ((60, 3), (40, 4), (5, 3)):
        yield probe("reference", patches_like(rng, n, side))
    yield probe("reference", patches_like(rng, 9, 3), "as many patches as pixels")
    yield probe("reference", patches_like(rng, 50, 3, np.float32), "float32")
    yield Probe("robust", (np.ones(4),), title="a single patch without a row", raises="patches")
    yield Probe("robust", ([[1, 10], [3, 30]],), title="lists", terms=2)


def keras_covariance(patches: Any) -> Array:
    """Products of every two pixels, averaged over the patches, with Keras's ops."""
    from keras import ops as k

    x = floats(patches)
    off = x - k.mean(x, axis=0, keepdims=True)
    products = k.expand_dims(off, 2) * k.expand_dims(off, 1)
    return k.convert_to_numpy(k.mean(products, axis=0))


def covaried(
    patches: Any,
    *,
    centre: Callable[[Array], Array] = lambda x: x - x.mean(axis=0),
    divisor: Callable[[int, int], int] = lambda n, d: n,
    between_patches: bool = False,
) -> Array:
    """`covariance` with mistakes: without any, it is that function."""
    x = floats(patches)
    require(x.ndim == 2, "patches", "must have shape (n, d)", x.shape)
    off = centre(x)
    products = off @ off.T if between_patches else off.T @ off
    return products / divisor(*x.shape)


def _standardized(x: Array) -> Array:
    off = x - x.mean(axis=0)
    with np.errstate(all="ignore"):
        return off / off.std(axis=0)


_PATCHES = "You compare patches with patches. Here every pixel is compared with every pixel. Which axis must be summed over?"

EXERCISE = Exercise(
    name="covariance",
    points={"shape": 0.05, "by-hand": 0.2, "reference": 0.25},
    probes=covariance_probes,
    keras_reference=keras_covariance,
    numpy_op=covaried,
    twists=(
        *(Twist("not-centred", with_mistake(centre=centre), CENTRE) for centre in OFF_CENTRE),
        Twist("sample-covariance", with_mistake(divisor=lambda n, d: n - 1), SAMPLE),
        Twist("divided-by-pixels", with_mistake(divisor=lambda n, d: d), PIXELS),
        Twist("not-divided", with_mistake(divisor=lambda n, d: 1), SUMS),
        Twist(
            "between-patches",
            with_mistake(between_patches=True),
            _PATCHES,
        ),
        Twist("between-patches", on_args(lambda patches: (np.transpose(patches),)), _PATCHES),
        Twist(
            "correlation",
            with_mistake(centre=_standardized),
            "Your diagonal is 1 everywhere: these are correlations. A covariance keeps how much each pixel varies. By what do you divide too much?",
        ),
        Twist(
            "variances-only",
            on_output(lambda matrix: np.diag(np.diag(matrix))),
            "Your table has the variances on its diagonal and 0 beside it. What stands where two different pixels meet?",
        ),
    ),
    hints=(
        "Two pixels vary together if both tend to be above their means in the same patches. Which product is then large?",
        "Subtract each pixel's mean first. Then every entry is the mean, over all patches, of the product of two pixels. What is such a table of sums of products as a matrix product?",
        "The result has a row and a column for each pixel. Which of the two matrices must be transposed for that?",
    ),
    rung_hints={
        "shape": "The result has as many rows and columns as a patch has pixels. What is the shape of yours?",
        "by-hand": "Two patches lie equally far from their mean, on opposite sides. What is the mean of the squared distance of a pixel?",
        "robust": "Patches need two axes: one for the patches, one for their pixels. Name patches in a ValueError if they have not.",
    },
)
