"""``cnnlab update``: a newer release of the chapters, and the learner's answers as they are."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from cnnlab.course.cli.terminal import CHAPTERS, ROOT, console, exercises_folder, fail, visible

if TYPE_CHECKING:
    from cnnlab.course.build.merge import Change

STYLES = {"new": "green", "kept": "cyan", "left out": "yellow", "removed": "yellow"}


def update(
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="DIR", help="The folder with your notebooks. Default: as for `cnnlab check`."
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and change nothing.")
    ] = False,
) -> None:
    """Bring the chapters of the installed version into your folder, and keep all that is yours.

    First install the new version (`pip install --upgrade cnnlab`, or `git pull` and `uv sync` in
    a clone); this command does not fetch it. Then, cell by cell:

    - a cell that you have not changed becomes the new version's;

    - a cell that you have changed stays, whether it is an answer or a text;

    - cells that you have added stay, cells that you have deleted stay deleted;

    - new cells and new chapters are added.

    A notebook that you have worked in is first saved, with date and time, in the folder _saved
    beside the chapters. Close notebooks in JupyterLab before you update.

    Examples:

      cnnlab update --dry-run

      cnnlab update my-course
    """
    target = exercises_folder(folder)
    if not any(target.glob(CHAPTERS)):
        raise fail(f"No chapter's notebook is in {target}. `cnnlab lab {target}` puts them there.")
    done = update_all(target, dry_run)
    if rows := [(each, change) for each in done for change in _told(each.changes)]:
        show(rows)
    for each in done:
        if each.saved:
            console.print(Text(f"As it was before: {each.saved}"))
    for each in done:
        if each.trouble:
            console.print(Text(f"{each.name}: {visible(each.trouble)}", style="red"))
    console.print(Text(_sum(target, done, dry_run), style="bold"))
    if any(each.trouble for each in done):
        raise typer.Exit(1)


@dataclass
class Done:
    """What became of one notebook."""

    name: str
    state: str = "up to date"
    changes: Sequence[Change] = field(default_factory=list)
    saved: Path | None = None
    trouble: str = ""


def update_all(target: Path, dry_run: bool = False) -> list[Done]:
    """Update every notebook of a course folder; each stands alone, whatever becomes of others."""
    from cnnlab.course.build.work import Trouble, installed, open_notebooks

    opened = open_notebooks()
    done = []
    for path, data in installed(ROOT):
        place, each = target / path, Done(Path(path).stem)
        try:
            _update_one(place, data, each, dry_run, opened)
        except Trouble as trouble:
            each.trouble = str(trouble)
            each.changes = []
        done.append(each)
    return done


def _update_one(place: Path, data: bytes, each: Done, dry_run: bool, opened: set[Path]) -> None:
    from cnnlab.course.build import work
    from cnnlab.course.build.merge import edited, merge

    new = json.loads(data)
    if not place.exists():
        each.state = "new"
        if not dry_run:
            work.write(place, new)
        return
    mine = work.read(place)
    merged = merge(mine, new)
    each.changes = merged.changes
    if work.same(mine, merged.notebook):
        return
    if place.resolve() in opened:
        raise work.Trouble(work.IS_OPEN)
    each.state = "updated"
    if dry_run:
        return
    if edited(mine):
        each.saved = work.save_version(place)
    work.write(place, merged.notebook)


def _told(changes: Sequence[Change]) -> list[Change]:
    """The changes one by one, apart from many cells of which each only has a newer text."""
    from cnnlab.course.build.merge import Change

    plain = [change for change in changes if change.what == "updated"]
    rest = [change for change in changes if change.what != "updated"]
    if len(plain) > 3:
        plain = [Change("updated", f"{len(plain)} cells", "You had not changed them.")]
    return [*plain, *rest]


def show(rows: Sequence[tuple[Done, Change]]) -> None:
    """A line for each cell with which something was done, or deliberately not."""
    table = Table(box=None, pad_edge=False)
    for title in ("chapter", "done", "cell", "why"):
        table.add_column(title, overflow="fold")
    last = ""
    for each, change in rows:
        chapter = each.name if each.name != last else ""
        what = Text(change.what, style=STYLES.get(change.what, ""))
        table.add_row(Text(chapter), what, Text(visible(change.cell)), Text(change.why))
        last = each.name
    console.print(table)


def _sum(target: Path, done: Sequence[Done], dry_run: bool) -> str:
    states = Counter("not updated" if each.trouble else each.state for each in done)
    said = ", ".join(f"{number} {state}" for state, number in sorted(states.items()))
    nothing = " Nothing was written (--dry-run)." if dry_run else ""
    return f"Notebooks in {target}: {said}.{nothing}"
