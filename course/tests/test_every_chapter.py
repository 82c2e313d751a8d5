"""Every chapter as a learner has it in a real JupyterLab: stubs first, then full marks.

Minutes in all, so it is long: ``pytest -m long course/tests/test_every_chapter.py -k ch03``.
Screenshots of the whole solved notebook, in both themes, go to $ARTIFACTS. Weights that are on this
machine are used, and none are fetched: without them chapters 9 to 15 take the small VGG.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, TimeoutError, expect

from cnnlab.autograder.judging.exercise import chapter_names, load_chapter
from cnnlab.autograder.submission.solutions import solution_source
from cnnlab.course.tests.chromium import MARKS, chromium
from cnnlab.course.tests.lab import (
    CHANGED,
    CONTROLS,
    LOOKS,
    Notebook,
    Server,
    running,
    use_theme,
)
from cnnlab.course.tests.saved import save_earlier

pytestmark = [*MARKS, pytest.mark.long]

ARTIFACTS = Path(os.environ.get("ARTIFACTS", Path(__file__).parents[2] / "artifacts"))
NOTHING_FETCHED = {"PIP_NO_INDEX": "1", "http_proxy": "", "https_proxy": "http://127.0.0.1:9"}
WINDOW = {"width": 1280, "height": 2400}
OVERLAP = 200
"""Pixels that two screenshots share: cells grow while they come into sight."""
QUIET_SECONDS = 2.0
"""How long after opening something might still be written into the notebook."""
TRY_SECONDS, PATIENCE = 2.0, 90.0
"""How long until a demo shows that it works on an answer, and until it has one."""
SCROLL = """(top) => {
  const panel = document.querySelector(
    ".jp-NotebookPanel:not(.lm-mod-hidden) .jp-WindowedPanel-outer");
  panel.scrollTop = top;
  const last = [...panel.querySelectorAll(".jp-Cell")].at(-1).getBoundingClientRect();
  return [panel.clientHeight, panel.scrollTop + last.bottom - panel.getBoundingClientRect().top];
}"""
"""Scrolls; returns how much is to be seen at once, and how much there is."""
KIND = "(it) => it.type || it.getAttribute('role')"
STIRS = f"([demo, before]) => ({LOOKS})(demo) !== before"
POINTED = ("application", "range", "checkbox", "submit", "button")
"""Kinds of controls that a click is for; a menu's list is no part of the page."""
KEYS = {
    "application": ("ArrowRight", "ArrowDown"),
    "range": ("Home", "End"),
    "select-one": ("ArrowDown",),
    "number": ("ArrowUp",),
    "checkbox": ("Space",),
}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Browser]]:
    """JupyterLab on a learner's folder, and a browser."""
    folder, scratch = (tmp_path_factory.mktemp(name) for name in ("course", "jupyter"))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in NOTHING_FETCHED.items():
            patch.setenv(name, value)
        with running(folder, scratch) as server, chromium() as browser:
            yield server, browser


@pytest.fixture
def page(lab: tuple[Server, Browser]) -> Iterator[Page]:
    """A fresh page, without a kernel afterwards."""
    server, browser = lab
    page = browser.new_page(viewport=WINDOW)
    complaints: list[str] = []
    page.on("console", lambda line: line.type == "error" and complaints.append(line.text))
    yield page
    page.close()
    assert complaints == []
    server.stop_kernels()


