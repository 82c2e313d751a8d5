"""One call of a learner's function: how it is made, and what came of it.

The same `invoke` serves a live notebook and the process in the sandbox (see
`cnnlab.autograder.sandbox.child`), so this file needs only the standard library and NumPy.
"""

from __future__ import annotations

import inspect
import linecache
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from time import perf_counter
from types import TracebackType
from typing import Any, NoReturn

import numpy as np

from cnnlab.autograder.sandbox.values import (
    Named,
    ProtocolError,
    Seed,
    Unsupported,
    demand_modest,
    name_of,
)
from cnnlab.autograder.sandbox.wire import decode, encode, fields

__all__ = [
    "FUNCTIONS",
    "ErrorInfo",
    "ForbiddenImport",
    "Named",
    "Outcome",
    "ProtocolError",
    "Seed",
    "Unsupported",
    "decode",
    "describe",
    "encode",
    "invoke",
    "load_driver",
    "namespace_of",
    "no_input",
    "outcome_from_frame",
    "outcome_to_frame",
    "perform",
    "request",
    "status_of",
    "unsupported",
]

STATUSES = (
    "returned",
    "raised",
    "timeout",
    "memory",
    "crashed",
    "forbidden",
    "missing",
    "unsupported",
)

FUNCTIONS: dict[str, Callable[[np.ndarray], Any]] = {
    "sum": lambda x: float(np.sum(x)),
    "sum_of_squares": lambda x: float(np.sum(np.square(x))),
    "sum_of_cubes": lambda x: float(np.sum(np.power(x, 3))),
    "sum_of_sines": lambda x: float(np.sum(np.sin(x))),
    "mean_of_exponentials": lambda x: float(np.mean(np.exp(x))),
    "weighted_squares": lambda x: float(np.arange(1, x.size + 1) @ np.square(np.ravel(x))),
    "square_of_sum": lambda x: float(np.square(np.sum(x))),
    "norm": lambda x: float(np.sqrt(np.sum(np.square(x)))),
}
"""What `Named` may name: scalar functions of an array of any shape."""


Driver = Callable[[Callable[..., Any], tuple[Any, ...], dict[str, Any], Any], Any]
"""``driver(function, args, kwargs, given) → tree``: a learner's function called in its own way."""


@cache
def load_driver(name: str) -> Driver | None:
    """The driver of this name, ``module.function``; None for a plain call."""
    if not name:
        return None
    module, _, function = name.rpartition(".")
    return getattr(import_module(f"cnnlab.autograder.sandbox.drivers.{module}"), function)


MAX_WARNINGS = 8
"""Different warnings of one call that are kept at most."""
_OF_FLOATS = "(overflow|invalid value|divide by zero) encountered in "
"""How NumPy's warnings of floats begin, underflow left out: that is silent by default."""


class ForbiddenImport(ModuleNotFoundError):
    """Learner code imports something outside its chapter's allow-list.

    To learner code the module is not there, so ``try: import numba`` goes on without it.
    """


@dataclass(frozen=True)
class ErrorInfo:
    """What went wrong in learner code.

    ``function`` and ``line`` are those of the innermost frame in learner code, ``line``
    counted from the top of its cell, ``text`` is that source line.
    """

    type: str
    message: str
    function: str = ""
    line: int = 0
    text: str = ""


@dataclass(frozen=True)
class Outcome:
    """What came of one call.

    Parameters
    ----------
    status : str
        ``"returned"``, ``"raised"``, ``"timeout"``, ``"memory"``, ``"crashed"``,
        ``"forbidden"`` (an import), ``"missing"`` (no such function) or ``"unsupported"``
        (it returned what `encode` does not take; the error's message says what).
    value
        What the function returned.
    error : ErrorInfo or None
    args_after : tuple or None
        None where the function left its arguments alone; otherwise the arguments after the
        call, the positional ones first, then the keyword ones in their order.
    seconds : float
        Wall-clock time of the call.
    warnings : tuple of str
        What NumPy warned of during the call, each once: ``"overflow encountered in exp"``.
    """

    status: str
    value: Any = None
    error: ErrorInfo | None = None
    args_after: tuple[Any, ...] | None = None
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()


def no_input(prompt: object = "") -> NoReturn:
    """In place of ``input`` while a function is checked: nobody is there to answer."""
    raise EOFError("input() waits for a person, and nobody is there. Use the arguments instead")


