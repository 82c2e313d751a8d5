"""What learner code finds defined: imports, and the cell that the chapter's source marks.

A chapter may give finished functions of earlier chapters, in a set-up cell of their own that is
marked ``# %% setup=true prelude=true``. Solutions may call them, so the judge defines them too.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

CHAPTERS = Path(__file__).parents[3] / "course" / "chapters"
"""The chapters' sources; an installed package has them, too."""

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
        What stands before the marked cell: the imports that its functions need.

    Raises
    ------
    ValueError
        The chapter's source does not mark just one cell.
    """
    cells = marked((CHAPTERS / f"{chapter}.py").read_text(encoding="utf-8"))
    if len(cells) != 1:
        raise ValueError(
            f"course/chapters/{chapter}.py must mark one cell with prelude=true. "
            f"Received: {len(cells)}"
        )
    return f"{imports}\n\n{cells[0]}\n"


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
