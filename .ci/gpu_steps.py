"""The steps of ``.ci/gpu run``: each skips what is there, and stops where the time is over."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

from cnnlab.autograder.judging import record
from cnnlab.autograder.judging.backends import Engine
from cnnlab.autograder.judging.exercise import chapter_names
from cnnlab.autograder.judging.keras_process import KerasProcess
from cnnlab.autograder.judging.questions import as_tree
from cnnlab.autograder.quality import agreement
from cnnlab.course import ops
from cnnlab.course.figures import speed
from cnnlab.course.ops import fast

CHAPTER_SECONDS = 45
"""No chapter is begun with less time left than this; the next run begins there."""


def record_all(out: Path, engine: Engine, deadline: float) -> None:
    """Answers with full float32 precision, chapter by chapter; each is copied at once."""
    target = out / "references" / str(engine)
    target.mkdir(parents=True, exist_ok=True)
    with KerasProcess(engine) as keras:
        for name in chapter_names():
            files = (
                record.answers_path(name, str(engine)),
                record.provenance_path(name, str(engine)),
            )
            if all((target / file.name).exists() for file in files):
                continue
            if time.monotonic() > deadline - CHAPTER_SECONDS:
                print(f"{name}: no time is left; run this again", flush=True)
                return
            begin = time.monotonic()
            about = record.record(name, keras)
            for file in files:
                shutil.copy(file, target)
            print(f"{name}: {about['device']}, {time.monotonic() - begin:.1f} s", flush=True)


def measure_tf32(out: Path, engine: Engine, deadline: float) -> None:
    """The largest difference per chapter with TF32 on, in units of the tolerance."""
    target = out / "tf32.json"
    found = json.loads(target.read_text()) if target.exists() else {}
    with KerasProcess(replace(engine, tf32=True)) as keras:
        for name in chapter_names():
            if name in found or time.monotonic() > deadline - CHAPTER_SECONDS:
                continue
            keys = record.recorded(name)
            asked = {n: [as_tree(p) for p in key.probes] for n, key in keys.items()}
            _, answers = keras.answers(name, asked)
            found[name] = max(
                agreement.share(expected, answer, probe.rounding)
                for exercise, key in keys.items()
                for probe, expected, answer in zip(
                    key.probes, key.expected, answers[exercise], strict=True
                )
            )
            target.write_text(json.dumps(found, indent=1) + "\n")
            print(f"{name}, TF32 on: {found[name]:.2g} tolerances", flush=True)


def measure_speed(out: Path, engine: Engine, deadline: float) -> None:
    """Chapter 13's contest; Keras runs on the engine, the others on the processor."""
    target = out / "speed.json"
    if target.exists() or time.monotonic() > deadline - CHAPTER_SECONDS:
        return
    cases = [*speed.pictures(16, 32, 64), *speed.kernels(3, 7, 15)]
    functions = {"conv2d": ops.conv2d, "im2col": fast.conv2d_im2col, "FFT": fast.conv2d_fft}
    times = speed.contest(functions, cases, keras=False)
    times[f"Keras on {engine}"] = json.loads(
        subprocess.run(
            [sys.executable, "-m", "cnnlab.course.figures.speed"],
            input=json.dumps([[case.x, case.kernels] for case in cases]),
            env=engine.environment(),
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()[-1]
    )
    labels = [case.label for case in cases]
    in_ms = {name: [round(1e3 * s, 4) for s in seconds] for name, seconds in times.items()}
    target.write_text(json.dumps({"cases": labels, "milliseconds": in_ms}, indent=1) + "\n")


def main() -> None:
    step, out, backend, device, left = sys.argv[1:]
    steps = {"record": record_all, "tf32": measure_tf32, "speed": measure_speed}
    os.environ.setdefault("MPLBACKEND", "agg")
    steps[step](Path(out), Engine(backend, device), time.monotonic() + float(left))


if __name__ == "__main__":
    main()
