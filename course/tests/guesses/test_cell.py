"""What a question looks like in a notebook, in a page without Python, and in a terminal."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import nbformat
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter

from cnnlab.course.guesses import find, guess, questions
from cnnlab.course.guesses.cell import to_html, to_text
from cnnlab.course.tests.guesses.test_questions import EVERY, every

WIDGET = "application/vnd.jupyter.widget-view+json"
VOID = {"input", "br"}


def test_a_wrong_guess_shows_the_misunderstanding_and_not_the_answer() -> None:
    cell = guess("first_step")
    cell.guessed = {"text": "9", "count": 1}
    assert cell.verdict["right"] is False
    assert "counted the products" in cell.verdict["text"]
    assert cell.verdict["count"] == 1
    assert cell.answer == ""
    cell.asked = True
    assert "<strong>4</strong>" in cell.answer


def test_a_right_guess_shows_the_reason() -> None:
    cell = guess("first_step")
    cell.guessed = {"text": " 4 ", "count": 1}
    assert cell.verdict["right"] is True
    assert "Four of the nine products" in cell.answer


def test_what_cannot_be_read_is_no_guess() -> None:
    cell = guess("first_step")
    cell.guessed = {"text": "four", "count": 1}
    assert cell.verdict["right"] is None
    assert cell.answer == ""


def test_a_guess_without_a_form() -> None:
    assert "counted the products" in repr(guess("first_step", 9))
    assert repr(guess("map_of_one_filter", (28, 28, 1))).startswith("Right.\n")
    assert "Four of the nine products" in repr(guess("first_step", 4))
    with pytest.raises(ValueError, match="Did you mean 'first_step'"):
        guess("frist_step")


@every
def test_the_text_asks_and_does_not_answer(chapter: str) -> None:
    for asked in questions(chapter):
        text = to_text(asked)
        assert f'guess("{asked.name}",' in text
        assert all(option in text for option in asked.options), asked.name
        assert asked.why not in text


class _Folds(HTMLParser):
    """Whether tags are balanced, and what stands outside of folds."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.outside = ""

    def handle_starttag(self, tag, attrs):
        self.open += [tag] if tag not in VOID else []

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "details" not in self.open or "summary" in self.open:
            self.outside += data


@every
def test_a_page_without_python_folds_the_answer(chapter: str) -> None:
    for asked in questions(chapter):
        folds, whole = _Folds(), _Folds()
        html = to_html(asked)
        folds.feed(html)
        whole.feed(html.replace("details", "div"))
        assert folds.open == [], asked.name
        plain = re.sub(r"[`*]", "", asked.text)
        assert plain in re.sub(r"[`*]", "", folds.outside)
        why = re.sub(r"[`*]", "", asked.why)
        assert why in re.sub(r"[`*]", "", whole.outside)
        assert why not in re.sub(r"[`*]", "", folds.outside)


def test_the_stand_in_has_the_fold_and_the_text() -> None:
    data = guess("first_step").stand_in()
    assert data["text/html"] == to_html(find("first_step"))
    assert data["text/plain"] == to_text(find("first_step"))


@pytest.fixture(scope="module")
def ran(tmp_path_factory) -> nbformat.NotebookNode:
    """A notebook of four questions after "Run All"."""
    names = ["first_step", "map_of_one_filter", "lines_of_mortar", "pure_red"]
    code = ["from cnnlab.course.guesses import guess", *(f'guess("{n}")' for n in names), "1 + 1"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in code])
    place = {"metadata": {"path": tmp_path_factory.mktemp("ran")}}
    return NotebookClient(notebook, timeout=120, resources=place).execute()


def test_run_all_passes_over_questions(ran: nbformat.NotebookNode) -> None:
    assert ran.cells[-1].outputs[0].data["text/plain"] == "2"
    for cell in ran.cells[1:-1]:
        form, fold = cell.outputs
        assert WIDGET in form.data
        assert fold.data.keys() == {"text/html", "text/plain"}


def test_an_exported_page_holds_folds(ran: nbformat.NotebookNode) -> None:
    """As JupyterLab saves a notebook: it leaves the widgets' states out."""
    saved = nbformat.from_dict({**ran, "metadata": {}})
    page, _ = HTMLExporter().from_notebook_node(saved)
    assert page.count("<summary>The answer</summary>") == len(ran.cells) - 2
    assert page.count("Guess first.") == len(ran.cells) - 2


def test_there_are_questions_of_all_kinds() -> None:
    assert {asked.kind for _, asked in EVERY} == {"number", "numbers", "choice"}
