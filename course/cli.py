"""The command ``cnnlab``. It parses, calls one piece of the house, and prints."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from cnnlab.autograder.results import BatchResult, ExerciseResult, SubmissionResult

app = typer.Typer(
    help="CNN Lab: a course on convolutional neural networks whose autograder understands the "
    "mistake.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)

COURSE = Path(__file__).parent
ROOT = COURSE.parent

MARKS = {
    "passed": "[green]✓ passed[/]",
    "failed": "[red]✗ not yet[/]",
    "not_attempted": "[dim]· not attempted[/]",
    "missing": "[yellow]? missing[/]",
}


def fail(message: str, code: int = 1) -> typer.Exit:
    """Say what went wrong and what to do, without a traceback."""
    errors.print(Text(message, style="red"))
    return typer.Exit(code)


def is_checkout() -> bool:
    """Whether this is a clone of the repository, where learners work in ``exercises/``."""
    return (ROOT / "pyproject.toml").exists() and (ROOT / "nbgrader_config.py").exists()


def exercises_folder(given: Path | None = None) -> Path:
    """Where the learner's notebooks are: the folder given, the clone's, or the usual one."""
    if given is not None:
        return given
    return ROOT / "exercises" if is_checkout() else Path("cnnlab-exercises")


@app.command(context_settings={"ignore_unknown_options": True})
def lab(
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="DIR OPTION",
            help="Where to work, by default a clone's exercises/ or else cnnlab-exercises; "
            "and options for JupyterLab.",
        ),
    ] = None,
    browser: Annotated[bool, typer.Option(help="Open a browser window.")] = True,
    port: Annotated[int | None, typer.Option(help="The port that JupyterLab listens on.")] = None,
    ip: Annotated[str | None, typer.Option(help="The address that it listens on.")] = None,
) -> None:
    """Open the course in JupyterLab.

    Chapters that the folder does not have yet are copied there first. A notebook that is
    there already is yours, and stays as it is. Options that are not listed here go to JupyterLab;
    the folder stands before them.

    Examples:

      cnnlab lab

      cnnlab lab my-course --no-browser --port 9000 --ServerApp.token=secret
    """
    options = list(arguments or [])
    folder = Path(options.pop(0)) if options and not options[0].startswith("-") else None
    target = exercises_folder(folder)
    copied = copy_missing(ROOT / "exercises", target)
    if copied:
        console.print(f"Copied {len(copied)} chapters to {target}: {', '.join(copied)}")
    options += [] if browser else ["--no-browser"]
    options += [] if port is None else [f"--port={port}"]
    options += [] if ip is None else [f"--ip={ip}"]
    if is_root() and "--allow-root" not in options:
        console.print("You are root, so every cell runs with root's rights (--allow-root).")
        options.append("--allow-root")
    command = [sys.executable, "-m", "jupyterlab", f"--notebook-dir={target}", *options]
    if os.name == "posix":  # JupyterLab itself gets Ctrl+C and other signals
        os.execv(command[0], command)
    raise typer.Exit(subprocess.call(command))


def is_root() -> bool:
    """Whether this is a system's root, whom JupyterLab refuses unless told otherwise."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def copy_missing(source: Path, target: Path) -> list[str]:
    """Copy the chapters that ``target`` does not have; returns their names."""
    copied = []
    for notebook in sorted(source.glob("ch*/ch*.ipynb")):
        place = target / notebook.parent.name / notebook.name
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(notebook, place)
            copied.append(notebook.stem)
    return copied


@app.command()
def check(
    chapters: Annotated[
        list[str] | None, typer.Argument(help="ch01, ch02 … Default: every chapter in the folder.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--dir", help="The folder with your notebooks.")
    ] = None,
    watch: Annotated[bool, typer.Option(help="Check again whenever a notebook is saved.")] = False,
) -> None:
    """Where do I stand? Every exercise with its points, and the next hint.

    Save your notebook first: what counts is what is on disk.
    """
    target = exercises_folder(folder)
    show_standing(target, chapters or [])
    if watch:
        from watchfiles import watch as changes

        console.print(f"Watching {target} (Ctrl+C ends this) …")
        for changed in changes(target, raise_interrupt=False):
            if any(path.endswith(".ipynb") for _, path in changed):
                show_standing(target, chapters or [])


