"""The autograder: what learners call in a notebook, and everything behind it.

>>> from cnnlab.autograder import start, check, hint, solution
>>> from cnnlab.autograder import box, own, whose_code

Nothing is imported before a name is asked for, so that loading a part of the package (pytest
loads its plugin in every run) costs no more than that part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cnnlab.autograder.learner import box, check, hint, solution, start
    from cnnlab.autograder.own_code import own, whose_code

__all__ = ["box", "check", "hint", "own", "solution", "start", "whose_code"]


def __getattr__(name: str) -> Any:
    if name in ("own", "whose_code"):
        from cnnlab.autograder import own_code

        return getattr(own_code, name)
    if name in __all__:
        from cnnlab.autograder import learner

        return getattr(learner, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
