"""The wire: how values cross between the judge and a worker.

A frame's body is a JSON header that describes a tree, then the bytes of its arrays. No pickle
ever crosses, so reading a frame runs nobody's code, and it may come from a hostile process.
This file also goes inside the walls: it needs only the standard library and NumPy.

>>> frame = encode({"kernel": np.array([[1, 2], [3, 4]]), "strides": (1, 2)})
>>> decode(frame)
{'kernel': array([[1, 2],
       [3, 4]]), 'strides': (1, 2)}
"""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

MAX_FRAME = 64 * 2**20
"""Bytes in one frame at most."""
MAX_HEADER = 4 * 2**20
"""Bytes in a frame's header at most."""
MAX_ITEMS = 200_000
"""Values in one tree at most, arrays counted as one each."""
MAX_DEPTH = 32
"""How deeply a tree may be nested."""
MAX_INT_BITS = 4096
LONG_TEXT = 1024


class ProtocolError(ValueError):
    """A frame that `encode` cannot have written."""


class Unsupported(TypeError):
    """A value that cannot cross. The message continues "returned …"."""


@dataclass(frozen=True)
class Seed:
    """An argument that arrives as ``np.random.default_rng(n)``."""

    n: int


@dataclass(frozen=True)
class Named:
    """An argument that arrives as the function of this name in the worker's `FUNCTIONS`."""

    name: str


# Trees to bytes


class _Writer:
    """Turns a tree into JSON values, and collects the bytes that stand beside them."""

    def __init__(self) -> None:
        self.blobs: list[bytes] = []
        self.size = 0
        self.items = 0

    def node(self, value: Any, depth: int = 0) -> Any:
        self.items += 1
        if self.items > MAX_ITEMS:
            raise Unsupported(f"more than {MAX_ITEMS} values; return a NumPy array")
        if depth > MAX_DEPTH:
            raise Unsupported("something nested too deeply; return a NumPy array")
        kind = type(value)
        if value is None or kind is bool or kind is float:
            return value
        if kind is list:
            return [self.node(item, depth + 1) for item in value]
        if kind in _WRITERS:
            return _WRITERS[kind](self, value, depth + 1)
        if isinstance(value, np.generic) and kind is value.dtype.type:
            return {"scalar": [self._array_bytes(np.asarray(value))]}
        raise Unsupported(_advice(value))

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
        return {"tuple": [self.node(item, depth) for item in value]}

    def _dict(self, value: dict[Any, Any], depth: int) -> Any:
        pairs = []
        for key, item in value.items():
            if type(key) is not str:
                raise Unsupported("a dictionary whose keys are not all strings")
            pairs.append([self.node(key, depth), self.node(item, depth)])
        return {"dict": pairs}

    def _ndarray(self, value: np.ndarray, depth: int) -> Any:
        return {"array": [self._array_bytes(value), list(value.shape)]}

    def _seed(self, value: Seed, depth: int) -> Any:
        return {"seed": [self._int(value.n, depth)]}

    def _named(self, value: Named, depth: int) -> Any:
        return {"named": [value.name]}

    def _array_bytes(self, value: np.ndarray) -> str:
        if value.dtype.kind not in "biufc":
            raise Unsupported(_advice(value))
        self._room_for(value.nbytes)  # before the copy: a broadcast view can be huge
        self._blob(value.tobytes())
        return value.dtype.str

    def _blob(self, raw: bytes) -> int:
        self._room_for(len(raw))
        self.blobs.append(raw)
        self.size += len(raw)
        return len(raw)

    def _room_for(self, size: int) -> None:
        if self.size + size > MAX_FRAME - MAX_HEADER - 4:
            raise Unsupported(f"more than {(MAX_FRAME - MAX_HEADER) // 2**20} MiB")


_WRITERS: dict[type, Callable[[_Writer, Any, int], Any]] = {
    int: _Writer._int,
    complex: _Writer._complex,
    str: _Writer._str,
    tuple: _Writer._tuple,
    dict: _Writer._dict,
    np.ndarray: _Writer._ndarray,
    Seed: _Writer._seed,
    Named: _Writer._named,
}


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
    header = json.dumps(writer.node(tree), separators=(",", ":")).encode()
    if len(header) > MAX_HEADER or _items(header) > 4 * MAX_ITEMS:
        raise Unsupported("too many numbers outside an array; return a NumPy array")
    return b"".join([struct.pack(">I", len(header)), header, *writer.blobs])


