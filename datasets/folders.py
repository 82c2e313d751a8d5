"""A folder of pictures, a folder in it for each class: read as it comes from a camera."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

HIDDEN = "."
"""How the names of hidden files begin."""


def load_folder(
    folder: str | Path, size: int, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.int64], list[str], list[Path]]:
    """The pictures of a folder, each cut to the square in its middle.

    Parameters
    ----------
    folder : str or Path
        Has a folder for each class.
    size : int
        Rows and columns of the result.
    rng : numpy.random.Generator
        Decides the order.

    Returns
    -------
    images : ndarray, shape (N, size, size, 3), uint8
    labels : ndarray of int, shape (N,)
        Places in ``names``.
    names : list of str
        The classes, sorted.
    skipped : list of Path
        Hidden files, and those that are no whole picture.

    Raises
    ------
    ValueError
        There is no such ``folder``, or no picture in it; or ``size`` is below 1.
    """
    folder = Path(folder)
    if size < 1:
        raise ValueError(f"size must be 1 or more. Received: {size}")
    if not folder.is_dir():
        raise ValueError(f"folder must be a folder that exists. Received: {str(folder)!r}")
    names = sorted(p.name for p in folder.iterdir() if p.is_dir() and not hidden(p))
    images, labels, skipped = [], [], []
    for label, path in _files(folder, names):
        picture = None if hidden(path) else square(path, size)
        if picture is None:
            skipped.append(path)
        else:
            images.append(picture)
            labels.append(label)
    if not images:
        raise ValueError(f"folder must hold a folder with pictures. Received: {str(folder)!r}")
    order = rng.permutation(len(images))
    return np.stack(images)[order], np.array(labels)[order], names, skipped


def hidden(path: Path) -> bool:
    """Whether systems hide a file of this name."""
    return path.name.startswith(HIDDEN)


def _files(folder: Path, names: list[str]) -> Iterator[tuple[int, Path]]:
    for label, name in enumerate(names):
        for path in sorted((folder / name).iterdir()):
            if path.is_file():
                yield label, path


def square(path: Path, size: int) -> NDArray[np.uint8] | None:
    """A picture file, upright, cut to the square in its middle and scaled; None if it is none.

    Returns
    -------
    ndarray, shape (size, size, 3), uint8
    """
    from PIL import Image, ImageOps  # imported here, so that the package imports quickly

    try:
        with Image.open(path) as file:
            picture = ImageOps.exif_transpose(file).convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None
    width, height = picture.size
    side = min(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    middle = picture.crop((left, top, left + side, top + side))
    return np.asarray(middle.resize((size, size), Image.Resampling.BILINEAR))


# A folder for those who do not bring one

SCENES = 40
"""Of each class in the example's folder."""
SHOTS = 3
"""Pictures of each scene: as a camera takes a burst."""


def example_folder(folder: str | Path) -> Path:
    """Write a folder as it may come from a camera: small pictures of cats and dogs, in bursts.

    Each scene is a picture of `cnnlab.datasets.pictures.load_cats_dogs` and two more shots, as if
    the hand had moved a little. Two files are no pictures, and some shots lie on their side.

    Parameters
    ----------
    folder : str or Path
        What is there already under the same names is written anew.

    Returns
    -------
    Path
        The folder: 240 pictures, 120 of each class, and two files more.
    """
    from cnnlab.datasets.pictures import load_cats_dogs

    folder, rng = Path(folder), np.random.default_rng(15)
    cats_dogs = load_cats_dogs(source="embedded")
    for label, name in enumerate(cats_dogs.classes):
        (folder / name).mkdir(parents=True, exist_ok=True)
        pictures = cats_dogs.test.x[cats_dogs.test.y == label]
        for scene, pixels in enumerate(pictures[:SCENES]):
            for shot in range(SHOTS):
                path = folder / name / f"{name}_{scene:02d}_{'abc'[shot]}.png"
                _save(pixels if shot == 0 else moved(pixels, rng), path, turned=shot == 1)
    (folder / "cat" / ".DS_Store").write_bytes(b"what a system remembers of a folder")
    (folder / "dog" / "dog_broken.png").write_bytes(b"\x89PNG, and no more")
    return folder


def moved(pixels: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """The next shot of a burst: moved by up to one pixel, a little brighter or darker."""
    height, width = pixels.shape[:2]
    down, across = rng.integers(0, 3, 2)
    wide = np.pad(pixels, ((1, 1), (1, 1), (0, 0)), mode="edge")
    light = rng.uniform(0.88, 1.12)
    shot = light * wide[down : down + height, across : across + width]
    return np.rint(shot).clip(0, 255).astype(np.uint8)


def _save(pixels: NDArray[np.uint8], path: Path, turned: bool) -> None:
    """As a camera does: what was taken sideways is stored sideways, with a note in EXIF."""
    from PIL import Image

    about = Image.Exif()
    if turned:
        about[0x0112] = 6  # "turn me clockwise by a quarter"
        pixels = np.rot90(pixels)
    Image.fromarray(np.ascontiguousarray(pixels)).save(path, exif=about)
