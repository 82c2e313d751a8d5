"""What an assignment asks for, read where learners cannot change it: in the course's ``source/``.

A grade cell of the instructor's notebook that calls ``check(conv2d)`` asks for ``conv2d``, and its
points in nbgrader are what that is worth. Which chapter it belongs to stands in the cell's own
metadata, or in those of the notebook.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from cnnlab.autograder.judging.exercise import chapter_names, find_chapter, load_chapter
from cnnlab.autograder.judging.results import SubmissionResult
from cnnlab.autograder.judging.worth import Asked
from cnnlab.autograder.submission.cells import Unreadable, decode, read_bytes

SOURCE, SUBMITTED = "source", "submitted"
"""nbgrader's folders in the root of a course."""
MOST = 1e6
"""Points of an exercise are fewer."""
MADE = "solutions"
"""Says under ``cnnlab`` in a notebook's metadata that an instructor's `cnnlab course` made it, and
whether it shows solutions."""
CHECK = "check-"
"""A grade cell's ``grade_id`` is this and the name of its exercise."""


class AssignmentError(RuntimeError):
    """The instructor's notebook does not say what it asks for; the message says what to change."""


@dataclass(frozen=True)
class Assignment:
    """A notebook of an assignment.

    Parameters
    ----------
    name : str
        The notebook's, without its end.
    asked : tuple of Asked
        In the notebook's order, from one chapter or several.
    """

    name: str
    asked: tuple[Asked, ...]

    def parts(self) -> list[tuple[Asked, ...]]:
        """What is asked for, chapter by chapter: each is graded by itself."""
        chapters = dict.fromkeys(each.chapter for each in self.asked)
        return [tuple(a for a in self.asked if a.chapter == chapter) for chapter in chapters]

    def whole(self, results: Sequence[SubmissionResult]) -> SubmissionResult:
        """The result of a notebook whose parts have these results."""
        if len(results) == 1 and results[0].chapter == self.name:
            return results[0]
        exercises = [
            replace(exercise, chapter=part.chapter or "")
            for part in results
            for exercise in part.exercises
        ]
        order = [each.name for each in self.asked]
        said = dict.fromkeys(warning for part in results for warning in part.warnings)
        return replace(
            results[0],
            chapter=self.name,
            score=round(sum(part.score for part in results), 2),
            max_score=round(sum(part.max_score for part in results), 2),
            message=next((part.message for part in results if part.message), ""),
            warnings=list(said),
            exercises=sorted(exercises, key=lambda exercise: order.index(exercise.name)),
        )


# Reading


def asked_by(grade_id: str, source: str) -> str | None:
    """The exercise that a grade cell asks for; None where it is a test of another kind.

    An instructor's own test may have a name like ours: a check calls ``check(relu)``, too.

    Examples
    --------
    >>> asked_by("check-relu", "check(relu)"), asked_by("check-relu", "assert relu(1) == 1")
    ('relu', None)
    """
    exercise = grade_id.removeprefix(CHECK)
    if exercise == grade_id:
        return None
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except (SyntaxError, ValueError):
        return None
    calls = [n for n in nodes if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)]
    found = any(
        isinstance(call.func, ast.Name)
        and call.func.id == "check"
        and [ast.unparse(argument) for argument in call.args] == [exercise]
        for call in calls
    )
    return exercise if found else None


def read_assignment(path: Path) -> Assignment | None:
    """What an instructor's notebook asks for; None where it has no check of ours.

    Raises
    ------
    AssignmentError
        The file is no notebook, or it does not say which chapter an exercise belongs to.
    """
    try:
        changed = path.stat().st_mtime_ns
    except OSError as error:
        raise AssignmentError(f"{path} cannot be read: {error}.") from None
    return _read(path, changed)


