"""Turning and zooming: where pixels come from, how they are read, and what goes wrong with either.

`inverse_map` and `bilinear` are one half each of `affine`, so their mistakes are its mistakes.
"""

from __future__ import annotations

import numpy as np

from cnnlab.autograder.judging.twists import Twist, with_mistake
from cnnlab.course.ops import Array
from cnnlab.course.ops.augmentation import bilinear


def places(size: tuple[int, ...], degrees: float, zoom: float) -> tuple[Array, Array]:
    """Where each pixel comes from: the inverse of the matrix that turns and enlarges.

    Keras's layers compute these places in float32 and so are right to five or six digits only.

    Returns
    -------
    rows, columns : ndarray, shape (H, W), float64
    """
    height, width = size
    row, column, angle = (height - 1) / 2, (width - 1) / 2, np.deg2rad(degrees)
    turn = zoom * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    j, i = np.meshgrid(np.arange(width) - column, np.arange(height) - row)
    across, down = np.linalg.inv(turn) @ np.stack([j.ravel(), -i.ravel()])  # y points upwards
    return (row - down).reshape(height, width), (column + across).reshape(height, width)


def read_by_keras(x: Array, rows: Array, columns: Array) -> Array:
    """Each channel of each picture read by Keras's ``map_coordinates``."""
    import keras

    at = np.stack([rows, columns]).astype(x.dtype)
    out = np.empty((len(x), *rows.shape, x.shape[3]), x.dtype)
    for picture, channel in np.ndindex(len(x), x.shape[3]):
        out[picture, :, :, channel] = keras.ops.image.map_coordinates(
            x[picture, :, :, channel], at, order=1, fill_mode="constant"
        )
    return out


def nearest(x: Array, rows: Array, columns: Array) -> Array:
    return bilinear(x, np.rint(rows), np.rint(columns))


def held(x: Array, rows: Array, columns: Array) -> Array:
    """The edge repeated outside of the picture."""
    return bilinear(x, np.clip(rows, 0, x.shape[1] - 1), np.clip(columns, 0, x.shape[2] - 1))


def cut(x: Array, rows: Array, columns: Array) -> Array:
    """0 wherever a place is not wholly inside: no half pixels at the edge."""
    inside = (rows >= 0) & (rows <= x.shape[1] - 1) & (columns >= 0) & (columns <= x.shape[2] - 1)
    return np.where(inside[..., None], bilinear(x, rows, columns), 0).astype(x.dtype)


READINGS = (
    (
        "nearest-for-bilinear",
        nearest,
        "You take the nearest pixel. How much should each of the four pixels around a place count?",
    ),
    (
        "edge-repeated",
        held,
        "You repeat the edge outside of the picture. What should be outside instead?",
    ),
    (
        "cuts-the-edge",
        cut,
        "Half a pixel outside of the picture you give 0 at once. There the pixel at the edge still counts by half. Which neighbors alone should be 0?",
    ),
)
"""Wrong ways to read between pixels: name, the function in `bilinear`'s place, what is said."""

PLACE_TWISTS = (
    Twist(
        "radians-for-degrees",
        with_mistake(angle=lambda degrees: degrees),
        "sin and cos take radians. How many radians are 180 degrees?",
    ),
    Twist(
        "turns-for-degrees",
        with_mistake(angle=lambda degrees: 2 * np.pi * degrees),
        "You treat the angle as whole turns, as Keras's RandomRotation does. Here it comes in degrees. How many of them are a turn?",
    ),
    *(
        Twist(
            "rotates-about-corner",
            with_mistake(centre=centre),
            "Your picture turns about its top left corner. It should turn about its middle: move the middle to (0, 0) first, and move it back at the end.",
        )
        for centre in (lambda height, width: (0.0, 0.0),)
    ),
    Twist(
        "centre-half-a-pixel-off",
        with_mistake(centre=lambda height, width: (height / 2, width / 2)),
        "Your center is half a pixel off. The rows go from 0 to H − 1: what is in the middle of these?",
    ),
    Twist(
        "centre-half-a-pixel-off",
        with_mistake(centre=lambda height, width: (height // 2, width // 2)),
        "Your center is half a pixel off where a side is even. The rows go from 0 to H − 1: what is in the middle of these?",
    ),
    Twist(
        "direction-reversed",
        with_mistake(angle=lambda degrees: -np.radians(degrees)),
        "Your picture turns clockwise. Rows count down, and you go back from the result to the picture. Each of these reverses the turn: how often do you reverse it?",
    ),
    Twist(
        "zoom-inverted",
        with_mistake(resize=lambda zoom: 1 / zoom),
        "A zoom above 1 should enlarge. You go back from the result to the picture. Are distances there multiplied or divided by the zoom?",
    ),
)
"""Mistakes in the places, of an op with the keywords ``angle``, ``centre`` and ``resize``."""
