"""Training the cats-and-dogs network, as the experiments do it and as a learner repeats it.

`live_run` trains the first epochs of a recorded run once more.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from cnnlab.course.networks.cnn import augmentation_layers, build_cnn, compile_cnn
from cnnlab.course.training.histories import CONDITIONS, CURVES, EMBEDDED, History, load_histories
from cnnlab.datasets.pictures import CatsDogs, Part, load_cats_dogs

Floats = NDArray[np.float32]
Decay = Literal["none", "cosine"]


@dataclass(frozen=True)
class Settings:
    """What all four conditions have in common.

    Parameters
    ----------
    data : str
        ``"embedded"`` or ``"photographs"``.
    size : int
        Rows and columns of the pictures.
    pictures : int
        To train with, half of them cats; the article has 2000.
    epochs, batch : int
    rate : float
        Adam's learning rate.
    augmentation : dict
        Arguments of `augmentation_layers`, for the two conditions that have it.
    decay : {"none", "cosine"}
        Whether the rate stays as it is, or falls to 0 over the run, along half a cosine.

    Raises
    ------
    ValueError
        There is no such ``decay``.
    """

    data: str = "embedded"
    size: int = 32
    pictures: int = 2000
    epochs: int = 50
    batch: int = 20
    rate: float = 1e-3
    augmentation: dict[str, Any] = field(default_factory=lambda: {"shift": 0.125, "contrast": 0.2})
    decay: Decay = "none"

    def __post_init__(self) -> None:
        if self.decay not in (known := get_args(Decay)):
            raise ValueError(f"decay must be one of {', '.join(known)}. Received: {self.decay!r}")

    @property
    def experiment(self) -> str:
        """
        Examples
        --------
        >>> Settings().experiment
        'embedded32'
        """
        return f"{self.data}{self.size}"

    def schedule(self) -> Any:
        """The learning rate as Adam takes it: a number, or one for each step. Imports Keras.

        Examples
        --------
        >>> round(float(Settings(epochs=2, pictures=40, decay="cosine").schedule()(2)), 6)
        0.0005
        """
        if self.decay == "none":
            return self.rate
        from keras.optimizers.schedules import CosineDecay

        return CosineDecay(self.rate, self.epochs * math.ceil(self.pictures / self.batch))


class Epoch(NamedTuple):
    """What one epoch gave, as in `History`."""

    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float


def scaled(part: Part) -> tuple[Floats, Floats]:
    """Pictures from 0 to 1 and labels, as the network takes them."""
    return np.divide(part.x, 255, dtype=np.float32), part.y.astype(np.float32)


def new_model(condition: str, seed: int, settings: Settings) -> Any:
    """The network of one condition, compiled; sets every random seed. Imports Keras.

    With the same seed, all conditions begin with the same weights.
    """
    import keras

    if condition not in CONDITIONS:
        known = ", ".join(CONDITIONS)
        raise ValueError(f"condition must be one of {known}. Received: {condition!r}")
    shape = (settings.size, settings.size, 3)
    dropout = 0.5 if condition in ("dropout", "both") else 0.0
    strengths: dict[str, Any] = {**settings.augmentation, "seed": seed}
    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)
    weights = build_cnn(shape, dropout=0).get_weights()
    varied = condition in ("augmentation", "both")
    model = build_cnn(shape, dropout, augmentation_layers(**strengths) if varied else None)
    model.set_weights(weights)
    return compile_cnn(model, settings.schedule())


def train(data: CatsDogs, model: Any, seed: int, settings: Settings) -> Iterator[Epoch]:
    """Train ``model``, and yield what each epoch gave.

    The order of the pictures depends on ``seed`` and the epoch alone, so that all conditions see
    the same batches, and a run that stops early is the beginning of the whole one.
    """
    x, y = scaled(Part(*(values[: settings.pictures] for values in data.train)))
    seen = scaled(data.validation)
    rng = np.random.default_rng(seed)
    for _ in range(settings.epochs):
        order = rng.permutation(len(x))
        fitted = model.fit(
            x[order], y[order], batch_size=settings.batch, shuffle=False, verbose=0
        ).history
        loss, accuracy = model.evaluate(*seen, batch_size=250, verbose=0)
        yield Epoch(fitted["loss"][0], fitted["accuracy"][0], float(loss), float(accuracy))


# A learner's own run


class LivePoint(NamedTuple):
    """An epoch of a live run, and the same epoch of the recorded one."""

    number: int
    live: Epoch
    recorded: Epoch


def live_run(
    condition: str = "both",
    seed: int = 0,
    epochs: int = 10,
    seconds: float = 150.0,
    experiment: str = EMBEDDED,
) -> Iterator[LivePoint]:
    """Repeat the first epochs of a recorded run, with its settings and its seed.

    If TensorFlow has not started yet, it is given as many threads as it had then, and the
    recorded numbers come again to six digits (same processor and versions). Otherwise sums are
    rounded in another order: over the first eight epochs on two threads, validation accuracies
    stayed within 0.08 and losses within 0.1.

    Parameters
    ----------
    condition : {"plain", "dropout", "augmentation", "both"}
    seed : int
        Of a recorded run.
    epochs : int
    seconds : float
        For all of them; no epoch is begun that would end later, by the slowest one so far.
    experiment : str
        As in `load_histories`; must be on the embedded pictures.

    Yields
    ------
    LivePoint
        After each epoch.

    Raises
    ------
    ValueError
        There is no such recorded run.
    """
    run = find_run(load_histories(experiment), condition, seed)
    settings = Settings(**run.about["settings"])
    data = load_cats_dogs(settings.size, source=settings.data)
    curves = zip(*(getattr(run, name) for name in CURVES), strict=True)
    with suppress(RuntimeError):  # TensorFlow has started already
        set_threads(run.about["threads"])
    model = new_model(condition, seed, settings)
    live = train(data, model, seed, replace(settings, epochs=min(epochs, settings.epochs)))
    pairs = zip(within(seconds, live), curves, strict=False)
    for number, (epoch, recorded) in enumerate(pairs, 1):
        yield LivePoint(number, epoch, Epoch(*map(float, recorded)))


def within(seconds: float, epochs: Iterator[Epoch]) -> Iterator[Epoch]:
    """As many epochs as end within a time, by the slowest so far; the first one in any case."""
    begin = last = time.perf_counter()
    slowest = 0.0
    for epoch in epochs:
        yield epoch
        now = time.perf_counter()
        slowest, last = max(slowest, now - last), now
        if now - begin + slowest > seconds:
            return


def find_run(histories: dict[str, list[History]], condition: str, seed: int) -> History:
    """The recorded run of one condition and seed.

    Raises
    ------
    ValueError
        There is none; the message lists what there is.
    """
    for run in histories.get(condition, []):
        if run.seed == seed:
            return run
    there = [(run.condition, run.seed) for runs in histories.values() for run in runs]
    raise ValueError(f"condition and seed must be one of {there}. Received: {(condition, seed)!r}")


def set_threads(count: int) -> None:
    """How many threads TensorFlow may use; has to be said before it starts.

    With JAX below Keras it does nothing: JAX takes the cores that it finds.
    """
    import keras

    if keras.config.backend() != "tensorflow":
        return
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(count)
    tf.config.threading.set_inter_op_parallelism_threads(count)
