"""`cnnlab lab` as a learner meets it: the start page, links between chapters, no strange menus."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from cnnlab.autograder import kept
from cnnlab.autograder.judging.exercise import chapter_names
from cnnlab.course.start.course_map import course_map
from cnnlab.course.tests.chromium import MARKS, chromium
from cnnlab.course.tests.lab import OPENED, Server, running

pytestmark = MARKS
expect.set_options(timeout=120_000)

ARTIFACTS = Path(os.environ.get("ARTIFACTS", Path(__file__).parents[2] / "artifacts"))
CH01, CH02 = "ch01_convolution", "ch02_stride_padding"
SHOWN = "() => window.jupyterapp?.shell.currentWidget?.context.path"
QUIET_SECONDS = 2.0
"""How long nothing is to happen after a kernel has said what it is."""
NBGRADER = """() => [...jupyterapp.commands.listCommands()]
  .filter((name) => name.toLowerCase().includes("nbgrader"))"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("course") / "Mein Kurs über CNNs"
    begin = time.monotonic()
    with running(folder, tmp_path_factory.mktemp("jupyter")) as server:
        print(f"server after {time.monotonic() - begin:.1f} s")
        yield server


def opened(page: Page, path: str) -> None:
    """Wait until this notebook is in front and its kernel is there; nothing is unsaved."""
    page.wait_for_function(f"(path) => ({SHOWN})() === path", arg=path)
    page.wait_for_function(OPENED)
    page.wait_for_timeout(1000 * QUIET_SECONDS)
    assert page.evaluate("() => jupyterapp.shell.currentWidget.context.model.dirty") is False
    expect(page.locator(".jp-mod-dirty")).to_have_count(0)


def in_front(page: Page, words: str) -> None:
    """Click a link of the notebook in front."""
    page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)").get_by_role(
        "link", name=words
    ).first.click()


def chapter(start: Locator, title: str) -> Locator:
    """The link to a chapter in the table of the start page."""
    return start.get_by_role("rowheader").get_by_role("link", name=title, exact=True)


def keep(page: Page, name: str) -> None:
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=ARTIFACTS / f"{name}.png")


def test_the_start_page_leads_into_the_course_and_back(server: Server) -> None:
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 1600})
        page.set_default_timeout(120_000)
        begin = time.monotonic()
        page.goto(f"{server.url}?token={server.token}")  # where `cnnlab lab` sends the browser
        start = page.locator(".cnnlab-start")
        expect(start.get_by_role("row")).to_have_count(len(chapter_names()) + 5)
        print(f"start page after {time.monotonic() - begin:.1f} s")
        opened(page, "start.ipynb")
        for name in ("Dark", "Light"):
            change = "(theme) => jupyterapp.commands.execute('apputils:change-theme', { theme })"
            page.evaluate(change, f"JupyterLab {name}")
            page.locator(f'body[data-jp-theme-name="JupyterLab {name}"]').wait_for(state="attached")
            expect(page.locator("#jupyterlab-splash")).to_have_count(0)
            keep(page, f"start-page-{name.lower()}")
        for entry in course_map().chapters.values():
            expect(chapter(start, entry.title)).to_be_visible()
        expect(start.get_by_role("img", name="A photograph goes through a network")).to_be_visible()
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(page.get_by_text("official Jupyter news")).to_have_count(0)
        assert page.evaluate(NBGRADER) == []
        for words in ("Nbgrader", "Validate", "Create Assignment", "Assignment List"):
            expect(page.get_by_text(words, exact=True)).to_have_count(0)

        chapter(start, "Convolution").focus()
        page.keyboard.press("Enter")
        opened(page, f"{CH01}/{CH01}.ipynb")
        in_front(page, "Chapter 2:")
        opened(page, f"{CH02}/{CH02}.ipynb")
        in_front(page, "← Chapter 1")
        opened(page, f"{CH01}/{CH01}.ipynb")
        in_front(page, "Start page")
        opened(page, "start.ipynb")

        kept.keep(server.folder / CH01, CH01, "relu", [("relu", "def relu(z): ...")])
        start.get_by_role("button", name="Update points").click()
        expect(start.get_by_text("points so far")).to_be_visible()
        expect(start.get_by_role("link", name="chapter 1, Convolution")).to_be_visible()
        opened(page, "start.ipynb")  # and nothing is unsaved
        keep(page, "start-page-begun")
