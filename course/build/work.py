"""Learners' notebooks on disk: read with patience, saved before every change, replaced as a whole.

`installed` gives what this version hands out, `open_notebooks` what a JupyterLab has open.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote
from urllib.request import urlopen

from cnnlab.autograder.kept import replace_file
from cnnlab.autograder.others_work import SAVED
from cnnlab.course import build
from cnnlab.course.build.released import source_of

Notebook = dict[str, Any]

SECONDS = 2.0
"""How long a JupyterLab on this machine may take to say what it has open."""


IS_OPEN = (
    "It is open in JupyterLab. Save it, close it with File, Close and Shut Down Notebook, and run "
    "this again."
)


class Trouble(ValueError):
    """Nothing was changed; the message says why, and what to do."""


def read(path: Path) -> Notebook:
    """A notebook as JSON holds it.

    Raises
    ------
    Trouble
        It cannot be read, or is no notebook whose cells can be told apart.
    """
    try:
        book = json.loads(path.read_bytes())
        cells = book["cells"]
        sound = isinstance(book["metadata"], dict) and isinstance(cells, list)
        if not sound or book["nbformat"] != 4 or not all(isinstance(c, dict) for c in cells):
            raise KeyError
    except OSError as error:
        raise Trouble(f"It cannot be opened: {error.strerror}.") from error
    except (KeyError, TypeError):
        raise Trouble("It is not a notebook of format 4. Open and save it in JupyterLab.") from None
    except (ValueError, RecursionError) as error:
        raise Trouble(
            f"It is damaged ({str(error)[:60]}), so nothing was changed. `cnnlab reset` with the "
            "chapter alone saves it as it is, and puts a new one in its place."
        ) from None
    return dict(book)


def same(one: Notebook, other: Notebook) -> bool:
    """Whether two notebooks would be the same file, however their lines are held."""
    return _text(one) == _text(other)


def _text(notebook: Notebook) -> str:
    """A notebook as Jupyter writes it: sources as lists of lines, sorted keys."""
    cells = [
        cell | {"source": source_of(cell).splitlines(keepends=True)} for cell in notebook["cells"]
    ]
    book = notebook | {"cells": cells}
    return json.dumps(book, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def write(path: Path, notebook: Notebook) -> None:
    """Replace a notebook as a whole, in the form in which Jupyter writes it.

    Raises
    ------
    Trouble
        It cannot be replaced; the old one is still there.
    """
    _put(path.resolve(), _text(notebook).encode("utf-8", "surrogatepass"))


def save_version(path: Path) -> Path:
    """Keep a notebook as it is now, under its date and time; returns where.

    Raises
    ------
    Trouble
        It cannot be read, or there is no room for it.
    """
    folder = path.parent.parent if path.parent.name == path.stem else path.parent
    now = f"{datetime.datetime.now():%Y-%m-%d_%H%M%S}"
    names = [f"{path.stem}_{now}{more}.ipynb" for more in ("", *(f"_{n}" for n in range(2, 100)))]
    places = (folder / SAVED / path.stem / name for name in names)
    place = next(place for place in places if not place.exists())
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Trouble(f"It cannot be opened: {error.strerror}.") from error
    _put(place, data)
    return place


def _put(path: Path, data: bytes) -> None:
    try:
        replace_file(path, data)
    except OSError as error:
        raise Trouble(
            f"{path.name} cannot be written: {error.strerror}. Close it in other programs, or see "
            "who may write there; nothing was changed."
        ) from error


def installed(root: Path, names: Iterable[str] | None = None) -> Iterator[tuple[str, bytes]]:
    """What this version hands out: path below the course folder, and the file's bytes.

    In a clone, learners may work in ``exercises/`` itself. A chapter there that is not as the build
    has written it is built anew, in a temporary folder.

    Parameters
    ----------
    root : Path
        The clone, or the installed package.
    names : iterable of str, optional
        Chapters, and names of pages; all by default.
    """
    exercises = root / "exercises"
    clone = (root / "pyproject.toml").exists()
    released = build.manifest(root) if clone else {}
    pages = build.pages(root) if clone else {}
    patterns = ("ch[0-9][0-9]_*/ch*.ipynb", "pages/*.ipynb", "start.ipynb")
    paths = [path for pattern in patterns for path in exercises.glob(pattern)]
    found = {path.relative_to(root).as_posix() for path in paths}
    found |= {build.release_path(name) for name in build.sources(root)} if clone else set()
    wanted = None if names is None else set(names)
    for path in sorted({*found, *pages}):
        name = Path(path).stem
        if wanted is not None and name not in wanted:
            continue
        data = pages.get(path) or build.read(root / path) or b""
        if clone and path not in pages and build.digest(data) != released.get(path):
            data = build.convert(root, [name])[name].release
        yield path.removeprefix("exercises/"), data


def open_notebooks() -> set[Path]:
    """The notebooks that a JupyterLab of this user has open, as far as it can be asked."""
    from jupyter_server.serverapp import list_running_servers

    found = set()
    for server in list_running_servers():
        try:
            address = f"{server['url']}api/sessions?token={quote(server['token'])}"
            with urlopen(address, timeout=SECONDS) as said:
                sessions = json.load(said)
            found |= {(Path(server["root_dir"]) / s["path"]).resolve() for s in sessions}
        except (OSError, ValueError, KeyError, TypeError):
            continue  # one that has just ended, or that asks for a password
    return found
