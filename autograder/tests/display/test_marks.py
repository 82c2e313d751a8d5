"""Code in sentences, in terminals with colours and without."""

from __future__ import annotations

import io

import pytest
from _pytest._io import TerminalWriter
from rich.console import Console

from cnnlab.autograder.judging.results import ExerciseResult
from cnnlab.autograder.plugin import Said
from cnnlab.course.cli import check

SAID = "relu: 0 / 2 points, stops with an error\n\nIn line 2: `return z[\n0]`, says Python."


def by_pytest(coloured: bool) -> str:
    writer = TerminalWriter(io.StringIO())
    writer.hasmarkup = coloured
    Said(SAID, "").toterminal(writer)
    return writer._file.getvalue()


def by_check(coloured: bool, monkeypatch: pytest.MonkeyPatch) -> str:
    console = Console(
        file=io.StringIO(), force_terminal=coloured, color_system="standard" if coloured else None
    )
    monkeypatch.setattr(check, "console", console)
    monkeypatch.setattr("cnnlab.autograder.display.text.to_text", lambda *_, **__: SAID)
    console.print(check.tutor(ExerciseResult("relu", "error")))
    return console.file.getvalue()


def test_code_is_bold_where_there_are_colours_and_else_keeps_its_backticks(monkeypatch):
    for plain in (by_pytest(False), by_check(False, monkeypatch)):
        assert plain.rstrip() == SAID
    for coloured in (by_pytest(True), by_check(True, monkeypatch)):
        assert "`" not in coloured
        for code in ("return z[", "0]"):
            assert f"\x1b[1m{code}\x1b[0m" in coloured
