"""What the tests of this folder share: the option that writes the golden results anew."""

import pytest

collect_ignore = ["golden"]  # submissions; our own plugin would collect the notebooks


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write autograder/tests/golden/*.json anew; read the changes before you commit them",
    )
