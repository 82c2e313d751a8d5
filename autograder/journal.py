"""The journal of a batch: one line for each finished submission, so that no result is lost.

A run that was ended, by whatever, goes on from its journal and grades nothing twice. A line is
found by its key: what was read of a submission, and what all of its exercises depend on. Beside the
result it holds a fingerprint of each exercise's grader. So a journal is also a cache: after a mend
of one grader, only its exercise is judged again.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cnnlab.autograder.dependencies import of_chapter, of_exercises, of_values
from cnnlab.autograder.judging.results import SubmissionResult, submission_from, to_dict
from cnnlab.autograder.submission import Submission

SEED = "seed"
LINES = "results.jsonl"
FINISHED = {"finished": True}


class JournalError(RuntimeError):
    """A journal cannot be used; the message says why."""


class Journal:
    """A folder with the secret seed of a batch and its results so far, both for our eyes alone.

    A context manager. While it is open, no other run can use it.

    Parameters
    ----------
    folder : Path
        A folder with a journal; see `begin` for a new one.

    Raises
    ------
    JournalError
        There is no journal, or another run uses it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            self.seed = int((folder / SEED).read_text(encoding="ascii"))
            self._file = os.open(folder / LINES, os.O_RDWR | os.O_APPEND)
        except (OSError, ValueError):
            raise JournalError(f"There is no journal in {folder}.") from None
        try:
            _lock(self._file)
        except OSError:
            os.close(self._file)
            raise JournalError(f"Another run uses the journal in {folder}.") from None
        self._torn = False
        self._known: dict[str, tuple[int, int]] = {}  # places, for results may be many
        at = 0
        with (folder / LINES).open("rb") as lines:
            for line in lines:
                self._torn = not line.endswith(b"\n")
                if key := _key_in(line):
                    self._known[key] = at, len(line)
                at += len(line)

    @classmethod
    def begin(cls, folder: Path, seed: int) -> Journal:
        """An empty journal in this folder, which is made where it does not exist.

        Raises
        ------
        OSError
            It could not be written.
        """
        folder.mkdir(mode=0o700, exist_ok=True)
        for name, text in ((LINES, ""), (SEED, str(seed))):
            (folder / name).unlink(missing_ok=True)
            file = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(file, "wb") as stream:
                stream.write(text.encode())
                stream.flush()
                os.fsync(file)
        return cls(folder)

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *exc: object) -> None:
        os.close(self._file)

    @property
    def count(self) -> int:
        """How many results it held when it was opened."""
        return len(self._known)

    def find(
        self, key: str, submission: Submission
    ) -> tuple[SubmissionResult, dict[str, str]] | None:
        """The result of a submission that was graded before, under the name that it has now.

        With it come the fingerprints of the graders that its exercises had.
        """
        if key not in self._known:
            return None
        at, length = self._known[key]
        line = json.loads(os.pread(self._file, length, at))
        found = submission_from(line["result"])
        found.path, found.student = submission.path, submission.student
        return found, line["graders"]

    def add(self, key: str, result: SubmissionResult, graders: Mapping[str, str]) -> None:
        """Write a result down, and wait until the disk has it.

        Raises
        ------
        JournalError
            The disk is full, for example. What was written before stays.
        """
        self._write({"key": key, "graders": dict(graders), "result": to_dict(result)})

    def finish(self) -> None:
        """Write down that all results are where they were wanted."""
        self._write(FINISHED)

    def _write(self, line: dict[str, Any]) -> None:
        raw = b"\n" * self._torn + json.dumps(line).encode() + b"\n"
        self._torn = True  # until all of it is written
        try:
            while raw:
                raw = raw[os.write(self._file, raw) :]
            os.fsync(self._file)
        except OSError as error:
            said = f"The journal in {self.folder} could not be written: {error}. Make room."
            raise JournalError(said) from None
        self._torn = False


def place(wanted: Path) -> Path:
    """Where a new journal may be: as wanted, unless an unfinished run is there."""
    place, number = wanted, 1
    while _unfinished(place):
        number += 1
        place = wanted.with_name(f"{wanted.stem}-{number}{wanted.suffix}")
    return place


def _unfinished(folder: Path) -> bool:
    try:
        lines = (folder / LINES).read_bytes().splitlines()
    except OSError:
        return folder.exists() and not folder.is_dir()
    return bool(lines) and lines[-1] != json.dumps(FINISHED).encode()


def _key_in(line: bytes) -> str:
    """The key of a result; nothing where a line is not whole, as a killed run's last may be."""
    try:
        entry = json.loads(line)
    except ValueError:
        return ""
    whole = isinstance(entry, dict) and "result" in entry and "graders" in entry
    return str(entry.get("key", "")) if whole else ""


def _lock(file: int) -> None:
    try:
        import fcntl
    except ImportError:
        return  # Windows
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


# What a result depends on


def key_of(submission: Submission, conditions: Mapping[str, Any]) -> str:
    """What the results of a submission are found by, all of its exercises together.

    Parameters
    ----------
    submission : Submission
        What was read of the file counts, so its outputs and other cells do not; its name and its
        student do not, either.
    conditions : Mapping
        What holds for the whole batch; see `cnnlab.autograder.settings.Settings.conditions`.
    """
    content = asdict(submission)
    content["course_names"] = sorted(submission.course_names)
    del content["path"], content["student"]
    ours = []
    if submission.chapter:
        ours = [of_chapter(submission.chapter)]
        ours += [of_values(submission.chapter, frozenset(submission.course_names))]
    # A new version of CNN Lab changes nothing by its number alone: its files are looked at.
    versions = {k: v for k, v in conditions["versions"].items() if k != "cnnlab"}
    depends = json.dumps([content, dict(conditions) | {"versions": versions}, ours], sort_keys=True)
    return hashlib.sha256(depends.encode()).hexdigest()


def graders_of(submission: Submission, conditions: Mapping[str, Any]) -> dict[str, str]:
    """Exercise → a fingerprint of what its result depends on besides."""
    if submission.problem or submission.chapter is None:
        return {}
    reference = conditions["reference"] if conditions["probes"] == "recorded" else None
    graders = of_exercises(submission.chapter, reference)
    return {exercise.name: graders[exercise.name] for exercise in submission.asks().exercises}
