"""What a learner has reached, read in their folder; and the page that shows it."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import pytest

from cnnlab.autograder import kept
from cnnlab.autograder.judging.exercise import chapter_names, load_chapter
from cnnlab.course.build.released import source_of
from cnnlab.course.start import page
from cnnlab.course.start.contents import complete
from cnnlab.course.start.course_map import COURSE, course_map
from cnnlab.course.start.progress import reached, what_next

EXERCISES = COURSE.parent / "exercises"
CH01, CH03 = "ch01_convolution", "ch03_pooling"
FIRST = [exercise.name for exercise in load_chapter(CH01).exercises]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A learner's folder with two chapters and the start page, nothing done."""
    for name in (CH01, CH03):
        shutil.copytree(EXERCISES / name, tmp_path / name)
    shutil.copy(EXERCISES / "start.ipynb", tmp_path)
    return tmp_path


def passed(folder: Path, chapter: str, exercise: str) -> None:
    kept.keep(folder / chapter, chapter, exercise, [(exercise, f"def {exercise}(): pass")])


def said(folder: Path, chapter: str, exercise: str, text: object, saved: float = 2e9) -> None:
    """Put a check's result into a notebook, and save it then."""
    path = folder / chapter / f"{chapter}.ipynb"
    notebook = json.loads(path.read_bytes())
    (cell,) = [c for c in notebook["cells"] if c["id"] == f"check-{exercise}"]
    cell["outputs"] = [{"output_type": "execute_result", "data": {"text/plain": text}}]
    path.write_text(json.dumps(notebook), "utf-8")
    os.utime(path, (saved, saved))


def test_a_new_folder_begins_at_the_beginning(folder):
    chapters = reached(folder)
    assert list(chapters) == chapter_names()
    assert sum(each.earned for each in chapters.values()) == 0
    assert chapters[CH01].most == load_chapter(CH01).max_score
    assert what_next(chapters) == ("ch00_numpy", "scale_channels")


def test_full_marks_come_from_what_is_kept_and_others_from_what_was_shown(folder):
    passed(folder, CH01, FIRST[0])
    said(folder, CH01, FIRST[1], ["1.5"])
    said(folder, CH01, FIRST[2], "9999.0")
    for exercise, text in zip(FIRST[3:6], ("nan", "not a number", None), strict=True):
        said(folder, CH01, exercise, text)
    scores = reached(folder)[CH01].scores
    most = [exercise.max_score for exercise in load_chapter(CH01).exercises]
    assert [score.earned for score in scores[:6]] == [most[0], 1.5, most[2], None, None, None]
    assert [score.passed for score in scores[:3]] == [True, False, True]
    assert what_next(reached(folder)) == (CH01, FIRST[1])


def test_what_is_next_follows_the_latest_chapter_then_goes_on(folder):
    passed(folder, CH01, FIRST[0])
    said(folder, CH03, "max_pool2d", "2.0", saved=1e9)
    assert what_next(reached(folder)) == (CH01, FIRST[1])
    said(folder, CH03, "max_pool2d", "2.0", saved=3e9)
    assert what_next(reached(folder)) == (CH03, "max_pool2d")
    for exercise in load_chapter(CH03).exercises:
        passed(folder, CH03, exercise.name)
    for exercise in FIRST:
        passed(folder, CH01, exercise)
    assert what_next(reached(folder)) == ("ch04_network", "flatten")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"cells": [1, {"metadata": []}]}'])
def test_a_damaged_notebook_only_has_no_points(folder, content):
    (folder / CH01 / f"{CH01}.ipynb").write_bytes(content)
    assert reached(folder)[CH01].earned == 0


def test_the_page_links_every_chapter_and_shows_its_points(folder, monkeypatch):
    passed(folder, CH01, FIRST[0])
    html = page.to_html(course_map(), reached(folder), "some:command")
    links = set(re.findall(r'<a href="([^"]+)"', html))
    assert links == {f"{name}/{name}.ipynb" for name in chapter_names()}
    assert all((EXERCISES / link).is_file() for link in links)
    assert f'Next: <a href="{CH01}' in html
    assert f"{FIRST[0]}: " in html
    assert 'role="img" aria-label="A photograph goes' in html
    assert "Keras is not installed here" not in html
    monkeypatch.setattr(page, "keras_missing", lambda: "Install it.")
    assert "Keras is not installed here" in page.to_html(
        course_map(), reached(folder), "some:command"
    )


def test_a_notebook_is_completed_as_it_is_read_and_no_file_changes(folder):
    start = json.loads((folder / "start.ipynb").read_bytes())
    complete(start, folder)
    (shown,) = [cell for cell in start["cells"] if cell["cell_type"] == "code"]
    assert "Begin with" in shown["outputs"][0]["data"]["text/html"]
    assert shown["metadata"]["trusted"] is True
    namespace: dict[str, object] = {}
    exec(source_of(shown), namespace)  # what the cell does elsewhere
    chapter = json.loads((folder / CH01 / f"{CH01}.ipynb").read_bytes())
    complete(chapter, folder)
    assert re.fullmatch(r"3\.\d+\.\d+.*", chapter["metadata"]["language_info"]["version"])
    foreign = {"metadata": {}, "cells": []}
    complete(foreign, folder)
    assert foreign == {"metadata": {}, "cells": []}
