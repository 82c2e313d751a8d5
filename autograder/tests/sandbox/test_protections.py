"""What is said of the protections, and of what keeps them away."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cnnlab.autograder.sandbox import contents, memory, processes, protections
from cnnlab.autograder.sandbox.processes import SandboxError, available

sandboxed = pytest.mark.skipif(available() is not None, reason=str(available()))


@sandboxed
def test_all_protections_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "common_group", lambda: memory.ControlGroup(Path("/none"), 2**33))
    said = protections.active(True, keras=True)
    topics = [sentence.split(":")[0] for sentence in said]
    assert topics == ["Namespaces", "System calls", "Files", "Files", "Memory"]
    assert "8,192 MiB, in a control group" in said[-1]
    monkeypatch.setattr(memory, "common_group", lambda: None)
    monkeypatch.setattr(contents, "libraries", lambda keras: None)
    said = protections.active(True, keras=False)
    assert "all of the system's libraries" in said[2]
    assert "no limit for all together" in said[-1]
    assert "Keras" not in " ".join(said)


def test_without_a_sandbox_it_says_so() -> None:
    said = " ".join(protections.active(False, keras=False))
    assert "Learner code can read and write what you can" in said
    assert "Namespaces" not in said


def test_the_remedy_is_for_what_is_wrong(tmp_path: Path) -> None:
    def remedies(said: str = "") -> str:
        return "; ".join(protections.remedies(said, tmp_path / "sys", tmp_path))

    assert remedies() == ""
    assert "systempaths=unconfined" in remedies("bwrap: Can't mount proc on /newroot/proc")
    (tmp_path / "sys/user").mkdir(parents=True)
    (tmp_path / "sys/kernel").mkdir()
    (tmp_path / "sys/user/max_user_namespaces").write_text("0\n")
    assert remedies() == "sudo sysctl user.max_user_namespaces=10000"
    (tmp_path / "sys/user/max_user_namespaces").write_text("96365\n")
    (tmp_path / "sys/kernel/unprivileged_userns_clone").write_text("0\n")
    assert remedies() == "sudo sysctl kernel.unprivileged_userns_clone=1"
    (tmp_path / "sys/kernel/unprivileged_userns_clone").write_text("1\n")
    (tmp_path / "sys/kernel/apparmor_restrict_unprivileged_userns").write_text("1\n")
    assert "AppArmor profile" in remedies()
    (tmp_path / ".dockerenv").touch()
    assert "--security-opt seccomp=unconfined" in remedies()


@pytest.mark.skipif(sys.platform != "linux", reason="the sandbox needs Linux")
def test_a_sandbox_that_cannot_start_is_refused_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(sandbox: processes.Bubblewrap) -> None:
        raise SandboxError("no process starts")

    monkeypatch.setattr(processes.Bubblewrap, "connect", refuse)
    monkeypatch.setattr(processes.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(protections, "remedies", lambda said: ["sudo sysctl a=1", "b"])
    said = processes.available.__wrapped__()
    assert said
    assert "no process starts" in said
    assert "sudo sysctl a=1; b" in said
    assert "--no-sandbox" in said


# For real, in settings that this machine can make

ASK = "from cnnlab.autograder.sandbox.processes import available; print(available())"


def asked(*command: str) -> str:
    """What `available` says where this command starts it."""
    run = subprocess.run([*command, sys.executable, "-c", ASK], capture_output=True, text=True)
    if run.returncode:
        pytest.skip(f"this machine cannot make the setting: {run.stderr.strip()[-100:]}")
    assert len(run.stdout) < 1000
    return run.stdout.strip()


@sandboxed
@pytest.mark.parametrize("allowed", [0, 1], ids=["none at all", "one for bubblewrap alone"])
def test_where_user_namespaces_are_off_it_is_refused_with_the_remedy(allowed: int) -> None:
    """In a namespace in which no more, or too few, can be made."""
    switch = 'echo "$0" > /proc/sys/user/max_user_namespaces && exec "$@"'
    said = asked("unshare", "--user", "--map-root-user", "sh", "-c", switch, str(allowed))
    assert "sudo sysctl user.max_user_namespaces=" in said
    assert "--no-sandbox" in said


CONTAINER = (
    *("bwrap", "--unshare-all", "--bind", "/", "/", "--proc", "/proc", "--dev", "/dev"),
    *("--uid", "12345", "--gid", "12345", "--cap-drop", "ALL"),
)
"""Like a container without rights: namespaces of its own, an ordinary user, no capabilities."""


@sandboxed
@pytest.mark.skipif(
    getattr(os, "getuid", lambda: 0)() == 0, reason="bubblewrap hides parts of root's /proc"
)
def test_it_works_in_a_container_without_rights() -> None:
    assert asked(*CONTAINER) == "None"


@sandboxed
def test_where_a_container_hides_parts_of_proc_it_is_refused_with_the_remedy() -> None:
    """As Docker does: then the kernel lets nobody inside mount another /proc."""
    said = asked(*CONTAINER, "--ro-bind", "/dev/null", "/proc/timer_list")
    assert "mount proc" in said
    assert "systempaths=unconfined" in said
