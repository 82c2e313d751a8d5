"""The twist proof on many secret draws: does each batch's own questions tell every mistake?

    python -m cnnlab.autograder.quality.fresh_proof                  # 50 seeds, every chapter
    python -m cnnlab.autograder.quality.fresh_proof ch14 --seeds 1000
    python -m cnnlab.autograder.quality.fresh_proof ch14 --seeds 1 --first 4711   # that seed again

The course's own op answers in place of Keras, which takes minutes for so many questions; that both
agree is shown elsewhere, by `prove_op`. A mistake that one draw in a hundred hides is found so.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from cnnlab.autograder.judging.answerkey import AnswerKey
from cnnlab.autograder.judging.exercise import Exercise, load_chapter
from cnnlab.autograder.quality.command import COMMAND, Chapters, names_of, out
from cnnlab.autograder.quality.proof import prove_twists, prove_variants, prove_worthless
from cnnlab.autograder.settings import usable_cores


def drawn_key(exercise: Exercise, seed: int) -> AnswerKey:
    """The key of what a seed asks in a fresh batch, with the answers of the course's own op."""
    probes = exercise.draw(seed, fresh=True)
    asked = AnswerKey(exercise, probes, [None] * len(probes))
    answers = [None if p.raises else asked.call_numpy_op(p).value for p in probes]
    return AnswerKey(exercise, probes, answers)


def prove_drawn(exercise: Exercise, seed: int) -> Iterator[str]:
    """What a seed's fresh questions do not tell, a sentence each; nothing if all is well."""
    key = drawn_key(exercise, seed)
    yield from prove_worthless(key)
    yield from prove_twists(key)
    yield from prove_variants(key)


def prove_chapter(name: str, seed: int) -> list[str]:
    """What is wrong with a chapter's draw; its puzzles draw nothing."""
    drawn = (exercise for exercise in load_chapter(name).exercises if not exercise.puzzle)
    return [problem for exercise in drawn for problem in prove_drawn(exercise, seed)]


# The command

app = typer.Typer(**COMMAND)


@app.command()
def main(
    chapters: Chapters = None,
    seeds: Annotated[int, typer.Option(min=1, help="Draws for each chapter.")] = 50,
    first: Annotated[
        int | None, typer.Option(min=0, help="The first seed; a secret one if not given.")
    ] = None,
    processes: Annotated[
        int, typer.Option("--processes", "-p", min=1, help="How many prove side by side.")
    ] = usable_cores(),
) -> None:
    """Prove that fresh questions tell every mistake from every other, for many seeds.

    Each sentence comes with the number of seeds that it is true for, and the first of them. The
    exit code is 1 if there is one.
    """
    names = names_of(chapters)
    start = secrets.randbits(52) if first is None else first
    counts: Counter[str] = Counter()
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for name in names:
            tried = range(start, start + seeds)
            found = pool.map(partial(prove_chapter, name), tried)
            shown = track(found, name, seeds, console=Console(stderr=True), transient=True)
            for seed, problems in zip(tried, shown, strict=True):
                for problem in problems:
                    if problem not in counts:
                        out.print(f"{name}: {problem} (seed {seed})")
                    counts[problem] += 1
            out.print(f"{name}: {seeds} seed{'s' if seeds > 1 else ''} from {start}")
    for problem, times in counts.most_common():
        out.print(f"{times:5}  {problem}")
    if not counts:
        out.print("Every mistake was told from every other, with every seed.")
    raise typer.Exit(int(bool(counts)))


if __name__ == "__main__":
    app()
