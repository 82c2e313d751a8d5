"""Answer keys: correct values for every probe, recorded with Keras or computed afresh.

``references/chNN.npz`` holds the arrays and ``references/chNN.json`` everything else: the shape
of each answer, and where it comes from (versions, device, date, seed). Reading them never
imports TensorFlow. Fresh keys come from a Keras process of their own, so the judge never
imports it either.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import platform
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from cnnlab.autograder.answerkey import AnswerKey
from cnnlab.autograder.exercise import Chapter, Exercise, chapter_names, load_chapter
from cnnlab.autograder.wire import decode, encode

REFERENCES = Path(__file__).parent / "references"
RECORDED_SEED = 0
"""The seed of the recorded probes. It is public, and so are their answers."""


class StaleReferences(RuntimeError):
    """The recorded answers belong to other probes than the grader draws now."""


def answers(exercise: Exercise, seed: int) -> list[Any]:
    """Keras's answer to each probe of a seed, None where an error is expected. Imports Keras."""
    return [exercise.expect(probe) for probe in exercise.draw(seed)]


def record(name: str, seed: int = RECORDED_SEED) -> dict[str, Any]:
    """Compute a chapter's references on this device and write them; returns the provenance.

    >>> record("ch01_convolution")["backend"]  # doctest: +SKIP
    'tensorflow'
    """
    chapter = load_chapter(name)
    arrays: dict[str, np.ndarray] = {}
    exercises = {}
    for exercise in chapter.exercises:
        label = f"{exercise.name}/{{}}".format
        tree = [_fold(v, arrays, label(i)) for i, v in enumerate(answers(exercise, seed))]
        exercises[exercise.name] = {"probes": digest(exercise, seed), "answers": tree}
    about = {"chapter": name, "seed": seed, **provenance()}
    npz, text = paths(name)
    REFERENCES.mkdir(exist_ok=True)
    np.savez_compressed(npz.with_suffix(".tmp.npz"), **arrays)  # type: ignore[arg-type]
    npz.with_suffix(".tmp.npz").replace(npz)
    text.write_text(json.dumps(about | {"exercises": exercises}, indent=1) + "\n")
    return about


def provenance() -> dict[str, Any]:
    """Which software on which device computes the references. Imports TensorFlow."""
    import keras
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
    return {
        "date": datetime.date.today().isoformat(),
        "backend": keras.backend.backend(),
        "device": details[0].get("device_name", "GPU") if details else "CPU",
        "machine": platform.machine(),
        "versions": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "keras": keras.__version__,
            "tensorflow": tf.__version__,
        },
    }


def paths(name: str) -> tuple[Path, Path]:
    """Where a chapter's references stand: arrays, and the rest."""
    short = name.split("_")[0]
    return REFERENCES / f"{short}.npz", REFERENCES / f"{short}.json"


def digest(exercise: Exercise, seed: int) -> str:
    """A fingerprint of the probes, so that stale references are noticed."""
    h = hashlib.sha256()
    for probe in exercise.draw(seed):
        given = [] if probe.given is None else [probe.given]
        call = [probe.rung, list(probe.args), dict(probe.kwargs), probe.raises, *given]
        h.update(encode(call))
    return h.hexdigest()[:16]


@cache
def recorded(name: str) -> dict[str, AnswerKey]:
    """A chapter's recorded answer keys, by exercise. Never imports TensorFlow.

    Raises
    ------
    StaleReferences
        They are missing, or were recorded for other probes; the message says what to run.
    """
    chapter = load_chapter(name)
    npz, text = paths(name)
    remedy = f"Run `cnnlab record {name}`."
    if not text.exists() or not npz.exists():
        raise StaleReferences(f"There are no recorded references for {name}. {remedy}")
    about = json.loads(text.read_text())
    keys = {}
    with np.load(npz, allow_pickle=False) as arrays:
        for exercise in chapter.exercises:
            entry = about["exercises"].get(exercise.name)
            if entry is None or entry["probes"] != digest(exercise, about["seed"]):
                raise StaleReferences(
                    f"The references of {name}/{exercise.name} were recorded for other probes "
                    f"than its grader draws now. {remedy}"
                )
            expected = [_unfold(tree, arrays) for tree in entry["answers"]]
            keys[exercise.name] = AnswerKey(exercise, exercise.draw(about["seed"]), expected)
    return keys


