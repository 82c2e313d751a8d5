"""The attack suite: what hostile submissions get, and that nobody else feels them."""

from __future__ import annotations

import importlib.util
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnnlab.autograder.sandbox import processes
from cnnlab.autograder.sandbox.processes import MIB, Limits
from cnnlab.autograder.sandbox.session import Session, Workers, open_workers

_spec = importlib.util.spec_from_file_location("attacks", Path(__file__).parent / "attacks.py")
assert _spec
assert _spec.loader
attacks = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(attacks)

HONEST = "def task(x):\n    return x * 2\n"
PATIENCE = 20.0
"""Seconds for what ends by itself, on a machine that is busy; what hangs gets less."""
LIMITS = Limits(memory=512 * MIB, tmp_size=16 * MIB)
ROOM = 192 * MIB
"""What the judge may hold besides, for whatever an attack says: a frame has at most 64 MiB,
and is read once as bytes, once as arrays."""

pytestmark = pytest.mark.skipif(
    processes.shutil.which("bwrap") is None, reason="bubblewrap is not installed"
)


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that stands for the instructor's machine."""
    folder = tmp_path_factory.mktemp("outside")
    (folder / "gradebook.db").write_text("secret")
    return folder


@pytest.fixture(scope="module")
def workers(outside: Path) -> Iterator[Workers]:
    os.environ["CANARY"] = "in the judge's environment"
    try:
        with open_workers(limits=LIMITS) as made:
            yield made
    finally:
        del os.environ["CANARY"]


@pytest.fixture
def honest(workers: Workers) -> Iterator[Session]:
    """A submission beside the attack, in a process that lives through it."""
    with workers.session() as session:
        assert session.define([("task", HONEST)]) == {}
        assert session.call("task", [((21,), {})])[0].value == 42
        yield session
        outcome = session.call("task", [((np.arange(3),), {})])[0]
        assert outcome.status == "returned"
        np.testing.assert_array_equal(outcome.value, [0, 2, 4])


def secrets(outside: Path) -> list[str]:
    here = Path(__file__).parent
    ours = here.parent.parent
    paths = [outside / "gradebook.db", ours / "judging" / "judge.py", here, ours / "graders"]
    paths += [ours / "references", ours.parent / "solutions", ours.parent / "exercises"]
    paths += [Path("/etc/shadow"), Path("/etc/passwd"), Path.home() / ".bashrc"]
    return [str(path) for path in paths if path.exists()]


@pytest.mark.parametrize("attack", attacks.ATTACKS, ids=lambda attack: attack.name)
def test_an_attack_gains_nothing(
    attack: Any, workers: Workers, honest: Session, outside: Path
) -> None:
    witness = outside / "witness"
    known = f"WITNESS = {str(witness)!r}\nSECRETS = {secrets(outside)!r}\n"
    before = sorted(outside.iterdir())
    held = most_held(anew=True)
    with workers.session() as session:
        cells = [("known", known), ("task", attack.source)]
        hangs = "timeout" in attack.status, attack.error == "Timeout"
        limit, define_limit = (0.4 if waits else PATIENCE for waits in hangs)
        errors = session.define(cells, seconds=define_limit)
        outcome = session.call("task", [((np.arange(3),), {})] * 2, seconds=limit)[0]
        if attack.error is not None:
            assert (errors["task"].type if errors else "") == attack.error
        assert outcome.status in attack.status, outcome
        if attack.value is not None and outcome.status == "returned":
            value = outcome.value
            assert (value.tolist() if isinstance(value, np.ndarray) else value) == attack.value
        assert outcome.seconds < limit + PATIENCE
    assert most_held() < held + ROOM
    assert sorted(outside.iterdir()) == before
    assert settled(workers, 4), inside(workers)  # bubblewrap's, the zygote, and the honest two


def most_held(anew: bool = False) -> int:
    """The most bytes that this process, the judge's, has held: so far, or from now on."""
    if anew:
        Path("/proc/self/clear_refs").write_text("5")
    found = re.search(r"^VmHWM:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert found
    return int(found[1]) << 10


def test_every_attack_has_its_own_name() -> None:
    names = [attack.name for attack in attacks.ATTACKS]
    assert len(set(names)) == len(names) >= 40


def inside(workers: Workers) -> list[int]:
    """Processes in the sandbox, apart from bubblewrap's own and the zygote."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except OSError:
            continue
        parent = int(text.rpartition(")")[2].split()[1])
        children.setdefault(parent, []).append(int(stat.parent.name))
    sandbox = workers.sandbox
    assert isinstance(sandbox, processes.Bubblewrap)
    assert sandbox._process
    found, waiting = [], [sandbox._process.pid]
    while waiting:
        for child in children.get(waiting.pop(), []):
            found.append(child)
            waiting.append(child)
    return found


def settled(workers: Workers, count: int) -> bool:
    """Whether so many processes are left before long."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if len(inside(workers)) == count:
            return True
        time.sleep(0.02)
    return False


def test_no_process_survives(workers: Workers) -> None:
    with workers.session() as session:
        session.define([("task", HONEST)])
    assert settled(workers, 2), inside(workers)  # bubblewrap's first process, and the zygote
    for source in (
        attacks._call("import threading\nthreading.Thread(target=lambda: 1).start()\nreturn 1"),
        attacks._call("while True: pass"),
        "import os\nos.close(3)\nwhile True: pass",
    ):
        with workers.session() as session:
            session.define([("task", source)], seconds=0.3)
            session.call("task", [((1,), {})], seconds=0.3)
    assert settled(workers, 2), inside(workers)


def test_everything_dies_with_the_workers() -> None:
    with open_workers(limits=LIMITS) as workers, workers.session() as session:
        session.define([("task", attacks._call("import threading, time\nwhile True: pass"))])
        session.call("task", [((1,), {})], seconds=0.1)
        session.call("task", [((1,), {})], seconds=0.1)
        pids = inside(workers)
    assert pids
    deadline = time.monotonic() + PATIENCE
    while any(map(alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(map(alive, pids))


def alive(pid: int) -> bool:
    """Whether a process runs; one that its new parent has not buried yet does not."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