def show_standing(folder: Path, chapters: list[str]) -> None:
    """Grade the learner's own notebooks with recorded references, and print a table each."""
    from cnnlab.autograder.batch import Settings, grade
    from cnnlab.autograder.exercise import load_chapter
    from cnnlab.course.light import keras_missing

    paths = chapter_notebooks(folder, chapters)
    missing = keras_missing()
    left_out = [path for path in paths if missing and load_chapter(path.stem).keras]
    settings = Settings(fresh=False, walls=False, workers=1)
    for result in grade([p for p in paths if p not in left_out], settings).submissions:
        console.print(standing_table(result))
        following = next((e for e in result.exercises if e.status != "passed"), None)
        if result.message:
            console.print(Text(result.message, style="yellow"))
        elif following is None:
            console.print("Everything passes. On to the next chapter.", style="green")
        else:
            console.print(next_step(following))
    if left_out:
        names = ", ".join(path.stem for path in left_out)
        console.print(Text(f"Left out: {names}. {missing}", style="yellow"))


def chapter_notebooks(folder: Path, chapters: list[str]) -> list[Path]:
    """The notebooks of the named chapters (or of all) in the learner's folder."""
    from cnnlab.autograder.exercise import find_chapter

    try:
        wanted = [find_chapter(name) for name in chapters]
    except ValueError as error:
        raise fail(str(error), 2) from None
    found = sorted(folder.glob("ch*/ch*.ipynb"))
    paths = [p for p in found if not wanted or p.stem in wanted]
    if not paths:
        raise fail(f"No chapter's notebook is in {folder}. `cnnlab lab {folder}` puts them there.")
    return paths


def standing_table(result: SubmissionResult) -> Table:
    """One chapter's exercises with status and points."""
    table = Table(title=result.chapter or result.path, title_justify="left")
    table.add_column("exercise")
    table.add_column("status")
    table.add_column("points", justify="right")
    for exercise in result.exercises:
        mark = MARKS.get(exercise.status, f"[red]! {exercise.status.replace('_', ' ')}[/]")
        table.add_row(exercise.name, mark, f"{exercise.score:g} / {exercise.max_score:g}")
    table.add_section()
    table.add_row("", "", f"{result.score:g} / {result.max_score:g}")
    return table


def next_step(exercise: ExerciseResult) -> Text:
    """What to work on, and the hint for it."""
    text = Text.assemble(("Next: ", "bold"), (exercise.name, "bold"), "\n")
    if exercise.status != "not_attempted":
        text.append(exercise.message + "\n")
    if exercise.hint:
        text.append("Hint: ", "bold").append(exercise.hint)
    return text


