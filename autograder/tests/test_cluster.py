"""Grading on a cluster: real schedulers and workers, which are killed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from cnnlab.autograder import batch, cluster
from cnnlab.autograder.batch import grade
from cnnlab.autograder.judging.results import SubmissionResult, to_dict
from cnnlab.autograder.pool import lost
from cnnlab.autograder.sandbox.processes import available
from cnnlab.autograder.settings import Settings
from cnnlab.autograder.submission import Submission
from cnnlab.autograder.submission.files import find_submissions
from cnnlab.autograder.tests.in_process import InThisProcess
from cnnlab.autograder.tests.machines import Machines, kill
from cnnlab.autograder.tests.sandbox.deadly import deadly
from cnnlab.autograder.tests.test_stopped import HOSTILE, Run, class_of, results, undisturbed

pytest.importorskip("distributed", reason="the extra cluster is not installed")
from cnnlab.autograder.cluster import client, worker

ADDRESSES = ("10.213.47.1", "10.213.47.2")
sandboxed = pytest.mark.skipif(available() is not None, reason=str(available()))


def plain(result: SubmissionResult) -> str:
    """All that a result says, but for seconds."""
    tree = to_dict(result)
    for exercise in tree["exercises"]:
        del exercise["seconds"]
    return json.dumps(tree)


def lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.slow
@sandboxed
def test_a_cluster_gives_the_results_of_this_machine_though_a_worker_is_lost(
    tmp_path: Path,
) -> None:
    submitted = class_of(tmp_path, 12)
    for name in ("dies", "kills", "forges"):
        (submitted / f"ch01_{name}.py").write_text(HOSTILE[name])
    paths = find_submissions([submitted])
    here = grade(paths, Settings(fresh=True, seed=75, workers=2)).submissions
    told: list[str] = []
    inside: list[psutil.Process] = []
    with Machines(workers=2) as machines:

        def on_result(result: SubmissionResult) -> None:
            told.append(result.path)
            if len(told) == 4:
                inside.extend(psutil.Process(machines.workers[0].pid).children(recursive=True))
                kill(machines.workers[0])

        dask = Settings(fresh=True, seed=75, dask=machines.address)
        there = grade(paths, dask, on_result).submissions
    assert list(map(plain, there)) == list(map(plain, here))
    assert sorted(told) == sorted(result.path for result in here)
    assert len(inside) > 3  # its worker, a process that graded, and the sandbox
    deadline = time.monotonic() + 60
    while (left := list(filter(lives, inside))) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left == []


@pytest.mark.slow
@sandboxed
def test_a_run_whose_scheduler_dies_says_so_and_goes_on_elsewhere(tmp_path: Path) -> None:
    submitted = class_of(tmp_path, 14)
    with (
        Machines(workers=1) as machines,
        Run(submitted, "--recorded", "--dask", machines.address) as run,
    ):
        run.wait_for(5)
        kill(machines.scheduler)
        said, done = run.said(), run.lines()
    assert run.process.returncode == 1, said
    assert f"The scheduler at {machines.address} is gone. Go on with: cnnlab grade" in said
    assert "Traceback" not in said
    assert 5 <= done < 14
    assert run.left([]) == []
    with Run(submitted, "--recorded", "--resume", "r.journal") as run:
        said = run.said()
        assert run.process.returncode == 0, said
        assert f"which holds {done} result" in said
    assert results(tmp_path) == undisturbed(submitted, "--recorded")


class Alone:
    """Full marks here, except for what has killed its workers."""

    def __init__(self, settings: Settings, *_: object) -> None:
        pass

    def __enter__(self) -> Alone:
        return self

    def __exit__(self, *exc: object) -> None:
        pass

    def grade(self, submission: Submission, *_: object) -> SubmissionResult:
        if "kills_worker" in submission.path:
            return lost(submission, "it is deadly here, too")
        return SubmissionResult(submission.path, None, None, "graded", score=1.0)


@pytest.mark.slow
def test_what_kills_its_workers_is_given_up_and_costs_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    paths = [Path(f"ch01_{name}.py") for name in ("a", "deadly", "b", "kills_worker", "c")]
    monkeypatch.setattr(batch, "judging", deadly)
    monkeypatch.setattr(batch, "start_judging", Alone)
    monkeypatch.setattr(batch, "Pool", InThisProcess)
    with Machines(workers=1, threads=2, allowed_failures=1) as machines:
        settings = Settings(fresh=False, sandbox=False, dask=machines.address)
        found = grade(paths, settings).submissions
    assert [result.score for result in found] == [1.0, 1.0, 1.0, 0.0, 1.0]
    assert "it is deadly here, too" in found[3].message
    assert [result.failed_here for result in found] == [False, False, False, True, False]


@pytest.fixture
def hosts() -> Iterator[list[list[str]]]:
    """Two hosts with a cable between them: what stands before a command on each."""
    if os.geteuid() or not shutil.which("ip"):
        pytest.skip("network namespaces need root and iproute2")
    names = [f"cnnlab{os.getpid()}{letter}" for letter in "ab"]
    cable = [f"cl{os.getpid()}{letter}" for letter in "ab"]

    def ip(*words: str) -> None:
        subprocess.run(["ip", *words], check=True)

    try:
        for name in names:
            ip("netns", "add", name)
        ip("link", "add", cable[0], "type", "veth", "peer", "name", cable[1])
        for name, end, address in zip(names, cable, ADDRESSES, strict=True):
            ip("link", "set", end, "netns", name)
            ip("-n", name, "addr", "add", f"{address}/24", "dev", end)
            for link in ("lo", end):
                ip("-n", name, "link", "set", link, "up")
        yield [["ip", "netns", "exec", name] for name in names]
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no network namespaces here: {error}")
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "delete", name], capture_output=True)


@pytest.mark.long
@sandboxed
def test_two_hosts_share_a_network_and_no_disk(tmp_path: Path, hosts: list[list[str]]) -> None:
    submitted = class_of(tmp_path, 12)
    one, other = hosts
    blind = [*other, "bwrap", "--die-with-parent", "--dev-bind", "/", "/", "--tmpfs", str(tmp_path)]
    with Machines(workers=2, before=[one, one, blind], host=ADDRESSES[0]) as machines:
        command = [*one, sys.executable, "-m", "cnnlab.course.cli", "grade", "submitted"]
        options = ["--seed", "76", "--json", "r.json", "--dask", machines.address]
        ran = subprocess.run([*command, *options], cwd=tmp_path, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
        assert "is not encrypted" in ran.stderr
        kill(machines.workers[0])  # so that the other host grades alone
        again = subprocess.run(
            [*command, *options, "--csv", "r.csv"], cwd=tmp_path, capture_output=True, text=True
        )
        assert again.returncode == 0, again.stderr
    there = results(tmp_path)
    assert there == undisturbed(submitted, "--seed", "76")


def test_without_a_scheduler_there_is_a_message_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "CONNECT_SECONDS", 0.5)
    with pytest.raises(RuntimeError, match=r"No scheduler answers at 127.0.0.1:9 .*`dask sched"):
        client.Cluster("127.0.0.1:9", deadly, sandbox=False).__enter__()


def test_without_dask_there_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r'pip install "cnnlab\[cluster\]"'):
        Settings(fresh=False, dask="127.0.0.1:9")


def test_a_run_on_this_machine_imports_no_dask() -> None:
    program = "import sys, cnnlab.autograder.batch; sys.exit('distributed' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize(
    ("name", "found"), [("numpy", "1.0"), ("files of CNN Lab", "0"), ("keras", "none")]
)
def test_a_worker_that_differs_is_unfit(
    name: str, found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    judging = worker.Judging(deadly, sandbox=False)
    assert judging._why_not() == ""
    other = worker.installed() | {name: found}
    monkeypatch.setattr(
        worker, "installed", lambda: {k: v for k, v in other.items() if v != "none"}
    )
    assert judging._why_not().startswith(f"It has {name} {found}, and this run has ")