def request(
    args: tuple[Any, ...], kwargs: Mapping[str, Any] | None = None, given: Any = None
) -> bytes:
    """A call, ready to be sent; worth keeping where many submissions get the same one."""
    return encode([tuple(args), dict(kwargs or {}), given])


def invoke(
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any] | None = None,
    driver: Driver | None = None,
    given: Any = None,
) -> Outcome:
    """Call a function of this process on private copies of the arguments.

    Never raises for what the function does, except `KeyboardInterrupt`: in a notebook that
    is the learner's own stop button.

    Examples
    --------
    >>> invoke(lambda x: x.sum(), (np.ones(3),)).value
    np.float64(3.0)
    """
    outcome = perform(function, request(args, kwargs, given), driver)
    if outcome.status != "returned":
        return outcome
    try:  # a copy: the function may keep what it returned, and change it in its next call
        frame = encode(outcome.value)
        demand_modest(outcome.value)
        return replace(outcome, value=decode(frame))
    except Unsupported as problem:
        return unsupported(outcome, problem)


def perform(function: Callable[..., Any], body: bytes, driver: Driver | None = None) -> Outcome:
    """Call a function, or have a driver call it, on what a `request` holds.

    The value is as it was returned, not yet known to cross.
    """
    args, kwargs, given = decode(body)
    markers: dict[int, Any] = {}
    live_args = decode_markers(args, markers)
    live_kwargs = decode_markers(kwargs, markers)
    with warnings.catch_warnings(record=True) as log:
        warnings.filterwarnings("default", _OF_FLOATS, RuntimeWarning)
        start = perf_counter()
        try:
            if driver:
                value = driver(function, live_args, live_kwargs, given)
            else:
                value = function(*live_args, **live_kwargs)
            status, error = "returned", None
        except KeyboardInterrupt:
            raise
        except Unsupported as problem:  # raised by a driver, about what it was given back
            value, status, error = None, "unsupported", _not_supported(problem)
        except BaseException as caught:  # SystemExit too: leaving the kernel is an error here
            value, status, error = None, status_of(caught), describe(caught, namespace_of(function))
        seconds = perf_counter() - start
    after = _changed([live_args, live_kwargs, given], body, markers)
    return Outcome(status, value, error, after, seconds, _said_of_floats(log))


def _said_of_floats(log: list[warnings.WarningMessage]) -> tuple[str, ...]:
    """NumPy's own texts among warnings, each once, the first few."""
    messages = [w.message for w in log if type(w.message) is RuntimeWarning]
    texts = [t for m in messages for t in m.args[:1] if type(t) is str]
    found = dict.fromkeys(_short(t, 200) for t in texts if re.match(_OF_FLOATS, t))
    return tuple(found)[:MAX_WARNINGS]


def unsupported(outcome: Outcome, problem: Unsupported) -> Outcome:
    """The outcome of a call that returned what cannot cross."""
    return replace(outcome, status="unsupported", value=None, error=_not_supported(problem))


def _not_supported(problem: Unsupported) -> ErrorInfo:
    return ErrorInfo("TypeError", f"returned {problem}")


def status_of(error: BaseException) -> str:
    """``"forbidden"``, ``"memory"`` or ``"raised"``."""
    if isinstance(error, ForbiddenImport):
        return "forbidden"
    return "memory" if isinstance(error, MemoryError) else "raised"


def describe(error: BaseException, namespace: Any) -> ErrorInfo:
    """What a learner should know about an exception; ``namespace`` is where their code lives."""
    kind = name_of(type(error)).rpartition(".")[2]
    if isinstance(error, SyntaxError) and isinstance(error.lineno, int):
        text = error.text if isinstance(error.text, str) else ""
        return ErrorInfo(kind, _short(str(error.msg), 2000), "", error.lineno, _short(text, 500))
    try:
        message = str(error)
    except BaseException:  # its __str__ is learner code
        message = ""
    trace = _innermost(error.__traceback__, namespace)
    if trace is None:
        return ErrorInfo(kind, _short(message, 2000))
    code, line = trace.tb_frame.f_code, trace.tb_lineno
    text = linecache.getline(code.co_filename, line, trace.tb_frame.f_globals).strip()
    name = "" if code.co_name == "<module>" else code.co_name
    return ErrorInfo(kind, _short(message, 2000), _short(name, 200), line, _short(text, 500))


