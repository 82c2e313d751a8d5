"""One call of a learner's function, and how its outcome crosses."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from typing import Any

import numpy as np
import pytest

from cnnlab.autograder.sandbox.calls import (
    ErrorInfo,
    ForbiddenImport,
    Named,
    Outcome,
    ProtocolError,
    Seed,
    Unsupported,
    encode,
    invoke,
    outcome_from_frame,
    outcome_to_frame,
)

# Outcomes

OUTCOME = Outcome("returned", np.arange(3), None, ([1, 2],), 0.5, ("overflow encountered in exp",))
FAILURE = Outcome("raised", None, ErrorInfo("ValueError", "no", "f", 3, "raise"), None, 0.1)


@pytest.mark.parametrize("outcome", [OUTCOME, FAILURE, Outcome("missing", error=ErrorInfo("", ""))])
def test_an_outcome_survives_the_wire(outcome: Outcome) -> None:
    arrived = outcome_from_frame(outcome_to_frame(outcome, 7), 7)
    np.testing.assert_equal(arrived.value, outcome.value)
    assert (arrived.status, arrived.error) == (outcome.status, outcome.error)
    assert arrived.args_after == outcome.args_after
    assert arrived.warnings == outcome.warnings


@pytest.mark.parametrize(
    "tree",
    [
        None,
        [1, "returned", None, None, None, ()],
        [0, "wonderful", None, None, None, ()],
        [0, "returned", None, None, None, 0.0, ()],
        [0, "returned", None, None, [1], ()],
        [0, "returned", None, ["a", "b", "c", 1, "d"], None, ()],
        [0, "raised", None, None, None, ()],
        [0, "raised", 1, ["a", "b", "c", 1, "d"], None, ()],
        [0, "raised", None, ["a", "b", "c", "1", "d"], None, ()],
        [0, "raised", None, ["a"], None, ()],
        [False, "returned", None, None, None, ()],
        [0, "returned", None, None, None],
        [0, "returned", None, None, None, ["overflow encountered in exp"]],
        [0, "returned", None, None, None, (1,)],
        [0, "returned", None, None, None, ("overflow encountered in exp",) * 9],
    ],
)
def test_an_outcome_that_cannot_be_is_refused(tree: Any) -> None:
    with pytest.raises(ProtocolError):
        outcome_from_frame(encode(tree))


def test_long_texts_are_cut() -> None:
    body = encode([0, "raised", None, ["T", "x" * 10**6, "f", 1, "y" * 10**6], None, ()])
    error = outcome_from_frame(body).error
    assert error
    assert len(error.message) == 2000
    assert len(error.text) == 500
    body = encode([0, "returned", None, None, None, ("x" * 10**6,)])
    assert [len(text) for text in outcome_from_frame(body).warnings] == [200]


# Calls


def test_a_call_gets_private_copies() -> None:
    x = np.arange(3)
    seen = []

    def keep(a: np.ndarray) -> np.ndarray:
        seen.append(a)
        return a

    outcome = invoke(keep, (x,))
    assert outcome.status == "returned"
    assert outcome.args_after is None
    assert not np.shares_memory(seen[0], x)
    assert not np.shares_memory(outcome.value, seen[0])


def test_changed_arguments_show() -> None:
    def spoil(x: np.ndarray, rows: list[int], *, bias: np.ndarray) -> None:
        x[0] = -0.0
        rows.append(1)

    outcome = invoke(spoil, (np.zeros(2), []), {"bias": np.ones(1)})
    assert outcome.args_after is not None
    x, rows, bias = outcome.args_after
    assert np.signbit(x[0])  # -0.0 == 0.0, and yet it was changed
    assert (rows, bias.tolist()) == ([1], [1.0])


def test_nan_that_stays_is_no_change() -> None:
    assert invoke(lambda x: None, (np.array([np.nan]),)).args_after is None


def test_arguments_that_cannot_cross_any_more_are_a_change() -> None:
    outcome = invoke(lambda x: x.append(object()), ([],))
    assert outcome.args_after is not None


def _sigmoid(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))


def test_numpys_warnings_are_noted_each_once_and_anew_in_every_call() -> None:
    large = np.array([-1e4, 1e4])
    for _ in range(2):
        with np.errstate(all="warn"):
            outcome = invoke(lambda: [_sigmoid(large), _sigmoid(large), np.log(large)], ())
        assert outcome.warnings == (
            "overflow encountered in exp",
            "invalid value encountered in log",
        )
    assert invoke(_sigmoid, (np.array([-10.0, 10.0]),)).warnings == ()


def test_other_warnings_are_not_noted_and_silenced_ones_neither() -> None:
    def quiet(z: np.ndarray) -> np.ndarray:
        warnings.warn("overflow encountered in a bathtub", UserWarning, stacklevel=1)
        warnings.warn("careful", RuntimeWarning, stacklevel=1)
        warnings.warn(RuntimeWarning(z), stacklevel=1)
        with np.errstate(over="ignore"):
            return _sigmoid(z)

    outcome = invoke(quiet, (np.array([-1e4]),))
    assert (outcome.status, outcome.warnings) == ("returned", ())


def test_a_learners_own_handling_of_warnings_works() -> None:
    def careful(z: np.ndarray) -> str:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                return str(_sigmoid(z))
            except RuntimeWarning:
                return "too large"

    outcome = invoke(careful, (np.array([-1e4]),))
    assert (outcome.value, outcome.warnings) == ("too large", ())


def test_a_call_leaves_the_filters_as_they_were() -> None:
    with warnings.catch_warnings():
        before = list(warnings.filters)
        invoke(_raiser(ValueError("x")), ())
        assert warnings.filters == before


def test_markers_arrive_as_what_they_name() -> None:
    outcome = invoke(
        lambda rng, f: (rng.random(), f(np.arange(3))), (Seed(5), Named("sum_of_squares"))
    )
    assert outcome.value == (np.random.default_rng(5).random(), 5.0)
    assert outcome.args_after is None


def _inner(x: int) -> int:
    return 1 // x


def _outer(x: int) -> int:
    json.dumps(x)
    return _inner(x)


def test_an_error_tells_the_innermost_line_of_learner_code() -> None:
    outcome = invoke(_outer, (0,))
    assert outcome.status == "raised"
    assert outcome.error == ErrorInfo(
        "ZeroDivisionError",
        "integer division or modulo by zero",
        "_inner",
        _inner.__code__.co_firstlineno + 1,
        "return 1 // x",
    )


def test_an_error_in_a_library_tells_the_line_that_called_it() -> None:
    error = invoke(lambda x: np.reshape(x, (7, 7)), (np.zeros(3),)).error
    assert error
    assert error.function == "<lambda>"
    assert "np.reshape" in error.text


def _raiser(error: BaseException) -> Any:
    def raise_it() -> None:
        raise error

    return raise_it


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ValueError("x"), "raised"),
        (SystemExit(0), "raised"),
        (RecursionError(), "raised"),
        (MemoryError(), "memory"),
        (ForbiddenImport("torch"), "forbidden"),
        (ImportError("torch"), "raised"),
    ],
)
def test_an_error_has_its_status(error: BaseException, status: str) -> None:
    outcome = invoke(_raiser(error), ())
    assert outcome.status == status
    assert outcome.error
    assert outcome.error.type == type(error).__name__


def test_the_stop_button_works() -> None:
    with pytest.raises(KeyboardInterrupt):
        invoke(_raiser(KeyboardInterrupt()), ())


def test_an_unsupported_result_is_explained() -> None:
    outcome = invoke(lambda: np.ones((1, 1)).view(np.matrix), ())
    assert outcome.status == "unsupported"
    assert outcome.error
    assert outcome.error.message == "returned a numpy.matrix; return a plain NumPy array"


def test_an_argument_that_cannot_cross_is_the_callers_error() -> None:
    with pytest.raises(Unsupported):
        invoke(len, (object(),))


def test_the_worker_needs_numpy_alone() -> None:
    code = (
        "import sys, cnnlab.autograder.sandbox.calls\n"
        "print(*{m.split('.')[0] for m in sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    foreign = set(done.stdout.split()) - set(sys.stdlib_module_names) - {"numpy", "cnnlab"}
    assert {name for name in foreign if not name.startswith("_")} == set()
