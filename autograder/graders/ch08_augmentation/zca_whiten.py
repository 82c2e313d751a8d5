"""Chapter 8's whitening, which is optional: pixels that say nothing about each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.ch08_augmentation._pictures import floats
from cnnlab.autograder.graders.shared.draws import varied, whole
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Twist, with_mistake
from cnnlab.course.ops import Array

Rng = np.random.Generator


def patches_like(rng: Rng, n: int, side: int, dtype: Any = np.float64) -> Array:
    """Patches as they are cut out of photographs: neighbours are nearly equal.

    Sums of quarters are exact, so every processor draws the same ones.
    """
    steps = rng.integers(-6, 7, (n, side, side))
    steps[:, 0, 0] += rng.integers(-12, 13, n)  # how bright the whole patch is
    pixels = steps.cumsum(axis=1).cumsum(axis=2).reshape(n, side**2)
    return ((pixels + rng.integers(-4, 5, side**2)) / 4).astype(dtype)


def zca_probes(rng: Rng) -> Iterator[Probe]:
    def probe(rung: str, patches: Any, eps: float, title: str = "") -> Probe:
        return Probe(rung, (patches, eps), title=title, terms=5000)

    yield probe("shape", patches_like(rng, 9, 2), 0.1)
    yield probe("shape", patches_like(rng, 9, 2, np.float32), 0.1, "float32")
    size = varied(rng, rng.integers(1, 4), lambda: whole(rng, 5, 40) / 8)
    square = np.array([[0.0, 3], [2, 3], [0, 1], [2, 1]]) * size
    yield probe("by-hand", square, 1.0, "four points on a square")
    along = varied(rng, rng.integers(-2, 3), lambda: whole(rng, -80, 80) / 8)
    line = np.array([[1.0, 1], [3, 3], [5, 5], [-1, -1]]) + along
    yield probe("by-hand", line, 0.5, "points on a slanted line")
    for n, side, eps in ((60, 3, 0.1), (40, 4, 0.5), (30, 2, 2.0)):
        yield probe("reference", patches_like(rng, n, side), eps)
    yield probe("reference", patches_like(rng, 50, 3, np.float32), 0.3, "float32")
    yield probe("edge-cases", patches_like(rng, 5, 3), 0.2, "fewer patches than pixels")
    flat = np.c_[patches_like(rng, 20, 2), np.ones(20)]
    yield probe("edge-cases", flat, 0.1, "a pixel that never changes")


def whitening(args: tuple[Any, ...], value: Any) -> Any:
    """What whitening did: the spread in all directions, and whether the patches were turned.

    Only a symmetric matrix stretches without turning. So ZCA is the one whitening whose matrix
    is symmetric; PCA's directions have signs and an order that nobody can foresee.
    """
    patches = floats(args[0])
    if not isinstance(value, np.ndarray) or value.shape != patches.shape:
        return value
    if not np.all(np.isfinite(value)):
        return {"finite numbers": False}
    out = value.astype(np.float64)
    centred = out - out.mean(axis=0)
    before = patches.astype(np.float64) - patches.mean(axis=0, dtype=np.float64)
    matrix = np.linalg.pinv(before, rcond=1e-6) @ centred
    slack = 1e-3 if value.dtype == np.float32 else 1e-7
    size = max(1.0, float(np.abs(matrix).max()))
    spread = np.linalg.eigvalsh(centred.T @ centred / len(out))
    return {
        "finite numbers": True,
        "mean 0 in each column": bool(np.abs(out.mean(axis=0)).max() < slack * 10),
        "made by one matrix": bool(np.abs(before @ matrix - centred).max() < slack * size),
        "not turned": bool(np.abs(matrix - matrix.T).max() < slack * size),
        "not mirrored": bool(np.linalg.eigvalsh(matrix + matrix.T).min() > -slack * size),
        "variances": spread.astype(value.dtype),
    }


def keras_whiten(patches: Any, eps: float) -> Any:
    """ZCA by Keras's singular values; Keras has no function for the whole."""
    import keras

    x = floats(patches)
    centred = x - keras.ops.convert_to_numpy(keras.ops.mean(x, axis=0))
    covariance = keras.ops.matmul(keras.ops.transpose(centred), centred) / len(x)
    u, s, _ = map(keras.ops.convert_to_numpy, keras.ops.svd(covariance))
    white = centred @ u @ np.diag(1 / np.sqrt(s + eps)).astype(x.dtype) @ u.T
    return whitening((patches, eps), white)


