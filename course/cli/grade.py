"""``cnnlab grade``: notebooks, files and folders of them, graded."""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from cnnlab.course.cli.class_table import class_tables
from cnnlab.course.cli.keeping import open_journal, remedy, say
from cnnlab.course.cli.progress import progress
from cnnlab.course.cli.stopping import Stopped, Stopping
from cnnlab.course.cli.terminal import (
    Sandboxed,
    console,
    counted,
    demand_there,
    errors,
    fail,
    refuse_without_sandbox,
    visible,
)

if TYPE_CHECKING:
    from cnnlab.autograder.journal import Journal
    from cnnlab.autograder.judging.results import BatchResult, SubmissionResult
    from cnnlab.autograder.nbgrader_bridge.write_scores import ScoreWriter
    from cnnlab.autograder.settings import Settings


Paths = Annotated[
    list[Path], typer.Argument(help="Notebooks, .py files, or folders such as submitted/.")
]
JsonFile = Annotated[
    Path | None, typer.Option("--json", help="Write everything as JSON (schema 1).")
]
CsvFile = Annotated[
    Path | None, typer.Option("--csv", help="Write one row per submission and exercise.")
]
Workers = Annotated[int | None, typer.Option(min=1, help="Processes. Default: cores.")]
Fresh = Annotated[
    bool | None,
    typer.Option(
        "--fresh/--recorded",
        help="Draw new probes and let Keras answer them, or use the recorded answers. "
        "Default: recorded for a single file, fresh for more than one: the recorded are public.",
    ),
]
Seed = Annotated[int | None, typer.Option(help="Repeat a fresh run with its seed.")]
Seconds = Annotated[
    float | None,
    typer.Option(
        min=1,
        help="Processor time that one submission may take; what it has earned until then counts. "
        "Default: 60, and 180 in chapters with Keras.",
    ),
]
ChapterName = Annotated[
    str | None, typer.Option(help="Grade everything as this chapter, such as ch01.")
]
Resume = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Go on with the run whose journal is in this folder, and grade nothing twice. After "
        "a finished run, only what has changed is graded. Give the same files and options.",
    ),
]
GradebookUrl = Annotated[
    str | None,
    typer.Option(
        "--gradebook",
        metavar="URL",
        help="Write scores into nbgrader's database too, as results come: gradebook.db, or a URL "
        "such as postgresql:///course. Manual scores and comments stay. Graded notebooks go "
        "to autograded/, so that nbgrader's formgrader and feedback find them.",
    ),
]
Reference = Annotated[
    str,
    typer.Option(
        help="Whose answers count, as backend-device: such as jax-cpu. With --recorded it is "
        "one of the records. With --fresh, Keras runs on that backend and device, whatever "
        "KERAS_BACKEND says."
    ),
]
Course = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="The root of an nbgrader course: its source/ says which exercises are graded and what "
        "they are worth. Default: the course whose submitted/ is given.",
    ),
]
Dask = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="Grade on the dask.distributed cluster whose scheduler has this address, such as "
        "tcp://grader:8786. Learner code stays in the sandbox of its workers. Only tls:// is "
        "encrypted.",
    ),
]
Verbose = Annotated[
    bool, typer.Option("--verbose", help="Say first which protections are active here.")
]


