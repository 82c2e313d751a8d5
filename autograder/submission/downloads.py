"""What a learning platform lets an instructor download, read as files of students.

Folders and zips, also zips inside zips. Whose a file is, is told by names: Canvas puts name and
number before each file's, Moodle names a folder (or the file) after the student, Gradescope lists
names in a file beside the folders. Anywhere else the first folder is the student. Only names that
the platform gave are asked: what is inside a student's folder or zip could name somebody else.
Nothing is written here, and what a zip says of its sizes is not believed.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import yaml

from cnnlab.autograder.submission.cells import MAX_FILE

SUFFIXES = (".ipynb", ".py")
METADATA = "submission_metadata.yml"
NESTED = 3
"""Zips inside one another at most."""
ENTRIES = 100_000
"""Files in one zip at most."""

ROOM = 256 << 20
"""Bytes that one student's zip may hold in all, zips in it included."""
NAME = 200
"""Bytes of a file's name at most: systems allow 255, and a number may be added."""
BLOCK = 4096
"""So much room even an empty file takes on a disk."""

WRAPPED = 4
"""Folders at most around all that the students handed in."""

_MOODLE = re.compile(r"(?P<who>.+?)_(?P<id>\d+)_assignsubmission_[a-z]+_?(?P<file>.*)")
_CANVAS = re.compile(r"(?P<who>[^_/]+)(?P<late>_LATE)?_(?P<id>\d+)_\d{3,}_(?P<file>.+)")
_GRADESCOPE = re.compile(r"submission_\d+")


@dataclass(frozen=True)
class Submitted:
    """What Gradescope lists of a submission: its students, and when it came, in UTC."""

    students: list[str]
    time: datetime | None = None


Roster = dict[str, Submitted]
"""Gradescope's folders, by name."""


@dataclass(frozen=True)
class Owned:
    """Whose a file is.

    Parameters
    ----------
    students : list of str
        None where that cannot be told.
    name : str
        The file's own name, without what the platform put before it.
    time : datetime or None
        When it was handed in, in UTC, where the platform says so.
    late : bool
        Whether the platform says that it came late.
    """

    students: list[str]
    name: str
    time: datetime | None = None
    late: bool = False


@dataclass(frozen=True)
class HandedIn:
    """One file of one student.

    Parameters
    ----------
    student : str
        A name that can be a folder's.
    name, time, late
        As in `Owned`.
    data : bytes
    """

    student: str
    name: str
    data: bytes = field(repr=False)
    time: datetime | None = None
    late: bool = False


@dataclass
class _Room:
    """What one student's zip may still hold, in bytes."""

    left: int = field(default_factory=lambda: ROOM)

    def takes(self, size: int) -> bool:
        """Whether there is room for a file of this size, which is then taken."""
        self.left -= max(size, BLOCK)
        return self.left >= 0


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
        self._layouts: dict[Path, tuple[str, Roster]] = {}
        self.problems: dict[str, None] = {}

    def __iter__(self) -> Iterator[HandedIn]:
        for path in self._paths:
            for place, data in self._files(path, lambda place: place.endswith(SUFFIXES)):
                owned = self._owned(path, place)
                if not owned.students:
                    self._left_out(f"{place}: put it into a folder with its student's name")
                for student in map(_folder_name, owned.students):
                    name = _folder_name(owned.name)
                    yield HandedIn(student, name, data, owned.time, owned.late)

    def notebooks(self) -> Counter[str]:
        """How many notebooks each student handed in; none of them is read."""
        found: Counter[str] = Counter()
        for path in self._paths:
            for place, _ in self._files(path, lambda place: place.endswith(".ipynb"), read=False):
                found.update(map(_folder_name, self._owned(path, place).students))
        return found

    def _owned(self, path: Path, place: str) -> Owned:
        if path not in self._layouts:
            files = self._files(path, lambda place: place.endswith(SUFFIXES), read=False)
            root = root_of([place for place, _ in files])
            lists = self._files(path, lambda place: place == root + METADATA)
            self._layouts[path] = root, _roster(next((data for _, data in lists), b""))
        root, roster = self._layouts[path]
        return owner(place.removeprefix(root), roster)

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
        room: _Room | None = None,
    ) -> Iterator[tuple[str, bytes]]:
        """What is in a zip; ``before`` is the zip's own place, as a folder."""
        if before and room is None:
            room = _Room()
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
                    if room and not room.takes(entry.file_size):
                        self._left_out(f"more than {ROOM >> 20} MiB in {place}")
                        return
                    data = _read(archive, entry) if is_zip or read else b""
                    if is_zip:
                        inside = io.BytesIO(data)
                        rest = wanted, read, inner[:-4] + "/", depth + 1, room
                        yield from self._unzipped(inside, inner, *rest)
                    else:
                        yield inner, data
        except Exception as error:  # a broken zip ends in an error of any kind
            self._left_out(f"{place} cannot be unzipped ({error})")

    def _fits(self, place: str, size: int) -> bool:
        if size > MAX_FILE:
            self._left_out(f"{place} is larger than {MAX_FILE >> 20} MiB")
        return size <= MAX_FILE


