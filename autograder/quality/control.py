"""The control of what is named: random wrong functions, and whether their names are right.

    python -m cnnlab.autograder.quality.control                      # 10000 by hand, 500 with Keras
    python -m cnnlab.autograder.quality.control --by-hand 500 ch01 ch05
    python -m cnnlab.autograder.quality.control --seed 7 --start 2000 ch03

Each function (see `cnnlab.autograder.quality.wrong_functions`) is judged on the recorded probes as
`check` does. Where a mistake is named, the course's op with that mistake and the function are
called on other probes, of a seed that no record knows. The name is wrong where their numbers
differ on a plain one, or their form on more than diagnosis allows. Two kinds are no wrong names but
second flaws, and counted apart: a form that differs on few probes, as a squeezed axis; and a random
change that no recorded probe shows, around a function which has just the mistake that is named.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import chain, permutations, product
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from cnnlab.autograder.judging.answerkey import AnswerKey
from cnnlab.autograder.judging.compare import agrees, shape_difference
from cnnlab.autograder.judging.diagnosis import UNEXPLAINED, diagnose
from cnnlab.autograder.judging.exercise import CORNERS, load_chapter
from cnnlab.autograder.judging.judge import judge
from cnnlab.autograder.judging.record import RECORDED_SEED, recorded
from cnnlab.autograder.judging.results import ExerciseResult
from cnnlab.autograder.judging.twists import CHANGES_INPUT, Twist
from cnnlab.autograder.kernel import Clock, no_visitors, quiet
from cnnlab.autograder.quality.command import COMMAND, Chapters, names_of, out
from cnnlab.autograder.quality.wrong_functions import WrongFunction, draw
from cnnlab.autograder.sandbox.calls import ErrorInfo, Outcome
from cnnlab.autograder.settings import usable_cores

SECONDS = 2.0
"""What a wrong function may take for one call."""
MEMORY = 8 << 30
"""Bytes of address space that a process may have more than at its start: a mutant may ask for
an array of any size."""


@dataclass(frozen=True)
class Verdict:
    """What became of one wrong function.

    ``differs`` says where the named mistake and the function part on other probes; ``second``
    says that this is a second flaw beside the mistake.
    """

    number: int
    exercise: str
    source: str
    right: bool
    named: tuple[str, ...] = ()
    differs: str = ""
    second: bool = False

    @property
    def misnamed(self) -> bool:
        return bool(self.differs) and not self.second

    def __str__(self) -> str:
        names = ", ".join(self.named)
        return (
            f"{self.exercise} {self.number} is named {names}: {self.differs}\n{self.source.strip()}"
        )


@dataclass
class Control:
    """What became of a chapter's wrong functions."""

    chapter: str
    verdicts: list[Verdict] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """How many there are of each kind, by what the table says."""
        seen = self.verdicts
        return {
            "functions": len(seen),
            "still right": sum(v.right for v in seen),
            "wrong": sum(not v.right for v in seen),
            "named": sum(bool(v.named) for v in seen),
            "with a second flaw": sum(v.second for v in seen),
            "named wrongly": sum(v.misnamed for v in seen),
        }


# One function


def tried(name: str, seed: int, number: int) -> Verdict:
    """Draw a chapter's function of this number, have it judged, and compare what is named."""
    wrong = draw(name, seed, number)
    key = recorded(name)[wrong.exercise]
    outcomes = called(wrong, key)
    result = judge(key, outcomes)
    verdict = Verdict(number, wrong.exercise, wrong.source, result.passed)
    if not _says_a_name(key, result):
        return verdict
    found = diagnose(key, outcomes)
    fresh = _fresh_key(name, wrong.exercise, seed)
    seen = called(wrong, fresh)
    if not found:
        changes = any(outcome.args_after is not None for outcome in seen)
        differs = "" if changes else "no input was changed"
        return replace(verdict, named=(CHANGES_INPUT,), differs=differs)
    names = tuple(dict.fromkeys(twist.name for twist in found))
    differs, second = parted(fresh, found, seen)
    second = second or (bool(differs) and _made_of(wrong, names, fresh, found))
    return replace(verdict, named=names, differs=differs, second=second)


