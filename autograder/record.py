"""References: what was asked, and what Keras answered; recorded, or computed afresh.

``references/probes/chNN.wire.gz`` holds the questions: every probe of a chapter, as it was
drawn once. ``references/tensorflow-cpu/chNN.wire.gz`` holds what Keras answered on that backend
and device, and ``chNN.json`` beside it where the answers come from. Who checks or grades with
them draws nothing, so marks do not depend on the machine; and reading them never imports Keras.
Fresh keys come from a Keras process of their own, questions and answers together.
"""

from __future__ import annotations

import datetime
import gzip
import hashlib
import json
import os
import platform
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from cnnlab.autograder.answerkey import AnswerKey
from cnnlab.autograder.exercise import Chapter, Exercise, Probe, chapter_names, load_chapter
from cnnlab.autograder.wire import ProtocolError, decode, encode

REFERENCES = Path(__file__).parent / "references"
DEFAULT = "tensorflow-cpu"
"""The record that self-checks and `--recorded` grading use."""
RECORDED_SEED = 0
"""The seed of the recorded probes. It is public, and so are their answers."""


class StaleReferences(RuntimeError):
    """References are missing or damaged, or do not belong together."""


# Questions and answers as trees


def as_tree(probe: Probe) -> dict[str, Any]:
    """A probe as a dictionary that `encode` takes; ``Probe(**as_tree(probe))`` equals it."""
    tree = {field.name: getattr(probe, field.name) for field in fields(Probe)}
    return tree | {"kwargs": dict(probe.kwargs)}


def questions(chapter: Chapter, seed: int) -> dict[str, list[dict[str, Any]]]:
    """What a seed asks in each exercise, drawn on this machine."""
    return {e.name: [as_tree(probe) for probe in e.draw(seed)] for e in chapter.exercises}


def answers(exercise: Exercise, asked: list[dict[str, Any]]) -> list[Any]:
    """Keras's answer to each question, None where an error is expected. Imports Keras."""
    return [exercise.expect(Probe(**tree)) for tree in asked]


def _key(exercise: Exercise, asked: list[dict[str, Any]], expected: list[Any]) -> AnswerKey:
    return AnswerKey(exercise, [Probe(**tree) for tree in asked], expected)


# Files


def probes_path(name: str) -> Path:
    """Where a chapter's recorded questions stand."""
    return REFERENCES / "probes" / f"{_short(name)}.wire.gz"


def answers_path(name: str, reference: str = DEFAULT) -> Path:
    """Where a chapter's answers on one backend and device stand."""
    return REFERENCES / reference / f"{_short(name)}.wire.gz"


def provenance_path(name: str, reference: str = DEFAULT) -> Path:
    """Where it says how these answers were computed."""
    return REFERENCES / reference / f"{_short(name)}.json"


def _short(name: str) -> str:
    return name.split("_")[0]


def _read(path: Path) -> bytes:
    try:
        return gzip.decompress(path.read_bytes())
    except (OSError, EOFError) as error:
        raise StaleReferences(f"{_place(path)} cannot be read ({error}). {_remedy()}") from None


