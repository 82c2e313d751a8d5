"""Limits of memory: of one child, by the machine, and of all children in a control group."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cnnlab.autograder.sandbox import memory
from cnnlab.autograder.sandbox.memory import MIB, ControlGroup
from cnnlab.autograder.sandbox.processes import Limits, available
from cnnlab.autograder.sandbox.session import open_workers

GIB = 1024 * MIB
linux = pytest.mark.skipif(sys.platform != "linux", reason="control groups are Linux's")


@pytest.mark.parametrize("keras", [False, True])
def test_a_childs_share_is_bounded_from_both_sides(keras: bool) -> None:
    for total in (1 * GIB, 4 * GIB, 16 * GIB, 512 * GIB, sys.maxsize):
        for cores in (1, 2, 16, 256):
            share = memory.of_a_child(keras, total, cores)
            assert memory._LEAST[keras] <= share <= 4 * GIB + cores * 64 * MIB
            if share > memory._LEAST[keras]:
                assert share * cores <= memory.TOGETHER * total


def test_more_memory_never_gives_less() -> None:
    shares = [memory.of_a_child(True, gib * GIB, cores=4) for gib in range(1, 64)]
    assert shares == sorted(shares)
    assert len(set(shares)) > 3


def test_the_usual_limits_follow_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "of_the_machine", lambda: 8 * GIB)
    monkeypatch.setattr(memory, "cores", lambda: 4)
    assert Limits.usual(False).memory == int(8 * GIB * memory.TOGETHER) // 4
    assert Limits.usual(True).memory == memory._LEAST[True]
    monkeypatch.setattr(memory, "of_the_machine", lambda: 64 * GIB)
    assert Limits.usual(True).memory == 4 * GIB + 4 * 64 * MIB < 16 * GIB


def test_a_machine_that_does_not_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sysconf")  # as on Windows
    assert memory.of_the_machine() == sys.maxsize
    assert Limits.usual(False).memory == 2 * GIB


# Control groups, as files


class Machine:
    """A /proc/self, and the control groups that it names, as plain files."""

    def __init__(self, folder: Path, cgroup: str, mount: str) -> None:
        self.proc, self.top = folder / "proc", folder / "groups"
        self.proc.mkdir()
        self.top.mkdir()
        (self.proc / "cgroup").write_text(cgroup)
        (self.proc / "mountinfo").write_text(
            f"23 1 0:1 / /proc rw - proc proc rw\n{mount.format(top=self.top)}\n"
        )

    def group(self, path: str, **files: str) -> Path:
        folder = self.top / path
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name.replace("_", ".", 1)).write_text(text)
        return folder


V2 = "31 23 0:28 / {top} rw shared:4 - cgroup2 cgroup2 rw,nsdelegate"
V1 = "31 23 0:28 / {top} rw - cgroup cgroup rw,memory"


@linux
@pytest.mark.parametrize("inside", ["app.slice", "app.slice/run.scope"])
def test_a_groups_limit_counts_as_the_machines(tmp_path: Path, inside: str) -> None:
    machine = Machine(tmp_path, "0::/app.slice/run.scope\n", V2)
    machine.group("app.slice/run.scope", memory_max="max\n")
    assert memory.of_the_machine(machine.proc) > 100 * MIB
    machine.group(inside, memory_max=f"{100 * MIB}\n")
    assert memory.of_the_machine(machine.proc) == 100 * MIB


@linux
def test_the_limit_of_the_first_version_counts_too(tmp_path: Path) -> None:
    machine = Machine(tmp_path, "9:name=systemd:/\n4:memory:/docker/a\n0::/\n", V1)
    machine.group("docker/a", memory_limit_in_bytes=f"{100 * MIB}\n")
    assert memory.of_the_machine(machine.proc) == 100 * MIB
    assert memory.common_group(GIB, machine.proc) is None  # no group of ours in it


@linux
def test_the_group_of_a_container_is_its_top(tmp_path: Path) -> None:
    machine = Machine(tmp_path, "0::/docker/a\n", V2.replace(" / {", " /docker/a {"))
    machine.group(".", memory_max=f"{100 * MIB}\n")
    assert memory.of_the_machine(machine.proc) == 100 * MIB
    assert memory.common_group(GIB, machine.proc) is None  # nothing beside it that is ours
    assert [path.name for path in machine.top.iterdir()] == ["memory.max"]


@linux
def test_nothing_is_made_where_nothing_counts_memory(tmp_path: Path) -> None:
    """The kernel makes no ``memory.max`` where it is not delegated, and we make none either."""
    machine = Machine(tmp_path, "0::/app.slice/run.scope\n", V2)
    machine.group("app.slice/run.scope")
    assert memory.common_group(GIB, machine.proc) is None
    assert [path.name for path in (machine.top / "app.slice").iterdir()] == ["run.scope"]


@linux
def test_a_command_starts_in_the_group(tmp_path: Path) -> None:
    machine = Machine(tmp_path, "0::/app.slice/run.scope\n", V2)
    machine.group("app.slice/run.scope")
    # what the kernel makes in a new folder
    made = machine.group("app.slice/cnnlab", memory_max="max", memory_swap_max="max")
    (made / "cgroup.procs").touch()
    group = memory.common_group(GIB, machine.proc)
    assert group == ControlGroup(made, GIB)
    assert (made / "memory.max").read_text() == str(GIB)
    command = group.around([sys.executable, "-c", "import os; print(os.getpid(), 'a b')"])
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said.split(" ", 1) == [(made / "cgroup.procs").read_text().strip(), "a b\n"]


@linux
def test_who_may_not_enter_gets_no_group(tmp_path: Path) -> None:
    machine = Machine(tmp_path, "0::/app.slice/run.scope\n", V2)
    machine.group("app.slice/run.scope")
    made = machine.group("app.slice/cnnlab", memory_max="max")
    (made / "cgroup.procs").mkdir()  # nobody can write into it
    assert memory.common_group(GIB, machine.proc) is None


# For real


HOG = "def hog(mib):\n    held = bytearray(mib << 20)\n    return len(held) >> 20\n"


@pytest.mark.skipif(available() is not None, reason=str(available()))
def test_a_child_is_the_first_to_go_when_memory_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """All together: where this machine delegates a group, it ends a child, and nothing else."""
    if (group := memory.common_group()) is None:
        pytest.skip("this system lets us make no control group")
    group.close()
    monkeypatch.setattr(memory, "TOGETHER", 400 * MIB / memory.of_the_machine())
    with (
        open_workers(limits=Limits(memory=2 * GIB)) as workers,
        workers.session() as one,
        workers.session() as two,
    ):
        assert one.define([("hog", HOG)]) == two.define([("hog", HOG)]) == {}
        assert one.call("hog", [((50,), {})])[0].value == 50
        assert two.call("hog", [((900,), {})])[0].status == "memory"
        assert one.call("hog", [((50,), {})])[0].value == 50


@pytest.mark.skipif(available() is not None, reason=str(available()))
def test_children_ask_to_go_first(tmp_path: Path) -> None:
    """The kernel's own list says so: only the child, not its zygote or supervisor."""
    with open_workers() as workers, workers.session() as session:
        assert session.define([("hog", HOG)]) == {}
        process = workers.sandbox._process  # type: ignore[attr-defined]
        inside = _family(process.pid)
        marks = [Path(f"/proc/{pid}/oom_score_adj").read_text().strip() for pid in inside]
        assert marks.count("1000") == 1
        assert len(marks) >= 4  # bubblewrap twice, the zygote, a supervisor, the child


def _family(pid: int) -> list[int]:
    """A process with all that it has started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(each for child in children for each in _family(int(child)))]