def _made_of(
    wrong: WrongFunction, names: tuple[str, ...], key: AnswerKey, found: tuple[Twist, ...]
) -> bool:
    """Whether a function has the mistakes that are named, under the random changes around it."""
    if set(names) <= set(wrong.mistakes):
        return True
    inner = replace(wrong, changes=())
    return not parted(key, found, called(inner, key))[0]


def called(wrong: WrongFunction, key: AnswerKey) -> list[Outcome]:
    """What comes of every probe; after one that did not end, no other is called."""
    clock = Clock(SECONDS, wrong.exercise)
    outcomes = []
    with no_visitors():
        for probe in key.probes:
            outcome = None
            if not clock.ran_out:
                with quiet(), clock.limit():
                    outcome = wrong.call(key, probe)
            if outcome is None or clock.ran_out:
                outcome = Outcome("timeout", error=ErrorInfo("Timeout", "no answer"))
            outcomes.append(outcome)
    return outcomes


def _says_a_name(key: AnswerKey, result: ExerciseResult) -> bool:
    """Whether a mistake is named, in the diagnosis or as advice."""
    said = {twist.says for twist in key.exercise.twists}
    return bool(result.diagnosis or said.intersection(result.remarks))


@cache
def _fresh_key(name: str, exercise: str, seed: int) -> AnswerKey:
    """Other probes, without what is expected: the course's op and the function are compared."""
    drawn = load_chapter(name)[exercise].draw(RECORDED_SEED + 1 + seed)
    return AnswerKey(load_chapter(name)[exercise], drawn, [None] * len(drawn))


def parted(key: AnswerKey, found: tuple[Twist, ...], seen: Sequence[Outcome]) -> tuple[str, bool]:
    """Where a function parts on plain probes from the course's op with the mistakes of these names;
    and whether it does so in form alone, on few of them.

    A name may stand for several mistakes, and their order is not said; the nearest counts.
    """
    twists = key.exercise.twists
    same_name = [[t for t in twists if t.name == f.name] or [f] for f in found]
    orders = (order for choice in product(*same_name) for order in permutations(choice))
    nearest = ("nothing was tried", False)
    for combination in chain([found], orders):
        differs, second = _parted(key, combination, seen)
        if not differs:
            return "", False
        if second or not nearest[1]:
            nearest = differs, second
    return nearest


def _parted(key: AnswerKey, found: tuple[Twist, ...], seen: Sequence[Outcome]) -> tuple[str, bool]:
    plain = [i for i, p in enumerate(key.probes) if not p.raises and p.rung not in CORNERS]
    returned = [i for i in plain if seen[i].status == "returned"]
    other = 0
    for i in returned:
        value, predicted = key.describe(i, seen[i].value), key.predict(found, i)
        if predicted.status != "returned" or shape_difference(predicted.value, value):
            other += 1
        elif not agrees(predicted.value, value, key.probes[i].rounding):
            return f"other numbers on probe {i} ({key.probes[i].rung})", False
    few = other <= UNEXPLAINED * len(returned)
    errors = sum(key.predict(found, i).status == "returned" for i in set(plain) - set(returned))
    if not other and not errors:
        return "", False
    return f"another form on {other}, an error on {errors} of {len(plain)} plain probes", few


# Many


def control(
    name: str,
    seed: int,
    numbers: range,
    processes: int = 0,
    advance: Callable[[Verdict], None] = lambda verdict: None,
) -> Control:
    """Try a chapter's functions of these numbers.

    Parameters
    ----------
    name : str
        The chapter's full name.
    seed : int
        Of the functions, and of the other probes.
    numbers : range
    processes : int
        How many judge side by side; 0 for this process, whose memory is not limited.
    advance : callable, Verdict → None
        Called with each in turn, for a progress bar.
    """
    found = Control(name)
    for verdict in _tried(name, seed, numbers, processes):
        found.verdicts.append(verdict)
        advance(verdict)
    return found