def root_of(places: Sequence[str]) -> str:
    """The folders around everything in a download, which are no student's; with ``/``, or ``""``.

    Examples
    --------
    >>> root_of(["export/submission_1/ch01.ipynb"]), root_of(["ada/week1/ch01.ipynb"])
    ('export/', '')
    """
    root, left = "", [_parts(place) for place in places]
    for _ in range(WRAPPED):
        firsts = {parts[0] for parts in left if parts}
        if any(_of_platform(first) for first in firsts):
            return root
        if len(firsts) != 1 or any(len(parts) < 2 for parts in left):
            return ""  # the first folders are the students
        root += f"{firsts.pop()}/"
        left = [parts[1:] for parts in left]
    return ""


def _of_platform(name: str) -> bool:
    """Whether a platform, or nbgrader, gives such names."""
    known = (_GRADESCOPE, _MOODLE, _CANVAS)
    return name == "submitted" or any(pattern.fullmatch(name) for pattern in known)


def owner(place: str, roster: Roster | None = None) -> Owned:
    """The students that a file belongs to, and the file's own name.

    Parameters
    ----------
    place : str
        The way to the file inside the download, with ``/``. Its first part decides.
    roster : dict, optional

    Examples
    --------
    >>> owner("lovelaceada_LATE_3143_207797_ch01_convolution.ipynb")
    Owned(students=['lovelaceada_3143'], name='ch01_convolution.ipynb', time=None, late=True)
    >>> owner("Ada Lovelace_3143_assignsubmission_file_/ch01.ipynb").students
    ['Ada Lovelace_3143']
    >>> owner("ada/week1/ch01.ipynb").students, owner("ch01.ipynb").students
    (['ada'], [])
    """
    *folders, name = _parts(place) or [""]
    first = folders[0] if folders else name
    if folders and _GRADESCOPE.fullmatch(first):
        known = (roster or {}).get(first, Submitted([]))
        return Owned(known.students or [first], name, known.time)
    if found := _MOODLE.fullmatch(first) or _CANVAS.fullmatch(first):
        late = bool(found.groupdict().get("late"))
        own = name if folders else found["file"]
        return Owned([f"{found['who']}_{found['id']}"], own, late=late)
    if first == "submitted" and len(folders) > 1:
        return Owned([folders[1]], name)
    return Owned(folders[:1], name)


def _parts(place: str) -> list[str]:
    return [part for part in place.split("/") if part not in ("", ".", "..")]


def _roster(data: bytes) -> Roster:
    """Gradescope's list: its students, by their number, address or name, and their time."""
    try:
        known = yaml.safe_load(data)
    except (yaml.YAMLError, ValueError, RecursionError):  # also of UTF-8, and of a 13th month
        return {}
    found: Roster = {}
    for submission, about in known.items() if isinstance(known, dict) else ():
        people = about.get(":submitters") if isinstance(about, dict) else None
        students = []
        for person in people if isinstance(people, list) else ():
            if isinstance(person, dict):
                said = (person.get(key) for key in (":sid", ":email", ":name"))
                students += [str(s) for s in said if s][:1]
        time = about.get(":created_at") if isinstance(about, dict) else None
        found[str(submission)] = Submitted(students, _in_utc(time))
    return found


def _in_utc(time: object) -> datetime | None:
    """A time in UTC, without its zone; what says none is taken for UTC, as YAML demands."""
    if not isinstance(time, datetime):
        return None
    return time.astimezone(UTC).replace(tzinfo=None) if time.tzinfo else time


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
    short = safe.strip(" .").encode()[:NAME].decode(errors="ignore")
    return short or "_"
