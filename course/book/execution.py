"""Run a solved notebook, and keep what it gave until something changes that it depends on."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from cnnlab.course.book import BookError
from cnnlab.course.book.pictures import lighter
from cnnlab.datasets.pretrained import cache_folder

CELL_SECONDS = 900
"""So long may one cell take."""
PACKAGE = Path(__file__).parents[2]
"""Holds the folders course, autograder and datasets, in a clone and where it is installed."""
_PARTS = ("course", "autograder", "datasets")
_LIBRARIES = ("ipython", "keras", "matplotlib", "numpy", "pillow", "tensorflow")
_LEFT_OUT = {"__pycache__", "bench", "book", "cli", "tests"}
_QUIET = {
    "OMP_NUM_THREADS": "1",  # as many kernels run as there are cores
    "OPENBLAS_NUM_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "PIP_NO_INDEX": "1",  # weights that are not on this machine are not fetched:
    "http_proxy": "http://127.0.0.1:9",  # chapters go on with the small VGG
    "https_proxy": "http://127.0.0.1:9",
}


def executed(name: str, notebook: nbformat.NotebookNode, kept: Path) -> nbformat.NotebookNode:
    """The notebook with its outputs: kept ones, or else from a kernel of this Python.

    Parameters
    ----------
    name : str
        Of the notebook, for messages and files.
    notebook : NotebookNode
        Stays as it is.
    kept : Path
        The folder for outputs.

    Raises
    ------
    BookError
        A cell fails, or the kernel ends.
    """
    place = kept / f"{name}-{key(notebook)}.ipynb"
    if place.exists():
        return nbformat.read(place, as_version=4)
    done = _run(name, nbformat.from_dict(notebook))
    _lighten(done)
    kept.mkdir(parents=True, exist_ok=True)
    for old in kept.glob(f"{name}-*.ipynb"):
        old.unlink(missing_ok=True)
    half = place.with_suffix(f".{os.getpid()}")
    nbformat.write(done, half)
    half.replace(place)
    return done


def _lighten(notebook: nbformat.NotebookNode) -> None:
    """Leave out what no page shows: an output's second picture, and the state of widgets."""
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        for data in (output.data for output in cell.get("outputs", []) if "data" in output):
            if "text/html" in data:
                data["text/html"] = lighter(data["text/html"])
                for kind in [kind for kind in data if kind.startswith("image/")]:
                    del data[kind]


def key(notebook: nbformat.NotebookNode) -> str:
    """What the outputs depend on, in a few letters: the cells, our code and data, libraries."""
    sources = [[cell.cell_type, cell.source] for cell in notebook.cells]
    return hashlib.sha256((json.dumps(sources) + _surroundings()).encode()).hexdigest()[:20]


@cache
def _surroundings() -> str:
    found = hashlib.sha256()
    for path in _files():
        found.update(path.relative_to(PACKAGE).as_posix().encode() + path.read_bytes())
    weights = sorted(path.name for path in cache_folder().glob("*") if path.is_file())
    return found.hexdigest() + json.dumps([weights, [_version(library) for library in _LIBRARIES]])


def _files() -> Iterator[Path]:
    """All that a chapter may import or read, in a fixed order."""
    for part in _PARTS:
        for path in sorted((PACKAGE / part).rglob("*")):
            if path.is_file() and not _LEFT_OUT & set(path.relative_to(PACKAGE).parts):
                yield path


def _version(library: str) -> str | None:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return None


def _run(name: str, notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    with tempfile.TemporaryDirectory(prefix="cnnlab-book-") as folder:
        client = NotebookClient(
            notebook,
            timeout=CELL_SECONDS,
            kernel_name="python3",
            extra_arguments=["--IPKernelApp.log_level=ERROR"],
            resources={"metadata": {"path": folder}},  # where learners' answers would be kept
        )
        try:
            client.execute(env=os.environ | _QUIET)
        except CellExecutionError as error:
            raise BookError(f"{name}: a cell fails with {error.ename}: {error.evalue}") from error
        except (CellTimeoutError, DeadKernelError) as error:
            why = "takes too long" if isinstance(error, CellTimeoutError) else "ends its kernel"
            raise BookError(f"{name}: a cell {why}. More memory may help.") from error
    return notebook
