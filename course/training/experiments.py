"""Train the cats-and-dogs network in four ways.

The command is ``python -m cnnlab.course.training.experiments run``.

Plain, with dropout, with augmentation, with both; each from several seeds, all with the same
pictures, steps and epochs. Every finished run becomes one JSON file in ``datasets/histories/``,
such as ``photographs64_both_0.json`` (photographs of 64 × 64, dropout and augmentation, seed 0),
written at once, so an interrupted experiment goes on where it was: finished runs are kept, the
one that was interrupted starts anew. ``… experiments table`` prints the comparison.

Where TensorFlow does not choose oneDNN by itself, ``TF_ENABLE_ONEDNN_OPTS=1`` in the environment
makes photographs of 64 × 64 a third faster (and rounds in another way; each file says so).
"""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer

from cnnlab.course.training.cats_dogs import Decay, Settings, new_model, scaled, set_threads, train
from cnnlab.course.training.histories import (
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
from cnnlab.datasets.pictures import CatsDogs, Part, load_cats_dogs


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
    import keras

    backend = keras.config.backend()
    return {
        "made_by": "python -m cnnlab.course.training.experiments run",
        "date": datetime.date.today().isoformat(),
        **_hardware(backend),
        "machine": platform.machine(),
        "onednn": os.environ.get("TF_ENABLE_ONEDNN_OPTS", "TensorFlow's choice"),
        "peak_memory_mib": peak_memory(),
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("numpy", "keras", backend)},
        },
    }


def _hardware(backend: str) -> dict[str, Any]:
    """Device and threads, as Keras's backend reports them."""
    if backend == "jax":
        import jax

        device = jax.devices()[0]
        kind = "CPU" if device.platform == "cpu" else device.device_kind
        return {"device": kind, "threads": os.cpu_count()}
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    threads = tf.config.threading.get_intra_op_parallelism_threads()
    return {"device": f"{len(gpus)} GPU" if gpus else "CPU", "threads": threads or os.cpu_count()}


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
    """Write one run as JSON: the whole file or none. Each list is in one line."""
    lines = [f" {json.dumps(key)}: {json.dumps(value)}" for key, value in run.items()]
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    beside.replace(path)


# The command

app = typer.Typer(help=(__doc__ or "").splitlines()[0], pretty_exceptions_enable=False)


Data = Annotated[str, typer.Option(help="embedded, or the folder of photographs (train/cats/…).")]
Size = Annotated[int, typer.Option(min=16, help="Rows and columns.")]
Epochs = Annotated[int, typer.Option(min=1)]
Runs = Annotated[int, typer.Option(min=1, help="Seeds 0, 1, … for each condition.")]
Conditions = Annotated[list[str] | None, typer.Option(help="Once for each; default: all four.")]
Rate = Annotated[float, typer.Option(min=1e-6, help="Adam's learning rate.")]
Falling = Annotated[Decay, typer.Option(help="cosine: it falls to 0 over the run.")]
Shift = Annotated[
    float | None, typer.Option(min=0, max=1, help="Up to this share of the sides; 0: none.")
]
Degrees = Annotated[
    float | None, typer.Option(min=0, max=180, help="Turned by up to so many; 0: not at all.")
]
Zoom = Annotated[
    float | None, typer.Option(min=0, max=1, help="Up to this share smaller or larger.")
]
Contrast = Annotated[
    float | None, typer.Option(min=0, max=1, help="Up to this share less or more.")
]
Threads = Annotated[int, typer.Option(min=0, help="0: as many as there are cores.")]
Out = Annotated[Path, typer.Option(help="Where the histories go.")]


@app.command()
def run(
    data: Data = "embedded",
    size: Size = 32,
    epochs: Epochs = Settings.epochs,
    runs: Runs = 3,
    condition: Conditions = None,
    rate: Rate = Settings.rate,
    decay: Falling = "none",
    shift: Shift = None,
    degrees: Degrees = None,
    zoom: Zoom = None,
    contrast: Contrast = None,
    threads: Threads = 0,
    out: Out = HISTORIES,
) -> None:
    """Train what has not been trained yet. Safe to interrupt and to start again.

    All conditions take the same pictures, epochs, learning rate and decay. Strengths of the
    augmentation that are not given are those of the recorded runs; mirror images are always in it.
    """
    set_threads(threads)
    pictures = load_cats_dogs(size, source=data)
    settings = Settings()
    both_ways = contrast and [contrast, contrast]
    settings = replace(
        settings,
        data="embedded" if data == "embedded" else "photographs",
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
    train_missing(pictures, settings, grid, out)
    for path in sorted(out.glob(f"{settings.experiment}_*.json")):
        print(f"histories/{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}")


def train_missing(
    pictures: CatsDogs, settings: Settings, grid: Sequence[tuple[str, int]], out: Path
) -> None:
    """Train each condition and seed that ``out`` holds no run of, and print what all reach."""
    from rich.progress import Progress

    with Progress() as progress:
        whole = progress.add_task("runs", total=len(grid))
        for kind, seed in grid:
            path = out / f"{settings.experiment}_{kind}_{seed}.json"
            if not is_finished(path, settings):
                task = progress.add_task(path.stem, total=settings.epochs)
                tell = partial(progress.update, task, advance=1)
                write_run(path, record(pictures, kind, seed, settings, tell))
            progress.console.print(describe(read_history(path)))
            progress.advance(whole)


def strengths(usual: dict[str, Any], **given: Any) -> dict[str, Any]:
    """The usual strengths of the augmentation, with those that are given in their places.

    Examples
    --------
    >>> strengths({"shift": 0.125, "contrast": 0.2}, zoom=0.1, shift=None, contrast=0.0)
    {'shift': 0.125, 'zoom': 0.1}
    """
    said = {name: value for name, value in given.items() if value is not None}
    return {name: value for name, value in {**usual, **said}.items() if value}


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
