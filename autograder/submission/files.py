"""Which files are submissions: found in folders, and few enough of each student."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from cnnlab.autograder.submission import names_chapter, writable
from cnnlab.autograder.submission.assignment import above_submitted, notebooks_in_source
from cnnlab.autograder.submission.cells import in_tree
from cnnlab.autograder.submission.code import shown

SUFFIXES = (".ipynb", ".py")
MAX_FILES = 20
"""So many files of one student are graded for one assignment, or as many as it has notebooks."""
NAMED = 10
"""So many of the files that are left out are named."""


def find_submissions(paths: Iterable[Path], course: Path | None = None) -> list[Path]:
    """The notebooks and ``.py`` files that the paths name; folders are searched.

    Hidden files and checkpoints are left out, and in ``submitted/STUDENT/ASSIGNMENT/`` the folders
    beside what answers it, and what is more than `MAX_FILES`: a student could hand in thousands of
    files. A path that does not exist is kept: it becomes a result that says so.

    Parameters
    ----------
    paths : iterable of Path
    course : Path, optional
        The root of the course, where it is not that of ``submitted``.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if not path.is_dir() or path.is_symlink():
            found[path] = None
            continue
        folders: dict[Path | None, list[Path]] = {}
        for together in _inside(path):
            folders.setdefault(submitted_folder(together[0]), []).extend(together)
        for folder, files in folders.items():
            graded = few(files, folder, notebooks_in_source(folder, course)) if folder else files
            found.update(dict.fromkeys(graded))
    return list(found)


def _inside(top: Path) -> Iterator[list[Path]]:
    """The submissions in a folder, those together that lie together."""
    for folder, folders, files in os.walk(top):
        folders[:] = sorted(f for f in folders if f[0] not in "._")
        names = sorted(f for f in files if f.endswith(SUFFIXES) and f[0] not in "._")
        if here := [Path(folder, name) for name in _answers(names)]:
            yield here
            if in_tree(str(here[0])):  # what lies below is its material
                folders.clear()


def _answers(names: list[str]) -> list[str]:
    """Those of a folder's files that are submissions: not ``helper.py`` beside a notebook."""
    notebooks = any(name.endswith(".ipynb") for name in names)
    return [n for n in names if not (notebooks and n.endswith(".py")) or names_chapter(n)]


# One student's files


def submitted_folder(file: Path) -> Path | None:
    """``submitted/STUDENT/ASSIGNMENT`` around a file, however deep it lies; None anywhere else.

    Examples
    --------
    >>> submitted_folder(Path("/course/submitted/ada/ch01/unzipped/ch01.ipynb")).as_posix()
    '/course/submitted/ada/ch01'
    >>> submitted_folder(Path("/course/submitted/ch01.ipynb"))
    """
    root = above_submitted(file)
    inside = file.absolute().relative_to(root).parts if root else ()
    return root.joinpath(*inside[:3]) if root and len(inside) > 3 else None


def few(files: Sequence[Path], folder: Path, notebooks: Collection[str]) -> list[Path]:
    """Those of a student's files that are graded: what counts for nbgrader first, then its copies.

    Parameters
    ----------
    files : sequence of Path
        All that were handed in for an assignment.
    folder : Path
        ``submitted/STUDENT/ASSIGNMENT``.
    notebooks : collection of str
        The names of the assignment's notebooks, without ``.ipynb``.
    """
    most = max(MAX_FILES, len(notebooks))
    if len(files) <= most:
        return list(files)
    counting = set(files_of(folder, notebooks).values())
    counts = [file for file in files if file.absolute() in counting]
    copies = [file for file in files if file.stem.startswith(tuple(notebooks))]
    copies.sort(key=lambda file: in_order(file.stem), reverse=True)
    graded = set(list(dict.fromkeys([*counts, *copies, *files]))[:most])
    return [file for file in files if file in graded]


@lru_cache(maxsize=64)
def crowd(folder: Path, course: Path | None = None) -> tuple[frozenset[Path], str]:
    """The files of a submission that are too many, and a sentence that names them."""
    files = [file for together in _inside(folder) for file in together]
    graded = set(few(files, folder, notebooks_in_source(folder, course)))
    others = [file for file in files if file not in graded]
    names = [shown(writable(f.relative_to(folder).as_posix())) for f in others[:NAMED]]
    more = f" and {len(others) - NAMED} more" if len(others) > NAMED else ""
    said = (
        f"{len(files)} files were handed in for {shown(writable(folder.name))}, and {len(graded)} "
        f"of them are graded. Left out: {', '.join(names)}{more}."
    )
    return frozenset(others), said if others else ""


def files_of(folder: Path, notebooks: Collection[str]) -> dict[str, Path]:
    """Which file of a submitted folder counts as which notebook of its assignment.

    The file with the notebook's name; where there is none, the last one whose name begins with it,
    such as ``ch01_convolution-Copy1.ipynb``. Where one notebook of the assignment and one file are
    left, they belong together, whatever the file's name.

    Parameters
    ----------
    folder : Path
        ``submitted/STUDENT/ASSIGNMENT``.
    notebooks : collection of str
        The names of the assignment's notebooks, without ``.ipynb``.
    """
    left = {p.stem: p for p in folder.glob("*.ipynb") if p.name[0] not in "._"}
    found = {name: left.pop(name) for name in notebooks if name in left}
    for name in sorted(set(notebooks) - found.keys(), key=len, reverse=True):
        copies = {stem for stem in left if stem.lower().startswith(name.lower())}
        if copies:
            found[name] = left[max(copies, key=in_order)]
            left = {stem: path for stem, path in left.items() if stem not in copies}
    missing = set(notebooks) - found.keys()
    if len(missing) == len(left) == 1:
        found[missing.pop()] = left.popitem()[1]
    return found


def in_order(name: str) -> tuple[list[tuple[int, str]], str]:
    """A key by which ``-Copy10`` comes after ``-Copy9``."""
    parts = re.findall(r"\d+|\D+", name)
    return [(int(p) if p.isascii() and p.isdigit() else -1, p) for p in parts], name