def _write(path: Path, body: bytes) -> None:
    """The whole file or none; equal bodies give equal files."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_bytes(body)
    beside.replace(path)


def _place(path: Path) -> str:
    return path.relative_to(REFERENCES.parent).as_posix()


def in_checkout() -> bool:
    """Whether this is a clone of the repository, whose references may be written."""
    return (REFERENCES.parent.parent / "pyproject.toml").exists()


def _remedy() -> str:
    return "Run `cnnlab record`." if in_checkout() else "Install CNN Lab again."


# Reading what was recorded


@cache
def recorded(name: str, reference: str = DEFAULT) -> dict[str, AnswerKey]:
    """A chapter's recorded answer keys, by exercise. Draws nothing, and never imports Keras.

    Raises
    ------
    StaleReferences
        They are missing or damaged, or the answers belong to other questions; the message
        says what to do.
    """
    body = _read(probes_path(name))
    said = _read(answers_path(name, reference))
    try:
        about = json.loads(provenance_path(name, reference).read_text(encoding="utf-8"))
        asked, expected = decode(body), decode(said)
        if about["probes"] != fingerprint(body):
            raise StaleReferences(
                f"The answers of {reference} for {name} belong to other questions than are "
                f"recorded now. {_remedy()}"
            )
        return {
            exercise.name: _key(exercise, asked[exercise.name], expected[exercise.name])
            for exercise in load_chapter(name).exercises
        }
    except (OSError, ProtocolError, ValueError, KeyError) as error:
        raise StaleReferences(
            f"The references of {name} are damaged or incomplete "
            f"({type(error).__name__}: {error}). {_remedy()}"
        ) from None


def stale(name: str) -> str:
    """Where the recorded questions of a chapter are not those that its grader draws; or ``""``.

    Raises
    ------
    StaleReferences
        There are none.
    """
    return changed(
        decode(_read(probes_path(name))), questions(load_chapter(name), RECORDED_SEED), name
    )


def fingerprint(body: bytes) -> str:
    """Ties answers to the questions that they answer: of the file, not of anything drawn."""
    return hashlib.sha256(body).hexdigest()[:16]


# Recording


def record(name: str, seed: int = RECORDED_SEED) -> dict[str, Any]:
    """Compute a chapter's references on this backend and device and write them.

    The recorded questions stay as they are while the grader still asks them, so a second
    machine or backend answers the same ones.

    Returns
    -------
    dict
        The provenance that stands beside the answers.

    Raises
    ------
    PermissionError
        This is an installed package, whose files are not ours to change.

    Examples
    --------
    >>> record("ch01_convolution")["backend"]  # doctest: +SKIP
    'tensorflow'
    """
    if not in_checkout():
        raise PermissionError(
            "`cnnlab record` needs a clone of the repository: it would change an installed package."
        )
    chapter = load_chapter(name)
    body = _questions_to_keep(chapter, seed)
    asked = decode(body)
    expected = {e.name: answers(e, asked[e.name]) for e in chapter.exercises}
    about = {"chapter": name, "seed": seed, "probes": fingerprint(body), **provenance()}
    reference = f"{about['backend']}-{'cpu' if about['device'] == 'CPU' else 'gpu'}"
    _write(probes_path(name), gzip.compress(body, mtime=0))
    _write(answers_path(name, reference), gzip.compress(encode(expected), mtime=0))
    _write(provenance_path(name, reference), (json.dumps(about, indent=1) + "\n").encode())
    recorded.cache_clear()
    return about


def _questions_to_keep(chapter: Chapter, seed: int) -> bytes:
    """The recorded questions, or those drawn now where the grader asks others."""
    drawn = questions(chapter, seed)
    try:
        body = _read(probes_path(chapter.name))
        return encode(drawn) if changed(decode(body), drawn) else body
    except (StaleReferences, ProtocolError):
        return encode(drawn)


def changed(stored: Any, drawn: Any, where: str = "") -> str:
    """The first place where two trees ask different things, or ``""``.

    Structure, text, whole numbers and types must be equal. Floats may differ by what another
    processor makes of the same drawing: 64 roundings, in units of the largest number.
    """
    if type(stored) is not type(drawn):
        return f"{where}: {type(stored).__name__} is now {type(drawn).__name__}"
    if isinstance(stored, dict):
        if stored.keys() != drawn.keys():
            return f"{where}: {list(stored)} is now {list(drawn)}"
        pairs = ((f"{where}/{k}", stored[k], drawn[k]) for k in stored)
        return next(filter(None, (changed(a, b, at) for at, a, b in pairs)), "")
    if isinstance(stored, list | tuple):
        if len(stored) != len(drawn):
            return f"{where}: {len(stored)} entries are now {len(drawn)}"
        entries = enumerate(zip(stored, drawn, strict=True))
        return next(filter(None, (changed(a, b, f"{where}/{i}") for i, (a, b) in entries)), "")
    if isinstance(stored, np.ndarray | np.generic | float):
        return "" if _same_numbers(np.asarray(stored), np.asarray(drawn)) else f"{where}: numbers"
    return "" if stored == drawn else f"{where}: {stored!r} is now {drawn!r}"


def _same_numbers(stored: np.ndarray, drawn: np.ndarray) -> bool:
    if stored.shape != drawn.shape or stored.dtype != drawn.dtype:
        return False
    if stored.dtype.kind not in "fc":
        return np.array_equal(stored, drawn)
    slack = 64 * np.finfo(stored.dtype).eps
    scale = np.max(np.abs(stored[np.isfinite(stored)]), initial=0.0)
    return np.allclose(stored, drawn, rtol=0.0, atol=slack * float(scale), equal_nan=True)


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


def record_all(names: list[str] | None = None) -> Iterator[dict[str, Any]]:
    """Record the named chapters, or every one."""
    for name in names or chapter_names():
        yield record(name)


# Fresh references


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
        """A chapter's fresh questions and answers, for `keys_from`; the first call waits for Keras.

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
    return {
        exercise.name: _key(exercise, *fresh[exercise.name])
        for exercise in load_chapter(fresh["chapter"]).exercises
    }


def _requests(lines: BinaryIO) -> Iterator[tuple[int, Chapter]]:
    for line in lines:
        seed, name = line.decode().split()
        yield int(seed), load_chapter(name)


def main() -> None:
    """Serve fresh references: lines ``seed chapter`` in, encoded questions and answers out."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not end up in the answers
    import keras  # noqa: F401  imported while the owner is still reading submissions

    for seed, chapter in _requests(sys.stdin.buffer):
        asked = questions(chapter, seed)
        fresh = {e.name: [asked[e.name], answers(e, asked[e.name])] for e in chapter.exercises}
        body = encode({"chapter": chapter.name, **fresh})
        out.write(struct.pack(">Q", len(body)) + body)
        out.flush()


if __name__ == "__main__":
    main()
