"""What these tests share: an option for the golden results, and commands on the path."""

import os
import sys
from pathlib import Path

import pytest

collect_ignore = ["golden"]  # submissions; our own plugin would collect the notebooks


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write autograder/tests/golden/*.json anew; read the changes before you commit them",
    )


@pytest.fixture(scope="module")
def commands_on_path():
    """nbgrader calls a command by its name alone; it is in the folder of this Python."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
        yield
