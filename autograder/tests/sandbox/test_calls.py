"""The wire format, and one call of a learner's function."""

from __future__ import annotations

import contextlib
import json
import struct
import subprocess
import sys
import warnings
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis.extra import numpy as hnp

from cnnlab.autograder.sandbox import wire
from cnnlab.autograder.sandbox.calls import (
    FUNCTIONS,
    ErrorInfo,
    ForbiddenImport,
    Named,
    Outcome,
    ProtocolError,
    Seed,
    Unsupported,
    decode,
    encode,
    invoke,
    outcome_from_frame,
    outcome_to_frame,
)


def frame(header: Any, blobs: bytes = b"") -> bytes:
    """A frame's body with any header."""
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack(">I", len(raw)) + raw + blobs


def _nested(depth: int) -> Any:
    """A list in a list in a list."""
    return [_nested(depth - 1)] if depth else []


# Round trips

numbers = hnp.boolean_dtypes() | hnp.integer_dtypes() | hnp.floating_dtypes(sizes=(16, 32, 64))
arrays = hnp.arrays(
    numbers | hnp.unsigned_integer_dtypes() | hnp.complex_number_dtypes(sizes=(64, 128)),
    hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4),
)
leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(2**100), 2**100)
    | st.floats()
    | st.complex_numbers()
    | st.text(max_size=20)
    | arrays
    | arrays.filter(lambda a: a.size > 0).map(lambda a: a.ravel()[0])
    | st.integers(0, 2**64).map(Seed)
    | st.sampled_from(sorted(FUNCTIONS)).map(Named)
)
trees = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


def same(a: Any, b: Any) -> bool:
    """Equal types, structure and bits."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, np.generic):
        return a.dtype == b.dtype and a.tobytes() == b.tobytes()
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    return repr(a) == repr(b)


@given(trees)
@example([-0.0, float("nan"), float("-inf"), "x" * 5000, {"é" * 2000: ()}])
@settings(deadline=None)
def test_a_tree_survives_the_wire(tree: Any) -> None:
    body = encode(tree)
    assert same(decode(body), tree)
    assert encode(decode(body)) == body


@pytest.mark.parametrize(
    "array",
    [
        np.arange(24).reshape(2, 3, 4).transpose(2, 0, 1),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.arange(10)[::-2],
        np.broadcast_to(np.float32(3), (2, 5)),
        np.arange(3, dtype=">i4"),
        np.zeros((0, 10**12)),
        np.array([1, 2], np.longdouble),
    ],
)
def test_any_layout_arrives_as_a_private_writable_array(array: np.ndarray) -> None:
    arrived = decode(encode(array))
    np.testing.assert_array_equal(arrived, array)
    assert arrived.dtype == array.dtype
    assert arrived.flags.writeable
    assert arrived.flags.owndata


class _Yes(float):
    pass


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (np.ones((1, 1)).view(np.matrix), "a numpy.matrix; return a plain NumPy array"),
        (np.ma.masked_array([1.0]), "plain NumPy array"),
        (np.array([[1], [1, 2]], dtype=object), "different lengths"),
        (np.array(["a"]), "dtype <U1"),
        (np.array([(1, 2)], dtype="i4,i4"), "an array of numbers"),
        (np.datetime64("2020-01-01"), "an array of numbers"),
        (range(3), "a range; return NumPy arrays"),
        ((i for i in "ab"), "a generator"),
        (len, "call it"),
        (_Yes(1), "_Yes"),
        ({1: 2}, "keys are not all strings"),
        (2**5000, "4096 bits"),
        ("\ud800", "not valid Unicode"),
        ([0] * (wire.MAX_ITEMS + 1), "return a NumPy array"),
        (np.broadcast_to(np.int8(0), (10**15,)), "MiB"),
        (object(), "an object"),
    ],
)
def test_what_cannot_cross_is_named(value: Any, says: str) -> None:
    with pytest.raises(Unsupported, match=says.replace("(", r"\(")):
        encode([value])


def test_what_holds_itself_cannot_cross() -> None:
    tree: list[Any] = []
    tree.append(tree)
    with pytest.raises(Unsupported, match="nested too deeply"):
        encode(tree)


# Frames from anybody


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00\x00",
        b"\xff\xff\xff\xff",
        frame(b"{"),
        frame(b"\xff"),
        frame(b"[" * 5000 + b"]" * 5000),
        frame([[]] * (4 * wire.MAX_ITEMS)),
        frame({"unknown": []}),
        frame({"array": ["<f8", [2]], "scalar": ["<f8"]}),
        frame({"array": ["<f8", [3]]}, bytes(16)),
        frame({"array": ["<f8", [1]]}, bytes(16)),
        frame({"array": ["<f8", [-1]]}, bytes(8)),
        frame({"array": ["<f8", [2**40, 2**40]]}),
        frame({"array": ["<f8", [True]]}, bytes(8)),
        frame({"array": ["<f3", [1]]}, bytes(3)),
        frame({"array": ["|O8", [1]]}, bytes(8)),
        frame({"array": ["<f8", [1] * 100]}, bytes(8)),
        frame({"array": ["<f8", [2**48 - 1] * 200_000]}),  # a product of ten million bits
        frame([[[[]]] * 11] + [[] for _ in range(40)] + [_nested(40)]),
        frame({"dict": [[{"tuple": []}, 1]]}),
        frame({"tuple": {"tuple": []}}),
        frame(b'{"named": ["\\ud800"]}'),
        frame({"seed": [10**2000]}),
        frame(json.dumps([1]).encode("utf-16")),
        frame(b"[1] [2]"),
        frame({"array": ["<f8"]}),
        frame({"text": [-1]}),
        frame({"text": [1]}, b"\xff"),
        frame({"dict": [["a"]]}),
        frame({"dict": [[1, 2]]}),
        frame({"complex": [1, 2]}),
        frame({"seed": ["1"]}),
        frame(b'"\\ud800"'),
        frame(b"1" * 4000),
        frame(b"1" * 5000),
        frame([{"text": [100]}] * 2, bytes(100)),
    ],
)
def test_a_malformed_frame_is_refused(body: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode(body)


@given(trees, st.data())
@settings(deadline=None, max_examples=300)
def test_no_mutation_of_a_frame_escapes(tree: Any, data: st.DataObject) -> None:
    body = bytearray(encode(tree))
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(ProtocolError):
        decode(body)


def test_a_boolean_of_strange_bytes_is_a_boolean() -> None:
    arrived = decode(frame({"array": ["|b1", [3]]}, b"\x00\x01\xff"))
    assert arrived.tobytes() == b"\x00\x01\x01"


# Outcomes

OUTCOME = Outcome("returned", np.arange(3), None, ([1, 2],), 0.5, ("overflow encountered in exp",))
FAILURE = Outcome("raised", None, ErrorInfo("ValueError", "no", "f", 3, "raise"), None, 0.1)


@pytest.mark.parametrize("outcome", [OUTCOME, FAILURE, Outcome("missing", error=ErrorInfo("", ""))])
def test_an_outcome_survives_the_wire(outcome: Outcome) -> None:
    arrived = outcome_from_frame(outcome_to_frame(outcome, 7), 7)
    assert same(arrived.value, outcome.value)
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
