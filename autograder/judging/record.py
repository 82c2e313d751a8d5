"""References: what was asked, and what Keras answered; recorded, or computed afresh.

``references/probes/chNN.wire.gz`` holds the questions: every probe of a chapter, as it was
drawn once. ``references/tensorflow-cpu/chNN.wire.gz`` holds what Keras answered on that backend
and device, and ``chNN.json`` beside it where the answers come from. Who checks or grades with
them draws nothing, so marks do not depend on the machine; and reading them never imports Keras.
Each backend and device that has been recorded has such a folder; all answer the same questions,
and one that is not always at hand may lack a new chapter or a new exercise.
Fresh questions are drawn here, and answered by the same Keras process that records.
"""

from __future__ import annotations

import datetime
import gzip
import hashlib
import json
import os
import platform
import zlib
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from cnnlab.autograder.judging.answerkey import AnswerKey
from cnnlab.autograder.judging.backends import DEFAULT_ENGINE, Engine
from cnnlab.autograder.judging.exercise import Chapter, load_chapter
from cnnlab.autograder.judging.keras_process import Asked, KerasProcess
from cnnlab.autograder.judging.questions import answer_keys, changed, questions
from cnnlab.autograder.sandbox.values import ProtocolError
from cnnlab.autograder.sandbox.wire import decode, encode

REFERENCES = Path(__file__).parent.parent / "references"
DEFAULT = str(DEFAULT_ENGINE)
"""The record that self-checks and `--recorded` grading use."""
RECORDED_SEED = 0
"""The seed of the recorded probes. It is public, and so are their answers."""


class StaleReferences(RuntimeError):
    """References are missing or damaged, or do not belong together."""


# Files


def probes_path(name: str) -> Path:
    """The file of a chapter's recorded questions."""
    return REFERENCES / "probes" / f"{_short(name)}.wire.gz"


def answers_path(name: str, reference: str = DEFAULT) -> Path:
    """The file of a chapter's answers on one backend and device."""
    return REFERENCES / reference / f"{_short(name)}.wire.gz"


def provenance_path(name: str, reference: str = DEFAULT) -> Path:
    """Where it says how these answers were computed."""
    return REFERENCES / reference / f"{_short(name)}.json"


def references(chapter: str = "") -> list[str]:
    """The records that there are, the default one first; with a chapter, those that hold it.

    A device that is not always at hand may lack a new chapter. The default record lacks none.
    """
    folders = {path.name for path in REFERENCES.iterdir() if path.is_dir()} - {"probes"}
    if chapter:
        folders = {name for name in folders if provenance_path(chapter, name).exists()} | {DEFAULT}
    return sorted(folders, key=lambda name: (name != DEFAULT, name))


def demand_record(reference: str) -> None:
    """Raise `ValueError`, which lists the records that there are, where this one is missing."""
    if reference not in references():
        there = ", ".join(references())
        raise ValueError(f"reference must be one of {there}. Received: {reference!r}")


def _short(name: str) -> str:
    return name.split("_")[0]


def _read(path: Path, reference: str = DEFAULT) -> bytes:
    try:
        return gzip.decompress(path.read_bytes())
    except FileNotFoundError:
        raise StaleReferences(f"{_place(path)} is missing. {_remedy(reference)}") from None
    except (OSError, EOFError, zlib.error) as error:
        raise StaleReferences(
            f"{_place(path)} cannot be read ({error}). {_remedy(reference)}"
        ) from None


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


def _remedy(reference: str = DEFAULT) -> str:
    if not in_checkout():
        return "Install CNN Lab again."
    engine = Engine.named(reference)
    other = f" --backend {engine.backend} --device {engine.device}" if reference != DEFAULT else ""
    return f"Run `cnnlab record{other}`."


# Reading what was recorded


