"""How this project's own tests run: side by side, one process for each core.

``pytest`` and ``pytest course/tests`` are spread over processes, and so is ``pytest -m slow``. A
file, a single test and the learner's own ``pytest exercises`` run in one, which starts sooner.
``-n 0`` and ``-n 4`` overrule both.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

MEMORY = 2 << 30
"""Bytes of memory that a process may need: TensorFlow, and a network or two."""
ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "TF_NUM_INTEROP_THREADS",
    "TF_NUM_INTRAOP_THREADS",
)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Choose the number of processes, before xdist reads it."""
    option = config.option
    if not config.pluginmanager.hasplugin("xdist") or hasattr(config, "workerinput"):
        return  # alone, or one of the processes
    if option.numprocesses is not None or option.usepdb or not _is_much(config):
        return
    if (processes := _processes()) > 1:
        option.numprocesses, option.dist = processes, "worksteal"
        for name in ONE_THREAD:  # the processes are as many as the cores already
            os.environ.setdefault(name, "1")


def _is_much(config: pytest.Config) -> bool:
    """Whether every argument is a folder of tests, or holds one."""
    ours = [config.rootpath / Path(name).parts[0] for name in config.getini("testpaths")]
    paths = [Path(argument).resolve() for argument in config.args]
    return all(p.is_dir() and any(p.is_relative_to(folder) for folder in ours) for p in paths)


def _processes() -> int:
    """As many as there are cores for us, and memory."""
    import psutil

    from cnnlab.autograder.batch import usable_cores

    return min(usable_cores(), psutil.virtual_memory().total // MEMORY)
