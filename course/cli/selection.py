"""Which notebooks and exercises a learner means: ``ch01``, a folder, ``notebook.ipynb::conv2d``."""

from __future__ import annotations

import glob
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cnnlab.course.cli.terminal import CHAPTERS, fail, meant


@dataclass(frozen=True)
class Selected:
    """A notebook, and the exercises in it that are meant: all where there are none."""

    path: Path
    exercises: frozenset[str] = frozenset()

    @property
    def chapter(self) -> str:
        return self.path.stem

    @property
    def what(self) -> str:
        """What is meant, in words: the chapter, or exercises of it."""
        names = ", ".join(sorted(self.exercises))
        return f"{names} of {self.chapter}" if names else self.chapter

    @property
    def saved(self) -> float:
        """When it was saved last, in seconds."""
        return self.path.stat().st_mtime if self.path.exists() else 0.0


def select(arguments: Sequence[str], folder: Path) -> list[Selected]:
    """The notebooks that arguments name, in their order; every chapter's where there are none.

    Parameters
    ----------
    arguments : sequence of str
        A chapter's name or its beginning, a notebook or a folder; each may go on with
        ``::EXERCISE``, as pytest writes it. What pytest says of a rung, ``::by-hand``, may follow.
    folder : Path
        The course folder. One that is named beside a chapter takes its place: ``ch01 mine``.
    """
    found: dict[Path, set[str] | None] = {}
    for argument, course in _placed(arguments or [_where_we_stand(folder)], folder):
        name, _, rest = argument.partition("::")
        exercise = rest.partition("::")[0]
        for path in _notebooks(name, course):
            named = found.setdefault(path, set())
            if not exercise:
                found[path] = None
            elif named is not None:
                named.add(_demand(exercise, path))
    return [Selected(path, frozenset(names or ())) for path, names in found.items()]


def select_one(words: Sequence[str], folder: Path) -> Selected:
    """The one chapter, or exercise of it, that words name: ``ch01``, or ``ch01 conv2d mine``.

    Parameters
    ----------
    words : sequence of str
        As for `select`; an exercise may also follow its chapter as a word of its own.
    folder : Path
        As for `select`.
    """
    courses = [word for word in words if is_course(word)]
    named = [word for word in words if word not in courses]
    if len(named) == 2 and named[1].isidentifier() and "::" not in named[0]:
        named = ["::".join(named)]
    found = select([*named, *courses], folder)
    if len(found) != 1 or len(found[0].exercises) > 1:
        raise fail("Name one chapter at a time, or one exercise of it.", 2)
    return found[0]


def is_course(place: str) -> bool:
    """Whether this is a folder that holds chapters, each in a folder of its own."""
    return any(Path(place).glob(CHAPTERS))


def _placed(arguments: Sequence[str], folder: Path) -> list[tuple[str, Path]]:
    """Each argument, and the course folder that it is looked for in.

    A course folder means all its chapters, unless another argument says which of them.
    """
    courses = [argument for argument in arguments if is_course(argument)]
    others = [argument for argument in arguments if argument not in courses]
    places = [Path(argument.partition("::")[0]) for argument in others]

    def whole(course: str) -> bool:
        inside = Path(course).resolve()
        return all(place.exists() and inside not in place.resolve().parents for place in places)

    looked_in = [Path(course) for course in courses] or [folder]
    named = [
        (argument, course)
        for argument, place in zip(others, places, strict=True)
        for course in (looked_in[:1] if place.exists() else looked_in)
    ]
    return [*((course, Path(course)) for course in courses if whole(course)), *named]


def _where_we_stand(folder: Path) -> str:
    """The chapter or the assignments in whose folder the learner is, or the whole course."""
    return "." if folder == Path("..") or _assignments(Path()) else str(folder)


def _assignments(folder: Path) -> list[Path]:
    """An instructor's assignments in a folder, or in the folders in it."""
    from cnnlab.autograder.others_work import is_own_work
    from cnnlab.autograder.submission.assignment import read_copy

    found = sorted([*folder.glob("*.ipynb"), *folder.glob("*/*.ipynb")])
    return [path for path in found if is_own_work(path) and read_copy(path)]


def _notebooks(name: str, folder: Path) -> list[Path]:
    from cnnlab.autograder.others_work import is_own_work

    place = Path(name)
    if place.is_dir():
        paths = sorted(place.glob(CHAPTERS)) or sorted(place.glob("ch[0-9][0-9]_*.ipynb"))
        paths = list(dict.fromkeys([*paths, *_assignments(place)]))
        if not paths:
            usual = folder if place == folder else place
            raise fail(
                f"No chapter's notebook is in {place}. `cnnlab lab {usual}` puts them there."
            )
    elif place.is_file():
        paths = [place]
    else:
        paths = [path for path in sorted(folder.glob(CHAPTERS)) if path.stem.startswith(name)]
        paths = [path for path in paths if path.stem == name] or paths
        paths = paths or [path for path in _assignments(folder) if path.stem == name]
        if len(paths) != 1:
            raise _no_chapter(name, folder, place)
    if others := [path for path in paths if not is_own_work(path)]:
        raise fail(f"{others[0]} is not your own work. `cnnlab grade` has a sandbox for it.", 2)
    return paths


def _no_chapter(name: str, folder: Path, place: Path) -> Exception:
    """Why this names no notebook, and what can be done."""
    from cnnlab.autograder.judging.exercise import find_chapter

    if place.suffix or len(place.parts) != 1:
        return fail(f"There is no {place}.", 2)
    try:
        chapter = find_chapter(name)
    except ValueError as error:
        return fail(f"{error}, which is no folder here either.{_meant_chapter(name)}", 2)
    return fail(f"No notebook of {chapter} is in {folder}. `cnnlab lab {folder}` puts it there.")


def _meant_chapter(name: str) -> str:
    """What may be meant by a word that begins no chapter's name, as a sentence; or ``""``."""
    from cnnlab.autograder.judging.exercise import GRADERS, chapter_names

    chapters = chapter_names()
    if number := re.fullmatch(r"(?:ch|chapter)?[ _-]?(\d{1,2})", name.lower()):
        chapter = f"ch{int(number[1]):02}"
        return f" Did you mean {chapter}?" if any(n.startswith(chapter) for n in chapters) else ""
    homes = [path.parent.name[:4] for path in sorted(GRADERS.glob(f"ch*/{glob.escape(name)}.py"))]
    if homes and not name.startswith("_"):
        return f" Did you mean {' or '.join(f'{home}::{name}' for home in homes)}?"
    return meant(name, chapters)


def _demand(exercise: str, path: Path) -> str:
    from cnnlab.autograder.submission.own_work import read_own

    work = read_own(path)
    names = list(work.places)
    if exercise not in names and not work.problem:  # what is damaged is said by who reads on
        there = f"{path.stem} has no exercise {exercise}. It has {', '.join(names)}."
        raise fail(f"{there}{meant(exercise, names)}", 2)
    return exercise
