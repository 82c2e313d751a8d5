"""Pages beside the chapters: built, kept where somebody has worked in them, and checked."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from cnnlab.course.build import MANIFEST, build
from cnnlab.course.build.pages import page_path
from cnnlab.course.build.staged import release
from cnnlab.course.tests.build.tiny import add_chapter

WORDS = page_path("words")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A course of one chapter and one page, built."""
    add_chapter(tmp_path, "ch01_tiny")
    write(tmp_path, "# Words\n\nFew.\n\n## A\n\n**apple**\n")
    build(tmp_path)
    return tmp_path


def write(root: Path, text: str) -> None:
    (root / "course/pages").mkdir(exist_ok=True)
    (root / "course/pages/words.md").write_text(text, "utf-8")


def test_a_page_has_a_cell_for_each_section(root):
    cells = nbformat.read(root / WORDS, as_version=4).cells
    assert [cell.source for cell in cells] == ["# Words\n\nFew.", "## A\n\n**apple**"]
    assert {cell.cell_type for cell in cells} == {"markdown"}


def test_a_changed_page_is_built_anew_and_a_used_one_is_kept(root):
    write(root, "# Words\n\nMore.\n")
    assert WORDS in build(root).written
    (root / WORDS).write_text("my notes", "utf-8")
    write(root, "# Words\n\nStill more.\n")
    assert build(root).kept == [WORDS]
    assert (root / WORDS).read_text("utf-8") == "my notes"


def test_a_page_that_was_not_built_again_is_found(root):
    assert release(root) == []
    write(root, "# Words\n\nMore.\n")
    (problem,) = release(root)
    assert problem.startswith(f"{WORDS} is not what course/pages builds.")


def test_a_page_without_a_source_and_one_that_is_missing_are_found(root):
    (root / "course/pages/words.md").unlink()
    assert any(p.startswith(f"{WORDS} is built from no chapter") for p in release(root))
    write(root, "# Words\n\nFew.\n")
    (root / WORDS).unlink()
    assert release(root) == [f"{WORDS} is not in git. Run `cnnlab build` and `git add` it."]
    assert WORDS in (root / MANIFEST).read_text("utf-8")
