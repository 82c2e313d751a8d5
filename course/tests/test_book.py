"""The book: pages, folds, search, links that lead somewhere, and how it looks in a browser."""

from __future__ import annotations

import json
import os
import re
from email.message import Message
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
import yaml
from typer.testing import CliRunner

from cnnlab.course.book import BookError, site
from cnnlab.course.book.cells import PLAY, WIDGET, prepared
from cnnlab.course.book.execution import executed
from cnnlab.course.book.terms import linked, terms
from cnnlab.course.cli import app
from cnnlab.course.tests.chromium import CHROMIUM, serious_faults

ROOT = Path(__file__).parents[2]
ARTIFACTS = Path(os.environ.get("ARTIFACTS", ROOT / "artifacts"))
CHAPTERS = ("ch01_convolution", "ch02_stride_padding")
NEEDS_CHROMIUM = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
LOADED = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src"}


class Read(HTMLParser):
    """What a page loads, where it leads, and which places it has."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loaded: set[str] = set()
        self.links: set[str] = set()
        self.places: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {key: value or "" for key, value in attrs}
        self.places |= {values[key] for key in ("id", "name") if key in values}
        if tag in LOADED and LOADED[tag] in values:
            self.loaded.add(values[LOADED[tag]])
        elif tag == "a" and "href" in values:
            self.links.add(values["href"])


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """A small book: two chapters and the pages."""
    folder = tmp_path_factory.mktemp("book") / "a book"
    chosen = [word for name in CHAPTERS for word in ("-c", name[:4])]
    made = CliRunner().invoke(app, ["book", "-o", str(folder), *chosen])
    assert made.exit_code == 0, made.output
    assert "WARNING" not in made.output
    return folder


def chapter(book: Path, name: str) -> str:
    return (book / name / f"{name}.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_small_book_is_whole(book):
    pages = {path.resolve(): Read(path.read_text("utf-8")) for path in book.rglob("*.html")}
    names = {path.stem for path in pages}
    assert {"index", "search", "glossary", "formulas", *CHAPTERS} <= names
    for path, page in pages.items():
        outside = {url for url in page.loaded if urlsplit(url).scheme not in ("", "data")}
        assert outside == set()
        for url in page.loaded | page.links:
            parts = urlsplit(url)
            if parts.scheme:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            assert target.exists(), f"{path.name}: {url}"
            if parts.fragment and target in pages:
                assert unquote(parts.fragment) in pages[target].places, f"{path.name}: {url}"
    styles = "".join(path.read_text("utf-8") for path in book.rglob("*.css"))
    assert re.findall(r"url\([\"']?(?:https?:)?//", styles) == []


@pytest.mark.slow
def test_a_chapter_is_there_to_be_read(book):
    text = chapter(book, "ch01_convolution")
    solved = nbformat.read(ROOT / "solutions/ch01_convolution/ch01_convolution.ipynb", 4)
    exercises = [c for c in solved.cells if c.metadata.cnnlab.get("role") == "exercise"]
    questions = [c for c in solved.cells if c.source.startswith("guess(")]
    assert text.count("tag_solution") == len(exercises) > 5
    assert text.count("tag_checked") == len(exercises)
    assert text.count("<summary>The answer</summary>") == len(questions) > 5
    assert "BEGIN" not in text
    assert "cnnlab-frame" in text  # the figure that moves
    assert "<math" in text
    assert 'class="math notranslate' not in text
    assert WIDGET not in text
    index = (book / "searchindex.js").read_text("utf-8")
    terms = json.loads(index.removeprefix("Search.setIndex(").removesuffix(")"))["titleterms"]
    assert {"convolut", "glossari"} <= set(terms)


def test_a_page_shows_the_exercise_and_folds_the_answer():
    source = 'def f(x):\n    """Twice x."""\n    ### BEGIN SOLUTION\n    return 2 * x\n'
    source += "    ### END SOLUTION"
    about = {"cnnlab": {"role": "exercise", "exercise": "f"}}
    made = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell(source, metadata=about),
            nbformat.v4.new_code_cell(
                "demo(f)",
                outputs=[
                    nbformat.v4.new_output(
                        "display_data", {WIDGET: {"model_id": "1"}, "text/plain": "Demo()"}
                    )
                ],
            ),
        ]
    )
    stub, solution, demo = prepared(made).cells
    assert stub.source.splitlines()[-1] == "    raise NotImplementedError()"
    assert "return" not in stub.source
    assert solution.source == "def f(x):\n    return 2 * x"
    assert "hide-input" in solution.metadata.tags
    assert demo.outputs[0].data["text/html"] == PLAY
    assert WIDGET not in demo.outputs[0].data


def test_words_of_the_glossary_are_linked():
    glossary = nbformat.read(ROOT / "exercises/pages/glossary.ipynb", 4)
    known = [term for cell in glossary.cells for term in terms(cell.source)]
    assert len(known) > 100
    assert len({term.anchor for term in known}) == len(known)
    said = linked("It has **channels** and **no such word**.", known, "g.html")
    assert 'href="g.html#term-channel"' in said
    assert said.endswith("and **no such word**.")


def test_colab_and_binder_are_linked_where_there_is_an_address(monkeypatch):
    assert "launch_buttons" not in site._settings()["html_theme_options"]  # there is none today
    named = Message()
    named["Project-URL"] = "Source, https://github.com/someone/course"
    monkeypatch.setattr(site.metadata, "metadata", lambda name: named)
    options = site._settings()["html_theme_options"]
    assert options["repository_url"] == "https://github.com/someone/course"
    assert {"colab_url", "binderhub_url"} <= set(options["launch_buttons"])
    assert (ROOT / options["path_to_docs"] / f"{SEEN[1]}.ipynb").exists()


def test_outputs_are_kept_until_a_cell_changes(tmp_path):
    def number(source: str) -> str:
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
        (cell,) = executed("one", notebook, tmp_path).cells
        return str(cell.outputs[0].data["text/plain"])

    first = number("import time; time.time_ns()")
    assert number("import time; time.time_ns()") == first
    assert number("import time; time.time_ns() ") != first
    assert len(list(tmp_path.iterdir())) == 1
    with pytest.raises(BookError, match="one: a cell fails with ZeroDivisionError"):
        number("1 / 0")


def test_other_things_are_not_replaced(tmp_path):
    (tmp_path / "thesis.tex").write_text("mine")
    made = CliRunner().invoke(app, ["book", "-o", str(tmp_path), "-c", "ch01"])
    assert made.exit_code == 1
    assert "no book" in made.output
    assert (tmp_path / "thesis.tex").read_text() == "mine"
    assert CliRunner().invoke(app, ["book", "-c", "ch99"]).exit_code == 2


WIDTHS = {"phone": (390, 844), "desk": (1280, 900)}
SEEN = ("index", "ch01_convolution/ch01_convolution", "pages/glossary", "pages/formulas")
CUT = """() => [...document.querySelectorAll("math")].filter((formula) => {
  const { right, width } = formula.firstElementChild.getBoundingClientRect();
  const box = formula.closest(".math-block, .math-inline");
  if (!box) return right > innerWidth && !formula.closest(".pst-scrollable-table-container");
  const scrolls = box.tabIndex === 0 && getComputedStyle(box).overflowX === "auto";
  return width > box.clientWidth + 1 && !scrolls;
}).map((formula) => formula.textContent)"""
"""Formulas that are wider than their place, and cannot be scrolled there with keys."""


@pytest.mark.browser
@NEEDS_CHROMIUM
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_book_opens_from_disk(book, browser, theme, width):
    wide, high = WIDTHS[width]
    context = browser.new_context(
        viewport={"width": wide, "height": high}, color_scheme=theme, reduced_motion="reduce"
    )
    page = context.new_page()
    asked, wrong = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("requestfailed", lambda request: wrong.append(request.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    for name in SEEN:
        page.goto((book / f"{name}.html").as_uri())
        assert page.locator("html").get_attribute("data-theme") == theme
        assert page.evaluate("document.documentElement.scrollWidth") <= wide
        assert page.evaluate(CUT) == []
        keep(f"book-{Path(name).name}-{theme}-{width}", page.screenshot(full_page=True))
        if width == "desk":  # axe is slow, and its rules ask for colours and words, not widths
            rules = None if theme == "light" else ["color-contrast"]
            if name == SEEN[-1]:  # what is new in it
                rules = ["scrollable-region-focusable"]
            assert serious_faults(page, rules) == [], name
    if width == "phone":
        assert page.locator(".math-block[tabindex]").count() > 1  # of the formula sheet
    page.goto((book / f"{SEEN[1]}.html").as_uri())
    solution = page.locator(".tag_solution").first
    assert not solution.locator("pre").is_visible()
    solution.locator("summary").click()
    assert "for i in range(rows)" in solution.locator("pre").inner_text()
    page.goto((book / "search.html").as_uri() + "?q=dilation")
    page.locator("#search-results a", has_text="Stride, padding").first.wait_for()
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert wrong == []
    context.close()


@pytest.mark.browser
@NEEDS_CHROMIUM
def test_the_reader_chooses_the_theme(book, browser):
    page = browser.new_page(color_scheme="light")
    page.goto((book / "index.html").as_uri())
    for chosen in ("Dark", "Light"):
        page.get_by_role("button", name="Color mode").click()
        page.get_by_role("button", name=chosen).click()
        page.reload()  # it is remembered
        assert page.locator("html").get_attribute("data-theme") == chosen.lower()
    page.close()


def keep(name: str, png: bytes) -> None:
    """Keep a screenshot, for people to look at."""
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    (ARTIFACTS / f"{name}.png").write_bytes(png)


def test_the_workflow_publishes_what_the_command_writes():
    text = (ROOT / ".github/workflows/book.yml").read_text("utf-8")
    jobs = yaml.safe_load(text)["jobs"]
    build, publish = jobs["build"], jobs["publish"]
    (uploaded,) = [step for step in build["steps"] if "pages-artifact" in step.get("uses", "")]
    (made,) = [step["run"] for step in build["steps"] if "cnnlab book" in step.get("run", "")]
    assert made.endswith(f"cnnlab book -o {uploaded['with']['path']}")
    assert publish["needs"] == "build"
    assert publish["permissions"] == {"pages": "write", "id-token": "write"}
    (deployed,) = publish["steps"]
    assert publish["environment"]["url"] == f"${{{{ steps.{deployed['id']}.outputs.page_url }}}}"
