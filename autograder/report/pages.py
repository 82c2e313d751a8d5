"""The report as files: the class board, and a page for each learner.

Every page stands alone: no script, no network, and its style inside. What learners wrote, their
names too, is escaped by the templates; cards escape it themselves.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from cnnlab.autograder.display.card import to_html
from cnnlab.autograder.display.message import STATUS_WORDS
from cnnlab.autograder.judging.results import ExerciseResult
from cnnlab.autograder.report.classbook import ClassBook, Latest, Learner, title
from cnnlab.autograder.report.examples import example
from cnnlab.autograder.report.mistakes import Mistake, named, over_time, said_twists, unnamed
from cnnlab.autograder.report.statistics import ENOUGH, LOW, distribution, items

TEMPLATES = Path(__file__).parent / "templates"
BOARD = "index.html"
LEARNERS = "learners"
MARK = '<meta name="generator" content="cnnlab report">'
"""Stands in each board, so that a folder with one may be written anew."""


def write_report(book: ClassBook, folder: Path, names: bool = True) -> list[Path]:
    """Write the board, and with ``names`` the learners' pages, into a folder.

    The folder is made, or its old report replaced as a whole.

    Raises
    ------
    FileExistsError
        There is something else in the folder.
    OSError
        It cannot be written.
    """
    if folder.exists() and not is_ours(folder):
        raise FileExistsError(f"{folder} is not empty, and it is no report. Choose a new folder.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as scratch:
        new = Path(scratch, "new")
        new.mkdir(mode=0o755)
        for name, text in pages(book, names):
            target = new / name
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(text.encode("utf-8", "backslashreplace"))
        if folder.exists():
            folder.rename(Path(scratch, "old"))
        new.rename(folder)
    return sorted(path for path in folder.rglob("*.html"))


def is_ours(folder: Path) -> bool:
    """Whether a folder is empty, or holds a report and nothing else."""
    if not folder.is_dir():
        return False
    inside = {path.name for path in folder.iterdir()}
    if not inside:
        return True
    board = folder / BOARD
    return inside <= {BOARD, LEARNERS} and board.is_file() and MARK.encode() in board.read_bytes()


def pages(book: ClassBook, names: bool = True) -> Iterator[tuple[str, str]]:
    """Name and text of each page."""
    environment = templates()
    yield BOARD, environment.get_template("board.html.j2").render(_board(book, names))
    template = environment.get_template("learner.html.j2")
    for learner in book.learners if names else ():
        handed_in = [_chapter(latest) for latest in book.of_learner(learner)]
        yield _address(learner), template.render(learner=learner, chapters=handed_in)


def templates() -> Environment:
    """The templates of all pages."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals.update(
        mark=Markup(MARK), title=title, address=_address, status_words=STATUS_WORDS
    )
    environment.filters["points"] = lambda number: f"{round(number, 2):g}"
    return environment


def _address(learner: Learner) -> str:
    return f"{LEARNERS}/{learner.slug}.html"


# A learner's page


def _chapter(latest: Latest) -> dict[str, Any]:
    result = latest.result
    chapter = result.chapter or ""
    to_do = [e for e in result.exercises if e.status not in ("passed", "internal_error")]
    return {
        "name": chapter,
        "result": result,
        "next": to_do[0] if to_do else None,
        "exercises": [_exercise(chapter, e) for e in result.exercises],
    }


def _exercise(chapter: str, result: ExerciseResult) -> dict[str, Any]:
    """A card, and for a named mistake a case that shows it."""
    return {
        "result": result,
        "card": Markup(to_html(result, live=False)),
        "case": Markup(
            example(result.chapter or chapter, result.name, said_twists(chapter, result))
        ),
    }


# The board


def _board(book: ClassBook, names: bool) -> dict[str, Any]:
    everybody = list(book.latest.values())
    return {
        "book": book,
        "names": names,
        "unread": [latest for latest in everybody if latest.result.status != "graded"],
        "lost": [
            (latest, exercise)
            for latest in everybody
            for exercise in latest.result.exercises
            if exercise.status == "internal_error"
        ],
        "chapters": [_of_chapter(book, chapter) for chapter in book.chapters],
        "trends": over_time(book),
        "shown": {(m.chapter, m.exercise, m.name) for m in named(everybody)},
        "enough": ENOUGH,
        "low": LOW,
    }


def _of_chapter(book: ClassBook, chapter: str) -> dict[str, Any]:
    results = book.of_chapter(chapter)
    found, equal = items(results), unnamed(results)
    order = {item.name: place for place, item in enumerate(found)}
    return {
        "name": chapter,
        "learners": len(results),
        "distribution": distribution(results),
        "items": found,
        "mistakes": _by_exercise(named(results), order),
        "groups": [group for group in equal if len(group.learners) > 1],
        "alone": sum(len(group.learners) == 1 for group in equal),
        "case": _case_of,
    }


def _by_exercise(mistakes: list[Mistake], order: dict[str, int]) -> list[tuple[str, list[Mistake]]]:
    """Exercises in the notebook's order, each with its mistakes, the most frequent first."""
    ordered = sorted(mistakes, key=lambda mistake: order.get(mistake.exercise, len(order)))
    return [(name, list(group)) for name, group in groupby(ordered, key=lambda m: m.exercise)]


def _case_of(mistake: Mistake) -> Markup:
    return Markup(example(mistake.grader, mistake.exercise, mistake.twists))
