"""Chapter 5's climax: a small network on cats and dogs, trained step by step.

The notebook trains with the learner's `train_step`. ``python -m cnnlab.course.training.by_hand``
trains the same network in Keras, from the same start, on the same pictures in the same order,
and writes the curve to ``datasets/histories/ch05_keras.json``; the line that it prints belongs
into ``datasets/registry.txt``.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import json
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnlab.course import ops
from cnnlab.course.ops.network import dense, flatten
from cnnlab.datasets.load import FOLDER, embedded
from cnnlab.datasets.pictures import CatsDogs, Part, load_cats_dogs

Floats = NDArray[np.float32]
Step = Callable[[list[Floats], Floats, NDArray[np.int64], float], tuple[list[Floats], float]]
NAME = "histories/ch05_keras.json"


@dataclass(frozen=True)
class Recipe:
    """Everything that a run depends on, the pictures aside.

    Parameters
    ----------
    kernel, filters : int
        Of the one convolution.
    rate : float
    batch, epochs : int
        Pictures for one step, and how often all of them are seen.
    seed : int
        Of the start.
    """

    kernel: int = 5
    filters: int = 8
    rate: float = 0.05
    batch: int = 50
    epochs: int = 5
    seed: int = 0


@dataclass
class Run:
    """A training, as far as it got.

    Parameters
    ----------
    params : list of ndarray
        kernels, bias, weights, bias.
    losses : list of float
        Of every step's batch, before the step.
    accuracy : list of float
        On the validation pictures, after every epoch.
    seconds : float
    """

    params: list[Floats]
    losses: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    seconds: float = 0.0


def start_params(recipe: Recipe = Recipe(), side: int = 32) -> list[Floats]:
    """The network before its first step: small random weights, and no biases.

    Examples
    --------
    >>> [p.shape for p in start_params()]
    [(5, 5, 3, 8), (8,), (1568, 2), (2,)]
    """
    rng = np.random.default_rng(recipe.seed)
    k, filters = recipe.kernel, recipe.filters
    taps, inputs = k * k * 3, ((side - k + 1) // 2) ** 2 * filters
    kernels = rng.normal(size=(k, k, 3, filters)) * np.sqrt(2 / taps)
    weights = rng.normal(size=(inputs, 2)) * np.sqrt(0.5 / inputs)
    zeros = np.zeros(filters), np.zeros(2)
    return [a.astype(np.float32) for a in (kernels, zeros[0], weights, zeros[1])]


def centred(part: Part) -> tuple[Floats, NDArray[np.int64]]:
    """Pictures from -0.5 to 0.5, and their labels."""
    x = part.x.astype(np.float32)
    return x / np.float32(255) - np.float32(0.5), part.y.astype(np.int64)


def logits(params: Sequence[Floats], x: Floats) -> Floats:
    """What the network says about each picture, shape (N, 2)."""
    maps = ops.max_pool2d(ops.relu(ops.conv2d(x, params[0], params[1])))
    return dense(flatten(maps), params[2], params[3])


def train(
    step: Step,
    data: CatsDogs,
    recipe: Recipe = Recipe(),
    seconds: float = 60.0,
    tell: Callable[[str], None] = print,
) -> Run:
    """Train with anybody's ``train_step``; stops early when the time is over.

    Parameters
    ----------
    step : callable, (params, x, y, rate) → (params, loss)
    data : CatsDogs
    recipe : Recipe
    seconds : float
        After so many no further step is begun.
    tell : callable
        Hears a line after every epoch.
    """
    x, y = centred(data.train)
    seen, truth = centred(data.validation)
    run, begin = Run(start_params(recipe, x.shape[1])), time.perf_counter()
    for epoch in range(1, recipe.epochs + 1):
        for first in range(0, len(x), recipe.batch):
            batch = slice(first, first + recipe.batch)
            run.params, loss = step(run.params, x[batch], y[batch], recipe.rate)
            run.losses.append(float(loss))
            run.seconds = time.perf_counter() - begin
            if run.seconds > seconds:
                tell(f"{seconds:g} seconds are over, after {len(run.losses)} steps.")
                return run
        run.accuracy.append(float(np.mean(logits(run.params, seen).argmax(axis=1) == truth)))
        mean = np.mean(run.losses[-len(range(0, len(x), recipe.batch)) :])
        tell(
            f"epoch {epoch} of {recipe.epochs}: loss {mean:.3f}, "
            f"right on {run.accuracy[-1]:.1%} of new pictures, {run.seconds:.0f} s"
        )
    return run


def keras_step(recipe: Recipe, side: int = 32) -> Step:
    """The same network in Keras, as a function like the learner's. Imports Keras."""
    import keras

    model = keras.Sequential(
        [
            keras.Input((side, side, 3)),
            keras.layers.Conv2D(recipe.filters, recipe.kernel, activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Flatten(),
            keras.layers.Dense(2),
        ]
    )
    entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(recipe.rate), entropy)
    model.set_weights(start_params(recipe, side))

    def step(params: Any, x: Any, y: Any, rate: float) -> tuple[list[Floats], float]:
        model.reset_metrics()  # or the loss would be the mean of all steps so far
        loss = model.train_on_batch(x, y)
        return model.get_weights(), float(loss)

    return step


@dataclass(frozen=True)
class KerasCurve:
    """What Keras's run gave; ``about`` says where it comes from."""

    losses: list[float]
    accuracy: list[float]
    about: dict[str, Any]


def keras_curve() -> KerasCurve:
    """The recorded run of the same network in Keras. Never imports Keras.

    Examples
    --------
    >>> len(keras_curve().losses)
    280
    """
    stored = json.loads(embedded(NAME).read_text(encoding="utf-8"))
    return KerasCurve(stored.pop("losses"), stored.pop("accuracy"), stored)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=FOLDER / NAME)
    out: Path = parser.parse_args().out
    recipe = Recipe()
    run = train(keras_step(recipe), load_cats_dogs(), recipe, seconds=float("inf"))
    about = {
        "what": "cross-entropy of every step and validation accuracy of every epoch, in Keras",
        "made_by": "python -m cnnlab.course.training.by_hand",
        "date": datetime.date.today().isoformat(),
        "device": "CPU",
        "machine": platform.machine(),
        "versions": {name: version(name) for name in ("numpy", "keras", "tensorflow")},
        "recipe": asdict(recipe),
        "seconds": round(run.seconds),
        "accuracy": [round(a, 4) for a in run.accuracy],
        "losses": [round(loss, 6) for loss in run.losses],
    }
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    print(f"{NAME} {hashlib.sha256(out.read_bytes()).hexdigest()}")


if __name__ == "__main__":
    main()
