"""American spelling, the glossary, and the links between chapters and pages."""

from __future__ import annotations

import re

import pytest

from cnnlab.course.build.pages import page, pages
from cnnlab.course.tests.chapters.prose import NAMES, ROOT, asked, cells, prose

PAGES = sorted((ROOT / "course/pages").glob("*.md"))
BRITISH = re.compile(
    r"\b\w*(?:colour|grey|neighbour|centre(?!d)|centred|behaviour|favour|honour|licence|catalogue"
    r"|judgement|metre|fibre|practis|learnt|modell|labell|cancell|travell|analys(?:e|ed|ing)\b"
    r"|(?:real|recogn|normal|standard|initial|organ|special|general|regular|visual|maxim|minim"
    r"|optim|local|memor|summar|penal|util|equal|random|categor)is(?:e|ed|es|ing|ation)"
    r"|\b(?:back|for|after|to)wards\b)\w*",
    re.IGNORECASE,
)
TITLES = {"Visualising", "Towards"}
"""In titles, which stay as their authors wrote them."""
MISTAKE = re.compile(r"\"[a-z]+(?:-[a-z]+)+\"")
"""The name of a mistake, which is spelled in code alone."""
LINK = re.compile(r"\[[^\]]*\]\(\s*([^)\s]+)\s*\)")
ROW = re.compile(r"^\| \*\*(.+?)\*\* \|.*\| \[(\d+)\]\(\.\./(\w+)/\3\.ipynb\) \|$", re.MULTILINE)


def _words(text: str) -> list[str]:
    """Every British word, in order."""
    return [found[0] for found in BRITISH.finditer(text) if found[0] not in TITLES]


@pytest.mark.parametrize("name", NAMES)
def test_a_chapter_is_spelled_as_in_america(name):
    text = "\n".join([*(cell.source for cell in cells(name)), *asked(name)])
    assert _words(MISTAKE.sub("", text)) == []


def test_demos_are_spelled_as_in_america():
    scripts = [path.read_text("utf-8") for path in (ROOT / "course/demos").glob("*.js")]
    said = [text for script in scripts for text in re.findall(r'"([^"\n]* [^"\n]*)"', script)]
    assert "Colors of the map" in said
    assert _words("\n".join(said)) == []


@pytest.mark.parametrize("source", PAGES, ids=lambda path: path.stem)
def test_a_page_is_spelled_as_in_america(source):
    assert _words(source.read_text("utf-8")) == []


def test_british_spelling_is_found():
    text = "A coloured neighbour, in grey, was normalised afterwards; the centre was recognised."
    assert _words(text) == [
        *["coloured", "neighbour", "grey", "normalised", "afterwards", "centre", "recognised"]
    ]


# Links


def _targets(text: str) -> list[str]:
    return [link for link in LINK.findall(text) if not link.startswith("http")]


@pytest.mark.parametrize("name", NAMES)
def test_every_link_of_a_chapter_leads_to_a_notebook(name):
    links = [link for text in prose(name) for link in _targets(text)]
    assert {"../pages/glossary.ipynb", "../pages/formulas.ipynb"} <= set(links)
    folder = ROOT / "exercises" / name
    assert [link for link in links if not (folder / link).is_file()] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_formula_in_a_quotation_stays_on_its_line(name):
    lines = [line for text in prose(name) for line in text.splitlines()]
    # JupyterLab would show the next line's quotation mark as a part of the formula.
    assert [line for line in lines if line.startswith(">") and line.count("$") % 2] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_chapter_names_three_to_five_works_to_read_on(name):
    (found,) = [text for text in prose(name) if "### Read on" in text]
    works = re.findall(r"^- .*?(?=^- |^$)", found.split("### Read on")[1], re.M | re.S)
    assert 3 <= len(works) <= 5
    assert all(re.search(r"\b(19|20)\d\d\b", work) for work in works)


@pytest.mark.parametrize("source", PAGES, ids=lambda path: path.stem)
def test_every_link_of_a_page_leads_to_a_notebook(source):
    links = _targets(source.read_text("utf-8"))
    assert links
    assert [link for link in links if not (ROOT / "exercises/pages" / link).is_file()] == []


def test_the_pages_are_built():
    built = pages(ROOT)
    names = ["exercises/pages/formulas.ipynb", "exercises/pages/glossary.ipynb"]
    assert sorted(built) == [*names, "exercises/start.ipynb"]
    assert {path: (ROOT / path).read_bytes() for path in built} == built
    assert page("# A\n\nb\n\n## C\n\nd\n") == page("# A\n\nb\n\n\n## C\n\nd")


# The glossary


def test_every_term_is_explained_in_its_chapter():
    rows = ROW.findall((ROOT / "course/pages/glossary.md").read_text("utf-8"))
    assert len(rows) > 80
    missing = []
    for term, number, name in rows:
        text = " ".join(" ".join(prose(name)).lower().split())
        if term.lower() not in text or int(number) != int(name[2:4]):
            missing.append((term, name))
    assert missing == []


def test_every_row_of_the_glossary_is_read():
    text = (ROOT / "course/pages/glossary.md").read_text("utf-8")
    assert len(ROW.findall(text)) == len(re.findall(r"^\| \*\*", text, re.MULTILINE))
