"""The wire format: trees to frames and back, and frames from anybody."""

from __future__ import annotations

import contextlib
import json
import struct
import tracemalloc
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis.extra import numpy as hnp

from cnnlab.autograder.sandbox.calls import (
    FUNCTIONS,
    Named,
    ProtocolError,
    Seed,
    Unsupported,
    decode,
    encode,
)
from cnnlab.autograder.sandbox.values import MAX_ITEMS, demand_modest
from cnnlab.autograder.sandbox.wire import memory_of


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
        ([0] * (MAX_ITEMS + 1), "return a NumPy array"),
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
        frame([[]] * (4 * MAX_ITEMS)),
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


# What a tree takes


@pytest.mark.parametrize(
    "tree",
    [
        ["a" * 15_000] + [""] * 50_000,
        [[["a" * 1_000_000]], [""] * 1000],
        ({"deep": ["a" * 15_000] + [""] * 50_000},),
        [np.zeros(60_000, np.uint8)] * 999 + [np.zeros(60_000, np.complex128)],
    ],
    ids=["texts", "nested", "in a dict", "one wide array"],
)
def test_a_list_that_would_be_huge_as_an_array_is_refused(tree: Any) -> None:
    with pytest.raises(Unsupported, match="more than 128 MiB as an array"):
        demand_modest(tree)


@pytest.mark.parametrize(
    "tree",
    [["conv", "relu"], [0.5] * MAX_ITEMS, "a" * 2**24, {"x": np.zeros(2**22), "y": ["a" * 2**20]}],
)
def test_what_people_return_is_not_refused(tree: Any) -> None:
    demand_modest(tree)


def test_a_forged_frame_is_measured_as_what_it_becomes() -> None:
    body = frame(b"[" + b"[]," * 100_000 + b"1]")
    tracemalloc.start()
    tree = decode(body)
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(tree) == 100_001
    assert taken < memory_of(body) < 4 * taken
