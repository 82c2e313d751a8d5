"""``cnnlab grade --gradebook``: results into nbgrader's database and its ``autograded`` folder.

So formgrader, feedback and export of nbgrader's find what ``nbgrader autograde`` would have left.
Both go the same way: the notebook is read, repaired and filled by the same functions, and scores
are taken from it by nbgrader's own rules.
"""

from __future__ import annotations

import copy
import errno
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde

from cnnlab.autograder.judging.results import SubmissionResult
from cnnlab.autograder.nbgrader_bridge.asked import asked_for
from cnnlab.autograder.nbgrader_bridge.course_root import course_at, root_of, settings_of
from cnnlab.autograder.nbgrader_bridge.database import (
    DatabaseError,
    Graded,
    Writer,
    opened,
    timestamp_in,
    url_of,
)
from cnnlab.autograder.nbgrader_bridge.gradebook import JudgeError, KnownCell, cells_in
from cnnlab.autograder.nbgrader_bridge.handed_in import notebook_in
from cnnlab.autograder.nbgrader_bridge.judge import Judge
from cnnlab.autograder.nbgrader_bridge.outputs import fill
from cnnlab.autograder.nbgrader_bridge.repair import repaired
from cnnlab.autograder.submission.cells import in_tree
from cnnlab.autograder.submission.files import files_of

Cells = dict[str, KnownCell]


class ScoreWriter:
    """Takes results as they come. A context manager.

    Parameters
    ----------
    url : str
        Of nbgrader's database, or the name of an SQLite file.
    files : iterable of Path
        All submissions of this run.

    Raises
    ------
    DatabaseError
        The database cannot be used, or none of its assignments is what the files were handed in
        for. It is said before the first of them is graded.
    """

    def __init__(self, url: str, files: Iterable[Path]) -> None:
        roots = {str(p): r for p in files if (r := root_of(p))}
        if len(set(roots.values())) != 1:
            said = "in several courses" if roots else "not in submitted/STUDENT/ASSIGNMENT/"
            raise DatabaseError(f"These files are {said}, so the gradebook cannot take them.")
        root = next(iter(roots.values()))
        config = settings_of(root)
        self._course = course_at(root, config)
        autograde = Autograde(coursedir=self._course, config=config)
        self._exporter = NotebookExporter(parent=autograde, config=config)
        self._judge = Judge(parent=self._exporter)
        self._gradebook: Gradebook = opened(url_of(url))
        try:
            self._writer = Writer(self._gradebook, config)
            self._known = self._assignments({in_tree(path)[1] for path in roots})  # type: ignore[index]
            self._gradebook.db.remove()  # or a transaction would be open until the end
        except BaseException:
            self._gradebook.close()
            raise
        self._files = lru_cache(maxsize=64)(files_of)
        self.failed: list[str] = []
        """Paths of submissions that were left out through no fault of their authors."""

    def __enter__(self) -> ScoreWriter:
        return self

    def __exit__(self, *exc: object) -> None:
        self._gradebook.close()

    def write(self, result: SubmissionResult) -> str:
        """Write a result down; returns why it was left out, or ``""``.

        Raises
        ------
        DatabaseError
            The database, or the disk of the graded notebooks, did not take it.
        """
        path = Path(result.path).absolute()
        tree = in_tree(str(path))
        if tree is None:
            return "it is not in submitted/STUDENT/ASSIGNMENT/"
        if result.failed_here:
            return "CNN Lab failed with it"
        student, assignment = tree
        notebooks = self._known.get(assignment)
        if not notebooks:
            return f"the gradebook knows no assignment {assignment}"
        counting = self._files(path.parent, frozenset(notebooks))
        name = next((name for name, file in counting.items() if file == path), None)
        if name is None:
            return f"another file counts, or {assignment} has no such notebook"
        try:
            nb = self._graded(path, name, notebooks[name], result)
        except JudgeError as error:
            self.failed.append(result.path)
            return f"the instructor's own cells could not be executed: {error}"
        except OSError as error:
            advice = " Make room." if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
            raise DatabaseError(
                f"The graded notebook could not be written: {error}.{advice}"
            ) from error
        missing = [each for each in notebooks if not (path.parent / f"{each}.ipynb").exists()]
        self._writer.write(
            Graded(student, assignment, {name: nb.cells}, missing, timestamp_in(path.parent))
        )
        for exercise in result.exercises:
            exercise.card = None  # a class's would take much memory
        return ""

    def _assignments(self, names: set[str]) -> dict[str, dict[str, Cells]]:
        known = {
            each.name: {notebook.name: cells_in(notebook) for notebook in each.notebooks}
            for each in self._gradebook.assignments
        }
        self._kernels = {
            (each.name, notebook.name): json.loads(notebook.kernelspec or "null")
            for each in self._gradebook.assignments
            for notebook in each.notebooks
        }
        if not any(known.get(name) for name in names):
            unknown = min(names)
            raise DatabaseError(
                f"The gradebook knows no assignment {unknown}. "
                f"Run `nbgrader generate_assignment {unknown}` first."
            )
        return known

    # The notebook with its scores

    def _graded(
        self, path: Path, name: str, cells: Cells, result: SubmissionResult
    ) -> NotebookNode:
        """The notebook that nbgrader's autograding would leave, in its folder and as a value."""
        student, assignment = in_tree(str(path)) or ("", "")
        folder = Path(
            self._course.format_path(self._course.autograded_directory, student, assignment)
        )
        place = folder / f"{name}.ipynb"
        about = {"student": student, "assignment": assignment, "notebook": name}
        _, checks = asked_for(self._exporter, about, cells)
        if _is_newer(place, path) and not any(e.card for e in result.exercises):
            before = nbformat.read(place, as_version=4)
            if _has(before, checks, result):  # from the journal: it is all there
                return before
        self._copy_other_files(path.parent, folder, assignment)
        nb, _ = repaired(notebook_in(path, cells), cells)
        _clean(nb, cells, self._kernels[assignment, name])
        if any(c not in checks and c.shows_something for c in cells.values()):
            resources = {"nbgrader": about, "metadata": {"path": str(folder)}}
            nb, _ = self._judge.execute(nb, resources)
        fill(nb, checks, result)
        _write(place, nbformat.writes(nb) + "\n")
        return nb

    def _copy_other_files(self, submitted: Path, target: Path, assignment: str) -> None:
        """Bring along what is not a notebook, as nbgrader does; links lead anywhere: not them."""
        course = self._course
        source = Path(course.format_path(course.source_directory, ".", assignment))
        target.mkdir(parents=True, exist_ok=True)
        left = course.max_dir_size * 1000
        linked = submitted.is_symlink() or submitted.parent.is_symlink()
        for file in () if linked else self._others(submitted):
            with suppress(FileNotFoundError):  # a link to nowhere, or it was just removed
                size = file.lstat().st_size
                if size <= min(left, course.max_file_size * 1000):
                    left -= size
                    with _left_out_if_odd():
                        _put(file, target, file.relative_to(submitted))
        for file in self._others(source):
            _put(file, target, file.relative_to(source))

    def _others(self, top: Path) -> Iterator[Path]:
        found = utils.find_all_files(str(top), [*self._course.ignore, "*.ipynb"])
        return (f for f in map(Path, found) if f.is_file() and not f.is_symlink())


