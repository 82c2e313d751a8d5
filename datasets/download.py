"""Fetch one large file: with its checksum, and going on where it broke off.

pooch would begin every download anew. With 800 MB over a weak line that may never end, so the
request for the rest stands here.
"""

from __future__ import annotations

import hashlib
import http.client
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

CHUNK = 1 << 18
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

    What has come so far stands in ``target`` with ``.part`` added, and is kept when the line
    breaks; this call, or a later one, asks the server for the rest. ``target`` appears whole
    and verified, or not at all.

    Raises
    ------
    OSError
        The server cannot be reached or refuses, the line breaks again and again, or what came
        is not the file with this checksum (then nothing of it is kept).
    """
    if target.exists() and digest(target) == remote.sha256:
        return target
    part = target.with_name(target.name + ".part")
    fruitless = 0
    while (there := _size(part)) < remote.size:
        try:
            _append(remote, part, tell)
        except (OSError, http.client.HTTPException) as error:
            if isinstance(error, urllib.error.HTTPError) and 400 <= error.code < 500:
                raise OSError(f"{remote.url}: {error}") from error
            fruitless = 0 if _size(part) > there else fruitless + 1
            if fruitless == FRUITLESS:
                raise OSError(
                    f"{remote.url} broke off ({error}) after {_size(part):,} of {remote.size:,} "
                    "bytes. These are kept: the same command goes on from there."
                ) from error
    if (found := digest(part)) != remote.sha256:
        part.unlink()
        raise OSError(
            f"What came from {remote.url} has SHA-256 {found}, but should have {remote.sha256}. "
            "It was deleted."
        )
    return part.replace(target)


def digest(path: Path) -> str:
    """SHA-256 of a file of any size."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _append(remote: Remote, part: Path, tell: Tell) -> None:
    """Ask for what is missing, and write it behind what is there.

    Raises ``OSError`` when the line breaks; a server that sends more than announced is cut off.
    """
    there = _size(part)
    request = urllib.request.Request(remote.url, headers={"Range": f"bytes={there}-"})
    with urllib.request.urlopen(request, timeout=SECONDS) as reply:
        if reply.status != 206:  # the server knows no ranges, and sends everything
            there = 0
        with part.open("r+b" if there else "wb") as file:
            file.seek(there)
            while there < remote.size and (chunk := reply.read(CHUNK)):
                there += file.write(chunk[: remote.size - there])
                tell("downloading", there, remote.size)
    if there < remote.size:
        raise OSError("the connection was closed")
