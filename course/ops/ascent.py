"""Gradient ascent on a picture, in NumPy: the steps of chapter 11, for any objective.

Pictures have shape (H, W, C), as a network takes them. Where the gradient of the objective
comes from (a tape, a formula) is the caller's business.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnnlab.course.ops import Array, as_floats, require

NOISE = 10.0
"""Standard deviation of the noise at the start, in grey levels."""
EPSILON = 1e-8
COLOURS = np.array([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]])
"""Root of the covariance of red, green, blue in photographs (columns: brightness, blue against
yellow, green against magenta), as published by Lucid."""

Gradient = Callable[[Array], Array]


def recoloured(picture: ArrayLike) -> Array:
    """A picture whose colours vary as those of photographs do, around gray.

    Red, green and blue are decorrelated, then correlated as in photographs (`COLOURS`).
    Brightness keeps its mean and its spread.

    Parameters
    ----------
    picture : array_like, shape (H, W, 3)
        Red, green, blue; not all pixels may have colours of one plane.
    """
    picture = np.asarray(picture, float)
    pixels = picture.reshape(-1, 3)
    middle = pixels.mean(axis=0)
    whiten = np.linalg.inv(_root(np.cov(pixels.T)))
    found = (pixels - middle) @ whiten @ _root(COLOURS @ COLOURS.T)
    found *= pixels.mean(axis=1).std() / found.mean(axis=1).std()
    return (found + middle.mean()).reshape(picture.shape)


def _root(covariance: Array) -> Array:
    """The symmetric square root of a covariance."""
    sizes, axes = np.linalg.eigh(covariance)
    return (axes * np.sqrt(np.maximum(sizes, 0))) @ axes.T


def total_variation(image: ArrayLike) -> float:
    """How rough a picture is: Σ|Δ| between neighbours below and beside each other.

    Parameters
    ----------
    image : array_like, shape (H, W, C)

    Returns
    -------
    float
        A sum over all channels, as ``tf.image.total_variation`` gives it.

    Raises
    ------
    ValueError
        ``image`` does not have three axes.

    Examples
    --------
    >>> total_variation([[[0], [3]], [[1], [3]]])
    6.0
    """
    (image,) = as_floats(image=image)
    require(image.ndim == 3, "image", "must have shape (H, W, C)", image.shape)
    return float(np.abs(np.diff(image, axis=0)).sum() + np.abs(np.diff(image, axis=1)).sum())


def ascent_step(image: ArrayLike, gradient: ArrayLike, rate: float) -> Array:
    """One step uphill of length ``rate``, whatever the size of the gradient.

    Parameters
    ----------
    image, gradient : array_like, one shape
    rate : float
        How far the numbers move, as a root mean square.

    Returns
    -------
    ndarray
        ``image + rate · gradient / (√mean(gradient²) + 1e-8)``, a new array.

    Raises
    ------
    ValueError
        The shapes differ; the message names ``gradient``.

    Examples
    --------
    >>> ascent_step([1.0, 1.0], [0.003, -0.003], rate=2.0).round(3)
    array([ 3., -1.])
    """
    image, gradient = as_floats(image=image, gradient=gradient)
    fits = gradient.shape == image.shape
    require(fits, "gradient", f"must have image's shape {image.shape}", gradient.shape)
    return image + rate * gradient / (np.sqrt(np.mean(gradient**2)) + EPSILON)


def variation_gradient(image: Array) -> Array:
    """How `total_variation` changes with each number of a picture; 0 where neighbours are equal.

    Parameters
    ----------
    image : ndarray, shape (H, W, C)

    Returns
    -------
    ndarray, shape (H, W, C)
    """
    down, right = np.sign(np.diff(image, axis=0)), np.sign(np.diff(image, axis=1))
    gradient = np.zeros_like(image)
    gradient[1:] += down
    gradient[:-1] -= down
    gradient[:, 1:] += right
    gradient[:, :-1] -= right
    return gradient


def l6(image: Array) -> float:
    """The sixth root of the mean of the numbers' sixth powers: large numbers count most.

    Parameters
    ----------
    image : ndarray, any shape

    Examples
    --------
    >>> l6(np.array([1.0, 1.0, 1.0, 10.0])).__round__(2)
    7.94
    """
    return float(np.mean(image**6) ** (1 / 6))


def l6_gradient(image: Array) -> Array:
    """How `l6` changes with each number of a picture.

    Parameters
    ----------
    image : ndarray, any shape

    Returns
    -------
    ndarray, the shape of ``image``
    """
    return image**5 / (image.size * l6(image) ** 5)


def penalty_gradient(image: Array, tv: float, l6: float) -> Array:
    """The gradient of ``tv · total_variation / image.size + l6 · L6``.

    Parameters
    ----------
    image : ndarray, shape (H, W, C)
    tv, l6 : float
        How much each of the two penalties counts.

    Returns
    -------
    ndarray, shape (H, W, C)
    """
    gradient = np.zeros_like(image)
    if tv:
        gradient += tv * variation_gradient(image) / image.size
    if l6:
        gradient += l6 * l6_gradient(image)
    return gradient


def shifted_step(
    gradient: Gradient,
    image: Array,
    shift: ArrayLike,
    rate: float = 1.0,
    tv: float = 0.0,
    l6: float = 0.0,
    step: Callable[[Array, Array, float], Array] = ascent_step,
) -> Array:
    """One step uphill on the picture shifted a little, which is then shifted back.

    Parameters
    ----------
    gradient : callable, picture → picture
        Of what is maximised.
    image : ndarray, shape (H, W, C)
    shift : pair of int
        Down and right; what leaves on one side comes in on the other.
    rate : float
        See `ascent_step`.
    tv, l6 : float
        How much roughness and large numbers are disliked, see `penalty_gradient`.
    step : callable
        In the place of `ascent_step`.
    """
    shift = np.asarray(shift)
    seen = np.roll(image, shift, axis=(0, 1))
    uphill = gradient(seen) - penalty_gradient(seen, tv, l6)
    return np.roll(step(seen, uphill, rate), -shift, axis=(0, 1))


def noise(size: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """The picture that ascent begins with: (size, size, 3), nearly grey.

    Parameters
    ----------
    size : int
        Height and width.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, shape (size, size, 3)
    """
    return rng.normal(0, NOISE, (size, size, 3))


def enlarged(image: Array, size: int) -> Array:
    """A picture (H, W, 3) at another size, smoothly.

    Parameters
    ----------
    image : ndarray, shape (H, W, 3)
    size : int
        The new height and width.

    Returns
    -------
    ndarray, shape (size, size, 3)
    """
    from PIL import Image

    planes = [Image.fromarray(plane) for plane in np.moveaxis(np.asarray(image, np.float32), 2, 0)]
    resized = [plane.resize((size, size), Image.Resampling.BICUBIC) for plane in planes]
    return np.stack([np.asarray(plane) for plane in resized], axis=-1)
