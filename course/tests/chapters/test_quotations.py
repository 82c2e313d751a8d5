"""What a chapter puts in quotation marks beside the article is in ``course/quotations.toml``."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

import pytest

from cnnlab.course.tests.chapters.prose import NAMES, ROOT, paragraphs, prose, without_code

LISTED: list[dict[str, str]] = tomllib.loads((ROOT / "course/quotations.toml").read_text("utf-8"))[
    "quotation"
]


def quoted(text: str) -> Iterator[str]:
    """Every text in quotation marks, in paragraphs that speak of the article."""
    for paragraph in paragraphs(without_code(text)):
        if re.search(r"\barticle\b", paragraph, re.IGNORECASE):
            for straight, curved in re.findall(r'"([^"]*)"|“([^”]*)”', paragraph):
                yield straight or curved


def unlisted(text: str) -> list[str]:
    """The quotations of the article that are no part of a listed one, letter by letter."""
    return [q for q in quoted(text) if not any(q in entry["text"] for entry in LISTED)]


@pytest.mark.parametrize("name", NAMES)
def test_every_quotation_of_the_article_is_listed(name):
    assert [quotation for text in prose(name) for quotation in unlisted(text)] == []


def test_every_listed_quotation_is_used():
    used = [quotation for name in NAMES for text in prose(name) for quotation in quoted(text)]
    assert [e["text"] for e in LISTED if not any(q in e["text"] for q in used)] == []
    assert all(entry["section"] for entry in LISTED)


@pytest.mark.parametrize(
    "text",
    [
        'The article says "a 2 % boost".',
        '> **The article\n> is quick.** It names "the second filter of the third\n> block".',
        "In the article's words, “any convolution involves ReLU”.",
        'the article: "Any type of convolution involves a relu operation"',
    ],
)
def test_a_quotation_that_is_not_literal_is_found(text):
    assert len(unlisted(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        'The article writes "any type of convolution involves\na relu operation".',
        'Nobody is quoted here: "a 2 % boost".',
        'The article, and code: `padding="same"`.',
    ],
)
def test_literal_quotations_and_other_quotation_marks_pass(text):
    assert unlisted(text) == []
