"""Runs of ``cnnlab grade`` that are killed, stopped and resumed: real processes, real signals."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from cnnlab.autograder.sandbox.processes import available
from cnnlab.autograder.tests.handins import CHAPTER, NOTEBOOK, flipped, hand_in, stub
from cnnlab.autograder.tests.handins import source as source_of
from cnnlab.autograder.tests.sandbox.hostile import source

pytestmark = [
    pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's"),
    pytest.mark.skipif(available() is not None, reason=str(available())),
]
MARK = "CNNLAB_TEST_RUN"
"""Set for a run and all that it starts outside the sandbox, so that they are found again."""


HOSTILE = {
    "blanket": source("ch01_blanket"),
    "patches": "import numpy as np\nnp.maximum = np.einsum = lambda *a, **k: 0\n",
    "kills": "import os\ndef relu(z):\n    os.kill(-1, 9)\n    return z\n",
    "dies": "import os\nos._exit(3)\n",
    "forges": "import os\ndef relu(z):\n    for fd in range(64):\n"
    "        try: os.write(fd, b'x' * 999)\n"
    "        except OSError: pass\n    return z\n",
    "fills": "def relu(z):\n    with open('/tmp/x', 'wb') as f:\n"
    "        while True: f.write(bytes(1 << 20))\n",
}


KINDS: dict[str, dict[str, str]] = {
    "right": {},
    "flipped": {"conv2d": flipped()},
    "stub": {"relu": stub("relu")},
    "dies": {"relu": "def relu(z):\n    import os\n    os._exit(3)\n"},
    "forbidden": {"relu": "def relu(z):\n    import torch\n    return z\n"},
    "forks": {"relu": "def relu(z):\n    import os\n    return os.fork()\n"},
    "torn": {},
}
"""What is wrong with a submission, by exercise."""
BEGIN = "### BEGIN SOLUTION"


def class_of(folder: Path, size: int) -> Path:
    """A folder of honest, wrong and hostile submissions, no two of them the same.

    A journal knows a copy of what was graded before, and would not have it graded again.
    """
    submitted = folder / "submitted"
    for number in range(size):
        kind = list(KINDS)[number % len(KINDS)]
        place = submitted / f"{number:03}-{kind}" / CHAPTER
        place.mkdir(parents=True)
        own = source_of("conv_step").replace(BEGIN, f"{BEGIN}\n    number = {number}")
        text = hand_in(conv_step=own, **KINDS[kind])
        (place / NOTEBOOK).write_text(text[: 5000 + number] if kind == "torn" else text)
    return submitted


class Run:
    """``cnnlab grade`` with the results in a file, as a process group of its own."""

    def __init__(self, submitted: Path, *options: str) -> None:
        self.folder = submitted.parent
        self.mark = f"{os.getpid()}-{time.monotonic_ns()}"
        command = [sys.executable, "-m", "cnnlab.course.cli", "grade", "submitted"]
        # No pipe: one that nobody reads would stop the run.
        self._said = tempfile.TemporaryFile("w+")  # noqa: SIM115 - see __exit__
        self.process = subprocess.Popen(
            [*command, "--json", "r.json", "--workers", "2", *options],
            cwd=self.folder,
            stdout=self._said,
            stderr=subprocess.STDOUT,
            env=os.environ | {MARK: self.mark, "TF_CPP_MIN_LOG_LEVEL": "3", "COLUMNS": "1000"},
            start_new_session=True,
            # A shell's background job ignores Ctrl-C, and so would what it starts.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def __enter__(self) -> Run:
        return self

    def __exit__(self, *exc: object) -> None:
        self.process.kill()
        self.process.wait()
        self._said.close()

    def said(self) -> str:
        """What it printed, when it has ended."""
        self.process.wait(timeout=900)
        self._said.seek(0)
        return self._said.read()

    def lines(self) -> int:
        """How many results its journal holds."""
        journal = self.folder / "r.journal" / "results.jsonl"
        return journal.read_bytes().count(b"\n") if journal.exists() else 0

    def wait_for(self, lines: int) -> None:
        """Until its journal holds so many; each may take 120 s, for the machine may be busy."""
        known, deadline = -1, 0.0
        while (found := self.lines()) < lines and self.process.poll() is None:
            if found > known:
                known, deadline = found, time.monotonic() + 120
            assert time.monotonic() < deadline, f"{found} of {lines}"
            time.sleep(0.01)

    def inside(self) -> list[psutil.Process]:
        """The sandbox's processes, which have an environment of their own: found by kinship."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def left(self, inside: list[psutil.Process], patience: float = 60.0) -> list[str]:
        """What is left of its processes after a while."""
        deadline = time.monotonic() + patience
        while (found := [*self._marked(), *filter(_lives, inside)]) and (
            time.monotonic() < deadline
        ):
            time.sleep(0.1)
        return [str(process) for process in found]

    def _marked(self) -> Iterator[psutil.Process]:
        for process in psutil.process_iter():
            try:
                if process.environ().get(MARK) == self.mark and _lives(process):
                    yield process
            except psutil.Error:
                continue


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def results(folder: Path) -> list[Any]:
    """What the file says, but for seconds."""

    def plain(tree: Any) -> Any:
        if isinstance(tree, dict):
            return {k: plain(v) for k, v in tree.items() if k != "seconds"}
        return [plain(v) for v in tree] if isinstance(tree, list) else tree

    return plain(json.loads((folder / "r.json").read_text()))["submissions"]


