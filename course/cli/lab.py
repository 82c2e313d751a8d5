"""``cnnlab lab``: the course in JupyterLab."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import MutableMapping
from pathlib import Path
from typing import Annotated

import typer

from cnnlab.course.cli.terminal import ROOT, console, counted, exercises_folder

SETTINGS = ROOT / "course" / "start" / "jupyter"
"""What Jupyter reads besides everybody's own settings: a folder such as ``~/.jupyter``."""
PATH = "JUPYTER_CONFIG_PATH"


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
    the folder comes before them. It begins with the start page, without news and without nbgrader's
    menus, unless your own settings of Jupyter say otherwise.

    Examples:

      cnnlab lab

      cnnlab lab my-course --no-browser --port 9000 --ServerApp.token=secret
    """
    options = list(arguments or [])
    folder = Path(options.pop(0)) if options and not options[0].startswith("-") else None
    target = exercises_folder(folder)
    copied = copy_missing(ROOT / "exercises", target)
    if copied:
        what = counted(len(copied), "notebook")
        console.print(f"Copied {what} to {target}: {', '.join(copied)}")
    options += [] if browser else ["--no-browser"]
    options += [] if port is None else [f"--port={port}"]
    options += [] if ip is None else [f"--ip={ip}"]
    if is_root() and "--allow-root" not in options:
        console.print("You are root, so every cell runs with root's rights (--allow-root).")
        options.append("--allow-root")
    add_settings(os.environ)
    command = [sys.executable, "-m", "jupyterlab", f"--notebook-dir={target}", *options]
    if os.name == "posix":  # JupyterLab itself gets Ctrl+C and other signals
        os.execv(command[0], command)
    raise typer.Exit(subprocess.call(command))


def add_settings(environment: MutableMapping[str, str]) -> None:
    """Have Jupyter read our settings, too: before the system's, and after the user's own."""
    from jupyter_core.paths import jupyter_config_dir

    first = [p for p in environment.get(PATH, "").split(os.pathsep) if p]
    ours = [jupyter_config_dir(), str(SETTINGS)]
    environment[PATH] = os.pathsep.join([*first, *(p for p in ours if p not in first)])


def is_root() -> bool:
    """Whether this is a system's root, whom JupyterLab refuses without --allow-root."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def copy_missing(source: Path, target: Path) -> list[str]:
    """Copy the chapters and pages that ``target`` does not have; returns their names."""
    copied = []
    notebooks = [*source.glob("ch*/ch*.ipynb"), *source.glob("pages/*.ipynb")]
    for notebook in sorted([*notebooks, *source.glob("start.ipynb")]):
        place = target / notebook.relative_to(source)
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(notebook, place)
            copied.append(notebook.stem)
    return copied
