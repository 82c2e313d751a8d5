"""From chapter sources to notebooks: ``course/chapters/`` → ``solutions/`` → ``exercises/``.

People work in ``exercises/`` in place. So everything is built in a temporary folder first, and
a notebook there is replaced only if it is still the one that the last build wrote; the hashes
of those are in ``exercises/.released.json``.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import logging
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import nbformat

from cnnlab.autograder.judging.exercise import Chapter
from cnnlab.course.build import navigation
from cnnlab.course.build.pages import pages
from cnnlab.course.build.released import note
from cnnlab.course.build.source import SourceError, to_bytes, to_notebook

CHAPTER_GLOB = "ch[0-9][0-9]_*.py"
MANIFEST = "exercises/.released.json"


class BuildError(ValueError):
    """Nothing was built and nothing changed; the message says what to put right."""


@dataclass
class BuildReport:
    """What a build did; paths relative to the root, with ``/``.

    Parameters
    ----------
    written : list of str
        Files that are new or were replaced.
    kept : list of str
        Notebooks in ``exercises/`` that somebody has worked in: left as they are.
    unchanged : list of str
        Files that were up to date already.
    """

    written: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Notebooks:
    """A chapter's two notebooks, as the bytes of their files."""

    solution: bytes
    release: bytes


def build(root: Path | str, chapters: Iterable[str] | None = None) -> BuildReport:
    """Build the notebooks of some chapters, and all pages, and put them in place.

    Either everything is built, or, if one chapter fails, no file is touched.

    Parameters
    ----------
    root : path
        The repository: it holds ``course/chapters/``, ``autograder/graders/``, ``exercises/``.
    chapters : iterable of str, optional
        Full names or beginnings of names, such as ``"ch01"``. All by default.

    Raises
    ------
    ValueError
        ``chapters`` names no chapter or more than one.
    BuildError
        A source, its grader, or nbgrader failed.
    """
    root = Path(root)
    built = convert(root, _select(sources(root), chapters))
    report, files, released = BuildReport(), {}, manifest(root)
    for name, notebooks in built.items():
        files[solution_path(name)] = notebooks.solution
    releases = {release_path(name): notebooks.release for name, notebooks in built.items()}
    for path, new in (releases | pages(root)).items():
        old = read(root / path)
        if old is not None and digest(old) not in (digest(new), released.get(path)):
            report.kept.append(path)
        else:
            files[path] = new
            released[path] = digest(new)
    files[MANIFEST] = (json.dumps(released, indent=1, sort_keys=True) + "\n").encode()
    report.written = _replace(root, files)
    report.unchanged = [path for path in files if path not in report.written]
    return report


def sources(root: Path) -> list[str]:
    """The chapters that have a source, in order."""
    return sorted(path.stem for path in (root / "course" / "chapters").glob(CHAPTER_GLOB))


def graders(root: Path) -> list[str]:
    """The chapters that have a grader, in order."""
    folder = root / "autograder" / "graders"
    return sorted(path.parent.name for path in folder.glob("ch[0-9][0-9]_*/__init__.py"))


def solution_path(name: str) -> str:
    """The path of a chapter's notebook with solutions."""
    return f"solutions/{name}/{name}.ipynb"


def release_path(name: str) -> str:
    """The path of a chapter's notebook for learners."""
    return f"exercises/{name}/{name}.ipynb"


def digest(data: bytes) -> str:
    """SHA-256 in hexadecimal, the same whichever line ends git has checked out."""
    return hashlib.sha256(data.replace(b"\r\n", b"\n")).hexdigest()


def grader(root: Path, name: str) -> Chapter:
    """A chapter's grader as it is under this root, loaded afresh.

    Raises
    ------
    BuildError
        There is none, or it cannot be imported.
    """
    folder = root / "autograder" / "graders" / name
    if not (folder / "__init__.py").exists():
        raise BuildError(
            f"course/chapters/{name}.py has no grader. "
            f"Write autograder/graders/{name}/__init__.py: it lists the exercises."
        )
    try:
        with _in_place_of_installed(f"cnnlab.autograder.graders.{name}"):
            chapter: Chapter = _package(f"cnnlab.autograder.graders.{name}", folder).CHAPTER
    except Exception as error:
        raise BuildError(
            f"autograder/graders/{name}/__init__.py cannot be loaded "
            f"({type(error).__name__}: {error}). Correct it first."
        ) from error
    if chapter.name != name:
        raise BuildError(
            f"autograder/graders/{name}/__init__.py must hold the chapter {name!r}. "
            f"Received: {chapter.name!r}"
        )
    return chapter


