"""``cnnlab build``: notebooks from the chapter sources, or what is wrong with them."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from cnnlab.course.cli.terminal import ROOT, console, fail, is_checkout, visible

SHOWN = 3
"""How many files are named that git does not have."""


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
    if fast or pairs:
        raise fail("--fast and --pairs belong to --check.", 2)
    try:
        report = builder.build(ROOT, chapters or None)
    except builder.BuildError as error:
        raise fail(str(error)) from None
    except ValueError as error:
        raise fail(str(error), 2) from None
    for name in report.written:
        console.print(f"written    {name}")
    for name in report.kept:
        console.print(f"kept       {name} (somebody has worked in it)", style="yellow")
    for name in report.unchanged:
        console.print(f"unchanged  {name}", style="dim")


def check_staged(fast: bool, pairs: bool) -> None:
    """Say what is wrong with what git has; fails if anything is."""
    from cnnlab.course.build import staged

    if fast and pairs:
        raise fail("--fast leaves the twist proof out, so there are no pairs to prove.", 2)
    try:
        problems = staged.check(ROOT, proof=not fast, pairs=pairs)
    except staged.BuildError as error:
        raise fail(str(error)) from None
    for problem in problems:
        console.print(Text(problem, style="red"))
    if left_out := staged.not_staged(ROOT):
        more = f" and {len(left_out) - SHOWN} more" if len(left_out) > SHOWN else ""
        said = f"Not checked, because git does not have it so: {', '.join(left_out[:SHOWN])}{more}."
        console.print(Text(visible(f"{said} Run `git add`."), style="yellow"))
    if problems:
        raise typer.Exit(1)
    right = "Notebooks, graders, hints and references are as they must be"
    console.print(f"{right}{'' if fast else ', and every twist is named'}.", style="green")
