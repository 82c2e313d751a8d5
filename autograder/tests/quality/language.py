"""Measures of what learners read: words, grade, how it ends, spelling, code of the solution.

The grade is Flesch and Kincaid's, with syllables by pyphen. What stands between backticks, calls
and names such as ``conv2d(x, kernels)`` and ``ValueError``, numbers and symbols are not counted.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pyphen

WORDS = 80
GRADE = 9.0

_SYLLABLES = pyphen.Pyphen(lang="en_US")
_SENTENCE_END = re.compile(r"(?<=[.?!])\s+")
_CALL = r"\b[\w.]+\([^()]*(?:\([^()]*\)[^()]*)*\)"
_NAME = r"\b[A-Z]?[a-z]+[A-Z]\w*|\b\w*_\w*"
_CODE = re.compile(rf"`[^`]*`|{_CALL}|{_NAME}")

STEPS = set(
    re.findall(
        r"\w+",
        """
        add apply arrange ascend ask begin bring build call center change check choose
        clip collect compare compute convert copy count cover cut define describe divide
        do draw drop explain fill find flip follow give go hide import keep leave let
        look loop make mark maximize measure move multiply name normalize pad pass pick
        place print put raise read remember repeat replace restart return reverse round
        run save see set shift shuffle skip slide sort split start step stretch subtract
        swap take think try turn undo use walk work write
        """,
    )
)
"""Verbs that begin a next step."""

_LEADS = {
    "and",
    "also",
    "always",
    "but",
    "first",
    "here",
    "instead",
    "never",
    "now",
    "only",
    "or",
    "please",
    "so",
    "then",
}
_CLAUSE = re.compile(r"[:;,(]\s*|\s+(?:and|or|then)\s+")

BRITISH = re.compile(
    r"\b(?:\w*(?:colour|grey|neighbour|behaviour|favour|centre|analyse|learnt|spelt|labell|cancelled)"
    r"|\w+(?:alis|anis|aris|imis|oris|eris|gnis|atis)(?:e|ed|es|ing|ation)\b"
    r"|(?:after|for|back|to|down|up)wards\b|(?:way|turned) round\b)",
    re.IGNORECASE,
)
"""British spellings, and words that end otherwise in American English."""


def words(text: str) -> list[str]:
    """The words of a text, without code, numbers and symbols.

    >>> words("Take `np.sum` of 3 rows: isn't it one row?")
    ['Take', 'of', 'rows', "isn't", 'it', 'one', 'row']
    """
    return re.findall(r"[A-Za-z]+(?:['’][A-Za-z]+)*", _CODE.sub(" ", text))


def sentences(text: str) -> list[str]:
    """The sentences of a text; a line that ends is a sentence that ends.

    >>> sentences("The bias is missing. Where does it belong?")
    ['The bias is missing.', 'Where does it belong?']
    """
    parts = (part for line in text.splitlines() for part in _SENTENCE_END.split(line.strip()))
    return [part for part in parts if words(part)]


FAMILIAR = {"expected": 2, "probabilities": 2}
"""How many syllables a word counts for that is on every card, or is an argument's name."""


def syllables(word: str) -> int:
    """How many syllables a word has, or counts for.

    >>> syllables("convolution"), syllables("map"), syllables("Expected")
    (4, 1, 2)
    """
    word = word.lower()
    return FAMILIAR.get(word) or 1 + len(_SYLLABLES.positions(word))


def grade(text: str) -> float:
    """The US school grade that reads a text with ease, by Flesch and Kincaid.

    >>> round(grade("The cat sat on the mat."), 2)
    -1.45
    """
    found = words(text)
    if not found:
        return 0.0
    per_sentence = len(found) / max(1, len(sentences(text)))
    return 0.39 * per_sentence + 11.8 * sum(map(syllables, found)) / len(found) - 15.59


def ends_in(text: str) -> str:
    """What the last sentence is: ``"question"``, ``"step"`` or nothing of the two.

    >>> ends_in("The bias is missing. Where does it belong?"), ends_in("Then add the bias.")
    ('question', 'step')
    >>> ends_in("The bias is missing.")
    ''
    """
    last = sentences(text)[-1] if sentences(text) else ""
    if last.endswith("?"):
        return "question"
    for clause in _CLAUSE.split(last.lower()):
        begins = next((w for w in words(clause) if w not in _LEADS), "")
        if begins in STEPS:
            return "step"
    return ""


def british(text: str) -> list[str]:
    """The words of a text that are not spelled as in the United States.

    >>> british("Your grey map is not normalised."), british("Your gray map has no values.")
    (['grey', 'normalised'], [])
    """
    return BRITISH.findall(text)


def expressions(source: str) -> Iterator[str]:
    """Every expression of a source that says something, as `squeezed` code.

    Names, numbers, texts and names with dots are what a message may well speak of.

    >>> sorted(expressions("def f(x): return np.sum(x * 255, axis=0)"))
    ['np.sum(x*255,axis=0)']
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.expr) and not _plain(node):
            code = squeezed(ast.unparse(node))
            if len(code) >= 12:
                yield code


def _plain(node: ast.expr) -> bool:
    if isinstance(node, ast.Attribute):
        return _plain(node.value)
    return isinstance(node, ast.Name | ast.Constant)


def squeezed(text: str) -> str:
    """A text without white space, so that another way of setting code is no other code."""
    return re.sub(r"\s+", "", text)
