"""The journal of a batch: one line for each finished submission, so that no result is lost.

A run that was ended, by whatever, goes on from its journal and grades nothing twice. A line is
found by its key: what was read of a submission, and everything else that its result depends on.
So a journal is also a cache. After a mend of one chapter's grader, only that chapter is graded
again.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from cnnlab.autograder.judging.record import answers_path, probes_path
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

    def find(self, key: str, submission: Submission) -> SubmissionResult | None:
        """The result of a submission that was graded before, under the name that it has now."""
        if key not in self._known:
            return None
        at, length = self._known[key]
        found = submission_from(json.loads(os.pread(self._file, length, at))["result"])
        found.path, found.student = submission.path, submission.student
        return found

    def add(self, key: str, result: SubmissionResult) -> None:
        """Write a result down, and wait until the disk has it.

        Raises
        ------
        JournalError
            The disk is full, for example. What was written before stays.
        """
        self._write({"key": key, "result": to_dict(result)})

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
    whole = isinstance(entry, dict) and "result" in entry
    return str(entry.get("key", "")) if whole else ""


def _lock(file: int) -> None:
    try:
        import fcntl
    except ImportError:
        return  # Windows
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


# What a result depends on


def key_of(submission: Submission, conditions: dict[str, Any]) -> str:
    """What a result is found by.

    Parameters
    ----------
    submission : Submission
        What was read of the file counts, so its outputs and other cells do not; its name and its
        student do not, either.
    conditions : dict
        What holds for the whole batch; see `cnnlab.autograder.batch.Settings.conditions`.
    """
    content = asdict(submission)
    content["course_names"] = sorted(submission.course_names)
    del content["path"], content["student"]
    reference = conditions["reference"] if conditions["probes"] == "recorded" else None
    judge = judge_of(submission.chapter, reference) if submission.chapter else ""
    depends = json.dumps([content, conditions, judge], sort_keys=True)
    return hashlib.sha256(depends.encode()).hexdigest()


PACKAGE = Path(__file__).parent
JUDGES = ("batch.py", "grading.py", "judging", "sandbox", "submission", "graders/shared")
"""What judges every chapter."""


@cache
def judge_of(chapter: str, reference: str | None) -> str:
    """A fingerprint of all files that a chapter's results depend on."""
    root = PACKAGE.parent
    tops = [PACKAGE / name for name in (*JUDGES, f"graders/{chapter}")]
    tops += [root / "course" / name for name in ("ops", "given")] + [root / "solutions" / chapter]
    if reference is not None:
        tops += [probes_path(chapter), answers_path(chapter, reference)]
    digest = hashlib.sha256()
    for top in tops:
        paths = [top] if top.is_file() else sorted(top.rglob("*.*"))
        for path in paths:
            if top.is_file() or path.suffix in (".py", ".ipynb"):
                digest.update(path.name.encode() + b"\0")
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
