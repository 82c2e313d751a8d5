"""Render the gallery of chapter 11: ``python -m cnnlab.course.training.gallery``.

Filters of one layer of each block of VGG16, and ImageNet classes of `load_classifier`, drawn
by `cnnlab.course.networks.dreams`. Each row is a file of its own in ``datasets/gallery/``, with its
card in ``gallery.json``; rows that are there are left out, so a killed run goes on where it was.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from cnnlab.course.networks.dreams import Taste, draw, of_classes, of_filters
from cnnlab.course.networks.pretrained import load_classifier, load_vgg16
from cnnlab.datasets.load import FOLDER

FILTERS: dict[str, tuple[int, ...]] = {
    "block1_conv2": tuple(range(16)),
    "block2_conv2": tuple(range(16)),
    "block3_conv3": tuple(range(8)),
    "block4_conv3": tuple(range(8)),
    "block5_conv3": tuple(range(8)),
}
CLASSES = (
    "wood rabbit",
    "African crocodile",
    "starfish",
    "goldfish",
    "balloon",
    "tennis ball",
    "hammer",
    "lampshade",
    "strawberry",
    "peacock",
    "daisy",
    "snail",
    "jellyfish",
    "pineapple",
    "tabby",
    "school bus",
)
SMALL = Taste(size=80, steps=128, margin=8)
LARGE = Taste(size=128, steps=160)
CLASS = Taste(size=160, steps=320, turn=10.0, zoom=0.1, jitter=12)


def row(name: str, seed: int) -> tuple[np.ndarray, dict[str, Any]]:
    """One row of pictures, (n, size, size, 3), and what its card says."""
    from rich.progress import Progress

    if name == "classes":
        model, words = load_classifier(logits=True)
        labels: list[Any] = list(CLASSES)
        objective, taste = of_classes(model, [words.index(label) for label in labels]), CLASS
    else:
        model, labels = load_vgg16(), list(FILTERS[name])
        objective = of_filters(model, name, labels)
        taste = SMALL if name < "block3" else LARGE
    start = time.perf_counter()
    with Progress() as progress:
        task = progress.add_task(name, total=taste.steps)
        pictures = draw(
            objective, len(labels), taste, seed, lambda step: progress.update(task, completed=step)
        )
    card = {
        "pictures": labels,
        "network": model.name,
        "taste": asdict(taste),
        "seed": seed,
        "seconds": round(time.perf_counter() - start),
        "versions": {p: version(p) for p in ("keras", "tensorflow")},
    }
    return pictures, card


def main() -> None:
    from PIL import Image

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", nargs="*", default=[*FILTERS, "classes"])
    parser.add_argument("--out", type=Path, default=FOLDER / "gallery")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    given.out.mkdir(exist_ok=True)
    text = given.out / "gallery.json"
    cards = json.loads(text.read_text()) if text.exists() else {}
    for name in given.rows:
        path = given.out / f"{name}.webp"
        if name in cards and path.exists():
            continue
        pictures, cards[name] = row(name, given.seed)
        Image.fromarray(np.concatenate(list(pictures), axis=1)).save(path, quality=92, method=6)
        text.write_text(json.dumps(cards, indent=1) + "\n", encoding="utf-8")
        print(f"gallery/{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}", flush=True)
    print(f"gallery/{text.name} {hashlib.sha256(text.read_bytes()).hexdigest()}")


if __name__ == "__main__":
    main()
