"""Fetch one large file: whole and verified, and going on where the line broke.

pooch checks, moves into place and shows progress, but begins a broken download anew. With 800 MB
over a weak line that may never end. So pooch is given a downloader that asks for the rest.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

CHUNK = 1 << 14
"""Bytes in one piece; a line that breaks costs the last piece at most."""
SECONDS = 30.0
"""So long may the server say nothing."""
FRUITLESS = 5
"""So many tries in a row may bring nothing new."""

Tell = Callable[[str, int, int], None]
"""Hears what is going on, how much of it is done, and how much there is."""


class Remote(NamedTuple):
    """A file on a server, and what it must be."""

    url: str
    sha256: str
    size: int


def silent(what: str, done: int, total: int) -> None:
    """A `Tell` for those who do not want to hear."""


def fetch(remote: Remote, target: Path, tell: Tell = silent) -> Path:
    """Download ``remote`` to ``target``, unless it is there.

    What has come so far is in ``target`` with ``.part`` added, and is kept when the line
    breaks; this call, or a later one, asks the server for the rest. ``target`` appears whole
    and verified, or not at all.

    Raises
    ------
    OSError
        The server cannot be reached or refuses, the line breaks again and again, or what came
        is not the file with this checksum (then nothing of it is kept).
    """
    import pooch  # imported here, so that the package imports quickly

    pooch.get_logger().setLevel(logging.WARNING)  # its sentences would disturb our progress line
    part = target.with_name(target.name + ".part")
    rest = Rest(part, remote.size, tell)
    known = f"sha256:{remote.sha256}"
    try:
        pooch.retrieve(remote.url, known, target.name, target.parent, downloader=rest)
    except ValueError as error:  # another file came, and pooch has deleted it
        raise OSError(f"{remote.url}: {error}") from None
    return target


class Rest:
    """A downloader for pooch that asks for what is missing, until nothing is.

    Parameters
    ----------
    part : Path
        Where what has come so far is kept.
    size : int
        Bytes of the whole file; no more are taken.
    tell : Tell
    """

    def __init__(self, part: Path, size: int, tell: Tell) -> None:
        self.part, self.size, self.tell = part, size, tell

    def __call__(self, url: str, output_file: str, _: Any) -> None:
        fruitless = 0
        while (there := self._there()) < self.size:
            try:
                self._append(url)
            except OSError as error:  # such are all of requests' own
                if 400 <= _status(error) < 500:
                    raise
                fruitless = 0 if self._there() > there else fruitless + 1
                if fruitless == FRUITLESS:
                    raise OSError(
                        f"{url} broke off ({error}) after {self._there():,} of {self.size:,} "
                        "bytes. These are kept: the same command goes on from there."
                    ) from error
        self.part.replace(output_file)

    def _there(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def _append(self, url: str) -> None:
        """One request for what is missing, written behind what is there.

        Raises ``OSError`` when the line breaks, or the server sends more than there is.
        """
        import pooch

        def heard(reply: Any, **_: Any) -> None:
            if reply.status_code == 200:  # it knows no ranges, and sends everything
                file.seek(0)
                file.truncate()

        with self.part.open("ab") as file:
            request = pooch.HTTPDownloader(
                progressbar=_Progress(file, self.size, self.tell),
                chunk_size=CHUNK,
                timeout=SECONDS,
                headers={"Range": f"bytes={self._there()}-", "Accept-Encoding": "identity"},
                hooks={"response": heard},
            )
            request(url, file, None)
        if self._there() < self.size:
            raise OSError("the connection was closed")


def _status(error: OSError) -> int:
    """What the server answered; 0 where it did not."""
    return getattr(getattr(error, "response", None), "status_code", 0)


class _Progress:
    """What pooch takes for a progress bar: after every piece, `tell` hears how much is there."""

    def __init__(self, file: BinaryIO, size: int, tell: Tell) -> None:
        self.total = 0  # pooch writes here how much this reply holds
        self._file, self._size, self._tell = file, size, tell

    def update(self, _: int) -> None:
        there = self._file.tell()
        if there > self._size:
            self._file.truncate(self._size)
            raise OSError(f"the server sends more than {self._size:,} bytes")
        self._tell("downloading", there, self._size)

    def reset(self) -> None:
        """Called at the end, before a last `update`."""

    def close(self) -> None:
        """Called at the very end."""
