"""What a learning platform lets an instructor download, read as files of students.

Folders and zips, also zips inside zips. Whose a file is, is told by names: Canvas puts name and
number before each file's, Moodle names a folder (or the file) after the student, Gradescope lists
names in a file beside the folders. Anywhere else the first folder is the student. Nothing is
written here, and what a zip says of its sizes is not believed.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import yaml

from cnnlab.autograder.submission.cells import MAX_FILE

SUFFIXES = (".ipynb", ".py")
METADATA = "submission_metadata.yml"
NESTED = 3
"""Zips inside one another at most."""
ENTRIES = 100_000
"""Files in one zip at most."""

_MOODLE = re.compile(r"(?P<who>.+?)_(?P<id>\d+)_assignsubmission_[a-z]+_?(?P<file>.*)")
_CANVAS = re.compile(r"(?P<who>[^_/]+)(?:_LATE)?_(?P<id>\d+)_\d{3,}_(?P<file>.+)")
Rosters = dict[str, dict[str, list[str]]]
"""Gradescope's folders: folder → submission → its students."""

_GRADESCOPE = re.compile(r"submission_\d+")


@dataclass(frozen=True)
class HandedIn:
    """One file of one student.

    Parameters
    ----------
    student : str
        A name that can be a folder's.
    name : str
        The file's own name, without what the platform put before it.
    data : bytes
    """

    student: str
    name: str
    data: bytes = field(repr=False)


class Download:
    """Files that were handed in, from folders and zips, one after the other.

    ``for file in Download(paths)`` reads them; one file at a time is in memory.

    Parameters
    ----------
    paths : iterable of Path

    Attributes
    ----------
    problems : dict of str to None
        Sentences on what was left out, complete after the last file.
    """

    def __init__(self, paths: Iterable[Path]) -> None:
        self._paths = list(paths)
        self.problems: dict[str, None] = {}

    def __iter__(self) -> Iterator[HandedIn]:
        for path in self._paths:
            rosters = self._rosters(path)
            for place, data in self._files(path, lambda place: place.endswith(SUFFIXES)):
                students, name = owners(place, rosters)
                if not students:
                    self._left_out(f"{place}: put it into a folder with its student's name")
                for student in students:
                    yield HandedIn(_folder_name(student), _folder_name(name), data)

    def notebooks(self) -> Counter[str]:
        """How many notebooks each student handed in; none of them is read."""
        found: Counter[str] = Counter()
        for path in self._paths:
            rosters = self._rosters(path)
            for place, _ in self._files(path, lambda place: place.endswith(".ipynb"), read=False):
                found.update(map(_folder_name, owners(place, rosters)[0]))
        return found

    def _rosters(self, path: Path) -> Rosters:
        lists = self._files(path, lambda place: PurePosixPath(place).name == METADATA)
        return {str(PurePosixPath(place).parent): _roster(data) for place, data in lists}

    def _left_out(self, why: str) -> None:
        self.problems[f"Left out: {why}."] = None

    # Where the files are

    def _files(
        self, path: Path, wanted: Callable[[str], bool], read: bool = True
    ) -> Iterator[tuple[str, bytes]]:
        """Place, with ``/``, and content of every file that is wanted."""
        if path.is_dir():
            for found in sorted(path.rglob("*")):
                place = found.relative_to(path).as_posix()
                if _is_hidden(place) or not found.is_file() or found.is_symlink():
                    continue
                if place.lower().endswith(".zip"):
                    yield from self._unzipped(found, place, wanted, read, place[:-4] + "/")
                elif wanted(place) and self._fits(place, found.stat().st_size):
                    yield place, found.read_bytes() if read else b""
        elif path.is_file():
            yield from self._unzipped(path, path.name, wanted, read)
        else:
            self._left_out(f"there is no {path}")

    def _unzipped(
        self,
        source: Path | io.BytesIO,
        place: str,
        wanted: Callable[[str], bool],
        read: bool,
        before: str = "",
        depth: int = 1,
    ) -> Iterator[tuple[str, bytes]]:
        """What is in a zip; ``before`` is the zip's own place, as a folder."""
        try:
            with zipfile.ZipFile(source) as archive:
                entries = archive.infolist()
                if len(entries) > ENTRIES or depth > NESTED:
                    self._left_out(f"{place} holds too many files, or zips in one another")
                    return
                for entry in entries:
                    inner = before + entry.filename.replace("\\", "/")
                    if entry.is_dir() or _is_hidden(inner):
                        continue
                    is_zip = inner.lower().endswith(".zip")
                    if not (is_zip or wanted(inner)) or not self._fits(inner, entry.file_size):
                        continue
                    data = _read(archive, entry) if is_zip or read else b""
                    if is_zip:
                        inside = io.BytesIO(data)
                        rest = wanted, read, inner[:-4] + "/", depth + 1
                        yield from self._unzipped(inside, inner, *rest)
                    else:
                        yield inner, data
        except (zipfile.BadZipFile, zlib.error, RuntimeError, OSError, EOFError) as error:
            self._left_out(f"{place} cannot be unzipped ({error})")

    def _fits(self, place: str, size: int) -> bool:
        if size > MAX_FILE:
            self._left_out(f"{place} is larger than {MAX_FILE >> 20} MiB")
        return size <= MAX_FILE


