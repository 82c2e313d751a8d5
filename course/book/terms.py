"""Terms of the field, linked from where a chapter prints them in bold to the glossary."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape

_ROW = re.compile(r"^\| \*\*(?P<term>.+?)\*\* \| (?P<also>.*?) ?\| (?P<means>.*?) \|", re.M)
_BOLD = re.compile(r"(?<![\[*])\*\*(?P<words>[^*\n]+(?:\n[^*\n]+)?)\*\*(?!\*)")


@dataclass(frozen=True)
class Term:
    """A row of the glossary.

    Parameters
    ----------
    name : str
    also : tuple of str
        Other words for it.
    means : str
    """

    name: str
    also: tuple[str, ...]
    means: str

    @property
    def anchor(self) -> str:
        return "term-" + re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")


def terms(glossary: str) -> list[Term]:
    """The rows of the glossary's tables.

    Examples
    --------
    >>> terms("| **bias** | offset, shift | the number that is added | [1](ch01.ipynb) |")
    [Term(name='bias', also=('offset', 'shift'), means='the number that is added')]
    """
    return [
        Term(row["term"], tuple(filter(None, row["also"].split(", "))), row["means"])
        for row in _ROW.finditer(glossary)
    ]


def marked(glossary: str) -> str:
    """The glossary with an anchor at every term."""

    def anchored(row: re.Match[str]) -> str:
        (term,) = terms(row[0])
        return row[0].replace(f"**{term.name}**", f'<b id="{term.anchor}">{term.name}</b>', 1)

    return _ROW.sub(anchored, glossary)


def linked(text: str, known: list[Term], page: str) -> str:
    """A chapter's prose, with terms in bold as links to the glossary.

    Parameters
    ----------
    text : str
        Markdown.
    known : list of Term
    page : str
        The glossary's address, as seen from the chapter.

    Examples
    --------
    >>> bias = Term("bias", (), "the number that is added")
    >>> print(linked("Each has **biases**, **really**.", [bias], "g.html"))
    Each has <a class="cnnlab-term" href="g.html#term-bias"
    title="the number that is added">**biases**</a>, **really**.
    """
    names = {name.lower(): term for term in known for name in term.also}
    names |= {term.name.lower(): term for term in known}

    def link(bold: re.Match[str]) -> str:
        term = _find(" ".join(bold["words"].lower().split()), names)
        if term is None:
            return bold[0]
        means = escape(re.sub(r"[*`$]", "", term.means), quote=True)
        target = f"{page}#{term.anchor}"
        return f'<a class="cnnlab-term" href="{target}"\ntitle="{means}">{bold[0]}</a>'

    return _BOLD.sub(link, text)


def _find(words: str, names: dict[str, Term]) -> Term | None:
    """The term that words in bold name, in the singular or plural."""
    words = words.strip(".,:")
    forms = (words, words.removesuffix("s"), words.removesuffix("es"))
    return next((names[form] for form in forms if form in names), None)