def _advice(value: Any) -> str:
    kind = type(value)
    name = name_of(kind)
    named = f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"
    if isinstance(value, np.ndarray | np.generic):
        if value.dtype.kind == "O":
            return "an array of Python objects; its rows probably have different lengths"
        if kind is np.ndarray or isinstance(value, np.generic):
            return f"an array of dtype {value.dtype}; return an array of numbers"
        return f"{named}; return a plain NumPy array"
    if callable(value):
        return f"{named}, not what it computes; call it"
    if hasattr(kind, "numpy"):
        return f"{named}; return a NumPy array, with its .numpy()"
    return f"{named}; return NumPy arrays, numbers, text, lists, tuples or dictionaries"


def name_of(kind: type) -> str:
    try:
        module, name = str(kind.__module__), str(kind.__qualname__)
    except BaseException:  # a metaclass may do anything here
        return "object"
    if module in ("builtins", "__main__"):
        return name or "object"
    return f"{module.partition('.')[0]}.{name}"


# Bytes to trees


def _items(header: bytes) -> int:
    """How many values a header holds at most, without parsing it."""
    return header.count(b",") + header.count(b"[") + header.count(b"{")


class _Reader:
    """Builds a tree from JSON values; blobs follow one another, so none is used twice."""

    def __init__(self, blobs: memoryview) -> None:
        self.blobs = blobs
        self.position = 0

    def node(self, raw: Any, depth: int = 0) -> Any:
        if depth > MAX_DEPTH:
            raise ProtocolError("nested too deeply")
        if raw is None or isinstance(raw, bool | float):
            return raw
        if isinstance(raw, str):
            raw.encode()  # half a surrogate pair is no text
            return raw
        if isinstance(raw, int):
            if raw.bit_length() > MAX_INT_BITS:
                raise ProtocolError("an integer of impossible size")
            return raw
        if isinstance(raw, list):
            return [self.node(item, depth + 1) for item in raw]
        if not isinstance(raw, dict) or len(raw) != 1:
            raise ProtocolError("not a node")
        ((tag, body),) = raw.items()
        if tag not in _TAGS or not isinstance(body, list):
            raise ProtocolError("unknown node")
        return getattr(self, "_" + tag)(body, depth + 1)

    def _complex(self, body: list[Any], depth: int) -> complex:
        real, imag = fields(body, float, float)
        return complex(real, imag)

    def _text(self, body: list[Any], depth: int) -> str:
        (size,) = fields(body, int)
        return str(self._take(size), "utf-8")

    def _tuple(self, body: list[Any], depth: int) -> tuple[Any, ...]:
        return tuple(self.node(item, depth) for item in body)

    def _dict(self, body: list[Any], depth: int) -> dict[str, Any]:
        tree = {}
        for pair in body:
            key, item = fields(pair, object, object)
            name = self.node(key, depth)
            if not isinstance(name, str):
                raise ProtocolError("a key that is not text")
            tree[name] = self.node(item, depth)
        return tree

    def _array(self, body: list[Any], depth: int) -> np.ndarray:
        dtype, shape = fields(body, str, list)
        return self._array_of(dtype, shape)

    def _scalar(self, body: list[Any], depth: int) -> Any:
        (dtype,) = fields(body, str)
        return self._array_of(dtype, [])[()]

    def _seed(self, body: list[Any], depth: int) -> Seed:
        (n,) = fields(body, int)
        return Seed(n)

    def _named(self, body: list[Any], depth: int) -> Named:
        (name,) = fields(body, str)
        return Named(name)

    def _array_of(self, name: str, shape: list[Any]) -> np.ndarray:
        if not re.fullmatch(r"[<>|][biufc]\d{1,2}", name):
            raise ProtocolError("not a dtype")
        dtype = np.dtype(name)
        if not all(type(n) is int and 0 <= n < 2**48 for n in shape):
            raise ProtocolError("not a shape")
        raw = self._take(math.prod(shape) * dtype.itemsize)
        if dtype.kind == "b":  # a byte that is neither 0 nor 1 is no boolean
            return np.ndarray(shape, np.uint8, raw).astype(bool)
        return np.ndarray(shape, dtype, raw).copy()

    def _take(self, size: int) -> memoryview:
        if not 0 <= size <= len(self.blobs) - self.position:
            raise ProtocolError("more data announced than sent")
        self.position += size
        return self.blobs[self.position - size : self.position]


_TAGS = frozenset(["complex", "text", "tuple", "dict", "array", "scalar", "seed", "named"])


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
    if len(header) != size or _items(header) > 4 * MAX_ITEMS:
        raise ProtocolError("a header of an impossible size")
    reader = _Reader(view[4 + size :])
    try:
        tree = reader.node(json.loads(header))
    except ProtocolError:
        raise
    except (ValueError, TypeError, RecursionError, OverflowError) as error:
        raise ProtocolError(f"not a frame: {type(error).__name__}") from None
    if reader.position != len(reader.blobs):
        raise ProtocolError("more data sent than announced")
    return tree
