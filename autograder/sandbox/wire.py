"""The wire: how values cross between the judge and a worker.

A frame's body is a JSON header that describes a tree, then the bytes of its arrays. No pickle
ever crosses, so reading a frame runs nobody's code, and it may come from a hostile process.
This file also goes inside the sandbox: it needs only the standard library and NumPy.

>>> frame = encode({"kernel": np.array([[1, 2], [3, 4]]), "strides": (1, 2)})
>>> decode(frame)
{'kernel': array([[1, 2],
       [3, 4]]), 'strides': (1, 2)}
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable, Collection
from functools import lru_cache
from typing import Any

import numpy as np

from cnnlab.autograder.sandbox.values import (
    MAX_AXES,
    MAX_DEPTH,
    MAX_FRAME,
    MAX_HEADER,
    MAX_INT_BITS,
    MAX_ITEMS,
    Named,
    ProtocolError,
    Seed,
    Unsupported,
    advice,
)

_SHORT_HEADER = 1024
"""Bytes in which no integer of more bits can be written."""
LONG_TEXT = 1024


def memory_of(body: bytes | bytearray | memoryview) -> int:
    """About how many bytes a frame takes once it is a tree; takes bytes from anybody."""
    size = int.from_bytes(body[:4], "big")
    header = bytes(body[4 : 4 + min(size, MAX_HEADER)])
    return len(body) + 64 * _separators(header)


# Trees to bytes


class _Writer:
    """Turns a tree into JSON values, and collects the bytes of their arrays."""

    def __init__(self) -> None:
        self.blobs: list[bytes] = []
        self.size = 0
        self.items = 0

    def node(self, value: Any, depth: int = 0) -> Any:
        kind = type(value)
        if kind in _PLAIN:
            return value
        if write := _WRITERS.get(kind):
            return write(self, value, depth)
        if isinstance(value, np.generic) and kind is value.dtype.type:
            return {"scalar": [self._array_bytes(np.asarray(value))]}
        raise Unsupported(advice(value))

    def _nodes(self, values: Collection[Any], depth: int) -> list[Any]:
        """What a list or a tuple holds."""
        self._room_for_items(len(values), depth)
        return [self.node(value, depth + 1) for value in values]

    def _int(self, value: int, depth: int) -> int:
        if value.bit_length() > MAX_INT_BITS:
            raise Unsupported(f"an integer of more than {MAX_INT_BITS} bits")
        return value

    def _complex(self, value: complex, depth: int) -> Any:
        return {"complex": [value.real, value.imag]}

    def _str(self, value: str, depth: int) -> Any:
        try:
            raw = value.encode()
        except UnicodeEncodeError:
            raise Unsupported("a text that is not valid Unicode") from None
        if len(raw) <= LONG_TEXT:
            return value
        return {"text": [self._blob(raw)]}

    def _tuple(self, value: tuple[Any, ...], depth: int) -> Any:
        return {"tuple": self._nodes(value, depth)}

    def _dict(self, value: dict[Any, Any], depth: int) -> Any:
        self._room_for_items(2 * len(value), depth)
        pairs = []
        for key, item in value.items():
            if type(key) is not str:
                raise Unsupported("a dictionary whose keys are not all strings")
            pairs.append([self._str(key, depth), self.node(item, depth + 1)])
        return {"dict": pairs}

    def _ndarray(self, value: np.ndarray, depth: int) -> Any:
        return {"array": [self._array_bytes(value), list(value.shape)]}

    def _seed(self, value: Seed, depth: int) -> Any:
        return {"seed": [self._int(value.n, depth)]}

    def _named(self, value: Named, depth: int) -> Any:
        return {"named": [value.name]}

    def _array_bytes(self, value: np.ndarray) -> str:
        dtype = value.dtype
        if dtype.kind not in "biufc":
            raise Unsupported(advice(value))
        self._room_for(value.nbytes)  # before the copy: a broadcast view can be huge
        self._blob(value.tobytes())
        return dtype.str

    def _blob(self, raw: bytes) -> int:
        self._room_for(len(raw))
        self.blobs.append(raw)
        self.size += len(raw)
        return len(raw)

    def _room_for(self, size: int) -> None:
        if self.size + size > MAX_FRAME - MAX_HEADER - 4:
            raise Unsupported(f"more than {(MAX_FRAME - MAX_HEADER) // 2**20} MiB")

    def _room_for_items(self, count: int, depth: int) -> None:
        self.items += count
        if self.items > MAX_ITEMS:
            raise Unsupported(f"more than {MAX_ITEMS} values; return a NumPy array")
        if depth > MAX_DEPTH:
            raise Unsupported("something nested too deeply; return a NumPy array")


_PLAIN = frozenset([type(None), bool, float])
_WRITERS: dict[type, Callable[[_Writer, Any, int], Any]] = {
    list: _Writer._nodes,
    int: _Writer._int,
    complex: _Writer._complex,
    str: _Writer._str,
    tuple: _Writer._tuple,
    dict: _Writer._dict,
    np.ndarray: _Writer._ndarray,
    Seed: _Writer._seed,
    Named: _Writer._named,
}
_to_json = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


def encode(tree: Any) -> bytes:
    """A tree as the body of one frame.

    Parameters
    ----------
    tree
        None, bool, int, float, complex, str, list, tuple, dict with str keys, NumPy arrays
        and scalars (booleans and numbers), `Seed`, `Named`, nested as you like. Equal trees
        give equal bytes; NaN and -0.0 count by their bits.

    Raises
    ------
    Unsupported
        Something else is in the tree, or it is too large.
    """
    writer = _Writer()
    header = _to_json(writer.node(tree)).encode()
    if len(header) > MAX_HEADER or _too_many(header):
        raise Unsupported("too many numbers outside an array; return a NumPy array")
    return b"".join([struct.pack(">I", len(header)), header, *writer.blobs])


# Bytes to trees


def _too_many(header: bytes) -> bool:
    """Whether a header holds more values than any tree of ours, without parsing it."""
    return len(header) > 4 * MAX_ITEMS and _separators(header) > 4 * MAX_ITEMS


def _separators(header: bytes) -> int:
    """At least as many as there are values in a header."""
    return header.count(b",") + header.count(b"[") + header.count(b"{")


class _Reader:
    """Builds a tree from a JSON header and the blobs beside it.

    The JSON scanner calls `node` for each object when it has been read, the inner ones first.
    So blobs are taken in the order in which they were written, and none is used twice.
    """

    def __init__(self, blobs: memoryview) -> None:
        self.blobs = blobs
        self.position = 0

    def tree(self, header: bytes) -> Any:
        text = header.decode()
        tree, end = json.JSONDecoder(object_hook=self.node).raw_decode(text)
        if end != len(text):
            raise ProtocolError("a header with something behind it")
        brackets = header.count(b"[") + header.count(b"{")
        if brackets > MAX_DEPTH or len(header) > _SHORT_HEADER or b"\\u" in header:
            _check(tree)
        return tree

    def node(self, raw: dict[str, Any]) -> Any:
        for tag, body in raw.items():
            if len(raw) == 1 and tag in _READERS and type(body) is list:
                return _READERS[tag](self, body)
        raise ProtocolError("not a node")

    def _complex(self, body: list[Any]) -> complex:
        real, imag = fields(body, float, float)
        return complex(real, imag)

    def _text(self, body: list[Any]) -> str:
        (size,) = fields(body, int)
        start = self._take(size)
        return str(self.blobs[start : start + size], "utf-8")

    def _tuple(self, body: list[Any]) -> tuple[Any, ...]:
        return tuple(body)

    def _dict(self, body: list[Any]) -> dict[str, Any]:
        tree = {}
        for pair in body:
            name, item = fields(pair, str, object)
            tree[name] = item
        return tree

    def _array(self, body: list[Any]) -> np.ndarray:
        name, shape = fields(body, str, list)
        dtype = _dtype(name)
        size = dtype.itemsize
        if len(shape) > MAX_AXES:
            raise ProtocolError("not a shape")
        for n in shape:
            if type(n) is not int or not 0 <= n < 2**48:
                raise ProtocolError("not a shape")
            size *= n
        start = self._take(size)
        if dtype.kind == "b":  # a byte that is neither 0 nor 1 is no boolean
            return np.ndarray(shape, np.uint8, self.blobs, start).astype(bool)
        return np.ndarray(shape, dtype, self.blobs, start).copy()

    def _scalar(self, body: list[Any]) -> Any:
        (dtype,) = fields(body, str)
        return self._array([dtype, []])[()]

    def _seed(self, body: list[Any]) -> Seed:
        (n,) = fields(body, int)
        return Seed(n)

    def _named(self, body: list[Any]) -> Named:
        (name,) = fields(body, str)
        return Named(name)

    def _take(self, size: int) -> int:
        """Where the next ``size`` bytes of the blobs begin."""
        if not 0 <= size <= len(self.blobs) - self.position:
            raise ProtocolError("more data announced than sent")
        self.position += size
        return self.position - size


_READERS: dict[str, Callable[[_Reader, list[Any]], Any]] = {
    "complex": _Reader._complex,
    "text": _Reader._text,
    "tuple": _Reader._tuple,
    "dict": _Reader._dict,
    "array": _Reader._array,
    "scalar": _Reader._scalar,
    "seed": _Reader._seed,
    "named": _Reader._named,
}


@lru_cache(maxsize=64)
def _dtype(name: str) -> np.dtype:
    if not re.fullmatch(r"[<>|][biufc]\d{1,2}", name):
        raise ProtocolError("not a dtype")
    return np.dtype(name)


def _check(tree: Any, depth: int = 0) -> None:
    """Refuses what no scanner refuses: depth, huge integers, half surrogate pairs.

    Headers that are too short for any of these need no such walk.
    """
    if depth > MAX_DEPTH:
        raise ProtocolError("nested too deeply")
    if type(tree) is str:
        tree.encode()
    elif type(tree) is int and tree.bit_length() > MAX_INT_BITS:
        raise ProtocolError("an integer of impossible size")
    elif type(tree) is Seed:
        _check(tree.n)
    elif type(tree) is Named:
        _check(tree.name)
    elif type(tree) in (list, tuple):
        for item in tree:
            _check(item, depth + 1)
    elif type(tree) is dict:
        for name, item in tree.items():
            _check(name)
            _check(item, depth + 1)


def fields(body: Any, *kinds: type) -> list[Any]:
    """The fields of a node, where they are as many and of the types that they must be."""
    if not isinstance(body, list) or len(body) != len(kinds):
        raise ProtocolError("fields are missing")
    for item, kind in zip(body, kinds, strict=True):
        if kind is not object and type(item) is not kind:
            raise ProtocolError("a field has the wrong type")
    return body


def decode(body: bytes | bytearray | memoryview) -> Any:
    """The tree in one frame's body; arrays are fresh and writable.

    Takes bytes from anybody: never allocates much more than the frame's own size.

    Raises
    ------
    ProtocolError
        `encode` cannot have written this.
    """
    view = memoryview(body)
    if not 4 <= len(view) <= MAX_FRAME:
        raise ProtocolError("a frame of an impossible size")
    (size,) = struct.unpack(">I", view[:4])
    header = bytes(view[4 : 4 + size]) if size <= MAX_HEADER else b""
    if len(header) != size or _too_many(header):
        raise ProtocolError("a header of an impossible size")
    reader = _Reader(view[4 + size :])
    try:
        tree = reader.tree(header)
    except ProtocolError:
        raise
    except (ValueError, TypeError, RecursionError, OverflowError) as error:
        raise ProtocolError(f"not a frame: {type(error).__name__}") from None
    if reader.position != len(reader.blobs):
        raise ProtocolError("more data sent than announced")
    return tree
