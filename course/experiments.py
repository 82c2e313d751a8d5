"""Train the cats-and-dogs network in four ways: ``python -m cnnlab.course.experiments run``.

Plain, with dropout, with augmentation, with both; each from several seeds, all with the same
pictures, steps and epochs. Every finished run becomes one JSON file in ``datasets/histories/``,
such as ``photographs64_both_0.json`` (photographs of 64 × 64, dropout and augmentation, seed 0),
written at once, so an interrupted experiment goes on where it was: finished runs are kept, the
one that was interrupted starts anew. ``… experiments table`` prints the comparison.

Where TensorFlow does not choose oneDNN by itself, ``TF_ENABLE_ONEDNN_OPTS=1`` in the environment
makes photographs of 64 × 64 a third faster (and rounds in another way; each file says so).

In a notebook, `live_run` repeats the first epochs of a recorded run.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import math
import os
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, get_args

import numpy as np
import typer
from numpy.typing import NDArray

from cnnlab.course.histories import (
    CONDITIONS,
    CURVES,
    EMBEDDED,
    HISTORIES,
    History,
    between_markers,
    headline_table,
    load_histories,
    read_history,
)
from cnnlab.course.models import augmentation_layers, build_cnn, compile_cnn
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
        >>> Settings().experiment
        'embedded32'
        """
        return f"{self.data}{self.size}"

    def schedule(self) -> Any:
        """The learning rate as Adam takes it: a number, or one for each step. Imports Keras.

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


def record(
    data: CatsDogs,
    condition: str,
    seed: int,
    settings: Settings,
    tell: Callable[[], object] = lambda: None,
) -> dict[str, Any]:
    """One whole run as it goes into its file; ``tell()`` is called after each epoch."""
    model = new_model(condition, seed, settings)
    epochs, seconds, cpu = [], [], []
    clocks = time.perf_counter(), time.process_time()
    for epoch in train(data, model, seed, settings):
        now = time.perf_counter(), time.process_time()
        seconds.append(round(now[0] - clocks[0], 2))
        cpu.append(round(now[1] - clocks[1], 2))
        epochs.append(epoch)
        clocks = now
        tell()
    learned = Part(*(values[: settings.pictures] for values in data.train))
    return {
        "condition": condition,
        "seed": seed,
        "settings": asdict(settings),
        "test_accuracy": _accuracy(model, data.test),
        "train_accuracy": _accuracy(model, learned),
        **provenance(),
        "seconds": seconds,
        "cpu_seconds": cpu,
        **{
            name: [round(value, 6) for value in values]
            for name, values in zip(CURVES, zip(*epochs, strict=True), strict=True)
        },
    }


def _accuracy(model: Any, part: Part) -> float:
    return round(float(model.evaluate(*scaled(part), batch_size=250, verbose=0)[1]), 6)


def provenance() -> dict[str, Any]:
    """Where and with what a run is made, and the most memory this process has held so far."""
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    threads = tf.config.threading.get_intra_op_parallelism_threads()
    return {
        "made_by": "python -m cnnlab.course.experiments run",
        "date": datetime.date.today().isoformat(),
        "device": f"{len(gpus)} GPU" if gpus else "CPU",
        "machine": platform.machine(),
        "threads": threads or os.cpu_count(),
        "onednn": os.environ.get("TF_ENABLE_ONEDNN_OPTS", "TensorFlow's choice"),
        "peak_memory_mib": peak_memory(),
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("numpy", "keras", "tensorflow")},
        },
    }


def peak_memory() -> int | None:
    """The most memory that this process has held, in MiB; None where the system does not say."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1 << 20 if platform.system() == "Darwin" else 1 << 10))


def is_finished(path: Path, settings: Settings) -> bool:
    """Whether ``path`` holds a run with these settings.

    Raises
    ------
    ValueError
        It holds a run with other settings, which must not be lost.
    """
    if not path.exists():
        return False
    # Older files do not name what was added since; it has its default in them.
    there = {**asdict(Settings()), **json.loads(path.read_text(encoding="utf-8"))["settings"]}
    if there != asdict(settings):
        other = {key: value for key, value in there.items() if asdict(settings).get(key) != value}
        raise ValueError(f"{path} holds a run with {other}. Choose another folder with --out.")
    return True


def write_run(path: Path, run: dict[str, Any]) -> None:
    """Write one run as JSON: the whole file or none. Each list stands in one line."""
    lines = [f" {json.dumps(key)}: {json.dumps(value)}" for key, value in run.items()]
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    beside.replace(path)


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


# The command

app = typer.Typer(help=(__doc__ or "").splitlines()[0], pretty_exceptions_enable=False)


