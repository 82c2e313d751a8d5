"""The mutation score: how many small changes of a right solution still get full marks.

The chapter's own solutions are changed, one thing at a time (see
`cnnlab.autograder.quality.mutants`), and each mutant is graded like a learner's submission. A
mutant that loses no point, and does beyond the exercise all that the solution does, is either
equivalent (listed with the reason in ``graders/chNN_name/equivalent.toml``) or a hole in the
ladder.

    python -m cnnlab.autograder.quality.mutation            # every chapter
    python -m cnnlab.autograder.quality.mutation ch01 ch02

What was counted is kept in ``graders/chNN_name/mutation.json``, and with ``--write
CONTRIBUTING.md`` the table of all chapters goes between its markers there.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cnnlab.autograder.judging.answerkey import AnswerKey
from cnnlab.autograder.judging.exercise import (
    GRADERS,
    Chapter,
    chapter_names,
    load_chapter,
)
from cnnlab.autograder.judging.judge import beyond, judge
from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.judging.results import ExerciseResult
from cnnlab.autograder.quality.command import COMMAND, Chapters, names_of, out
from cnnlab.autograder.quality.mutants import Mutant, mutants
from cnnlab.autograder.sandbox.calls import Outcome
from cnnlab.autograder.sandbox.processes import available
from cnnlab.autograder.sandbox.session import Session, Workers, open_workers
from cnnlab.autograder.settings import usable_cores
from cnnlab.autograder.submission.solutions import solution_source
from cnnlab.course.markers import between

SECONDS = 2.0
"""What a mutant may take for one call: far more than a right solution does,"""
TIMES = 6
"""or so many times what the solution took for its longest, where it trains a network."""
START = "<!-- mutation score: python -m cnnlab.autograder.quality.mutation -->"
"""The line above the table in a text: how it is made."""


@dataclass
class Score:
    """A chapter's mutation score.

    ``survivors`` kept full marks without a reason; ``stale`` are listed reasons that no mutant
    needs any more.
    """

    chapter: str
    killed: int = 0
    equivalent: int = 0
    survivors: list[Mutant] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        return self.killed + self.equivalent + len(self.survivors)

    @property
    def counts(self) -> dict[str, int]:
        """How many there are of each kind, by what the table says."""
        return {
            "mutants": self.total,
            "lose points": self.killed,
            "equivalent, with reason": self.equivalent,
            "survive": len(self.survivors),
        }

    def __str__(self) -> str:
        return f"{self.chapter}: {', '.join(f'{n} {kind}' for kind, n in self.counts.items())}"


def mutants_of(name: str) -> list[Mutant]:
    """Every mutant of a chapter's solutions.

    Those of puzzles are left out: a solution there is data, and a changed one that still exposes
    the mistake is as right.
    """
    exercises = [e for e in load_chapter(name).exercises if not e.puzzle]
    return [m for e in exercises for m in mutants(e.name, solution_source(name, e.name))]


def measure(
    name: str,
    changed: list[Mutant],
    processes: int = 1,
    advance: Callable[[Mutant, bool], None] = lambda mutant, survives: None,
) -> Score:
    """Grade mutants of a chapter, in the sandbox where there is one.

    Parameters
    ----------
    name : str
        The chapter's full name.
    changed : list of Mutant
        All that `mutants_of` lists, else reasons that only others need are called stale.
    processes : int
        How many grade side by side.
    advance : callable, (mutant, survives without a reason) → None
        Called with each in turn, for a progress bar.
    """
    reasons = equivalent_mutants(name)
    score, used = Score(name), set()
    for mutant, survives in zip(changed, _graded(name, changed, processes), strict=True):
        explained = mutant.change in reasons.get(mutant.exercise, {})
        if not survives:
            score.killed += 1
        elif explained:
            score.equivalent += 1
            used.add((mutant.exercise, mutant.change))
        else:
            score.survivors.append(mutant)
        advance(mutant, survives and not explained)
    listed = {(e, change) for e, changes in reasons.items() for change in changes}
    score.stale = [f"{e}: {change}" for e, change in sorted(listed - used)]
    return score


def _graded(name: str, changed: list[Mutant], processes: int) -> Iterator[bool]:
    """Whether each mutant keeps full marks, in order."""
    with ProcessPoolExecutor(
        processes,
        mp_context=get_context("spawn"),
        initializer=_start_process,
        initargs=(name, available() is None),
    ) as pool:
        yield from pool.map(_survives, changed)


_chapter: Chapter | None = None
_workers: Workers | None = None
_open = ExitStack()  # until the process ends


def _start_process(name: str, sandbox: bool) -> None:
    global _chapter, _workers
    _chapter = load_chapter(name)
    _workers = _open.enter_context(open_workers(keras=_chapter.keras, sandbox=sandbox))


def _survives(mutant: Mutant) -> bool:
    assert _chapter is not None
    assert _workers is not None
    key = recorded(_chapter.name)[mutant.exercise]
    lacking, seconds = _unchanged(mutant.exercise)
    with _workers.session() as session:
        return keeps_full_marks(mutant, _chapter, key, session, lacking, seconds)


@cache
def _unchanged(exercise: str) -> tuple[set[int], float]:
    """The probes beyond the exercise on which the chapter's own solution fails, and its time."""
    assert _chapter is not None
    assert _workers is not None
    unchanged = Mutant(exercise, solution_source(_chapter.name, exercise), "")
    key = recorded(_chapter.name)[exercise]
    with _workers.session() as session:
        outcomes = _outcomes(unchanged, _chapter, key, session, _chapter.seconds)
    longest = max(outcome.seconds for outcome in outcomes)
    return beyond(key, outcomes), max(SECONDS, TIMES * longest)


