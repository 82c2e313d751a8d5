"""The command ``cnnlab``. Each verb reads its options, calls one function, and prints."""

from __future__ import annotations

import typer

from cnnlab.course.cli import (
    book,
    build,
    case,
    check,
    collect,
    course,
    data,
    export,
    grade,
    lab,
    new,
    record,
    report,
    reset,
    similar,
    update,
)

app = typer.Typer(
    help="CNN Lab: a course on convolutional neural networks whose autograder understands the "
    "mistake.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command(context_settings={"ignore_unknown_options": True})(lab.lab)
app.command()(check.check)
app.command()(reset.reset)
app.command()(update.update)
app.command()(course.course)
app.command()(collect.collect)
app.command()(grade.grade)
app.command()(report.report)
app.command()(similar.similar)
app.command()(case.case)
app.command()(book.book)
app.command()(build.build)
app.command()(record.record)
app.command()(data.data)
app.add_typer(export.export, name="export")
app.add_typer(new.new, name="new")
