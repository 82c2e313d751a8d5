"""The start page as HTML: what comes next, a whole network, three routes, and the map."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from cnnlab.course import palette
from cnnlab.course.light import keras_missing
from cnnlab.course.start.course_map import CourseMap, Entry, Route, course_map, in_words
from cnnlab.course.start.progress import Reached, Score, reached, what_next

MARKS = {"passed": ("✓", "passed"), "begun": ("–", "not there yet"), "open": ("", "no points yet")}
_KEYS = 'data-lm-suppress-shortcuts="true"'
"""On what takes keys: JupyterLab then leaves them to it."""


@dataclass(frozen=True)
class Overview:
    """The map of the course, for one learner's folder; shows itself in a notebook.

    Parameters
    ----------
    folder : Path
        Where the chapters' folders are.
    update : str
        The command of JupyterLab that brings the points up to date.
    """

    folder: Path
    update: str = "notebook:run-all-cells"

    def bundle(self) -> dict[str, str]:
        """What a notebook shows: HTML, and plain text where there is none."""
        course, chapters = course_map(), reached(self.folder)
        html = to_html(course, chapters, self.update)
        return {"text/html": html, "text/plain": to_text(course, chapters)}

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return self.bundle()


def to_text(course: CourseMap, chapters: Mapping[str, Reached]) -> str:
    """A line for each chapter, and what comes next."""
    lines = []
    for entry in course.chapters.values():
        score = chapters[entry.name]
        points = f"{score.earned:g} / {score.most:g} points"
        lines.append(f"{entry.number:>2} {entry.title:<34}{in_words(entry.minutes):>7}  {points}")
    return "\n".join([*lines, "", _next_words(course, chapters)])


def to_html(course: CourseMap, chapters: Mapping[str, Reached], update: str) -> str:
    """The whole page; links lead from the course folder to its chapters."""
    own = Path(__file__).with_name("page.css").read_text("utf-8")
    style = f"{palette.style('.cnnlab-start')}\n{own}"
    return (
        f"<style>{style}</style><div class='cnnlab-start'>{_next(course, chapters, update)}"
        f"{picture()}"
        f"<h2>Three routes</h2><div class='routes'>"
        f"{''.join(_route(course, route) for route in course.routes)}</div>"
        f"<h2>The chapters</h2>{_table(course, chapters)}{_legend()}</div>"
    )


@cache
def picture() -> str:
    """One whole network, drawn."""
    from cnnlab.course.figures.architecture import network
    from cnnlab.datasets.load import photo

    return network(photo("chelsea", size=64)).html()


# What comes next


def _go_on(chapters: Mapping[str, Reached]) -> tuple[str, str] | None:
    missing = keras_missing() is not None
    return what_next({n: c for n, c in chapters.items() if not (missing and c.keras)})


def _begun(chapters: Mapping[str, Reached]) -> bool:
    return any(each.earned for each in chapters.values())


def _next_words(course: CourseMap, chapters: Mapping[str, Reached]) -> str:
    found = _go_on(chapters)
    if found is None:
        return "Every exercise is passed."
    title = course.chapters[int(found[0][2:4])].title
    return f"Next: {found[1]}, in chapter {int(found[0][2:4])}, {title}."


def _next(course: CourseMap, chapters: Mapping[str, Reached], update: str) -> str:
    found, entries = _go_on(chapters), course.chapters
    earned, most = (sum(getattr(c, x) for c in chapters.values()) for x in ("earned", "most"))
    if not _begun(chapters):
        said = f"<strong>Begin with {_chapter(entries[1])}</strong>"
        more = f"New to NumPy? First {_chapter(entries[0])}."
    elif found is None:
        said, more = "<strong>Every exercise is passed.</strong>", f"{earned:g} points"
    else:
        said = f"<strong>Next: {_chapter(entries[int(found[0][2:4])])}</strong>"
        more = f"exercise <code>{escape(found[1])}</code> · {earned:g} of {most:g} points so far"
    now = datetime.datetime.now()
    button = (
        f'<button {_KEYS} data-commandlinker-command="{escape(update)}" '
        f'data-commandlinker-args="{{}}" title="Points as of {now:%H:%M}">'
        "Update points</button>"
    )
    return f"<div class='next'>{said}<span>{more}</span><div class='now'>{button}</div></div>"


# Routes and the map


def _link(entry: Entry, words: str, about: str = "") -> str:
    title = f' title="{escape(about)}" aria-label="{escape(about)}"' if about else ""
    return f'<a href="{escape(entry.path)}" {_KEYS}{title}>{escape(words)}</a>'


def _chapter(entry: Entry) -> str:
    return _link(entry, f"chapter {entry.number}, {entry.title}")


def _numbers(course: CourseMap, numbers: Iterable[int]) -> str:
    entries = (course.chapters[number] for number in numbers)
    return ", ".join(_link(e, str(e.number), f"Chapter {e.number}: {e.title}") for e in entries)


def _route(course: CourseMap, route: Route) -> str:
    hours = round(route.minutes / 60)
    steps = f"Work through {_numbers(course, route.work)}."
    steps += f" Read {_numbers(course, route.read)}." if route.read else ""
    return (
        f"<div><h3>{escape(route.title)} <span class='soft'>about {hours} h</span></h3>"
        f"<p>{escape(route.about[:1].upper() + route.about[1:])}.</p>"
        f"<p class='soft'>{steps}</p></div>"
    )


def _table(course: CourseMap, chapters: Mapping[str, Reached]) -> str:
    rows = []
    for title, entries in course.parts:
        rows.append(f'<tr><th class="part" colspan="5" scope="colgroup">{escape(title)}</th></tr>')
        rows += [_row(course, entry, chapters[entry.name]) for entry in entries]
    head = "".join(f'<th scope="col">{w}</th>' for w in ("", "chapter", "time", "needs", "points"))
    return (
        f"<table class='map'><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )


def _row(course: CourseMap, entry: Entry, score: Reached) -> str:
    keras = ""
    if score.keras:
        why = "Keras is not installed here" if keras_missing() else "Needs Keras"
        keras = f'<span class="keras" title="{why}">Keras</span>'
    needs = "<br>".join(filter(None, [_numbers(course, entry.needs), keras]))
    return (
        f'<tr><td class="short">{entry.number}</td>'
        f'<th scope="row">{_link(entry, entry.title)}<br>'
        f'<span class="soft">{escape(entry.about)}</span></th>'
        f'<td class="short">{in_words(entry.minutes)}</td><td class="short">{needs}</td>'
        f"<td>{_points(score)}</td></tr>"
    )


def _state(score: Score) -> str:
    return "passed" if score.passed else "begun" if score.earned else "open"


def _points(reached: Reached) -> str:
    """A chapter's points; each exercise as a box, and unfolded by name."""
    boxes, lines = [], []
    for score in reached.scores:
        state = _state(score)
        mark, words = MARKS[state]
        said = f"{score.name}: {score.earned or 0:g} of {score.most:g} points, {words}"
        boxes.append(f'<i class="{state}" title="{escape(said)}" aria-hidden="true">{mark}</i>')
        lines.append(
            f'<li><i class="{state}" role="img" aria-label="{words}">{mark}</i>'
            f"<code>{escape(score.name)}</code> {score.earned or 0:g} / {score.most:g}</li>"
        )
    total = f"{reached.earned:g} / {reached.most:g}"
    return (
        f"<details><summary {_KEYS}><b>{total}</b><span>{''.join(boxes)}</span></summary>"
        f"<ul>{''.join(lines)}</ul></details>"
    )


def _legend() -> str:
    boxes = " ".join(
        f'<i class="{state}" aria-hidden="true">{mark}</i> {words} &nbsp;'
        for state, (mark, words) in MARKS.items()
    )
    return (
        f'<p class="soft">Each box is an exercise: {boxes}<br>Full marks count at once, other '
        "points when you save the chapter. All times are estimates, exercises included. "
        "“Needs” are chapters whose ideas you should know; where it says Keras, the full "
        "installation.</p>"
    )
