"""``cnnlab new``: the skeleton of an exercise or of a chapter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from cnnlab.course.cli.terminal import ROOT, console, fail, is_checkout

new = typer.Typer(no_args_is_help=True, help="Write the skeleton of an exercise or of a chapter.")


@new.command()
def exercise(
    name: Annotated[str, typer.Argument(help="The function to be written, such as leaky_relu.")],
    chapter: Annotated[str, typer.Option(help="Its chapter, such as ch01.")],
) -> None:
    """Write an exercise's skeleton, behind the last exercise of a chapter.

    Cells with a stub in the chapter's source, a grader with probes, one named mistake and hints,
    its line in the chapter's list, and a test with answers as learners write them. The skeleton is
    complete (it asks for twice a number), so that every check passes before you change it.

    Example:

      cnnlab new exercise leaky_relu --chapter ch01
    """
    from cnnlab.course.build.skeleton import new_exercise

    written(lambda: new_exercise(ROOT, name, chapter))
    short = chapter[:4]
    steps(
        f"Write the exercise, its grader and its test over what stands in {short}'s new files.",
        f"cnnlab record {short} && cnnlab record {short} --backend jax",
        f"cnnlab build {short}",
        f"python -m cnnlab.autograder.quality.mutation {short} --write CONTRIBUTING.md",
        "git add the new files; then cnnlab build --check",
    )


@new.command()
def chapter(
    name: Annotated[str, typer.Argument(help="chNN_ and a word or two: ch14_residual_blocks.")],
    title: Annotated[str, typer.Option(help="What people read, such as 'Residual blocks'.")],
) -> None:
    """Write a chapter's skeleton: its source and its grader, without exercises.

    Example:

      cnnlab new chapter ch14_residual_blocks --title "Residual blocks"
    """
    from cnnlab.course.build.skeleton import new_chapter

    written(lambda: new_chapter(ROOT, name, title))
    steps(f"cnnlab new exercise NAME --chapter {name[:4]}", f"cnnlab build {name[:4]}")


def written(write: Callable[[], list[str]]) -> None:
    """Write, and say which files; or say why nothing was written."""
    from cnnlab.course.build.skeleton import SkeletonError

    if not is_checkout():
        raise fail("`cnnlab new` needs a clone of the repository.", 2)
    try:
        for path in write():
            console.print(f"written    {path}")
    except SkeletonError as error:
        raise fail(str(error), 2) from None


def steps(*next_steps: str) -> None:
    """Say what comes next."""
    console.print("Next:")
    for number, step in enumerate(next_steps, 1):
        console.print(f"  {number}. {step}")
