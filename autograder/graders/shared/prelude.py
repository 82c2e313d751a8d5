"""What learner code finds defined: imports, and the functions that a chapter gives its learners.

They stand in ``course/given/chNN_name.py``, and the chapter's set-up cell that is marked
``# %% setup=true prelude=true`` imports them. Solutions may call them, so the judge defines them too.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

COURSE = Path(__file__).parents[3] / "course"
"""The course's sources; an installed package has them, too."""

IMPORTS = "import math\nimport numpy as np\n"
_CELL = re.compile(r"^# %%", re.MULTILINE)
_MARK = re.compile(r"\bprelude=true\b")


@cache
def prelude(chapter: str, imports: str = IMPORTS) -> str:
    """The source of a chapter's prelude.

    Parameters
    ----------
    chapter : str
        Its full name.
    imports : str
        What stands before the given functions: the imports that they need.

    Raises
    ------
    ValueError
        The chapter's source does not mark just one cell, or the cell does not import just what
        the chapter's file gives.
    """
    cells = marked((COURSE / "chapters" / f"{chapter}.py").read_text(encoding="utf-8"))
    if len(cells) != 1:
        raise ValueError(
            f"course/chapters/{chapter}.py must mark one cell with prelude=true. "
            f"Received: {len(cells)}"
        )
    functions = given((COURSE / "given" / f"{chapter}.py").read_text(encoding="utf-8"))
    wanted = f"from cnnlab.course.given.{chapter} import {', '.join(sorted(functions))}"
    if " ".join(cells[0].replace("(", "").replace(",\n)", "").split()) != wanted:
        raise ValueError(
            f"the cell of course/chapters/{chapter}.py that is marked with prelude=true must be "
            f"{wanted!r}. Received: {cells[0]!r}"
        )
    return "\n\n".join([imports, *(f"{source}\n" for source in functions.values())])


def marked(source: str) -> list[str]:
    """The cells of a ``py:percent`` source that carry the mark.

    Examples
    --------
    >>> marked("# %% setup=true prelude=true\\nONE = 1\\n\\n# %%\\nprint(ONE)")
    ['ONE = 1']
    """
    found = []
    for cell in _CELL.split(source)[1:]:
        marks, _, code = cell.partition("\n")
        if _MARK.search(marks):
            found.append(code.strip())
    return found


def given(source: str) -> dict[str, str]:
    """The functions that a file defines, in its order: name → source.

    Examples
    --------
    >>> given("import math\\n\\n\\ndef half(n):\\n    return n / 2\\n")
    {'half': 'def half(n):\\n    return n / 2'}
    """
    return {
        node.name: ast.get_source_segment(source, node) or ""
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef)
    }
