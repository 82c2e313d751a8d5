"""Headless Chromium for the tests that look at a page."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

MARKS = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")]
"""For the ``pytestmark`` of a module whose tests need a browser."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser, closed at the end."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield browser
        browser.close()


NO_FETCHING = {"preload": False}
"""For axe, which would fetch style sheets a second time; a page from disk may not."""


def serious_faults(page: Page, rules: Sequence[str] | None = None) -> list[tuple[str, list[str]]]:
    """The rules of axe that a page breaks, if that is serious, and where; of all, or of some."""
    from axe_playwright_python.sync_playwright import Axe

    only = {} if rules is None else {"runOnly": list(rules)}
    found = Axe().run(page, options={**NO_FETCHING, **only}).response["violations"]
    return [
        (fault["id"], [node["html"][:100] for node in fault["nodes"][:3]])
        for fault in found
        if fault["impact"] in ("serious", "critical")
    ]
