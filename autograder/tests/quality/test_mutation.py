"""The mutation score: what is changed, and who notices."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cnnlab.autograder.judging.exercise import GRADERS, chapter_names
from cnnlab.autograder.quality import mutation
from cnnlab.autograder.quality.mutants import Mutant, mutants
from cnnlab.course.markers import between

CONTRIBUTING = GRADERS.parents[1] / "CONTRIBUTING.md"

SOURCE = '''
def f(x, kh, kw):
    """A docstring with 1 + 1."""
    if kh > 3:
        raise ValueError(f"kh must be small. Received: {kh + 1}")
    total = 0
    total += x[1:kh, :kw]
    return total
'''


@pytest.fixture(scope="module")
def changes() -> list[str]:
    return [mutant.change for mutant in mutants("f", SOURCE)]


@pytest.mark.parametrize(
    "change",
    [
        "- if kh > 3:\n+ if kh >= 3:",
        "- if kh > 3:\n+ if kw > 3:",
        "- total += x[1:kh, :kw]\n+ total -= x[1:kh, :kw]",
        "- total += x[1:kh, :kw]\n+ total = x[1:kh, :kw]",
        "- total += x[1:kh, :kw]\n+ total += x[ 2:kh, :kw]",
        "- total += x[1:kh, :kw]\n+ total += x[:kh, :kw]",
        "- total += x[1:kh, :kw]\n+ total += x[:kw, 1:kh]",
    ],
)
def test_each_kind_of_change_is_made(changes: list[str], change: str) -> None:
    assert change in changes


def test_every_mutant_is_another_program(changes: list[str]) -> None:
    sources = [mutant.source for mutant in mutants("f", SOURCE)]
    assert len(set(sources)) == len(sources) == len(changes) > 25
    assert len({ast.dump(ast.parse(source)) for source in sources}) == len(sources)


def words(source: str) -> list[str]:
    """The docstring and the messages of a program."""
    nodes = ast.walk(ast.parse(source))
    return [
        node.value
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]


def test_words_are_left_alone() -> None:
    said = {tuple(words(mutant.source)) for mutant in mutants("f", SOURCE)}
    assert said == {("kh must be small. Received: …",), ()}  # one mutant no longer raises


def relu(line: str, change: str) -> Mutant:
    return Mutant("relu", f"def relu(z):\n    z = 1.0 * np.asarray(z)\n    {line}\n", change)


def test_a_score_counts_and_explains(monkeypatch: pytest.MonkeyPatch) -> None:
    reasons = {"relu": {"right": "the same function", "gone": "nobody needs this"}}
    monkeypatch.setattr(mutation, "equivalent_mutants", lambda name: reasons)
    seen: list[tuple[str, bool]] = []
    score = mutation.measure(
        "ch01_convolution",
        [
            relu("return np.minimum(z, 0)", "wrong"),
            relu("return z * (z > 0)", "right"),
            relu("return np.maximum(z, 0)", "a hole"),
            relu("while True: pass", "a loop"),
        ],
        advance=lambda mutant, survives: seen.append((mutant.change, survives)),
    )
    assert (score.total, score.killed, score.equivalent) == (4, 2, 1)
    assert [mutant.change for mutant in score.survivors] == ["a hole"]
    assert score.stale == ["relu: gone"]
    assert seen == [("wrong", False), ("right", False), ("a hole", True), ("a loop", False)]


def test_the_command_explains_itself() -> None:
    assert "--processes" in CliRunner().invoke(mutation.app, ["--help"]).output
    refused = CliRunner().invoke(mutation.app, ["ch99"])
    assert refused.exit_code == 2
    assert "ch01_convolution" in refused.output.replace("\n", "")


# What was counted


def test_the_table_is_what_was_counted() -> None:
    text = CONTRIBUTING.read_text(encoding="utf-8")
    assert text == between(text, mutation.START, mutation.table())


@pytest.mark.parametrize("name", chapter_names())
def test_every_mutant_was_counted_and_none_survives(name: str) -> None:
    total, *parts = mutation.kept(name).values()
    assert total == sum(parts) > 0
    assert mutation.kept(name)["survive"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("name", chapter_names())
def test_what_was_counted_are_the_mutants_of_todays_solutions(name: str) -> None:
    command = f"python -m {mutation.__name__} {name} --write CONTRIBUTING.md"
    assert mutation.kept(name)["mutants"] == len(mutation.mutants_of(name)), f"Run {command}"


def test_the_command_keeps_the_counts_and_writes_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, file = "ch01_convolution", tmp_path / "page.md"
    changed = [
        relu("return np.minimum(z, 0)", "wrong"),
        relu("return np.maximum(z, 0)", "a hole"),
    ]
    (tmp_path / name).mkdir()
    file.write_text(f"before\n{mutation.START}\nold\n<!-- end -->\nafter\n")
    monkeypatch.setattr(mutation, "GRADERS", tmp_path)
    monkeypatch.setattr(mutation, "mutants_of", lambda name: changed)

    ran = CliRunner().invoke(mutation.app, ["ch01", "-p", "1", "--write", str(file)])

    assert "relu keeps full marks:\na hole" in ran.output
    assert ran.exit_code == 1
    assert list(mutation.kept(name).values()) == [2, 1, 0, 1]
    assert f"| {name} | 2 | 1 | 0 | 1 |" in file.read_text()
    assert "| ch02_stride_padding |  |  |  |  |" in file.read_text()
