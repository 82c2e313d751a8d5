"""A Sphinx extension: formulas become MathML when the book is made; pages need no script."""

from __future__ import annotations

import re
from functools import cache
from html import escape
from typing import Any

import math_core
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

logger = logging.getLogger(__name__)

SHORT = 24
"""So many signs fit in a line of every phone."""
_TOKEN = re.compile(
    r"(?P<gap>\\qquad\b)|(?P<open>\\(?:begin|left)\b|\{)|(?P<close>\\(?:end|right)\b|\})|\\."
)


def visit_inline(writer: Any, node: nodes.math) -> None:
    """A formula in a line; one that may be wider than a phone's is scrolled there."""
    latex = node.astext()
    formula = to_mathml(latex, "inline")
    long = len(re.sub(r"\\[a-zA-Z]+|[\\{}_^\s]", "", latex)) > SHORT
    writer.body.append(f'<span class="math-inline">{formula}</span>' if long else formula)
    raise nodes.SkipNode


def visit_block(writer: Any, node: nodes.math_block) -> None:
    """Formulas that stand alone, side by side where they fit; what is too wide is scrolled."""
    boxes = (f'<div class="math-block">{to_mathml(part, "block")}</div>' for part in parts(node))
    writer.body.append(f'<div class="math-row">{"".join(boxes)}</div>\n')
    raise nodes.SkipNode


def parts(node: nodes.math_block) -> list[str]:
    """The formulas of a block: what stands between ``\\qquad`` outside of braces and matrices.

    Examples
    --------
    >>> parts(nodes.math_block("", r"a = \\frac{b \\qquad c}{d} \\qquad e"))
    ['a = \\\\frac{b \\\\qquad c}{d}', 'e']
    """
    latex, cuts, depth = node.astext(), [0], 0
    for token in _TOKEN.finditer(latex):
        if token["gap"] and depth == 0:
            cuts += token.span()
        depth += bool(token["open"]) - bool(token["close"])
    cuts.append(len(latex))
    found = (latex[i:j].strip() for i, j in zip(cuts[::2], cuts[1::2], strict=True))
    return [part for part in found if part]


def to_mathml(latex: str, display: str) -> str:
    """A formula as MathML; its source stays beside it for who copies it.

    Parameters
    ----------
    latex : str
    display : {"inline", "block"}

    Examples
    --------
    >>> "<msup>" in to_mathml("x^2", "inline")
    True
    """
    try:
        return _converter().convert_with_local_state(latex, displaystyle=display == "block")
    except math_core.LatexError as error:
        logger.warning("a formula is not understood (%s): %s", error, latex)
        return f"<code>{escape(latex)}</code>"


@cache
def _converter() -> math_core.LatexToMathML:
    return math_core.LatexToMathML(annotation=True, fancy_error=False)


def setup(app: Sphinx) -> dict[str, bool]:
    """What Sphinx calls."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