def grade(
    paths: Paths,
    json_file: JsonFile = None,
    csv_file: CsvFile = None,
    workers: Workers = None,
    fresh: Fresh = None,
    seed: Seed = None,
    sandbox: Sandboxed = True,
    chapter: ChapterName = None,
    reference: Reference = "tensorflow-cpu",
    verbose: Verbose = False,
    seconds: Seconds = None,
    resume: Resume = None,
    course: Course = None,
    gradebook: GradebookUrl = None,
    dask: Dask = None,
) -> None:
    """Grade notebooks, .py files or nbgrader's submitted/ tree.

    Exit code 0 when every submission got a result, whatever its grade; 1 when CNN Lab itself
    failed with one of them.

    Examples:

      cnnlab grade submitted/ --json results.json --csv grades.csv

      cnnlab grade submitted/ --json results.json --csv grades.csv --resume results.journal

      cnnlab grade submitted/ --gradebook gradebook.db

      cnnlab grade exercises/ch01_convolution/ch01_convolution.ipynb --recorded

    On a cluster: dask scheduler on one machine, on each that grades dask worker
    tcp://grader:8786, and then

      cnnlab grade submitted/ --json results.json --dask tcp://grader:8786
    """
    from cnnlab.autograder.cluster import listening
    from cnnlab.autograder.judging.exercise import find_chapter
    from cnnlab.autograder.settings import Settings, usable_cores

    refuse_without_sandbox(sandbox and not dask)  # a cluster's workers have it
    if verbose:
        say_protections(sandbox)
    files, root = submissions_in(paths, course)
    if fresh is None:
        fresh = seed is not None or len(files) > 1 or any(path.is_dir() for path in paths)
    workers = workers or min(usable_cores(), len(files))
    for target in (json_file, csv_file):
        demand_writable(target)
    try:
        wanted = find_chapter(chapter) if chapter else None
        settings = Settings(
            *(fresh, sandbox, wanted, seed, workers, reference, seconds),
            course=root,
            dask=dask,
        )
    except ValueError as error:
        raise fail(str(error), 2) from None
    scores = open_gradebook(gradebook, files)
    settings = replace(settings, cards=scores is not None)
    if warning := listening(dask) if dask else "":
        say(warning)
    journal = open_journal(settings, resume, json_file or csv_file, len(files))
    if journal:
        settings = replace(settings, seed=journal.seed)
    result = run(files, settings, scores, journal, (json_file, csv_file))
    try:
        for table in class_tables(result):
            console.print(table)
    except OSError as error:
        raise fail(f"Everything was graded, but the table could not be printed: {error}.") from None
    demand_results(result)
    if scores:
        demand_scores(scores, files, journal)


def submissions_in(paths: list[Path], course: Path | None) -> tuple[list[Path], Path | None]:
    """The files to grade, and the root of their course, where there is one."""
    from cnnlab.autograder.submission.assignment import course_root
    from cnnlab.autograder.submission.files import find_submissions

    if not any(path.exists() for path in paths):  # one lost among others is a result, as ever
        demand_there(paths)
    try:
        root = course_root(paths, course)
    except ValueError as error:
        raise fail(str(error), 2) from None
    files = find_submissions(paths, root)
    if not files:
        raise fail("There is no notebook and no .py file in " + ", ".join(map(str, paths)), 2)
    if root is None and (like := [p for p in paths if (p / "source").is_dir()]):
        say(f"{like[0]} has a source/. If it is your course, name its submitted/, or --course.")
    return files, root


def run(
    files: list[Path],
    settings: Settings,
    scores: ScoreWriter | None,
    journal: Journal | None,
    targets: tuple[Path | None, Path | None],
) -> BatchResult:
    """Grade, and write the files that were asked for; what ends it says how to go on."""
    from cnnlab.autograder import batch

    with scores or nullcontext(), journal or nullcontext(), Stopping() as stopping:
        try:
            with progress(len(files), settings.workers, stopping) as advance:
                result = batch.grade(files, settings, both(advance, scores), journal)
            write_results(result, *targets)
            if journal:
                journal.finish()
        except Stopped as stopped:
            raise fail(f"Stopped. {remedy(journal)}", stopped.code) from None
        except (RuntimeError, OSError) as error:
            raise fail(f"{error} {remedy(journal)}") from None
    return result


def say_protections(sandbox: bool) -> None:
    """Print what is around learner code on this machine, on stderr."""
    from cnnlab.autograder.sandbox import protections
    from cnnlab.course.light import keras_missing

    for sentence in protections.active(sandbox, not keras_missing()):
        errors.print(Text(visible(sentence)))