@app.command()
def grade(
    paths: Annotated[
        list[Path], typer.Argument(help="Notebooks, .py files, or folders such as submitted/.")
    ],
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write everything as JSON (schema 1).")
    ] = None,
    csv_file: Annotated[
        Path | None, typer.Option("--csv", help="Write one row per submission and exercise.")
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes. Default: cores.")] = None,
    fresh: Annotated[
        bool | None,
        typer.Option(
            "--fresh/--recorded",
            help="Draw new probes and let Keras answer them, or use the recorded answers. "
            "Default: fresh for folders, recorded for single files.",
        ),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Repeat a fresh run with its seed.")] = None,
    sandbox: Annotated[
        bool, typer.Option(help="Run learner code behind walls (Linux, bubblewrap).")
    ] = True,
    chapter: Annotated[
        str | None, typer.Option(help="Grade everything as this chapter, such as ch01.")
    ] = None,
    reference: Annotated[
        str,
        typer.Option(
            help="Whose answers count, as backend-device: such as jax-cpu. With --recorded it is "
            "one of the records. With --fresh, Keras runs on that backend and device, whatever "
            "KERAS_BACKEND says."
        ),
    ] = "tensorflow-cpu",
) -> None:
    """Grade notebooks, .py files or nbgrader's submitted/ tree.

    Exit code 0 when every submission got a result, whatever its grade.

    Examples:

      cnnlab grade submitted/ --json results.json --csv grades.csv

      cnnlab grade exercises/ch01_convolution/ch01_convolution.ipynb --recorded
    """
    from cnnlab.autograder import batch
    from cnnlab.autograder.exercise import find_chapter

    refuse_without_walls(sandbox)
    try:
        wanted = find_chapter(chapter) if chapter else None
    except ValueError as error:
        raise fail(str(error), 2) from None
    files = batch.find_submissions(paths)
    if not files:
        raise fail("There is no notebook and no .py file in " + ", ".join(map(str, paths)), 2)
    if fresh is None:
        fresh = seed is not None or any(path.is_dir() for path in paths)
    workers = workers or min(batch.usable_cores(), len(files))
    try:
        settings = batch.Settings(fresh, sandbox, wanted, seed, workers, reference)
    except ValueError as error:
        raise fail(str(error), 2) from None
    try:
        with progress(len(files)) as advance:
            result = batch.grade(files, settings, advance)
    except RuntimeError as error:
        raise fail(str(error)) from None
    write_results(result, json_file, csv_file)
    console.print(class_table(result))


def refuse_without_walls(sandbox: bool) -> None:
    """Learner code of others never runs outside the sandbox unless it was asked for."""
    from cnnlab.autograder.sandbox import available

    why = available() if sandbox else None
    if why:
        raise fail(why, 2)


@contextmanager
def progress(total: int) -> Iterator[Any]:
    """A progress bar on stderr; yields what is to be called with each result."""
    columns = (
        TextColumn("grading"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[last]}"),
    )
    with Progress(*columns, console=errors, transient=True) as bar:
        task = bar.add_task("", total=total, last="")
        yield lambda result: bar.update(task, advance=1, last=result.path[-40:])


def write_results(result: BatchResult, json_file: Path | None, csv_file: Path | None) -> None:
    """Write the files that were asked for; a full disk is said, not thrown."""
    from cnnlab.autograder.results import to_json

    try:
        if json_file is not None:
            json_file.write_text(to_json(result), encoding="utf-8")
        if csv_file is not None:
            with open(csv_file, "w", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows(csv_rows(result))
    except OSError as error:
        raise fail(f"The results could not be written: {error}") from None


def csv_rows(result: BatchResult) -> Iterator[Sequence[Any]]:
    """A header, then one row per submission and exercise."""
    yield (
        "path", "student", "chapter", "status", "exercise", "exercise_status",
        "score", "max_score", "diagnosis", "message",
    )  # fmt: skip
    for s in result.submissions:
        start = (s.path, s.student or "", s.chapter or "", s.status)
        if not s.exercises:
            yield *start, "", "", s.score, s.max_score, "", s.message
        for e in s.exercises:
            diagnosis = " ".join(e.diagnosis)
            yield *start, e.name, e.status, e.score, e.max_score, diagnosis, e.message


def class_table(result: BatchResult) -> Table:
    """One line per submission, with the mistakes that were named."""
    table = Table(title=f"{len(result.submissions)} submissions", title_justify="left")
    table.add_column("submission", overflow="fold")
    table.add_column("points", justify="right")
    table.add_column("what to know", overflow="fold")
    for s in result.submissions:
        notes = [
            f"{e.name}: {', '.join(e.diagnosis) or e.status.replace('_', ' ')}"
            for e in s.exercises
            if e.status != "passed"
        ]
        known = [s.message] if s.message else notes or ["everything passes"]
        points = f"{s.score:g} / {s.max_score:g}"
        table.add_row(Text(s.path), points, Text("\n".join(known + s.warnings)))
    return table


@app.command()
def case(
    file: Annotated[Path, typer.Argument(help="Your notebook or .py file.")],
    exercise: Annotated[str, typer.Argument(help="The function that was judged, such as conv2d.")],
    words: Annotated[
        str,
        typer.Option(
            prompt="In one line: what does this answer do, or do wrong?", help="What it does."
        ),
    ],
    kind: Annotated[
        str,
        typer.Option(
            prompt="Is it right, a right idea that misses one corner (edge), or wrong?",
            help="right, edge or wrong.",
        ),
    ] = "right",
    names: Annotated[
        str, typer.Option(help="The diagnosis it should get: ids of twists, or ? for a new one.")
    ] = "",
    remove: Annotated[
        list[str] | None, typer.Option(help="A person's name that must not be in it. Repeatable.")
    ] = None,
    folder: Annotated[Path, typer.Option("--to", help="Where the file is written.")] = Path(),
    chapter: Annotated[str | None, typer.Option(help="Read the file as this chapter.")] = None,
    sandbox: Annotated[
        bool, typer.Option(help="Run the answer in the sandbox (Linux, bubblewrap).")
    ] = True,
) -> None:
    """Write one answer as a case to attach to a report: without names, comments and outputs.

    The case is graded beside your file, and must earn the same.

    Examples:

      cnnlab case ch01_convolution.ipynb conv2d

      cnnlab case ch03.py max_pool2d --kind wrong --words "pads with zeros" --names pads-with-zero
    """
    from cnnlab.autograder.case import same_result, take

    refuse_without_walls(sandbox)
    twists = names.replace(",", " ").split()
    try:
        made = take(file, exercise, words, kind, twists, chapter, remove or [])
    except ValueError as error:
        raise fail(str(error), 2) from None
    written = folder / made.file_name
    try:
        written.write_text(made.text, encoding="utf-8")
    except OSError as error:
        raise fail(f"The case could not be written: {error}") from None
    console.print(Text(made.text))
    before, after = (grade_one(path, made.chapter, exercise, sandbox) for path in (file, written))
    said = (
        f"{after.score:g} of {after.max_score:g} points, {', '.join(after.diagnosis) or 'no name'}"
    )
    console.print(f"Written to {written}. The judge says: {after.status}, {said}.")
    if not same_result(before, after):
        said = f"{before.status}, {before.score:g} points"
        raise fail(f"Your own file is graded otherwise ({said}). Please say so in your report.")
    console.print("Read it before you attach it: a name in a text or a variable may be left.")


def grade_one(path: Path, chapter: str, exercise: str, sandbox: bool) -> ExerciseResult:
    """One exercise's result, on recorded probes."""
    from cnnlab.autograder.batch import Settings, grade

    settings = Settings(fresh=False, walls=sandbox, chapter=chapter, workers=1)
    (submission,) = grade([path], settings).submissions
    return next(result for result in submission.exercises if result.name == exercise)


@app.command()
def build(
    chapters: Annotated[list[str] | None, typer.Argument(help="Default: every chapter.")] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Build nothing; say what is not as it must be.")
    ] = False,
    fast: Annotated[
        bool, typer.Option("--fast", help="With --check: without the twist proof (seconds).")
    ] = False,
    pairs: Annotated[
        bool, typer.Option("--pairs", help="With --check: prove every pair of twists, too (slow).")
    ] = False,
) -> None:
    """Make the notebooks from the chapter sources.

    A notebook in exercises/ that somebody has worked in is never replaced. With --check, on what
    is staged in git: drift between sources and notebooks, leaked solutions, exercises without
    grader, hint or twist, references that are missing or answer other questions, and the proof
    that every twist is caught under its own name.
    """
    from cnnlab.course import build as builder

    if not is_checkout():
        raise fail("`cnnlab build` needs a clone of the repository.", 2)
    if check:
        return check_staged(fast, pairs)
    try:
        report = builder.build(ROOT, chapters or None)
    except builder.BuildError as error:
        raise fail(str(error)) from None
    for name in report.written:
        console.print(f"written    {name}")
    for name in report.kept:
        console.print(f"kept       {name} (somebody has worked in it)", style="yellow")
    for name in report.unchanged:
        console.print(f"unchanged  {name}", style="dim")


def check_staged(fast: bool, pairs: bool) -> None:
    """Say what is wrong with what git has; fails if anything is."""
    from cnnlab.course import staged

    if fast and pairs:
        raise fail("--fast leaves the twist proof out, so there are no pairs to prove.", 2)
    try:
        problems = staged.check(ROOT, proof=not fast, pairs=pairs)
    except staged.BuildError as error:
        raise fail(str(error)) from None
    for problem in problems:
        console.print(Text(problem, style="red"))
    if problems:
        raise typer.Exit(1)
    right = "Notebooks, graders, hints and references are as they must be"
    console.print(f"{right}{'' if fast else ', and every twist is named'}.", style="green")


@app.command()
def record(
    chapters: Annotated[list[str] | None, typer.Argument(help="Default: every chapter.")] = None,
    backend: Annotated[
        str, typer.Option(help="What Keras runs on: tensorflow, jax or torch.")
    ] = "tensorflow",
    device: Annotated[str, typer.Option(help="cpu, or gpu: with TF32 off.")] = "cpu",
) -> None:
    """Record what Keras answers to every probe, on a backend and a device of your choice.

    Each backend and device has a record of its own. Self-checks use that of TensorFlow on a CPU.
    """
    from cnnlab.autograder.backends import Engine
    from cnnlab.autograder.exercise import chapter_names, find_chapter
    from cnnlab.autograder.keras_process import KerasProcess
    from cnnlab.autograder.record import left_behind
    from cnnlab.autograder.record import record as record_chapter

    try:
        names = [find_chapter(name) for name in chapters or chapter_names()]
        engine = Engine(backend, device)
    except ValueError as error:
        raise fail(str(error), 2) from None
    try:
        with KerasProcess(engine) as keras:
            for name in names:
                about = record_chapter(name, keras)
                version = about["versions"][engine.backend]
                console.print(f"{name}: {engine.backend} {version} on {about['device']}")
                for other in left_behind(name):
                    errors.print(f"{name}: the record {other} answers other questions now.")
    except PermissionError as error:
        raise fail(str(error), 2) from None
    except RuntimeError as error:
        raise fail(str(error)) from None


@app.command()
def data(
    name: Annotated[
        str | None, typer.Argument(help="cats-dogs: the full photographs, 825 MB. Default: a list.")
    ] = None,
    source: Annotated[
        Path | None,
        typer.Option("--from", help="Take them from this folder or zip archive instead."),
    ] = None,
) -> None:
    """What pictures and weights the course carries, and that they are intact; or fetch more.

    Examples:

      cnnlab data

      cnnlab data cats-dogs

      cnnlab data cats-dogs --from Downloads/kagglecatsanddogs_5340.zip
    """
    if name is None and source is None:
        console.print(embedded_table())
        console.print(photographs_state())
    elif name == "cats-dogs":
        fetch_photographs(source)
    else:
        raise fail(f"name must be cats-dogs. Received: {name!r}", 2)


def embedded_table() -> Table:
    """The files that come with the course; fails when one is damaged."""
    from cnnlab.datasets import load

    table = Table(title="Embedded", title_justify="left")
    table.add_column("file")
    table.add_column("kB", justify="right")
    table.add_column("sha-256")
    for name, digest in load.registry().items():
        try:
            size = f"{load.embedded(name).stat().st_size / 1000:.0f}"
        except (OSError, ValueError) as error:
            raise fail(str(error)) from None
        table.add_row(name, size, digest[:16] + "…")
    return table


def photographs_state() -> Text:
    """Whether the full photographs are here."""
    from cnnlab.datasets import photographs

    folder = photographs.installed()
    if folder is None:
        return Text("cats-dogs: not here yet; `cnnlab data cats-dogs` fetches the photographs.")
    return Text(f"cats-dogs: the photographs are in {folder}.")


def fetch_photographs(source: Path | None) -> None:
    """Fetch and check the photographs, and say what was left out and why."""
    from cnnlab.datasets import photographs

    with Progress(console=errors, transient=True) as bar:
        task = bar.add_task("")
        try:
            report = photographs.install(
                source,
                lambda what, done, total: bar.update(
                    task, description=what, completed=done, total=total
                ),
            )
        except (OSError, ValueError) as error:
            raise fail(str(error)) from None
    for skipped, reason in report.skipped.items():
        console.print(Text(f"left out  {skipped}: {reason}", style="yellow"))
    kept = " and ".join(f"{count} {kind}s" for kind, count in report.kept.items())
    console.print(f"{kept} are in {report.folder}; {len(report.skipped)} files were left out.")
    console.print('load_cats_dogs(source="photographs") reads them.')


if __name__ == "__main__":
    app()
