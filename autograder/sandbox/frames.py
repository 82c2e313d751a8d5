"""Frames: a body with four bytes of length before it, as it goes through a pipe or a socket."""

from __future__ import annotations

import os
import struct
from typing import IO

from cnnlab.autograder.sandbox.values import MAX_FRAME, ProtocolError


class Broken(Exception):
    """The child is gone, or no longer speaks the protocol."""


def pack(bodies: list[bytes]) -> bytes:
    """Frames on the wire: each body with four bytes of length before it."""
    return b"".join(part for body in bodies for part in (struct.pack(">I", len(body)), body))


class FrameBuffer:
    """Bytes as they arrive, cut into frames."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def feed(self, raw: bytes) -> None:
        self._bytes += raw

    def next(self) -> bytearray | None:
        """The next whole frame's body, or None where it has not arrived yet.

        Raises
        ------
        Broken
            The frame announces an impossible size; nothing of it is kept.
        """
        if len(self._bytes) < 4:
            return None
        (size,) = struct.unpack_from(">I", self._bytes)
        if size > MAX_FRAME:
            self._bytes.clear()
            raise Broken
        if len(self._bytes) < 4 + size:
            return None
        body = self._bytes[4 : 4 + size]
        del self._bytes[: 4 + size]
        return body


def read_frame(stream: IO[bytes]) -> bytes | None:
    """The next frame's body: four bytes of length, then the body; None at the end."""
    head = stream.read(4)
    if len(head) < 4:
        return None
    (size,) = struct.unpack(">I", head)
    if size > MAX_FRAME:
        raise ProtocolError("a frame of an impossible size")
    return stream.read(size)


def write_frame(fd: int, body: bytes) -> None:
    """Writes a frame for `read_frame`."""
    view = memoryview(pack([body]))
    while view:
        view = view[os.write(fd, view) :]
