"""`cnnlab similar` as a page: each pair side by side, with what both have marked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cnnlab.autograder.report.pages import templates
from cnnlab.autograder.report.similarity import Pair, fingerprints

MOST = 100
"""Pairs of a chapter that are shown with their code."""
SIDES = 4
"""Of learners with the same code, so many are shown."""
NEAR = 2
"""Lines before and after those that are alike."""

Line = tuple[str, bool]
"""A line, and whether it is alike."""


def page(pairs: Mapping[str, Sequence[Pair]], counts: Mapping[str, int]) -> str:
    """A page without script or network.

    Parameters
    ----------
    pairs : Mapping of str to sequence of Pair
        By chapter, as `cnnlab.autograder.report.similarity.compare` sorts them.
    counts : Mapping of str to int
        How many submissions of each chapter were compared.
    """
    chapters = [
        {
            "name": chapter,
            "count": counts[chapter],
            "pairs": [_shown(pair) for pair in found[:MOST]],
            "more": max(len(found) - MOST, 0),
        }
        for chapter, found in pairs.items()
    ]
    return templates().get_template("similar.html.j2").render(chapters=chapters)


def _shown(pair: Pair) -> dict[str, Any]:
    same = pair.one is pair.other
    codes = [pair.one] if same else [pair.one, pair.other]
    shown = [(code, who) for code in codes for who in code.learners[: SIDES if same else 1]]
    return {
        "percent": round(100 * pair.share),
        "names": pair.names(),
        "same": same,
        "learners": [code.learners for code in codes],
        "sides": [(who, _marked(code.pieces[who], pair.shared)) for code, who in shown],
    }


def _marked(pieces: list[tuple[str, str]], shared: frozenset[int]) -> list[tuple[str, list[Line]]]:
    """Name and lines of each piece with something in common, and what is near to that."""
    marked = {place for mark, at in fingerprints(pieces).items() if mark in shared for place in at}
    found = []
    for number, (name, source) in enumerate(pieces):
        at = {line for piece, line in marked if piece == number}
        if at:
            found.append((name, list(_near(source.split("\n"), at))))
    return found


def _near(lines: list[str], marked: set[int]) -> Iterator[Line]:
    """The lines near to a marked one; dots stand for what is left out."""
    left_out = False
    for number, text in enumerate(lines, 1):
        if any(number + away in marked for away in range(-NEAR, NEAR + 1)):
            if left_out:
                yield "⋯", False
            left_out = False
            yield text, number in marked
        else:
            left_out = left_out or bool(text.strip())
    if left_out:
        yield "⋯", False
