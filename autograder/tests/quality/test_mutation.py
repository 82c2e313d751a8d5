"""The mutation score: what is changed, and who notices."""

from __future__ import annotations

import ast

import pytest
from typer.testing import CliRunner

from cnnlab.autograder.quality import mutation
from cnnlab.autograder.quality.mutants import Mutant, mutants

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