@cache
def recorded(name: str, reference: str = DEFAULT, whole: bool = True) -> dict[str, AnswerKey]:
    """A chapter's recorded answer keys, by exercise. Draws nothing, and never imports Keras.

    Parameters
    ----------
    name : str
        The chapter's full name.
    reference : str
        One of `references`.
    whole : bool
        Whether the record must hold every exercise; else those that it lacks are left out.

    Raises
    ------
    StaleReferences
        They are missing or damaged, an exercise is missing, or the answers belong to other
        questions; the message says what to do.
    """
    body = _read(probes_path(name))
    said = _read(answers_path(name, reference), reference)
    try:
        about = json.loads(provenance_path(name, reference).read_text(encoding="utf-8"))
        asked, expected = decode(body), decode(said)
        if about["probes"] != fingerprint(_answered(body, asked, expected)):
            raise StaleReferences(
                f"The answers of {reference} for {name} belong to other questions than are "
                f"recorded now. {_remedy(reference)}"
            )
        exercises = load_chapter(name).exercises
        held = [e for e in exercises if e.puzzle or e.name in expected]
        if whole and (missing := [e.name for e in exercises if e not in held]):
            raise StaleReferences(
                f"The record {reference} of {name} is incomplete: it lacks {', '.join(missing)}. "
                f"{_remedy(reference)}"
            )
        return answer_keys(held, asked, expected)
    except (OSError, ProtocolError, ValueError, KeyError) as error:
        raise StaleReferences(
            f"The references of {name} are damaged or incomplete "
            f"({type(error).__name__}: {error}). {_remedy(reference)}"
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


def lacking(name: str, reference: str) -> list[str]:
    """The exercises of a chapter that came after a record of it, and that it does not hold."""
    held = recorded(name, reference, whole=False)
    return [e.name for e in load_chapter(name).exercises if e.name not in held]


def fingerprint(body: bytes) -> str:
    """Ties answers to the questions that they answer: of the file, not of anything drawn."""
    return hashlib.sha256(body).hexdigest()[:16]


def _answered(body: bytes, asked: Asked, expected: Mapping[str, Any]) -> bytes:
    """The questions that a record answers, as the file of questions was when it was made.

    A record stays valid when exercises are added, or change places. `KeyError` where one of its
    exercises is no longer asked.
    """
    return body if list(asked) == list(expected) else encode({e: asked[e] for e in expected})


# Recording


def record(name: str, keras: KerasProcess, seed: int = RECORDED_SEED) -> dict[str, Any]:
    """Have a Keras process answer a chapter's questions, and write what it says.

    The recorded questions stay as they are while the grader still asks them, so a second
    machine or backend answers the same ones.

    Parameters
    ----------
    name : str
        The chapter's full name.
    keras : KerasProcess
        Its engine names the record.

    Returns
    -------
    dict
        The provenance, as it is written beside the answers.

    Raises
    ------
    PermissionError
        This is an installed package, whose files are not ours to change.
    RuntimeError
        Keras failed. Nothing is written then.

    Examples
    --------
    >>> with KerasProcess(Engine("jax")) as keras:  # doctest: +SKIP
    ...     record("ch01_convolution", keras)["versions"]["jax"]
    '0.10.2'
    """
    if not in_checkout():
        raise PermissionError(
            "`cnnlab record` needs a clone of the repository: it would change an installed package."
        )
    body = _questions_to_keep(load_chapter(name), seed)
    device, expected = keras.answers(name, decode(body))
    about = {
        "chapter": name,
        "seed": seed,
        "probes": fingerprint(body),
        "date": datetime.date.today().isoformat(),
        "backend": keras.engine.backend,
        "device": device,
        "machine": platform.machine(),
        "tf32": False,
        "versions": keras.engine.versions(),
    }
    reference = str(keras.engine)
    _write(probes_path(name), gzip.compress(body, mtime=0))
    _write(answers_path(name, reference), gzip.compress(encode(expected), mtime=0))
    _write(provenance_path(name, reference), (json.dumps(about, indent=1) + "\n").encode())
    recorded.cache_clear()
    return about


def left_behind(name: str) -> list[str]:
    """The records of a chapter that answer other questions than are recorded now."""
    body = _read(probes_path(name))
    asked = decode(body)

    def agrees(reference: str) -> bool:
        about = json.loads(provenance_path(name, reference).read_text(encoding="utf-8"))
        expected = decode(_read(answers_path(name, reference), reference))
        known = expected.keys() <= asked.keys()
        return known and about["probes"] == fingerprint(_answered(body, asked, expected))

    there = [r for r in references() if provenance_path(name, r).exists()]
    return [reference for reference in there if not agrees(reference)]


def _questions_to_keep(chapter: Chapter, seed: int) -> bytes:
    """The recorded questions, and those drawn now of exercises whose grader asks others."""
    drawn = questions(chapter, seed)
    try:
        stored = decode(_read(probes_path(chapter.name)))
    except (StaleReferences, ProtocolError):
        stored = {}
    same = (e for e in drawn if e in stored and not changed(stored[e], drawn[e]))
    return encode(drawn | {e: stored[e] for e in same})


# Fresh references


class FreshReferences:
    """The answer keys of one secret seed, for a whole batch.

    Its Keras process starts at once and imports Keras while its owner reads submissions.

    Parameters
    ----------
    seed : int
        It never leaves this process.
    engine : Engine
        The backend and the kind of device that answer.
    """

    def __init__(self, seed: int, engine: Engine = DEFAULT_ENGINE) -> None:
        self.seed = seed
        self._keras = KerasProcess(engine)

    def __enter__(self) -> FreshReferences:
        return self

    def __exit__(self, *exc: object) -> None:
        self._keras.__exit__(*exc)

    def answers(self, name: str) -> bytes:
        """A chapter's fresh questions and answers, for `keys_from`; the first call waits for Keras.

        Raises
        ------
        RuntimeError
            Keras failed; the message repeats the last thing that it said.
        """
        asked = questions(load_chapter(name), self.seed, fresh=True)
        try:
            _, expected = self._keras.answers(name, asked)
        except RuntimeError as error:
            raise RuntimeError(f"{error} `--recorded` grades without it.") from None
        return encode({"chapter": name, **{e: [asked[e], expected[e]] for e in asked}})

    def keys(self, name: str) -> dict[str, AnswerKey]:
        """A chapter's fresh answer keys, by exercise."""
        return keys_from(self.answers(name))


@lru_cache(maxsize=32)
def keys_from(answers: bytes) -> dict[str, AnswerKey]:
    """The answer keys that `FreshReferences.answers` gave."""
    fresh = decode(answers)
    chapter = load_chapter(fresh.pop("chapter"))
    asked, expected = ({e: both[i] for e, both in fresh.items()} for i in (0, 1))
    return answer_keys(chapter.exercises, asked, expected)
