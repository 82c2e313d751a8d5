"""Processes end with the one that started them, and not with its thread."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import time

import psutil
import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it is a signal of Linux's")

BUSY = """
from cnnlab.autograder.sandbox import lifeline
lifeline.{ends}()
print("ready", flush=True)
while True: pass
"""
PARENT = """
import subprocess, sys, threading

def start():
    global child
    child = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdout=subprocess.PIPE)
    child.stdout.readline()

thread = threading.Thread(target=start)
thread.start()
thread.join()
print(child.pid, flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize(
    ("ends", "outlives_the_thread"),
    [("end_with_parent_process", True), ("end_with_parent", False)],
)
def test_a_busy_process_ends_with_the_one_that_started_it(
    ends: str, outlives_the_thread: bool
) -> None:
    command = [sys.executable, "-c", textwrap.dedent(PARENT), BUSY.format(ends=ends)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        try:
            assert parent.stdout
            child = psutil.Process(int(parent.stdout.readline()))
            time.sleep(0.3)  # a signal would have come by now
            assert lives(child) == outlives_the_thread
        finally:
            parent.kill()
    deadline = time.monotonic() + 20
    while lives(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not lives(child)


def lives(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