def kill(run: Run) -> None:
    run.process.kill()


def terminate(run: Run) -> None:
    run.process.terminate()


def interrupt(run: Run) -> None:
    """Ctrl-C in a terminal reaches every process of the group."""
    os.killpg(run.process.pid, signal.SIGINT)


WAYS: dict[Callable[[Run], None], int] = {kill: -9, terminate: 143, interrupt: 130}
"""How a run is stopped, and its exit code then."""


def stopped_and_resumed(
    submitted: Path, ways: list[Callable[[Run], None]], seed: int, *options: str
) -> list[Any]:
    """Stop a run in these ways at random moments, and let it end at last."""
    draw = random.Random(seed)
    size, resume = len(list(submitted.iterdir())), []
    for way in ways:
        with Run(submitted, *options, *resume) as run:
            before = run.lines()
            run.wait_for(before + draw.randint(1, max(1, (size - before) // 2)))
            time.sleep(draw.random() * 0.1)
            inside, done = run.inside(), run.lines()
            way(run)
            said = run.said()
            assert run.process.returncode == WAYS[way], said
            assert run.left(inside) == []
            assert not (submitted.parent / "r.json").exists()
            assert run.lines() >= done
            assert "Traceback" not in said
            if way is not kill:
                assert said.count("Stopped. Go on with: cnnlab grade submitted ") == 1, said
                assert said.rstrip().endswith("--resume r.journal")
            resume = ["--resume", "r.journal"]
    with Run(submitted, *options, *resume) as run:
        said = run.said()
        assert run.process.returncode == 0, said
        assert run.left([]) == []
    assert not list(submitted.parent.glob("r-*.journal"))
    return results(submitted.parent)


def undisturbed(submitted: Path, *options: str) -> list[Any]:
    alone = submitted.parent / "alone"
    alone.mkdir()
    shutil.copytree(submitted, alone / "submitted")
    with Run(alone / "submitted", *options) as run:
        said = run.said()
        assert run.process.returncode == 0, said
    return results(alone)


@pytest.mark.parametrize(
    "way",
    [interrupt, *(pytest.param(way, marks=[pytest.mark.slow]) for way in (kill, terminate))],
    ids=lambda way: way.__name__,
)
def test_a_stopped_run_goes_on_and_ends_as_if_nothing_had_been(
    way: Callable[[Run], None], tmp_path: Path
) -> None:
    submitted = class_of(tmp_path, len(KINDS))
    options = ["--recorded"]
    assert stopped_and_resumed(submitted, [way], 5, *options) == undisturbed(submitted, *options)


@pytest.mark.parametrize(
    "count",
    [pytest.param(80, marks=[pytest.mark.slow]), pytest.param(500, marks=[pytest.mark.long])],
)
def test_a_class_killed_five_times_at_random(count: int, tmp_path: Path) -> None:
    """Fresh probes, with one secret seed."""
    submitted = class_of(tmp_path, count)
    for name, text in HOSTILE.items():
        (submitted / f"ch01_{name}.py").write_text(text)
    options = ["--seed", "71"]
    ways = [kill, interrupt, kill, terminate, kill]
    assert stopped_and_resumed(submitted, ways, 72, *options) == undisturbed(submitted, *options)


@pytest.mark.slow
def test_the_secret_seed_goes_on_with_the_run(tmp_path: Path) -> None:
    submitted = class_of(tmp_path, 6)
    found = stopped_and_resumed(submitted, [kill], 73)
    seed = json.loads((tmp_path / "r.json").read_text())["seed"]
    assert {s["probes"] for s in found} == {"fresh"}
    assert int((tmp_path / "r.journal" / "seed").read_text()) == seed
    (tmp_path / "r.json").unlink()
    with Run(submitted, "--resume", "r.journal", "--seed", str(seed + 1)) as run:
        assert "has another seed" in run.said()
        assert run.process.returncode == 2


@pytest.mark.slow
def test_honest_results_do_not_depend_on_hostile_neighbours(tmp_path: Path) -> None:
    """One after another in the same processes, and side by side with them."""
    honest = {"right": hand_in(), "flipped": hand_in(conv2d=flipped()), "stub": hand_in(relu="")}
    found = {}
    for neighbours in ({}, HOSTILE):
        submitted = tmp_path / str(len(neighbours)) / "submitted"
        submitted.mkdir(parents=True)
        for name, text in honest.items():
            (submitted / f"ch01_{name}.ipynb").write_text(text)
        for name, text in neighbours.items():
            for place in ("a", "m", "z"):  # before, between and after
                (submitted / f"ch01_{place}_{name}.py").write_text(text)
        with Run(submitted, "--seed", "74") as run:
            said = run.said()
            assert run.process.returncode == 0, said
        every = {Path(s["path"]).stem: s for s in results(submitted.parent)}
        assert len(every) == len(honest) + 3 * len(neighbours)
        found[len(neighbours)] = {name: every[f"ch01_{name}"] for name in honest}
    alone, beside = (json.dumps(found[count]) for count in sorted(found))
    assert alone == beside
    assert found[0]["right"]["score"] == found[0]["right"]["max_score"]
