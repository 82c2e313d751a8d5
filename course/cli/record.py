"""``cnnlab record``: Keras's answers to every probe."""

from __future__ import annotations

from typing import Annotated

import typer

from cnnlab.course.cli.terminal import console, errors, fail


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
    from cnnlab.autograder.judging.backends import Engine
    from cnnlab.autograder.judging.exercise import chapter_names, find_chapter
    from cnnlab.autograder.judging.keras_process import KerasProcess
    from cnnlab.autograder.judging.record import lacking, left_behind, references
    from cnnlab.autograder.judging.record import record as record_chapter

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
                behind = left_behind(name)
                for other in behind:
                    errors.print(f"{name}: the record {other} answers other questions now.")
                for other in (r for r in references(name) if r not in behind):
                    if later := lacking(name, other):
                        errors.print(f"{name}: the record {other} lacks {', '.join(later)}.")
    except PermissionError as error:
        raise fail(str(error), 2) from None
    except RuntimeError as error:
        raise fail(str(error)) from None