def keeps_full_marks(
    mutant: Mutant,
    chapter: Chapter,
    key: AnswerKey,
    session: Session,
    lacking: set[int],
    seconds: float = SECONDS,
) -> bool:
    """Whether a mutant loses nothing: no point, and nothing beyond the exercise either.

    The solutions need not do all that lies beyond the exercise. So a mutant is noticed there only
    by probes that are not among those that its solution fails, ``lacking``.
    """
    outcomes = _outcomes(mutant, chapter, key, session, seconds)
    return judge(key, outcomes).passed and beyond(key, outcomes) <= lacking


def grade_mutant(
    mutant: Mutant, chapter: Chapter, key: AnswerKey, session: Session
) -> ExerciseResult:
    """Grade one mutant."""
    return judge(key, _outcomes(mutant, chapter, key, session))


def _outcomes(
    mutant: Mutant,
    chapter: Chapter,
    key: AnswerKey,
    session: Session,
    seconds: float = SECONDS,
) -> list[Outcome]:
    """What one mutant does on every probe."""
    cells = [(need, solution_source(chapter.name, need)) for need in key.exercise.needs]
    cells.append((mutant.exercise, mutant.source))
    session.define(cells, chapter.prelude, chapter.imports, drivers=chapter.drivers)
    return session.call(mutant.exercise, key.requests, seconds, key.exercise.driver)


def equivalent_mutants(name: str) -> dict[str, dict[str, str]]:
    """Exercise → change → why it changes nothing that a caller could see."""
    path = GRADERS / name / "equivalent.toml"
    if not path.exists():
        return {}
    listed = tomllib.loads(path.read_text(encoding="utf-8"))
    return {
        exercise: {entry["change"].strip(): entry["why"] for entry in entries}
        for exercise, entries in listed.items()
    }


# What was counted


def keep(score: Score) -> None:
    """Write a chapter's counts down beside its grader."""
    text = json.dumps(score.counts, indent=1) + "\n"
    _counts_path(score.chapter).write_text(text, encoding="utf-8")


def kept(name: str) -> dict[str, int]:
    """A chapter's counts, as they were last written; empty before the first time."""
    path = _counts_path(name)
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def _counts_path(name: str) -> Path:
    return GRADERS / name / "mutation.json"


def table() -> str:
    """What was counted in each chapter, as a Markdown table; a chapter not yet counted is empty."""
    kinds = list(Score("").counts)
    rows = [[name, *(str(kept(name).get(k, "")) for k in kinds)] for name in chapter_names()]
    lines = [["chapter", *kinds], ["---", *["---:"] * len(kinds)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


app = typer.Typer(**COMMAND)


@app.command()
def main(
    chapters: Chapters = None,
    processes: Annotated[
        int, typer.Option("--processes", "-p", min=1, help="How many grade side by side.")
    ] = usable_cores(),
    write: Annotated[
        Path | None, typer.Option(help="Put the table between the markers of this file.")
    ] = None,
) -> None:
    """Change every chapter's own solutions, one thing at a time, and grade each mutant.

    The counts are kept in graders/chNN_name/mutation.json. The exit code is 1 if a mutant keeps
    full marks and no reason is listed, or if a reason is listed that no mutant needs any more.
    """
    names = names_of(chapters)
    scores = [_measured(name, processes) for name in names]
    for score in scores:
        out.print(str(score))
        for change in score.stale:
            out.print(f"  no mutant needs this reason any more: {change}")
        keep(score)
    if write is not None:
        text = between(write.read_text(encoding="utf-8"), START, table())
        write.write_text(text, encoding="utf-8")
    raise typer.Exit(int(any(score.survivors or score.stale for score in scores)))


def _measured(name: str, processes: int) -> Score:
    """A chapter's score, with a progress bar on stderr; survivors are printed as they come."""
    changed = mutants_of(name)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(name, total=len(changed))

        def advance(mutant: Mutant, survives: bool) -> None:
            bar.advance(task)
            if survives:
                out.print(f"{mutant.exercise} keeps full marks:\n{mutant.change}\n")

        return measure(name, changed, processes, advance)


if __name__ == "__main__":
    app()