@lru_cache(maxsize=256)
def _read(path: Path, changed: int) -> Assignment | None:
    """As `read_assignment`, once for each time that the file was changed."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        found = list(_asked(raw, path))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise AssignmentError(f"{path} cannot be read: {type(error).__name__}: {error}.") from None
    _refuse_twice(found, path)
    return Assignment(path.stem, tuple(found)) if found else None


def read_copy(path: Path) -> Assignment | None:
    """What a learner's own copy of an assignment asks for, by the same rules.

    What is there for practice is asked for with no points. None for any other notebook, a
    chapter's among them, and for one that cannot be read.
    """
    try:
        data = read_bytes(str(path))
        if f'"{MADE}"'.encode() not in data:  # most notebooks, and soon seen
            return None
        raw = json.loads(decode(data)[0])
        own = raw["metadata"]["cnnlab"]
        if MADE not in own:
            return None
        found = list(_asked(raw, path, practice=True))
    except (AssignmentError, Unreadable, ValueError, LookupError, TypeError, AttributeError):
        return None
    except RecursionError:
        return None
    asked: dict[str, Asked] = {}
    for each in found:
        asked.setdefault(each.name, each)  # of a copied cell the first counts
    name = str(own.get("chapter") or path.stem)
    return Assignment(name, tuple(asked.values())) if asked else None


def asking(path: Path) -> str:
    """An instructor's notebook with what it asks for, and nothing else: no text, no solution.

    Raises
    ------
    AssignmentError
        It asks for nothing of ours, or `read_assignment` cannot read it.
    """
    assignment = read_assignment(path)
    if assignment is None:
        raise AssignmentError(f"{path} has no grade cell that checks an exercise of CNN Lab.")
    raw = json.loads(path.read_text(encoding="utf-8"))
    own = raw.get("metadata", {}).get("cnnlab", {})
    cells = [cell for cell in raw["cells"] if any(_asked(raw | {"cells": [cell]}, path))]
    kept = {"cells": cells, "metadata": {"cnnlab": own}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(kept, indent=1) + "\n"


def _asked(raw: dict[str, Any], path: Path, practice: bool = False) -> Iterator[Asked]:
    """What a notebook's cells ask for, in their order, also without points for ``practice``."""
    said = raw.get("metadata", {}).get("cnnlab", {}).get("chapter", "")
    for cell in raw["cells"]:
        nbgrader, own = _metadata(cell)
        graded = nbgrader.get("grade") is True and nbgrader.get("solution") is not True
        if cell.get("cell_type") != "code" or not (graded or practice):
            continue
        source = cell.get("source", "")
        text = source if isinstance(source, str) else "".join(source)
        trained = f"{CHECK}{own.get('exercise', '')}" if own.get("role") == "check" else ""
        grade_id = str(nbgrader.get("grade_id", "")) if graded else trained
        if name := asked_by(grade_id, text):
            chapter = _chapter(name, [own.get("chapter", ""), said, path.stem], path)
            if chapter is not None:
                points = float(nbgrader.get("points", 0)) if graded else 0.0
                yield _worth(Asked(chapter, name, round(points, 2), own.get("robust")))


def _worth(asked: Asked) -> Asked:
    """The same, where its numbers can be what an exercise is worth."""
    if not 0 <= asked.points < MOST:
        raise ValueError(f"{asked.name} has {asked.points} points")
    if asked.robust is not None and not 0 <= asked.robust < 1:
        raise ValueError(f'{asked.name} gives the rung "robust" a share of {asked.robust}')
    return asked