def open_gradebook(url: str | None, files: list[Path]) -> ScoreWriter | None:
    """What takes the scores, where a gradebook was named."""
    if url is None:
        return None
    from cnnlab.autograder.nbgrader_bridge.write_scores import ScoreWriter

    try:
        return ScoreWriter(url, files)
    except RuntimeError as error:
        raise fail(str(error), 2) from None


def both(
    advance: Callable[[SubmissionResult], None], scores: ScoreWriter | None
) -> Callable[[SubmissionResult], None]:
    """What is done with each result: the gradebook takes it, and then it counts as done."""

    def take(result: SubmissionResult) -> None:
        if scores and (why := scores.write(result)):
            say(f"Not in the gradebook: {result.path}, for {why.rstrip('.')}.")
        advance(result)

    return take


def demand_writable(target: Path | None) -> None:
    """Try a file's place before the first submission is graded, and leave what is there alone."""
    if target is None:
        return
    try:
        if target.is_dir():
            raise IsADirectoryError(f"{target} is a folder")
        with tempfile.TemporaryFile(dir=target.parent):
            pass
    except OSError as error:
        raise fail(f"The results could not be written: {error}", 2) from None


def write_results(result: BatchResult, json_file: Path | None, csv_file: Path | None) -> None:
    """Write the files that were asked for; a full disk ends in a message, not in a traceback."""
    from cnnlab.autograder.judging.results import json_pieces

    try:
        if json_file is not None:
            write_whole(json_file, json_pieces(result), "utf-8")
        if csv_file is not None:
            # With its mark at the beginning, spreadsheets know that it is UTF-8.
            write_whole(csv_file, csv_lines(csv_rows(result)), "utf-8-sig")
    except OSError as error:
        raise RuntimeError(
            f"The results could not be written: {error}. What was there before is unchanged. "
            "Make room, or name another place."
        ) from None


def demand_results(result: BatchResult) -> None:
    """End with a code of failure where a submission has no result, through a fault of ours."""
    failed = [s for s in result.submissions if s.failed_here]
    if failed:
        first = next(e.message for e in failed[0].exercises if e.status == "internal_error")
        count = counted(len(failed), "submission")
        raise fail(f"CNN Lab failed with {count}. The first is {failed[0].path}: {first}")


def demand_scores(scores: ScoreWriter, files: list[Path], journal: Journal | None) -> None:
    """End with a code of failure where the gradebook lacks a submission."""
    if scores.failed:
        raise fail(
            f"The gradebook lacks {len(scores.failed)} of {counted(len(files), 'submission')}, "
            f"through no fault of theirs. The first is {visible(scores.failed[0])}; the lines "
            f"above say why. {remedy(journal)}"
        )


def write_whole(target: Path, pieces: Iterable[str], encoding: str) -> None:
    """Write the whole file or leave what was there; names that are not UTF-8 are escaped."""
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with beside.open("w", encoding=encoding, errors="backslashreplace", newline="") as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())  # else a power cut could leave an empty file in place of both
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)


def defused(cell: Any) -> Any:
    """A cell that a spreadsheet does not take for a formula, without control characters.

    Examples
    --------
    >>> defused("=HYPERLINK(0)"), defused("-2+3"), defused("conv2d"), defused(-1.5)
    ("'=HYPERLINK(0)", "'-2+3", 'conv2d', -1.5)
    """
    if not isinstance(cell, str):
        return cell
    said = visible(cell)
    return f"'{said}" if said.lstrip().startswith(tuple("=+-@")) else said


class _Line:
    """What `csv.writer` writes to, so that it hands each line back."""

    def write(self, line: str) -> str:
        return line


def csv_lines(rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    r"""The lines of a CSV file, one by one, without formulas.

    Examples
    --------
    >>> list(csv_lines([("ada", 1.5), ("=1+1", "a, b")]))
    ['ada,1.5\r\n', '\'=1+1,"a, b"\r\n']
    """
    writer = csv.writer(_Line())
    for row in rows:
        yield writer.writerow([*map(defused, row)])


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