def owners(place: str, rosters: Rosters | None = None) -> tuple[list[str], str]:
    """The students that a file belongs to, and the file's own name.

    Parameters
    ----------
    place : str
        The way to the file inside the download, with ``/``.
    rosters : dict, optional

    Examples
    --------
    >>> owners("lovelaceada_LATE_3143_207797_ch01_convolution.ipynb")
    (['lovelaceada_3143'], 'ch01_convolution.ipynb')
    >>> owners("Ada Lovelace_3143_assignsubmission_file_/ch01.ipynb")
    (['Ada Lovelace_3143'], 'ch01.ipynb')
    >>> owners("ada/week1/ch01.ipynb"), owners("ch01.ipynb")
    ((['ada'], 'ch01.ipynb'), ([], 'ch01.ipynb'))
    """
    *folders, name = (part for part in place.split("/") if part not in ("", ".", ".."))
    for i, folder in enumerate(folders):
        if _GRADESCOPE.fullmatch(folder):
            names = (rosters or {}).get("/".join(folders[:i]) or ".", {}).get(folder)
            return names or [folder], name
        if found := _MOODLE.fullmatch(folder):
            return [f"{found['who']}_{found['id']}"], name
        if folder == "submitted" and i + 1 < len(folders):
            return [folders[i + 1]], name
    for part in [*folders, name]:
        if found := _MOODLE.fullmatch(part) or _CANVAS.fullmatch(part):
            return [f"{found['who']}_{found['id']}"], found["file"] if part == name else name
    return folders[:1], name


def _roster(data: bytes) -> dict[str, list[str]]:
    """Gradescope's list: submission → its students, by their number, address or name."""
    try:
        known = yaml.safe_load(data)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError):
        return {}
    found: dict[str, list[str]] = {}
    for submission, about in known.items() if isinstance(known, dict) else ():
        people = about.get(":submitters") if isinstance(about, dict) else None
        for person in people if isinstance(people, list) else ():
            if isinstance(person, dict):
                said = (person.get(key) for key in (":sid", ":email", ":name"))
                found.setdefault(str(submission), []).extend([str(s) for s in said if s][:1])
    return found


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """An entry's content; one byte more than is allowed shows that its stated size is wrong."""
    with archive.open(entry) as file:
        data = file.read(MAX_FILE + 1)
    if len(data) > MAX_FILE:
        raise zipfile.BadZipFile(f"{entry.filename} is larger than it says")
    return data


def _is_hidden(place: str) -> bool:
    """Whether a file is a system's or an editor's: ``__MACOSX/…``, ``.ipynb_checkpoints/…``."""
    parts = place.split("/")
    return any(part.startswith((".", "__")) for part in parts if part not in (".", "..", ""))


def _folder_name(name: str) -> str:
    """A name that every system takes, and that leads nowhere.

    Examples
    --------
    >>> _folder_name("Ada: <3"), _folder_name(".. "), _folder_name("ada@example.org")
    ('Ada_ _3', '_', 'ada@example.org')
    """
    safe = "".join(c if c.isprintable() and c not in '<>:"/\\|?*' else "_" for c in name)
    return safe.strip(" .")[:120] or "_"
