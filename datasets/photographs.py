"""The full photographs of cats and dogs: fetched or brought along, sifted, split, read.

They have no licence that would let the course pass them on. So every learner fetches them
(``cnnlab data cats-dogs``), and they live in the cache, outside the repository.
"""

from __future__ import annotations

import io
import itertools
import json
import re
import shutil
import warnings
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cnnlab.datasets.download import Remote, Tell, fetch, silent
from cnnlab.datasets.pretrained import cache_folder

MICROSOFT = Remote(
    "https://download.microsoft.com/download/3/E/1/3E1C3F21-ECDB-4869-8368-6DEBA77B919F/"
    "kagglecatsanddogs_5340.zip",
    "b7974bd00a84a99921f36ee4403f089853777b5ae8d151c76a86e64900334af9",
    824_887_076,
)
KINDS = ("cat", "dog")
PARTS = ("train", "validation", "test")
POOL = "all"
SIDE = 150
"""Rows and columns in the article."""
PER_CLASS = (1000, 500, 500)
"""The article's split: so many of each class to train, validate and test."""
SUFFIXES = (".jpg", ".jpeg", ".png")
MOST_BYTES = 20 << 20
MOST_PIXELS = 50_000_000
MOST_FILES = 200_000


class Candidate(NamedTuple):
    """A file that may be a picture: its name in the source, and where it belongs."""

    name: str
    part: str
    kind: str
    read: Callable[[], bytes]


@dataclass(frozen=True)
class Report:
    """What became of a source's pictures.

    Parameters
    ----------
    kept : dict
        Class → how many.
    skipped : dict
        Name in the source → why it was not kept.
    folder : str
        Where the kept ones are.
    """

    kept: dict[str, int]
    skipped: dict[str, str]
    folder: str


def installed() -> Path | None:
    """The folder of the sifted photographs, if they have been fetched."""
    folder = cache_folder() / "cats_dogs"
    return folder if (folder / "about.json").exists() else None


def install(source: Path | None = None, tell: Tell = silent, remote: Remote = MICROSOFT) -> Report:
    """Bring the photographs into the cache: every one is decoded, the bad ones are left out.

    Parameters
    ----------
    source : Path, optional
        A folder or a zip archive with ``Cat`` and ``Dog`` folders (also ``cats``, ``dogs``; also
        inside ``train``, ``validation`` and ``test``) or with Kaggle's names ``cat.0.jpg``;
        without it, the archive is downloaded.
    tell : callable
        Hears of the progress.
    remote : Remote
        What is downloaded.

    Raises
    ------
    ValueError
        ``source`` holds too few pictures of cats or dogs, or is neither folder nor archive.
    OSError
        The download failed, or the disk is full. What was installed before is still there.
    """
    cache = cache_folder()
    cache.mkdir(parents=True, exist_ok=True)
    archive = fetch(remote, cache / "cats_dogs.zip", tell) if source is None else None
    new, target = cache / ".cats_dogs.new", cache / "cats_dogs"
    shutil.rmtree(new, ignore_errors=True)  # of a process that was killed
    try:
        with candidates(archive or Path(source or "")) as found:
            kept, skipped = sift(found, new, tell)
        report = Report(kept, skipped, str(target))
        (new / "about.json").write_text(json.dumps(asdict(report), indent=1), encoding="utf-8")
        _take_place(new, target)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    if archive is not None:
        archive.unlink()
    return report


def _take_place(new: Path, target: Path) -> None:
    """Put a finished folder where another one may be."""
    old = target.with_name(f".{target.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    new.rename(target)
    shutil.rmtree(old, ignore_errors=True)


# What a source holds


@contextmanager
def candidates(source: Path) -> Iterator[list[Candidate]]:
    """The pictures that a folder or an archive seems to hold, by class and number.

    Their order does not depend on the file system. Files that are no pictures by their name are
    left out. If the source has all of train, validation and test, that split is kept.
    """
    if source.is_dir():
        paths = (path for path in source.rglob("*") if path.is_file())
        readers = {p.relative_to(source).as_posix(): _from_file(p) for p in paths}
        yield _sorted(readers)
    elif zipfile.is_zipfile(source):
        with zipfile.ZipFile(source) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            yield _sorted({entry.filename: _from_zip(archive, entry) for entry in entries})
    else:
        raise ValueError(f"source must be a folder or a zip archive. Received: {str(source)!r}")


def _from_file(path: Path) -> Callable[[], bytes]:
    def read() -> bytes:
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)

    return read