@contextmanager
def _in_place_of_installed(package: str) -> Iterator[None]:
    """Whatever is imported of this package meanwhile is forgotten afterwards."""

    def loaded() -> list[str]:
        return [name for name in sys.modules if name == package or name.startswith(f"{package}.")]

    installed = {name: sys.modules.pop(name) for name in loaded()}
    try:
        yield
    finally:
        for name in loaded():
            del sys.modules[name]
        sys.modules.update(installed)


def _package(name: str, folder: Path) -> ModuleType:
    """Import a package from this folder, its own modules too."""
    spec = importlib.util.spec_from_file_location(
        name, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def convert(root: Path, names: Iterable[str]) -> dict[str, Notebooks]:
    """Build chapters in a temporary course; nothing under the root changes.

    Raises
    ------
    BuildError
        A source, its grader, or nbgrader failed.
    """
    built = {}
    with tempfile.TemporaryDirectory(prefix="cnnlab-build-") as folder:
        course = Path(folder)
        for name in names:
            solution = _solution(root, name)
            place = course / solution_path(name)
            place.parent.mkdir(parents=True)
            place.write_bytes(solution)
            built[name] = Notebooks(solution, _release(course, name))
    return built


def _solution(root: Path, name: str) -> bytes:
    exercises = grader(root, name)
    try:
        text = (root / "course" / "chapters" / f"{name}.py").read_text(encoding="utf-8")
        names = sources(root)
        links = navigation.links(name, names, navigation.titles(root, names))
        return to_bytes(to_notebook(name, text, lambda e: exercises[e].max_score, links))
    except (SourceError, UnicodeDecodeError) as error:
        raise BuildError(f"course/chapters/{name}.py: {error}") from error


def _release(course: Path, name: str) -> bytes:
    """What nbgrader's GenerateAssignment makes of a solution in a temporary course."""
    # Slow to import, and only `cnnlab build` needs them.
    from nbgrader.converters import GenerateAssignment
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config import Config

    log, said = logging.getLogger(f"{__name__}.nbgrader"), _Errors()
    log.propagate = False
    log.addHandler(said)
    directory = CourseDirectory(
        root=str(course.resolve()), source_directory="solutions", assignment_id=name, log=log
    )
    # As `nbgrader generate_assignment --no-db`: the gradebook is the instructor's, and to make
    # one nbgrader starts `alembic` from PATH, which takes seconds and may not be there.
    config = Config({"SaveCells": {"enabled": False}})
    generate = GenerateAssignment(coursedir=directory, no_database=True, config=config, log=log)
    try:
        generate.start()
    except Exception as error:
        raise BuildError(
            f"course/chapters/{name}.py: nbgrader says: {said.cause or error}"
        ) from error
    finally:
        log.removeHandler(said)
    made = course / "release" / name / f"{name}.ipynb"
    notebook = nbformat.read(made, as_version=4)
    note(notebook)
    return to_bytes(notebook)


class _Errors(logging.Handler):
    """Keeps the cause that nbgrader logs as a traceback and leaves out of its exception."""

    cause = ""

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage().strip()
        if message.startswith("Traceback") and not self.cause:
            self.cause = message.splitlines()[-1]


def _select(names: list[str], chapters: Iterable[str] | None) -> list[str]:
    if chapters is None:
        return names
    chosen = set()
    for wanted in chapters:
        found = [n for n in names if n == wanted] or [n for n in names if n.startswith(wanted)]
        if len(found) != 1 or not wanted:
            raise ValueError(f"chapters must be among {', '.join(names)}. Received: {wanted!r}")
        chosen.add(found[0])
    return sorted(chosen)


def read(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def manifest(root: Path) -> dict[str, str]:
    """Released notebook → SHA-256."""
    text = read(root / MANIFEST)
    try:
        released = json.loads(text or "{}")
    except ValueError as error:
        raise BuildError(
            f"{MANIFEST} is not JSON ({error}). Restore it: git checkout -- {MANIFEST}"
        ) from error
    if not isinstance(released, dict):
        raise BuildError(f"{MANIFEST} must be an object. Restore it: git checkout -- {MANIFEST}")
    return released


def _replace(root: Path, files: Mapping[str, bytes]) -> list[str]:
    """Write the files that differ, and say which; all or, if the disk is full, none of them."""
    staged: dict[str, Path] = {}
    try:
        for path, data in files.items():
            target = root / path
            old = read(target)
            if old is not None and digest(old) == digest(data):
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            staged[path] = target.with_name(f".{target.name}.new")
            staged[path].write_bytes(data)
        for path, new in staged.items():
            new.replace(root / path)
    finally:
        for new in staged.values():
            new.unlink(missing_ok=True)
    return list(staged)