@contextmanager
def _left_out_if_odd() -> Iterator[None]:
    """Go on without a student's file that cannot be read, or whose name is too long."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.EACCES, errno.EPERM, errno.ENOENT, errno.ENAMETOOLONG):
            raise


def _put(file: Path, target: Path, name: Path) -> None:
    """Copy a whole file to its place; a file or a folder of another kind there gives way."""
    place = target / name
    for above in (target / each for each in name.parents):
        if above.is_symlink() or above.is_file():
            above.unlink()
    place.parent.mkdir(parents=True, exist_ok=True)
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    beside = place.with_name(f".cnnlab-{os.getpid()}")  # a short one: names may be 255 bytes long
    try:
        shutil.copy(file, beside)
        beside.replace(place)
    finally:
        beside.unlink(missing_ok=True)


def _clean(nb: NotebookNode, cells: Cells, kernel: Any) -> None:
    """Take out what learners' cells showed, and put back what they could not change."""
    if kernel:
        nb.metadata["kernelspec"] = kernel
    for cell in nb.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        known = cells.get(cell.metadata.get("nbgrader", {}).get("grade_id", ""))
        if known and known.locked:
            cell.source = known.source


def _is_newer(graded: Path, submitted: Path) -> bool:
    try:
        return graded.stat().st_mtime_ns >= submitted.stat().st_mtime_ns
    except OSError:
        return False


def _has(nb: NotebookNode, checks: list[KnownCell], result: SubmissionResult) -> bool:
    """Whether a graded notebook holds this result's scores."""
    wanted = copy.deepcopy(nb)
    fill(wanted, checks, result)
    return _scores(wanted) == _scores(nb)


def _scores(nb: NotebookNode) -> dict[str, float | None]:
    graded = [cell for cell in nb.cells if utils.is_grade(cell)]
    return {c.metadata.nbgrader.grade_id: utils.determine_grade(c)[0] for c in graded}


def _write(place: Path, text: str) -> None:
    """Put a whole file in its place, which nbgrader leaves to be read only."""
    beside = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.chmod(0o444)
        beside.replace(place)
    finally:
        beside.unlink(missing_ok=True)