def whiten(
    patches: Any,
    eps: float,
    *,
    centre: Callable[[Array], Array] = lambda x: x - x.mean(axis=0),
    scale: Callable[[Array, float], Array] = lambda s, eps: 1 / np.sqrt(s + eps),
    back: bool = True,
    divisor: Callable[[int, int], int] = lambda n, d: n,
) -> Array:
    """`zca_whiten` with mistakes: without any, it is that function."""
    x = centre(floats(patches))
    s, u = np.linalg.eigh(x.T @ x / divisor(*x.shape))
    with np.errstate(all="ignore"):
        rotated = x @ (u * scale(np.maximum(s, 0), eps).astype(x.dtype))
    return rotated @ u.T if back else rotated


CENTRE = "Your columns do not have mean 0. Whitening is about how pixels vary: subtract the mean of each pixel first, over all patches."
_EPS = "eps belongs to the variances, before the root is taken: it keeps small ones from becoming huge. Where is yours?"

PIXELS = (
    "You divide the covariance by the number of pixels. A covariance is a mean over examples: "
    "what are the examples here, and how many are there?"
)
SUMS = (
    "You take sums of products where the covariance is their mean. By what should you divide them?"
)

SAMPLE = (
    "You divide the covariance by n − 1. Here it is divided by the number of patches. Which number "
    "do you use?"
)
OFF_CENTRE: tuple[Callable[[Array], Array], ...] = (
    lambda x: x,
    lambda x: x - x.mean(),
    lambda x: x - x.mean(axis=1, keepdims=True),
)
"""Wrong ways to center patches."""

EXERCISE = Exercise(
    name="zca_whiten",
    points={"shape": 0.15, "by-hand": 0.35, "reference": 0.6, "edge-cases": 0.15},
    probes=zca_probes,
    keras_reference=keras_whiten,
    numpy_op=whiten,
    needs=("covariance",),
    describe=whitening,
    twists=(
        *(Twist("not-centred", with_mistake(centre=centre), CENTRE) for centre in OFF_CENTRE),
        Twist(
            "pca-not-rotated-back",
            with_mistake(back=False),
            "Your patches have no correlations left, but their numbers are no pixels any more: they belong to the directions of the covariance. Which matrix makes pixels of them again?",
        ),
        *(
            Twist("eps-misplaced", with_mistake(scale=scale), _EPS)
            for scale in (
                lambda s, eps: 1 / (np.sqrt(s) + eps),
                lambda s, eps: 1 / np.sqrt(np.maximum(s, eps)),
                lambda s, eps: 1 / np.sqrt(s + eps**2),
            )
        ),
        Twist(
            "root-forgotten",
            with_mistake(scale=lambda s, eps: 1 / (s + eps)),
            "You divide by variances. What has to become 1 is the variance, so divide by its root.",
        ),
        Twist(
            "sample-covariance",
            with_mistake(divisor=lambda n, d: n - 1),
            SAMPLE,
        ),
        *(
            Twist("divided-by-pixels", with_mistake(divisor=divisor), PIXELS)
            for divisor in (lambda n, d: d, lambda n, d: d - 1)
        ),
        Twist("not-divided", with_mistake(divisor=lambda n, d: 1), SUMS),
    ),
    hints=(
        "What would patches look like in which no pixel tells anything about its neighbor?",
        "The covariance is a symmetric matrix. Its eigenvectors are directions, and its eigenvalues are the variances along them. By what must you divide to make each variance 1?",
        "Four steps: center, turn into the eigenvectors, divide each direction by the root of its variance plus eps, turn back.",
    ),
    rung_hints={
        "shape": "As many patches and pixels come out as came in. What is the shape of yours?",
        "by-hand": "On the square, the two pixels are not correlated at all. So they are only divided by a number: which?",
        "edge-cases": "A direction without any variance has an eigenvalue near 0, and rounding may push it below 0. What is eps there for?",
    },
)