def _fold(value: Any, arrays: dict[str, np.ndarray], label: str) -> Any:
    """A result as JSON, its arrays moved to ``arrays``."""
    if isinstance(value, np.ndarray | np.generic):
        arrays[label] = np.asarray(value)
        return {"$array": label, "$scalar": isinstance(value, np.generic)}
    if isinstance(value, tuple | list):
        kind = "$tuple" if isinstance(value, tuple) else "$list"
        return {kind: [_fold(v, arrays, f"{label}/{i}") for i, v in enumerate(value)]}
    if isinstance(value, dict):
        return {"$dict": {k: _fold(v, arrays, f"{label}/{k}") for k, v in value.items()}}
    return value


def _unfold(tree: Any, arrays: Any) -> Any:
    """What `_fold` folded."""
    if not isinstance(tree, dict):
        return tree
    if "$array" in tree:
        array = arrays[tree["$array"]]
        return array[()] if tree["$scalar"] else array
    if "$dict" in tree:
        return {k: _unfold(v, arrays) for k, v in tree["$dict"].items()}
    kind, items = next(iter(tree.items()))
    folded = [_unfold(v, arrays) for v in items]
    return tuple(folded) if kind == "$tuple" else folded


class FreshReferences:
    """A Keras process that answers the probes of one secret seed, for a whole batch.

    It starts at once and imports TensorFlow while its owner reads submissions.

    Parameters
    ----------
    seed : int
        Sent through a pipe, never on a command line.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        # A file, because a pipe that nobody reads would fill up.
        self._said = tempfile.TemporaryFile()  # noqa: SIM115  closed in __exit__
        self._process = subprocess.Popen(
            [sys.executable, "-m", "cnnlab.autograder.record"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
        )

    def __enter__(self) -> FreshReferences:
        return self

    def __exit__(self, *exc: object) -> None:
        for pipe in (self._process.stdin, self._process.stdout, self._said):
            if pipe is not None:
                pipe.close()
        self._process.kill()
        self._process.wait()

    def answers(self, name: str) -> bytes:
        """A chapter's fresh answers, for `keys_from`; the first call waits for Keras.

        Raises
        ------
        RuntimeError
            Keras failed; the message repeats the last thing that it said.
        """
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        try:
            stdin.write(f"{self.seed} {name}\n".encode())
            stdin.flush()
            (length,) = struct.unpack(">Q", stdout.read(8))
        except (BrokenPipeError, struct.error):
            self._said.seek(0)
            said = self._said.read().decode(errors="replace").strip().splitlines()
            raise RuntimeError(
                f"Keras could not compute fresh references for {name}: "
                f"{said[-1] if said else 'its process ended'}. `--recorded` grades without it."
            ) from None
        return stdout.read(length)

    def keys(self, name: str) -> dict[str, AnswerKey]:
        """A chapter's fresh answer keys, by exercise."""
        return _keys(decode(self.answers(name)))


@cache
def keys_from(path: str) -> dict[str, AnswerKey]:
    """The answer keys in a file that holds what `FreshReferences.answers` gave."""
    return _keys(decode(Path(path).read_bytes()))


def _keys(fresh: dict[str, Any]) -> dict[str, AnswerKey]:
    """Answer keys of fresh answers, if they belong to the probes that this process draws."""
    keys = {}
    for exercise in load_chapter(fresh["chapter"]).exercises:
        probes, expected = fresh[exercise.name]
        if probes != digest(exercise, fresh["seed"]):
            raise StaleReferences(
                f"Keras answered other probes of {exercise.name} than are drawn here. "
                "Did its grader change meanwhile? Grade again."
            )
        keys[exercise.name] = AnswerKey(exercise, exercise.draw(fresh["seed"]), expected)
    return keys


def _requests(lines: BinaryIO) -> Iterator[tuple[int, Chapter]]:
    for line in lines:
        seed, name = line.decode().split()
        yield int(seed), load_chapter(name)


def main() -> None:
    """Serve fresh references: lines ``seed chapter`` in, encoded answers out."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not end up in the answers
    import keras  # noqa: F401  imported while the owner is still reading submissions

    for seed, chapter in _requests(sys.stdin.buffer):
        fresh = {e.name: [digest(e, seed), answers(e, seed)] for e in chapter.exercises}
        body = encode({"chapter": chapter.name, "seed": seed, **fresh})
        out.write(struct.pack(">Q", len(body)) + body)
        out.flush()


def record_all(names: list[str] | None = None) -> Iterator[dict[str, Any]]:
    """Record the named chapters, or every one."""
    for name in names or chapter_names():
        yield record(name)


if __name__ == "__main__":
    main()
