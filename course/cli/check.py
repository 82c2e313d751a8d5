"""``cnnlab check``: a learner's points so far, and what is wrong with what was tried."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from cnnlab.course.cli.selection import Selected, select
from cnnlab.course.cli.terminal import console, errors, exercises_folder, visible

if TYPE_CHECKING:
    from cnnlab.autograder.judging.exercise import Chapter
    from cnnlab.autograder.judging.results import ExerciseResult, SubmissionResult
    from cnnlab.autograder.standing import Judge, Standing

MARKS = {
    "passed": ("✓", "green", "passed"),
    "failed": ("✗", "red", "not there yet"),
    "not_attempted": ("○", "dim", "not written yet"),
}
EXPLAINED = 3
"""How many exercises are explained in full when many fail; the others are named."""


def check(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            help="ch01, a notebook, a folder, or one exercise of these: ch01::conv2d; "
            "ch01 FOLDER is that chapter there. "
            "Default: the chapter or the course in whose folder you are."
        ),
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--dir", help="The folder with your notebooks.")
    ] = None,
    watch: Annotated[bool, typer.Option(help="Check again whenever a notebook is saved.")] = False,
) -> None:
    """Show your points in every exercise, and explain what does not work yet.

    Save your notebook first: what counts is what is on disk.
    """
    course = exercises_folder(folder)
    selected = select(paths or [], course)
    what = selected[0].what if len(selected) == 1 else f"{len(selected)} chapters"
    console.print(Text(f"Checking {what} in {_place(selected)} …"))

    from cnnlab.autograder.standing import Judge  # NumPy comes with it: say something first

    with Judge() as judge:
        seen = {each: each.saved for each in selected}
        show_all(judge, selected)
        if watch:
            follow(judge, selected, seen)


def show_all(judge: Judge, selected: Sequence[Selected]) -> None:
    """Judge every notebook, show the points of each at once, and explain at the end."""
    results: list[tuple[Selected, SubmissionResult]] = []
    left_out = []
    for each in selected:
        result = judged(judge, each).result
        if result.message and result.chapter and _keras_is_missing(result):
            left_out.append((result.chapter, result.message))
            continue
        results.append((each, result))
        for line in points(each, result, short=len(selected) > 1):
            console.print(line)
    if len(results) > 1:
        score, most = sum(r.score for _, r in results), sum(r.max_score for _, r in results)
        console.print(Text(f"Together {score:g} / {most:g} points", style="bold"))
    explain(results)
    if left_out:
        names = ", ".join(chapter for chapter, _ in left_out)
        console.print(Text(f"Left out: {names}. {left_out[0][1]}", style="yellow"))


def judged(judge: Judge, each: Selected) -> Standing:
    """A notebook's standing; a line that comes and goes says what takes time."""
    with errors.status(each.chapter) as status:

        def running(chapter: Chapter, names: list[str]) -> None:
            keras = " (TensorFlow takes some seconds)" if chapter.keras else ""
            status.update(f"{chapter.name}: {', '.join(names)}{keras}")

        standing = judge.judge(each.path, each.exercises, running)
    keep_passed(each.path, standing)
    return standing


def keep_passed(path: Path, standing: Standing) -> None:
    """Keep new answers with full marks for later chapters, as a notebook's `check` does."""
    from cnnlab.autograder.kept import keep
    from cnnlab.autograder.submission import read

    for exercise in standing.result.exercises:
        chapter = exercise.chapter or standing.result.chapter or ""
        if exercise.passed and exercise.name in standing.changed:
            submission = read(path, chapter, only=exercise.name)
            if not submission.course_names:
                with suppress(OSError):  # a folder that is only read
                    keep(path.parent, chapter, exercise.name, submission.cells())


def explain(results: Sequence[tuple[Selected, SubmissionResult]]) -> None:
    """The tutor's text for what was tried and fails; where nothing does, what comes next."""
    latest = sorted(results, key=lambda pair: -pair[0].saved)
    failing = [
        (result.chapter or "", exercise)
        for _, result in latest
        for exercise in result.exercises
        if exercise.status not in ("passed", "not_attempted")
    ]
    for chapter, exercise in failing[:EXPLAINED]:
        console.print()
        if len(results) > 1:
            console.print(Text(chapter, style="dim"))
        console.print(tutor(exercise))
    for chapter, exercise in failing[EXPLAINED:]:
        more = f"`cnnlab check {short(chapter)}::{exercise.name}`"
        console.print(Text(f"{exercise.name} in {chapter} does not work yet either: {more}"))
    if failing or any(result.status != "graded" for _, result in results):
        return
    started = [r for _, r in latest if any(e.status == "passed" for e in r.exercises)]
    for result in [*started, *(result for _, result in results)]:
        for exercise in result.exercises:
            if exercise.status == "not_attempted":
                said = f"Next: {exercise.name}, in {result.chapter}. It is not written yet."
                console.print(Text(said, style="bold"))
                return
    if results:
        console.print(_all_pass(results), style="green")


def _all_pass(results: Sequence[tuple[Selected, SubmissionResult]]) -> str:
    if any(each.exercises for each, _ in results):
        return f"What you asked for passes.{_left(results[-1][0])}"
    chapters = all(short(result.chapter or "") != result.chapter for _, result in results)
    return f"Everything passes.{' On to the next chapter.' if chapters else ''}"


