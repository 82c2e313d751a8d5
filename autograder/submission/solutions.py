"""The course's own solutions, as source."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from cnnlab.autograder.submission import read

SOLUTIONS = Path(__file__).parent.parent.parent / "solutions"
_MARKER = re.compile(r"^[ \t]*### (BEGIN|END) SOLUTION[ \t]*\n?", re.MULTILINE)


@cache
def solution_source(chapter: str, name: str) -> str:
    """One way to write an exercise's function, without the markers around it.

    Learners see it when they ask. It also replaces a function that does not work yet, where
    another exercise needs it.

    Raises
    ------
    FileNotFoundError
        The chapter's notebook with solutions is not there, or lacks the function.
    """
    definition = read(SOLUTIONS / chapter / f"{chapter}.ipynb", chapter).exercises.get(name)
    if definition is None or definition.status != "written":
        raise FileNotFoundError(
            f"There is no solution of {name} in {SOLUTIONS / chapter}. Run `cnnlab build`."
        )
    return _MARKER.sub("", definition.source).strip() + "\n"
