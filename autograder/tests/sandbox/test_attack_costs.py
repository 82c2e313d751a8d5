"""Attacks on time: what one submission costs the judge, and what it costs its neighbours."""

from __future__ import annotations

import contextlib
import importlib.util
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cnnlab.autograder.sandbox.processes import available
from cnnlab.autograder.tests.commands import Command
from cnnlab.autograder.tests.sandbox import hostile
from cnnlab.autograder.tests.sandbox.hostile import (
    GIB,
    SOURCES,
    bounded,
    exercise_of,
    promise,
    source,
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(available() is not None, reason=str(available())),
]

BUDGET = 60
"""Seconds that one submission of a chapter by hand may cost: of the processor, or asleep."""
SLACK = 15
"""Seconds for the command's own start and end, on a machine that is busy."""


# Time of the judge


@pytest.fixture(scope="module")
def sleeping(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Command]]:
    """Submissions that sleep, graded side by side: they cost no processor time."""
    spec = importlib.util.spec_from_file_location("cells", SOURCES / "make_sleeping_cells.py")
    assert spec
    assert spec.loader
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    texts = {"ch01_calls": source("ch01_sleeping_calls"), "ch01_cells": maker.source(60, 9.0)}
    assert "NAP = 1.5" in texts["ch01_calls"]
    texts["ch01_calls_awake"] = texts["ch01_calls"].replace("NAP = 1.5", "NAP = 0.0")
    texts["ch01_cells_awake"] = maker.source(60, 0.0)
    with contextlib.ExitStack() as stack:
        started = {}
        for name, text in texts.items():
            folder = tmp_path_factory.mktemp(name)
            path = folder / f"{name}.py"
            path.write_text(text, encoding="utf-8")
            started[name] = stack.enter_context(Command([path, "--recorded"], folder))
        yield started


@pytest.mark.parametrize("name", ["ch01_calls", "ch01_cells"])
def test_a_sleeping_submission_is_ended(name: str, sleeping: dict[str, Command]) -> None:
    # It is ended by what it sleeps; on the clock, other processes may have the cores.
    ran = sleeping[name].ran(patience=3 * BUDGET)
    (result,) = bounded(ran, processor=BUDGET + SLACK).submissions
    awake = sleeping[f"{name}_awake"].ran(patience=3 * BUDGET)
    (worth,) = bounded(awake, processor=BUDGET + SLACK).submissions
    assert result.score <= worth.score
    said = [e.message for e in result.exercises if e.status == "timeout"]
    assert any("used up its 60 seconds of waiting" in text for text in said), said


def test_the_judge_does_not_compute_for_minutes(tmp_path: Path) -> None:
    attack = [SOURCES / "ch07_hang.py", "--recorded"]
    with Command(attack, tmp_path, processor=BUDGET) as command:
        ran = command.ran(patience=10 * BUDGET)  # other processes may have the cores
    (result,) = bounded(ran, processor=BUDGET + SLACK, memory=GIB).submissions
    assert exercise_of(result, "mc_predict").score < 1


# Neighbours' time

BUSY = (
    "import numpy as np\n"
    "sums = [sum(range(n)) for n in range(7000)]  # a third of a second\n"
    "def relu(z):\n"
    "    sums\n"
    "    return np.maximum(1.0 * np.asarray(z), 0)\n"
)
NEIGHBOURS = 4


@pytest.fixture
def one_core() -> Iterator[Callable[[], None]]:
    """What a process does to share one core with all that it starts, thread by thread.

    Linux shares a core among sessions first (autogroup), which protects neighbours here. In a
    control group, such as every container is, it does not; so this makes one.
    """
    core = min(os.sched_getaffinity(0))
    group = _control_group()
    if group is None and _shares_by_session():
        pytest.skip("needs a control group of its own for the processor")

    def enter() -> None:
        os.sched_setaffinity(0, {core})
        if group is not None:
            (group / "cgroup.procs").write_text(str(os.getpid()))

    yield enter
    if group is not None:
        group.rmdir()


def _shares_by_session() -> bool:
    setting = Path("/proc/sys/kernel/sched_autogroup_enabled")
    return setting.exists() and setting.read_text().strip() == "1"


def _control_group() -> Path | None:
    """A new control group for processor time; None where none can be made."""
    top = Path("/sys/fs/cgroup")
    control = top / "cgroup.subtree_control"
    if control.exists():  # version 2
        parent = top if "cpu" in control.read_text().split() else None
    else:
        parent = top / "cpu" if (top / "cpu" / "cgroup.procs").exists() else None
    try:
        if parent is not None:
            group = parent / f"cnnlab-test-{os.getpid()}"
            group.mkdir()
            return group
    except OSError:
        pass
    return None


def test_threads_that_compute_starve_no_neighbour(
    tmp_path: Path, one_core: Callable[[], None]
) -> None:
    paths = [SOURCES / "ch01_starve_neighbours.py"]
    for number in range(NEIGHBOURS):
        paths.append(tmp_path / f"ch01_neighbour{number}.py")
        paths[-1].write_text(BUSY, encoding="utf-8")
    options = ["--recorded", "--workers", "2"]
    with Command([*paths, *options], tmp_path, prepare=one_core) as command:
        results = bounded(command.ran(patience=240), processor=4 * BUDGET)
    attack, *neighbours = results.submissions
    hostile.held(attack)
    statuses = [exercise_of(result, "relu").status for result in neighbours]
    promise(statuses == ["passed"] * NEIGHBOURS, f"neighbours: {statuses}")