def _left(each: Selected) -> str:
    """The first exercise of the notebook that is not written yet, as a sentence."""
    from cnnlab.autograder.submission.own_work import read_own

    for name, (part, _) in read_own(each.path).places.items():
        if name not in each.exercises and part.exercises[name].status != "written":
            return f" Next: {name}, in {each.chapter}. It is not written yet."
    return ""


def short(name: str) -> str:
    """How a chapter is called in a command; an assignment keeps its name.

    Examples
    --------
    >>> short("ch01_convolution"), short("homework1")
    ('ch01', 'homework1')
    """
    return re.sub(r"^(ch\d\d)_.*", r"\1", name)


def points(each: Selected, result: SubmissionResult, short: bool) -> Iterator[Text]:
    """A line for the chapter and one for each exercise; one alone where nothing was tried.

    Where exercises were asked for, the first line names them: the points are theirs alone.
    """
    untouched = not each.exercises and all(e.status == "not_attempted" for e in result.exercises)
    what = each.what if each.exercises else result.chapter or visible(result.path)
    score = f"{result.score:g} / {result.max_score:g} points"
    title = Text.assemble((f"{what:<24}", "bold"), score if len(what) < 24 else f"  {score}")
    if result.exercises and untouched:
        title.append("  not started", style="dim")
    yield title
    if result.message:
        yield Text(f"  {visible(result.message)}", style="yellow")
    if untouched and short:
        return
    for exercise in result.exercises:
        mark, style, words = MARKS.get(
            exercise.status, ("✗", "red", exercise.status.replace("_", " "))
        )
        score = f"{exercise.score:g} / {exercise.max_score:g}"
        yield Text.assemble((f"  {mark} {exercise.name:<22} {score:<12} ", style), (words, style))
    for warning in [] if untouched else result.warnings:
        yield Text(f"  {visible(warning)}", style="yellow")


def tutor(exercise: ExerciseResult) -> Text:
    """What the notebook's card says of an exercise, in colours."""
    from cnnlab.autograder.display import marks
    from cnnlab.autograder.display.text import WIDTH, to_text

    width = min(WIDTH, console.width)  # or the terminal would break lines once more
    said = visible(to_text(exercise, live=False, width=width))
    if console.color_system is None:  # backticks stay: nothing else would set code apart
        return Text(f"{said}\n")
    colours = {"✓": "green", "✗": "red", "Hint:": "cyan"}
    text = Text()
    for number, line in enumerate(marks.lines(said)):
        first = next(iter("".join(words for words, _ in line).split()), "")
        style = colours.get(first, "" if number else "bold")
        for words, code in line:
            text.append(words, style=f"bold {style}" if code else style)
        text.append("\n")
    return text


def follow(judge: Judge, selected: Sequence[Selected], seen: dict[Selected, float]) -> None:
    """Explain what changed, whenever a notebook is saved; until Ctrl+C.

    The clock of the files decides, not the events: so what is saved while another answer runs, or
    before the events begin, is seen a second later.
    """
    from watchfiles import watch

    _prepare(judge, max(selected, key=lambda each: each.saved), started=len(selected) == 1)
    folders = {each.path.parent for each in selected}
    console.print(Text(f"Watching {_place(selected)} (Ctrl+C ends this) …"))
    for _ in watch(*folders, rust_timeout=1000, yield_on_timeout=True, raise_interrupt=False):
        for each in selected:
            if (now := each.saved) and now != seen[each]:
                seen[each] = now
                show_change(judge, each)
                _prepare(judge, each, started=True)


def show_change(judge: Judge, each: Selected) -> None:
    """What a saved notebook's new code does."""
    standing = judged(judge, each)
    result = standing.result
    changed = [e for e in result.exercises if e.name in standing.changed]
    tried = [exercise for exercise in changed if exercise.status != "not_attempted"]
    title = f"{each.what} was saved: {result.score:g} / {result.max_score:g} points"
    console.print(Text(f"\n{title}", style="bold"))
    if result.message:
        console.print(Text(visible(result.message), style="yellow"))
    elif not tried:
        console.print("No exercise has changed.", style="dim")
    for exercise in tried:
        console.print(tutor(exercise))


def _prepare(judge: Judge, each: Selected, started: bool) -> None:
    """Have a process ready for the chapter that the learner works in."""
    from cnnlab.autograder.standing import is_untouched
    from cnnlab.autograder.submission.own_work import read_own

    work = read_own(each.path)
    if work.problem:
        return
    begun = [part for part in work.parts if not is_untouched(part)]
    if part := next(iter(begun or (work.parts if started else ())), None):
        judge.prepare(part.asks())


def _keras_is_missing(result: SubmissionResult) -> bool:
    from cnnlab.course.light import keras_missing

    nothing = all(exercise.status == "internal_error" for exercise in result.exercises)
    return nothing and result.message == keras_missing()


def _place(selected: Iterable[Selected]) -> str:
    """The folder that holds all of these notebooks, in words."""
    folders = {each.path.parent for each in selected}
    first = next(iter(folders))
    place = first if len(folders) == 1 else first.parent
    return "this folder" if place == Path() else str(place)