def _metadata(cell: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    metadata = cell.get("metadata", {})
    return metadata.get("nbgrader") or {}, metadata.get("cnnlab") or {}


def _chapter(exercise: str, said: Iterable[str], path: Path) -> str | None:
    """The chapter of an exercise: the first that is said and has it, else the only one."""
    for name in filter(None, said):
        try:
            chapter = find_chapter(name)
        except ValueError:
            continue
        if _has(chapter, exercise):
            return chapter
    having = chapters_with(exercise)
    if len(having) > 1:
        raise AssignmentError(
            f"{path}: {' and '.join(having)} have an exercise {exercise}. Write which one is meant "
            'into the notebook\'s metadata, as in "cnnlab": {"chapter": "ch01_convolution"}.'
        )
    return having[0] if having else None


def chapters_with(exercise: str) -> list[str]:
    """The chapters that have an exercise of this name."""
    return [chapter for chapter in chapter_names() if _has(chapter, exercise)]


def _has(chapter: str, exercise: str) -> bool:
    return any(each.name == exercise for each in load_chapter(chapter).exercises)


def _refuse_twice(found: list[Asked], path: Path) -> None:
    names = [each.name for each in found]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise AssignmentError(f"{path} asks for {twice} twice. One notebook can hold one of them.")


# A course


def course_root(paths: Iterable[Path], given: Path | None = None) -> Path | None:
    """The root of a course: the one given, else that of these paths; None where there is none.

    It has ``source/``, and what the instructor named is its ``submitted/``, or in there. Only the
    outermost such folder counts: a learner may have handed in what looks like a course. So no
    folder is one that was named itself; it must be given.

    Raises
    ------
    ValueError
        What is given is no course.
    """
    if given is not None:
        if not (given / SOURCE).is_dir():
            raise ValueError(f"--course must be a folder with {SOURCE}/. Received: {given}")
        return given
    roots = (above_submitted(path) for path in paths)
    return next((root for root in roots if root and (root / SOURCE).is_dir()), None)


def above_submitted(path: Path) -> Path | None:
    """The folder with the outermost ``submitted`` on a path; None where the path has none."""
    parts = path.absolute().parts
    return Path(*parts[: parts.index(SUBMITTED)]) if SUBMITTED in parts else None


def notebooks_in_source(folder: Path, course: Path | None = None) -> list[str]:
    """The names of an assignment's notebooks; without a source, the assignment's own.

    Parameters
    ----------
    folder : Path
        ``submitted/STUDENT/ASSIGNMENT``.
    course : Path, optional
        The root of the course, where it is not that of ``submitted``.
    """
    root = course or folder.parents[2]
    return sorted(path.stem for path in (root / SOURCE / folder.name).glob("*.ipynb")) or [
        folder.name
    ]


def assignment_of(root: Path, path: Path) -> Assignment | None:
    """What the course asks for in a submitted file; None where its source does not say.

    In ``submitted/STUDENT/ASSIGNMENT/``, however deep, the assignment's notebooks are looked at;
    anywhere else those of all assignments, by the file's name.

    Raises
    ------
    AssignmentError
        The source cannot be read, or is not clear.
    """
    try:
        place = path.absolute().relative_to(root.absolute() / SUBMITTED).parts
    except ValueError:
        folders = sorted(f.name for f in (root / SOURCE).iterdir() if f.is_dir())
        everything = {n: a for folder in folders for n, a in _notebooks(root, folder).items()}
        return _named(everything, path.stem)
    if len(place) < 3:
        return None
    notebooks = _notebooks(root, place[1])
    only = next(iter(notebooks.values())) if len(notebooks) == 1 else None
    return _named(notebooks, path.stem) or only  # whatever the file's name is


@lru_cache(maxsize=256)
def _notebooks(root: Path, assignment: str) -> dict[str, Assignment]:
    """The notebooks of an assignment that hold checks of ours, by name."""
    paths = sorted((root / SOURCE / assignment).glob("*.ipynb"))
    found = (read_assignment(path) for path in paths)
    return {each.name: each for each in found if each}


def _named(notebooks: dict[str, Assignment], stem: str) -> Assignment | None:
    """The notebook whose name a file's begins with, as in ``homework1-Copy1``; the longest."""
    begun = [name for name in notebooks if stem.startswith(name)]
    return notebooks[max(begun, key=len)] if begun else None
