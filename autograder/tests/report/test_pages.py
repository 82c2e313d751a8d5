"""The report's pages: what they say, that they are safe, well-formed and whole."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from urllib.parse import unquote

import pytest

from cnnlab.autograder.judging.results import EXERCISE_STATUSES, SubmissionResult
from cnnlab.autograder.report.classbook import class_book
from cnnlab.autograder.report.pages import BOARD, pages, write_report
from cnnlab.autograder.tests.report.classes import CHAPTER, batch, halves, hand_in

EVIL = "<img src=x onerror=alert(1)>&\"'{{ 7*7 }}"
VOID = {"meta", "br", "img", "link", "input"}


class Page(HTMLParser):
    """A page's tags, closed in order, and its ids, references, attributes and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data

    def values(self, attribute: str) -> list[str]:
        return [about[attribute] or "" for _, about in self.tags if attribute in about]


@pytest.fixture(scope="module")
def book():
    """Two weeks; among the learners is one whose name is an attack."""
    evil = hand_in(EVIL, relu=halves)
    evil.warnings = [EVIL]
    week1 = [
        hand_in("ada", correlate2d="kernel-flipped", relu="stub"),
        hand_in("bob", correlate2d="kernel-flipped", relu=halves, conv2d="bias-forgotten"),
        evil,
    ]
    unreadable = SubmissionResult("x/y.ipynb", "eve", CHAPTER, "unreadable", 0, 20, message=EVIL)
    no_chapter = SubmissionResult("z.ipynb", "dan", None, "unreadable", message="Which chapter?")
    week2 = [hand_in("ada"), unreadable, no_chapter]
    return class_book([(EVIL, batch(*week1)), ("week2", batch(*week2))])


@pytest.fixture(scope="module")
def report(book):
    return dict(pages(book))


def test_every_page_is_well_formed_and_its_links_lead_somewhere(report):
    assert len(report) == 6
    for html in report.values():
        page = Page(html)
        ids = page.values("id")
        assert len(ids) == len(set(ids))
        for target in page.values("href"):
            file, _, place = unquote(target).partition("#")
            assert file in report if file else place in ids, target
        for attribute in ("aria-labelledby", "for"):
            assert set(page.values(attribute)) <= set(ids)


def test_no_page_asks_for_anything_else_or_runs_anything(report):
    for html in report.values():
        page = Page(html)
        assert not {"script", "link", "img", "iframe", "object"} & {tag for tag, _ in page.tags}
        assert not [a for _, about in page.tags for a in about if a.startswith("on")]
        assert not page.values("src")
        assert "default-src 'none'" in html
        assert not re.search(r"url\(|@import|https?://", html)


def test_what_learners_wrote_is_text(report):
    board = report[BOARD]
    assert EVIL in Page(board).text
    assert "<img" not in board
    assert "49" not in re.findall(r"\b49\b", board)
    (evil,) = [html for name, html in report.items() if "img-src" in name]
    assert Page(evil).text.count(EVIL) >= 2  # the title, the name, the warning


def test_a_learners_page_names_nobody_else(report):
    ada = Page(report["learners/ada.html"]).text
    assert "ada" in ada
    assert not {name for name in ("bob", "eve", "dan") if name in ada}
    assert all(not target or target.startswith("#") for target in Page(
        report["learners/ada.html"]).values("href"))  # fmt: skip


def test_a_learners_page_has_ladder_diagnosis_case_and_next_step(report):
    html = report["learners/bob.html"]
    text = Page(html).text
    assert "You flipped the kernel" in text
    assert "a case you can check by hand" in text
    assert "Go on with correlate2d" in text
    assert "Hint: " in text
    assert text.count("An example of this mistake") == 2
    assert html.count("weights in yours") >= 1


def test_the_board_says_which_mistakes_who_and_how_many(report):
    text = re.sub(r"\s+", " ", Page(report[BOARD]).text)
    assert "5 learners" in text
    assert "2 files could not be read" in text
    assert "bias-forgotten" in text
    assert "Equal answers that no name covers" in text
    assert "week2" in text  # over time
    board = Page(report[BOARD])
    assert {f"learners/{name}.html" for name in ("ada", "bob", "eve", "dan")} <= set(
        board.values("href")
    )


def test_without_names_there_is_the_board_alone_and_nobody_on_it(book):
    everything = dict(pages(book, names=False))
    assert list(everything) == [BOARD]
    text = Page(everything[BOARD]).text
    assert "kernel-flipped" in text
    assert not [name for name in ("ada", "bob", "eve", "dan", "submitted/") if name in text]


@pytest.mark.parametrize("status", EXERCISE_STATUSES)
def test_every_status_has_a_page(status):
    submission = hand_in("ada")
    submission.exercises[0] = replace(
        submission.exercises[0], status=status, score=0.0, rungs=[], message="What happened."
    )
    made = dict(pages(class_book([("r", batch(submission))])))
    assert "What happened." in Page(made["learners/ada.html"]).text
    lost = "could not be graded" in Page(made[BOARD]).text
    assert lost == (status == "internal_error")


def test_a_class_of_nobody_and_an_unknown_chapter_have_a_board():
    assert "0 learners" in Page(dict(pages(class_book([("r", batch())])))[BOARD]).text
    other = replace(hand_in("ada", correlate2d="kernel-flipped"), chapter="ch99_other")
    board = Page(dict(pages(class_book([("r", batch(other))])))[BOARD])
    assert "kernel-flipped" in board.text


def test_a_report_replaces_a_report_and_nothing_else(book, tmp_path):
    folder = tmp_path / "new" / "report"
    written = write_report(book, folder)
    assert len(written) == 6
    smaller = class_book([("r", batch(hand_in("zoe")))])
    assert [p.name for p in write_report(smaller, folder)] == ["index.html", "zoe.html"]
    assert [p.name for p in folder.parent.iterdir()] == ["report"]
    (folder / "mine.txt").write_text("a note")
    with pytest.raises(FileExistsError, match="Choose a new folder"):
        write_report(book, folder)
    assert (folder / "mine.txt").read_text() == "a note"
    (tmp_path / "file").write_text("")
    with pytest.raises(FileExistsError):
        write_report(book, tmp_path / "file")


def test_pages_are_the_same_each_time(book, report):
    assert dict(pages(book)) == report