@app.command()
def run(
    data: Annotated[
        str, typer.Option(help="embedded, or the folder of photographs (train/cats/…).")
    ] = "embedded",
    size: Annotated[int, typer.Option(min=16, help="Rows and columns.")] = 32,
    epochs: Annotated[int, typer.Option(min=1)] = Settings.epochs,
    runs: Annotated[int, typer.Option(min=1, help="Seeds 0, 1, … for each condition.")] = 3,
    condition: Annotated[
        list[str] | None, typer.Option(help="Once for each; default: all four.")
    ] = None,
    rate: Annotated[float, typer.Option(min=1e-6, help="Adam's learning rate.")] = Settings.rate,
    decay: Annotated[Decay, typer.Option(help="cosine: it falls to 0 over the run.")] = "none",
    shift: Annotated[
        float | None, typer.Option(min=0, max=1, help="Up to this share of the sides; 0: none.")
    ] = None,
    degrees: Annotated[
        float | None, typer.Option(min=0, max=180, help="Turned by up to so many; 0: not at all.")
    ] = None,
    zoom: Annotated[
        float | None, typer.Option(min=0, max=1, help="Up to this share smaller or larger.")
    ] = None,
    contrast: Annotated[
        float | None, typer.Option(min=0, max=1, help="Up to this share less or more.")
    ] = None,
    threads: Annotated[int, typer.Option(min=0, help="0: as many as there are cores.")] = 0,
    out: Annotated[Path, typer.Option(help="Where the histories go.")] = HISTORIES,
) -> None:
    """Train what has not been trained yet. Safe to interrupt and to start again.

    All conditions take the same pictures, epochs, learning rate and decay. Strengths of the
    augmentation that are not given are those of the recorded runs; mirror images are always in it.
    """
    from rich.progress import Progress

    set_threads(threads)
    name = "embedded" if data == "embedded" else "photographs"
    pictures = load_cats_dogs(size, source=data)
    settings = Settings()
    both_ways = contrast and [contrast, contrast]
    settings = replace(
        settings,
        data=name,
        size=size,
        pictures=min(settings.pictures, len(pictures.train.x)),
        epochs=epochs,
        rate=rate,
        decay=decay,
        augmentation=strengths(
            settings.augmentation, shift=shift, degrees=degrees, zoom=zoom, contrast=both_ways
        ),
    )
    out.mkdir(parents=True, exist_ok=True)
    grid = [(kind, seed) for seed in range(runs) for kind in condition or CONDITIONS]
    with Progress() as progress:
        whole = progress.add_task("runs", total=len(grid))
        for kind, seed in grid:
            path = out / f"{settings.experiment}_{kind}_{seed}.json"
            if not is_finished(path, settings):
                task = progress.add_task(path.stem, total=epochs)
                tell = partial(progress.update, task, advance=1)
                write_run(path, record(pictures, kind, seed, settings, tell))
            progress.console.print(describe(read_history(path)))
            progress.advance(whole)
    for path in sorted(out.glob(f"{settings.experiment}_*.json")):
        print(f"histories/{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}")


def strengths(usual: dict[str, Any], **given: Any) -> dict[str, Any]:
    """The usual strengths of the augmentation, with those that are given in their places.

    >>> strengths({"shift": 0.125, "contrast": 0.2}, zoom=0.1, shift=None, contrast=0.0)
    {'shift': 0.125, 'zoom': 0.1}
    """
    said = {name: value for name, value in given.items() if value is not None}
    return {name: value for name, value in {**usual, **said}.items() if value}


def set_threads(count: int) -> None:
    """How many threads TensorFlow may use; has to be said before it starts."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(count)
    tf.config.threading.set_inter_op_parallelism_threads(count)


def describe(run: History) -> str:
    """One line about a run."""
    return (
        f"{run.condition}, seed {run.seed}: validation {run.val_accuracy[-1]:.3f}, "
        f"best {run.val_accuracy.max():.3f}; test {run.test_accuracy:.3f}; "
        f"{sum(run.about['seconds']):.0f} s, {run.about['peak_memory_mib']} MiB"
    )


@app.command()
def table(
    experiment: Annotated[
        str, typer.Argument(help="Data and size, such as photographs64.")
    ] = EMBEDDED,
    folder: Annotated[Path, typer.Option(help="Where the histories are.")] = HISTORIES,
    write: Annotated[
        Path | None, typer.Option(help="Put it between the markers of this file.")
    ] = None,
) -> None:
    """Print the comparison as a Markdown table."""
    made = headline_table(load_histories(experiment, folder))
    if write is None:
        print(made)
    else:
        text = between_markers(write.read_text(encoding="utf-8"), made, experiment)
        write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    app()
