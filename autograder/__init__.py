"""The autograder: what learners call in a notebook, and everything behind it.

>>> from cnnlab.autograder import start, check, hint, solution, box

Nothing is imported before a name is asked for, so that loading a part of the package (pytest
loads its plugin in every run) costs no more than that part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cnnlab.autograder.learner import box, check, hint, solution, start

__all__ = ["box", "check", "hint", "solution", "start"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from cnnlab.autograder import learner

        return getattr(learner, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