def namespace_of(function: Any) -> Any:
    """The globals that a function sees, under its decorators; None where there are none."""
    try:
        return getattr(inspect.unwrap(function), "__globals__", None)
    except Exception:  # a loop of __wrapped__
        return None


def _innermost(trace: TracebackType | None, namespace: Any) -> TracebackType | None:
    """The innermost frame of code that lives in ``namespace``."""
    found = None
    while trace is not None:
        if trace.tb_frame.f_globals is namespace:
            found = trace
        trace = trace.tb_next
    return found


def _short(text: str, limit: int) -> str:
    text = text.encode("utf-8", "replace").decode()
    return text if len(text) <= limit else text[: limit - 3] + "..."


def decode_markers(tree: Any, markers: dict[int, Any]) -> Any:
    """Seeds as generators and names as functions; ``markers`` knows what each one was."""
    if type(tree) in (list, tuple):
        return type(tree)(decode_markers(item, markers) for item in tree)
    if type(tree) is dict:
        return {key: decode_markers(item, markers) for key, item in tree.items()}
    if not isinstance(tree, Seed | Named):
        return tree
    live = np.random.default_rng(tree.n) if isinstance(tree, Seed) else FUNCTIONS[tree.name]
    markers[id(live)] = tree
    return live


def encode_markers(tree: Any, markers: dict[int, Any]) -> Any:
    """The inverse of `decode_markers`; what cannot cross becomes a text that says so."""
    if id(tree) in markers:
        return markers[id(tree)]
    if type(tree) in (list, tuple):
        return type(tree)(encode_markers(item, markers) for item in tree)
    if type(tree) is dict:
        return {key: encode_markers(item, markers) for key, item in tree.items()}
    return tree


def _changed(live: list[Any], body: bytes, markers: dict[int, Any]) -> tuple[Any, ...] | None:
    """The arguments after the call, where they are no longer what the request held."""
    try:
        rested = encode_markers(live, markers) if markers else live
        if encode(rested) == body:
            return None
        args, kwargs, _ = rested
        return (*args, *kwargs.values())
    except (Unsupported, RecursionError):
        return ("(arguments that now hold something other than arrays and numbers)",)


def outcome_to_frame(outcome: Outcome, number: int = 0) -> bytes:
    """An outcome as a frame's body, the answer to request ``number``; without its seconds."""
    error = outcome.error and [getattr(outcome.error, name) for name in _ERROR_FIELDS]
    head = [number, outcome.status, outcome.value, error]
    frame = encode([*head, outcome.args_after, outcome.warnings])
    demand_modest(outcome.value)
    return frame


_OUTCOME_FIELDS = int, str, object, object, object, tuple
_ERROR_FIELDS = {"type": str, "message": str, "function": str, "line": int, "text": str}


def outcome_from_frame(
    body: bytes | bytearray | memoryview, number: int = 0, seconds: float = 0.0
) -> Outcome:
    """Read what `outcome_to_frame` wrote; the frame may come from a hostile process, so the
    time that the call took is the reader's own measurement.

    Raises
    ------
    ProtocolError
        The frame is malformed, or does not answer request ``number``.
    """
    tree = decode(body)
    answered, status, value, error, after, said = fields(tree, *_OUTCOME_FIELDS)
    if answered != number or status not in STATUSES:
        raise ProtocolError("not an answer to what was asked")
    if (status == "returned") != (error is None) or (value is not None and error is not None):
        raise ProtocolError("an outcome that contradicts itself")
    if not (after is None or type(after) is tuple):
        raise ProtocolError("an impossible outcome")
    try:
        demand_modest(value)
    except Unsupported as problem:
        raise ProtocolError(str(problem)) from None
    if len(said) > MAX_WARNINGS or any(type(text) is not str for text in said):
        raise ProtocolError("impossible warnings")
    error = None if error is None else _error_from(error)
    return Outcome(status, value, error, after, seconds, tuple(_short(t, 200) for t in said))


def _error_from(raw: Any) -> ErrorInfo:
    kind, message, function, line, text = fields(raw, *_ERROR_FIELDS.values())
    return ErrorInfo(
        _short(kind, 200), _short(message, 2000), _short(function, 200), line, _short(text, 500)
    )
