"""Train chapter 4's network: ``python -m cnnlab.course.training.small_cnn``.

Writes ``datasets/weights/ch04_cats_dogs.npz`` (weights, and Keras's own predictions for some
test pictures) and the JSON card beside it. Takes some minutes on one core. Afterwards the two
lines that it prints belong into ``datasets/registry.txt``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnlab.course.networks.cnn import small_cnn
from cnnlab.datasets.load import FOLDER
from cnnlab.datasets.pictures import CatsDogs, Part, load_cats_dogs

Floats = NDArray[np.float32]
NAME = "ch04_cats_dogs"
EXAMPLES = 16


@dataclass(frozen=True)
class Recipe:
    """Everything that the result depends on, the data aside.

    Parameters
    ----------
    filters, units, dropout
        As in `small_cnn`.
    rate : float
        Adam's learning rate at the beginning; it falls to nothing along a cosine.
    epochs, batch : int
    shift : int
        Training pictures are shifted by up to so many pixels, and half of them mirrored.
    seed : int
    """

    filters: tuple[int, ...] = (16, 32, 32)
    units: int = 64
    dropout: float = 0.3
    rate: float = 2e-3
    epochs: int = 100
    batch: int = 64
    shift: int = 3
    seed: int = 0


def scaled(x: NDArray[np.uint8]) -> Floats:
    """Pictures from 0 to 1, as the network takes them."""
    return np.divide(x, 255, dtype=np.float32)


def varied(x: Floats, shift: int, rng: np.random.Generator) -> Floats:
    """Every picture a little elsewhere, and half of them mirrored; the edge is repeated.

    Examples
    --------
    >>> varied(np.zeros((5, 8, 8, 3), np.float32), 2, np.random.default_rng(0)).shape
    (5, 8, 8, 3)
    """
    height, width = x.shape[1:3]
    padded = np.pad(x, ((0, 0), (shift, shift), (shift, shift), (0, 0)), mode="edge")
    out = np.empty_like(x)
    draws = rng.integers(0, (2 * shift + 1, 2 * shift + 1, 2), (len(x), 3))
    for picture, place, (down, right, mirror) in zip(padded, out, draws, strict=True):
        cut = picture[down : down + height, right : right + width]
        place[...] = cut[:, ::-1] if mirror else cut
    return out


def train(data: CatsDogs, recipe: Recipe) -> Iterator[tuple[Any, dict[str, float]]]:
    """Train, and yield the model and its numbers after every epoch. Imports Keras."""
    import keras

    keras.utils.set_random_seed(recipe.seed)
    rng = np.random.default_rng(recipe.seed)
    model = small_cnn(data.train.x.shape[1:], recipe.filters, recipe.units, recipe.dropout)
    steps = recipe.epochs * -(-len(data.train.x) // recipe.batch)
    rate = keras.optimizers.schedules.CosineDecay(recipe.rate, steps)
    model.compile(keras.optimizers.Adam(rate), "binary_crossentropy", metrics=["accuracy"])
    x, y = scaled(data.train.x), data.train.y.astype(np.float32)
    for _ in range(recipe.epochs):
        model.fit(varied(x, recipe.shift, rng), y, batch_size=recipe.batch, verbose=0)
        loss, accuracy = measure(model, data.validation)
        yield model, {"loss": loss, "accuracy": accuracy}


def measure(model: Any, part: Part) -> tuple[float, float]:
    """Cross-entropy and accuracy."""
    truth = part.y.astype(np.float32)
    loss, accuracy = model.evaluate(scaled(part.x), truth, batch_size=500, verbose=0)
    return float(loss), float(accuracy)


def best(data: CatsDogs, recipe: Recipe) -> tuple[Any, int]:
    """The trained model at the epoch with the lowest validation loss, and that epoch from 1 on."""
    from rich.progress import Progress

    lowest, kept, epoch = float("inf"), [], 0
    with Progress() as progress:
        task = progress.add_task("training", total=recipe.epochs)
        for number, (model, now) in enumerate(train(data, recipe), 1):
            if now["loss"] < lowest:
                lowest, kept, epoch = now["loss"], model.get_weights(), number
            said = f"epoch {number}, validation accuracy {now['accuracy']:.3f}"
            progress.update(task, advance=1, description=said)
    model.set_weights(kept)
    return model, epoch


def save(model: Any, data: CatsDogs, card: dict[str, Any], folder: Path) -> list[Path]:
    """Write the weights, Keras's predictions for some test pictures, and the card."""
    examples = np.arange(EXAMPLES)
    predictions = model.predict(scaled(data.test.x[examples]), verbose=0)
    arrays = {f"weight_{i}": w for i, w in enumerate(model.get_weights())}
    folder.mkdir(exist_ok=True)
    npz, text = folder / f"{NAME}.npz", folder / f"{NAME}.json"
    np.savez(npz, examples=examples, keras=predictions, **arrays)
    text.write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    return [npz, text]


def describe(model: Any, data: CatsDogs, recipe: Recipe) -> dict[str, Any]:
    """What is known about the trained model, measured now."""
    parts = {"train": data.train, "validation": data.validation, "test": data.test}
    return {
        "name": NAME,
        "parameters": int(model.count_params()),
        "accuracy": {name: round(measure(model, part)[1], 4) for name, part in parts.items()},
        "pictures": {name: len(part.x) for name, part in parts.items()},
        "recipe": asdict(recipe),
        "machine": platform.machine(),
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("numpy", "keras", "tensorflow")},
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=Recipe.seed)
    parser.add_argument("--epochs", type=int, default=Recipe.epochs)
    parser.add_argument("--out", type=Path, default=FOLDER / "weights")
    given = parser.parse_args()
    recipe, data = Recipe(seed=given.seed, epochs=given.epochs), load_cats_dogs()
    start = time.perf_counter()
    model, epoch = best(data, recipe)
    seconds = round(time.perf_counter() - start)
    card = describe(model, data, recipe) | {"best_epoch": epoch, "seconds": seconds}
    for path in save(model, data, card, given.out):
        print(f"weights/{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}")
    print(json.dumps(card["accuracy"]))


if __name__ == "__main__":
    main()