def _tried(name: str, seed: int, numbers: range, processes: int) -> Iterator[Verdict]:
    with ExitStack() as stack:
        spread: Callable[..., Iterator[Verdict]] = map
        if processes:
            pool = ProcessPoolExecutor(processes, get_context("spawn"), _start_process, (name,))
            spread = stack.enter_context(pool).map
        else:
            _start_keras(name)
        count = len(numbers)
        yield from spread(tried, [name] * count, [seed] * count, numbers)


def _start_process(name: str) -> None:
    _start_keras(name)
    statm = Path("/proc/self/statm")
    if not statm.exists():  # not Linux
        return
    import resource

    used = int(statm.read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, resource.RLIM_INFINITY))


def _start_keras(name: str) -> None:
    """Keras, silently, before a chapter's prelude imports it."""
    if load_chapter(name).keras:
        import cnnlab.course.networks.quiet  # noqa: F401


# The command

app = typer.Typer(**COMMAND)


@app.command()
def main(
    chapters: Chapters = None,
    by_hand: Annotated[
        int, typer.Option(min=0, help="Functions in all chapters without Keras together.")
    ] = 10_000,
    keras: Annotated[
        int, typer.Option(min=0, help="Functions in all chapters with Keras together.")
    ] = 500,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Repeats a run; a new one is drawn if not given.")
    ] = None,
    start: Annotated[
        int, typer.Option(min=0, help="The number of the first function: goes on with a run.")
    ] = 0,
    processes: Annotated[
        int, typer.Option("--processes", "-p", min=1, help="How many judge side by side.")
    ] = usable_cores(),
) -> None:
    """Judge random wrong functions, and compare each named mistake with the function.

    The exit code is 1 if a name is wrong.
    """
    names = names_of(chapters)
    seed = secrets.randbits(32) if seed is None else seed
    out.print(f"seed {seed}")
    shares = {
        n: share
        for total, uses_keras in ((by_hand, False), (keras, True))
        for n, share in shared([n for n in names if load_chapter(n).keras is uses_keras], total)
    }
    found = [
        _controlled(name, seed, range(start, start + shares[name]), processes)
        for name in names
        if shares[name]
    ]
    out.print(table(found))
    raise typer.Exit(int(any(v.misnamed for c in found for v in c.verdicts)))


def shared(names: list[str], total: int) -> Iterator[tuple[str, int]]:
    """Each chapter's share of so many functions.

    Examples
    --------
    >>> list(shared(["ch01", "ch02", "ch03"], 10))
    [('ch01', 4), ('ch02', 3), ('ch03', 3)]
    """
    for i, name in enumerate(names):
        yield name, total // len(names) + (i < total % len(names))


def _controlled(name: str, seed: int, numbers: range, processes: int) -> Control:
    """A chapter's functions, with a progress bar on stderr; wrong names come as they are found."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(name, total=len(numbers))

        def advance(verdict: Verdict) -> None:
            bar.advance(task)
            if verdict.misnamed:
                out.print(f"{name}: {verdict}\n")

        found = control(name, seed, numbers, processes, advance)
    out.print(f"{name}: {', '.join(f'{n} {kind}' for kind, n in found.counts.items())}")
    return found


def table(found: Sequence[Control]) -> Table:
    """Each chapter's counts, and those of all together."""
    rows = [(control.chapter, control.counts) for control in found]
    kinds = Control("").counts
    shown = Table("chapter", title="Random wrong functions", title_justify="left")
    for kind in kinds:
        shown.add_column(kind, justify="right")
    total = {kind: sum(counts[kind] for _, counts in rows) for kind in kinds}
    for name, counts in [*rows, ("all", total)]:
        shown.add_row(name, *map(str, counts.values()))
    return shown


if __name__ == "__main__":
    app()