def _from_zip(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Callable[[], bytes]:
    def read() -> bytes:
        with archive.open(entry) as file:
            return file.read(MOST_BYTES + 1)

    return read


def _sorted(readers: dict[str, Callable[[], bytes]]) -> list[Candidate]:
    if len(readers) > MOST_FILES:
        raise ValueError(f"source must hold {MOST_FILES} files at most. Received: {len(readers)}")
    found = [
        Candidate(name, *place, read) for name, read in readers.items() if (place := belongs(name))
    ]
    if not {c.part for c in found} >= set(PARTS):
        found = [c._replace(part=POOL) for c in found]
    return sorted(found, key=lambda c: (c.part, c.kind, _number(c.name), c.name))


def belongs(name: str) -> tuple[str, str] | None:
    """Part and class of a picture, by its name in the source; None if it is no such picture.

    Examples
    --------
    >>> belongs("PetImages/Cat/7.jpg"), belongs("train/dogs/dog.7.jpg"), belongs("Thumbs.db")
    (('all', 'cat'), ('train', 'dog'), None)
    """
    path = PurePosixPath(name.replace("\\", "/").lower())
    if path.suffix not in SUFFIXES or path.name.startswith("."):
        return None
    if (kind := path.parent.name.removesuffix("s")) in KINDS:
        part = path.parent.parent.name
        return (part if part in PARTS else POOL), kind
    kind = path.name.split(".")[0]
    return (POOL, kind) if kind in KINDS else None


def _number(name: str) -> int:
    found = re.search(r"(\d{1,12})\.\w+$", name)
    return int(found[1]) if found else -1


# Good ones and bad ones


def sift(
    found: list[Candidate], target: Path, tell: Tell = silent
) -> tuple[dict[str, int], dict[str, str]]:
    """Decode every picture; write the good ones to ``target``, under names of our own.

    A file becomes ``part/class/00000.jpg`` by its place in the order, so no name in an archive
    can lead anywhere else.

    Returns
    -------
    kept : dict
        Class → how many.
    skipped : dict
        Name → reason.

    Raises
    ------
    ValueError
        Some part is left with no picture of a class.
    """
    kept: Counter[tuple[str, str]] = Counter()
    skipped: dict[str, str] = {}
    for done, candidate in enumerate(found, 1):
        data, reason = _examine(candidate)
        if reason:
            skipped[candidate.name] = reason
        else:
            place = candidate.part, candidate.kind
            path = target.joinpath(*place, f"{kept[place]:05d}.jpg")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            kept[place] += 1
        tell("checking every picture", done, len(found))
    _demand_enough(kept)
    return {
        kind: sum(n for place, n in kept.items() if place[1] == kind) for kind in KINDS
    }, skipped


def _demand_enough(kept: Counter[tuple[str, str]]) -> None:
    parts = PARTS if any(part in PARTS for part, _ in kept) else (POOL,)
    for part in parts:
        for kind in KINDS:
            least = 4 if part == POOL else 1
            if kept[part, kind] < least:
                where = "" if part == POOL else f" in {part}"
                raise ValueError(
                    f"source must hold at least {least} good pictures of a {kind}{where}, in "
                    f"a folder {kind.title()} or named {kind}.0.jpg. Received: {kept[part, kind]}"
                )


def _examine(candidate: Candidate) -> tuple[bytes, str]:
    """A file's bytes, and why it cannot be used ("" if it can)."""
    if ".." in PurePosixPath(candidate.name.replace("\\", "/")).parts:
        return b"", "its name leads out of the archive"
    try:
        data = candidate.read()
    except (OSError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error) as error:
        return b"", f"cannot be read: {error}"
    return data, fault(data)


def fault(data: bytes) -> str:
    """Why these bytes are no whole RGB picture; "" if they are.

    Examples
    --------
    >>> fault(b""), fault(b"GIF89a")
    ('empty', 'not a picture')
    """
    from PIL import Image, UnidentifiedImageError

    if not data:
        return "empty"
    if len(data) > MOST_BYTES:
        return f"larger than {MOST_BYTES >> 20} MB"
    try:
        with Image.open(io.BytesIO(data)) as picture:
            if picture.format not in ("JPEG", "PNG"):
                return f"not a JPEG but {picture.format}"
            if picture.width * picture.height > MOST_PIXELS:
                return f"more than {MOST_PIXELS:,} pixels"
            if picture.mode != "RGB":
                return f"not RGB but {picture.mode}"
            picture.load()
    except (UnidentifiedImageError, Image.DecompressionBombError):
        return "not a picture"
    except (OSError, SyntaxError, ValueError, zlib.error) as error:
        return f"corrupt: {error}"
    return ""


# From files to arrays


def read(
    source: Path, size: int, per_class: tuple[int, int, int] = PER_CLASS
) -> dict[str, NDArray[np.uint8]]:
    """The pictures of the three parts, cats and dogs by turns, cut to squares at their middles.

    Parameters
    ----------
    source : Path
        A folder or an archive, as `install` takes it, or what it left in the cache. Bad
        pictures are left out, with a warning that names them.
    size : int
        Rows and columns.
    per_class : (int, int, int)
        How many of each class go into the three parts, in the order of their numbers. Where there
        are fewer: a half, a quarter, a quarter. Not used where the source has its own split.

    Returns
    -------
    dict
        ``"train"``, ``"validation"``, ``"test"`` → ndarray, shape (N, size, size, 3), uint8;
        as many cats as dogs in each.

    Raises
    ------
    ValueError
        There are too few pictures of a class.
    """
    skipped: dict[str, str] = {}
    pictures: dict[tuple[str, str], list[NDArray[np.uint8]]] = {}
    with candidates(source) as found:
        for candidate in found:
            there = pictures.setdefault((candidate.part, candidate.kind), [])
            if candidate.part == POOL and len(there) == sum(per_class):
                continue
            data, reason = _examine(candidate)
            if reason:
                skipped[candidate.name] = reason
            else:
                there.append(_square(data, size))
    _demand_enough(Counter({place: len(there) for place, there in pictures.items()}))
    if skipped:
        named = ", ".join(f"{name} ({reason})" for name, reason in list(skipped.items())[:5])
        warnings.warn(f"{len(skipped)} pictures of {source} left out: {named}", stacklevel=3)
    return {part: _by_turns(pictures, part, per_class) for part in PARTS}


def _by_turns(
    pictures: dict[tuple[str, str], list[NDArray[np.uint8]]],
    part: str,
    per_class: tuple[int, int, int],
) -> NDArray[np.uint8]:
    if (POOL, KINDS[0]) in pictures:
        pools = [pictures[POOL, kind] for kind in KINDS]
        first, last = cut(min(map(len, pools)), per_class)[PARTS.index(part)]
        pools = [pool[first:last] for pool in pools]
    else:
        pools = [pictures[part, kind] for kind in KINDS]
    pairs = zip(*pools, strict=False)  # where one class has more, the rest is left out
    return np.stack([picture for pair in pairs for picture in pair])


def cut(count: int, per_class: tuple[int, int, int] = PER_CLASS) -> list[tuple[int, int]]:
    """First place and last, exclusive, of the three parts among ``count`` pictures of a class.

    Examples
    --------
    >>> cut(12500), cut(10)
    ([(0, 1000), (1000, 1500), (1500, 2000)], [(0, 6), (6, 8), (8, 10)])
    """
    if count < sum(per_class):
        per_class = (count - 2 * (count // 4), count // 4, count // 4)
    ends = np.cumsum((0, *per_class)).tolist()
    return list(itertools.pairwise(ends))


def _square(data: bytes, size: int) -> NDArray[np.uint8]:
    from PIL import Image, ImageOps

    with Image.open(io.BytesIO(data)) as picture:
        picture.draft("RGB", (2 * size, 2 * size))  # a JPEG can be decoded smaller: faster
        fitted = ImageOps.fit(picture.convert("RGB"), (size, size), Image.Resampling.BICUBIC)
    return np.asarray(fitted)
