"""Code in sentences: what stands between backticks, as pages and terminals show it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

_CODE = re.compile(r"`((?:[^`\n]|\n(?!\n))+)`")
"""It may go on in the next line, where a sentence is wrapped, and not in the next paragraph."""
_STYLE = "font-family:var(--jp-code-font-family,monospace);font-size:.92em;"


def pieces(text: str) -> Iterator[tuple[str, bool]]:
    """A text's parts in order, and whether each is code.

    Examples
    --------
    >>> list(pieces("Line 2, `x = 1`, is late."))
    [('Line 2, ', False), ('x = 1', True), (', is late.', False)]
    """
    for place, words in enumerate(_CODE.split(text)):
        if words:
            yield words, place % 2 == 1


def lines(text: str) -> Iterator[list[tuple[str, bool]]]:
    """The same, line by line; for terminals that can set code apart.

    Examples
    --------
    >>> list(lines("See `a\\nb`."))
    [[('See ', False), ('a', True)], [('b', True), ('.', False)]]
    """
    line: list[tuple[str, bool]] = []
    for words, code in pieces(text):
        first, *others = words.split("\n")
        line.append((first, code))
        for other in others:
            yield line
            line = [(other, code)]
    yield line


def html(text: str) -> str:
    """A sentence for a page; all in it is escaped.

    Examples
    --------
    >>> print(re.sub(" style=[^>]*", "", html("`x < 1` & so on")))
    <code>x &lt; 1</code> &amp; so on
    """
    return "".join(
        f'<code style="{_STYLE}">{escape(words)}</code>' if code else escape(words)
        for words, code in pieces(text)
    )