@pytest.mark.parametrize("chapter", chapter_names())
def test_from_stubs_to_full_marks(lab: tuple[Server, Browser], page: Page, chapter: str) -> None:
    server, _ = lab
    names = [exercise.name for exercise in load_chapter(chapter).exercises]
    save_earlier(server.folder, chapter)
    clock = Clock(chapter)

    notebook = Notebook(page, server, f"{chapter}/{chapter}.ipynb")  # as `cnnlab lab` has put it
    page.wait_for_timeout(1000 * QUIET_SECONDS)
    assert not notebook.unsaved()
    clock.says("opened")

    notebook.run_all()
    assert notebook.errors() == []
    clock.says("stubs run")
    first = notebook.card_text(names[0])
    assert f"{names[0]} is not written yet" in first
    assert f"hint({names[0]}) has more" in first
    keep(f"{chapter}-first-check", notebook.card(names[0]).screenshot())
    for demo in demos(notebook):
        for start in demo.get_by_role("button", name="Start", exact=True).all():
            start.click()  # chapter 11's asks for the functions only then
        expect(demo).to_contain_text(
            "not written yet", use_inner_text=True, timeout=1000 * PATIENCE
        )
        keep(f"{chapter}-demo-stubs", demo.screenshot())

    notebook.fill({name: solution_source(chapter, name) for name in names})
    notebook.run_all()
    assert notebook.errors() == []
    clock.says("solved run")
    for name in names:
        assert "passed" in notebook.card_text(name), name
    for said in whose_code(notebook):
        assert ": the course's." not in said
        assert "not written yet" not in said
    for demo in demos(notebook):
        expect(demo).not_to_contain_text("not written yet", timeout=1000 * PATIENCE)
        answers(page, demo, by_pointer)
        answers(page, demo, by_key)
    clock.says("demos played")
    photograph(notebook, chapter)
    assert notebook.errors() == []
    clock.says("photographed")


class Clock:
    """Prints how long each part of a walk took."""

    def __init__(self, chapter: str) -> None:
        self.chapter, self.since = chapter, time.monotonic()

    def says(self, part: str) -> None:
        now = time.monotonic()
        print(f"{self.chapter[:4]} {part}: {now - self.since:.1f} s")
        self.since = now


def whose_code(notebook: Notebook) -> list[str]:
    """What each cell that asks it answers."""
    return [
        output["data"]["text/plain"]
        for cell in notebook.cells()
        if "whose_code(" in cell["source"]
        for output in cell["outputs"]
    ]


def demos(notebook: Notebook) -> list[Locator]:
    """The chapter's demos, each brought into sight."""
    found = []
    for number, cell in enumerate(notebook.cells()):
        if cell["source"].splitlines()[-1:] and cell["source"].splitlines()[-1].startswith("demo("):
            demo = notebook.cell(number).locator(".cnnlab-demo")
            demo.scroll_into_view_if_needed()
            found.append(demo)
    assert found or notebook.path.startswith("ch00")
    return found


# A demo's controls


def answers(page: Page, demo: Locator, act: Callable[[Page, Locator, str], bool]) -> None:
    """The act changes what the demo shows, at one control or another."""
    controls = demo.locator(CONTROLS)
    for n in range(controls.count()):
        control = controls.nth(n)
        if not control.is_visible():
            continue
        arg = [demo.element_handle(), demo.evaluate(LOOKS)]
        if not act(page, control, control.evaluate(KIND)):
            continue
        try:
            page.wait_for_function(STIRS, arg=arg, timeout=1000 * TRY_SECONDS)
        except TimeoutError:
            continue
        page.wait_for_function(CHANGED, arg=arg, timeout=1000 * PATIENCE)
        return
    raise AssertionError(f"nothing in the demo answers {act.__name__}")


def by_pointer(page: Page, control: Locator, kind: str) -> bool:
    """Click right of the middle; False where a click is not for this kind."""
    if kind not in POINTED:
        return False
    box = control.bounding_box()
    assert box
    control.click(position={"x": 0.8 * box["width"], "y": 0.6 * box["height"]})
    return True


def by_key(page: Page, control: Locator, kind: str) -> bool:
    """Press keys that are the control's own; False where it has none."""
    if kind not in KEYS:
        return False
    control.focus()
    for key in KEYS[kind]:
        page.keyboard.press(key)
    return True


# Screenshots


def photograph(notebook: Notebook, name: str) -> None:
    """The whole notebook from top to bottom, in both themes; no widget complains anywhere."""
    page = notebook.page
    for theme in ("Dark", "Light"):
        use_theme(page, theme)
        top = 0
        for n in count(1):
            page.evaluate(SCROLL, top)
            page.wait_for_timeout(400)  # until what comes into sight is drawn
            height, whole = page.evaluate(SCROLL, top)
            keep(f"{name}-{theme.lower()}-{n:02}", page.screenshot())
            expect(
                page.get_by_text("Error displaying widget").locator("visible=true")
            ).to_have_count(0)
            if top + height >= whole:
                break
            top += height - OVERLAP


def keep(name: str, png: bytes) -> None:
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    (ARTIFACTS / f"{name}.png").write_bytes(png)
