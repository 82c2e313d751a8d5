"""A Keras process: questions in, answers out.

Who wants answers, to record them or to grade with, never imports Keras itself. The process runs
on the backend and the device that it was started for, and knows of nothing but the questions.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from typing import Any

from cnnlab.autograder.judging.backends import Engine, NotAvailable
from cnnlab.autograder.judging.exercise import Exercise, Probe, load_chapter
from cnnlab.autograder.sandbox.frames import read_frame, write_frame
from cnnlab.autograder.sandbox.lifeline import end_with_parent
from cnnlab.autograder.sandbox.wire import decode, encode

Asked = dict[str, list[dict[str, Any]]]
"""Exercise → its probes as trees."""


def answers(exercise: Exercise, asked: list[dict[str, Any]]) -> list[Any]:
    """Keras's answer to each question, None where an error is expected. Imports Keras."""
    return [exercise.expect(Probe(**tree)) for tree in asked]


class KerasProcess:
    """Keras in a process of its own; a context manager.

    It starts at once and imports Keras while its owner does other things.

    Parameters
    ----------
    engine : Engine
        The backend and the kind of device.

    Raises
    ------
    NotAvailable
        The backend's package is not installed.
    """

    def __init__(self, engine: Engine) -> None:
        if missing := engine.missing():
            raise NotAvailable(missing)
        self.engine = engine
        # A file, because a pipe that nobody reads would fill up.
        self._said = tempfile.TemporaryFile()  # noqa: SIM115  closed in __exit__
        program = ["-P", "-m", "cnnlab.autograder.judging.keras_process"]  # -P: see `Pool`
        self._process = subprocess.Popen(
            [sys.executable, *program, str(engine)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            env=engine.environment(),
            start_new_session=True,  # Ctrl-C is for its owner alone
        )

    def __enter__(self) -> KerasProcess:
        return self

    def __exit__(self, *exc: object) -> None:
        for pipe in (self._process.stdin, self._process.stdout, self._said):
            if pipe is not None:
                pipe.close()
        self._process.kill()
        self._process.wait()

    def answers(self, chapter: str, asked: Asked) -> tuple[str, dict[str, list[Any]]]:
        """The device's name, and what Keras answers in each exercise; the first call waits for it.

        Raises
        ------
        RuntimeError
            Keras failed; the message repeats the last thing that it said.
        """
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        try:
            write_frame(stdin.fileno(), encode([chapter, asked]))
            body = read_frame(stdout)
        except BrokenPipeError:
            body = None
        if body is None:
            raise RuntimeError(f"Keras could not compute references of {chapter}: {self._last()}")
        device, expected = decode(body)
        return device, expected

    def _last(self) -> str:
        """The last line that the process wrote before it ended."""
        self._process.wait()
        self._said.seek(0)
        said = self._said.read().decode(errors="replace").strip().splitlines()
        return said[-1] if said else "its process ended."


def main(engine: str) -> None:
    """Serve answers: frames of chapter and questions in, frames of device and answers out.

    Raises
    ------
    SystemExit
        The engine is not installed, or its device is not there; the message says which.
    """
    end_with_parent()
    out = os.dup(1)
    os.dup2(2, 1)  # whatever a library prints must not end up in the answers
    try:
        device = Engine.named(engine).prepare()
    except NotAvailable as missing:
        raise SystemExit(str(missing)) from None
    while body := read_frame(sys.stdin.buffer):
        name, asked = decode(body)
        chapter = load_chapter(name)
        expected = {exercise: answers(chapter[exercise], asked[exercise]) for exercise in asked}
        write_frame(out, encode([device, expected]))


if __name__ == "__main__":
    main(sys.argv[1])
