"""What these tests share: options for golden results and fuzzers, and commands on the path."""

import os
import sys
import time
from collections.abc import Callable, Generator
from functools import cache, partial
from pathlib import Path

import pytest
from hypothesis import settings

collect_ignore = ["golden"]  # submissions; our own plugin would collect the notebooks


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write autograder/tests/golden/*.json anew; read the changes before you commit them",
    )
    parser.addoption(
        "--fuzz-minutes",
        type=float,
        help="run the fuzzers alone (-m fuzz), each again and again, so many minutes in all",
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--fuzz-minutes") is not None:
        settings.register_profile("fuzz", derandomize=False)  # on a CI server it would be True
        settings.load_profile("fuzz")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With ``--fuzz-minutes``, the fuzzers alone, each of them once: in its short form."""
    if config.getoption("--fuzz-minutes") is None:
        return
    chosen = [item for item in items if item.get_closest_marker("fuzz") and not _long(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    items[:] = chosen


def _long(item: pytest.Item) -> bool:
    return item.get_closest_marker("slow") is not None and "few" not in item.name


ROUNDS = pytest.StashKey[dict[str, int]]()


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Repeat a fuzzer until its share of the minutes is used up; each time it draws anew."""
    result = yield
    minutes = pyfuncitem.config.getoption("--fuzz-minutes")
    if minutes is not None:
        rounds = pyfuncitem.config.stash.setdefault(ROUNDS, {})
        rounds[pyfuncitem.name] = 1
        until = time.monotonic() + 60 * minutes / pyfuncitem.session.testscollected
        names = pyfuncitem._fixtureinfo.argnames
        while time.monotonic() < until:
            pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names})
            rounds[pyfuncitem.name] += 1
    return result


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for name, rounds in terminalreporter.config.stash.get(ROUNDS, {}).items():
        terminalreporter.write_line(f"{rounds:5d} rounds of {name}")


@pytest.fixture(scope="module")
def commands_on_path():
    """nbgrader calls a command by its name alone; it is in the folder of this Python.

    It asks one for the version of each database that it makes. Here it asks once: that takes
    seconds.
    """
    from nbgrader import api

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
        patch.setattr(api, "get_alembic_version", partial(_answer, api.get_alembic_version))
        yield


@cache
def _answer(ask: Callable[[], str]) -> str:
    return ask()
