"""Whether an exercise is still a stub: in its source, as a function, and by what it raised.

A stub is a function that, its docstring aside, only raises `NotImplementedError`, as nbgrader's
``# YOUR CODE HERE`` leaves it.
"""

from __future__ import annotations

import ast
from typing import Any

ERROR = "NotImplementedError"


def is_stub_source(node: ast.AST) -> bool:
    """Whether a statement defines a stub.

    Examples
    --------
    >>> is_stub_source(ast.parse("def relu(z):\\n    raise NotImplementedError()").body[0])
    True
    """
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    body = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
    if len(body) != 1 or not isinstance(body[0], ast.Raise):
        return False
    raised = body[0].exc.func if isinstance(body[0].exc, ast.Call) else body[0].exc
    return isinstance(raised, ast.Name) and raised.id == ERROR


def _called() -> None:
    raise NotImplementedError()


def _named() -> None:
    raise NotImplementedError


def is_stub(function: Any) -> bool:
    """Whether a function is a stub; it is not called.

    Examples
    --------
    >>> def later(x):
    ...     '''Will double.'''
    ...     raise NotImplementedError()
    >>> is_stub(later), is_stub(lambda x: 2 * x)
    (True, False)
    """
    code = getattr(function, "__code__", None)
    if code is None or code.co_names != (ERROR,):
        return False
    return code.co_code in (_called.__code__.co_code, _named.__code__.co_code)


def raised_by_stub(name: str, kind: str, function: str) -> bool:
    """Whether an error comes from the line that a stub begins with, left in the exercise.

    Parameters
    ----------
    name : str
        The exercise.
    kind : str
        The error's type.
    function : str
        Where it was raised; ``""`` where that is not known.
    """
    return kind == ERROR and function in ("", name)
