"""``cnnlab data``: the pictures and weights that the course carries, and more to fetch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from cnnlab.course.cli.terminal import console, counted, errors, fail


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
    kept = " and ".join(counted(count, kind) for kind, count in report.kept.items())
    console.print(f"{kept} are in {report.folder}; left out: {len(report.skipped)}.")
    console.print('load_cats_dogs(source="photographs") reads them.')
