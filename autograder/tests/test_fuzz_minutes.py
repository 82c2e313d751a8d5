"""The option ``--fuzz-minutes``: which tests it runs, how long, and that they draw anew."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

TESTS = """
import pathlib
import pytest
from hypothesis import given, settings, strategies as st

@pytest.mark.fuzz
@settings(max_examples=5, database=None)
@given(st.integers(0, 10**9))
def test_drawn(number):
    with open("drawn", "a") as file:
        file.write(f"{number}\\n")
    assert number % LIMIT < LIMIT - 1

def test_ordinary():
    pathlib.Path("ordinary").touch()
"""


@pytest.fixture
def fuzzed(pytester: pytest.Pytester) -> Path:
    pytester.makeconftest(Path(__file__).with_name("conftest.py").read_text())
    pytester.makeini("[pytest]\nmarkers =\n    fuzz\n    slow")
    return pytester.path


@pytest.mark.slow
@pytest.mark.parametrize("limit", [10**9 + 2, 50], ids=["nothing to find", "something to find"])
def test_fuzzers_alone_are_repeated_and_draw_anew(
    pytester: pytest.Pytester, fuzzed: Path, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")  # there Hypothesis draws the same, if nobody asks otherwise
    pytester.makepyfile(TESTS.replace("LIMIT", str(limit)))
    result = pytester.runpytest_subprocess("--fuzz-minutes", "0.1", "-p", "no:xdist")
    drawn = (fuzzed / "drawn").read_text().split()
    assert not (fuzzed / "ordinary").exists()
    if limit > 10**9:
        assert len(set(drawn)) > 100  # a round has five
        result.assert_outcomes(passed=1, deselected=1)
        result.stdout.re_match_lines([r" *\d+ rounds of test_drawn"])
    else:
        result.assert_outcomes(failed=1, deselected=1)
        result.stdout.fnmatch_lines(["*number=*"])


@pytest.mark.slow
def test_without_the_option_each_runs_once(pytester: pytest.Pytester, fuzzed: Path) -> None:
    pytester.makepyfile(TESTS.replace("LIMIT", str(10**9 + 2)))
    pytester.runpytest_subprocess("-p", "no:xdist").assert_outcomes(passed=2)
    assert len((fuzzed / "drawn").read_text().split()) == 5
