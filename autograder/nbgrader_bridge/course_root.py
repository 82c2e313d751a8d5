"""The nbgrader course that submissions lie in, with its settings, as nbgrader would read them."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from jupyter_core.paths import jupyter_config_path
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config
from traitlets.config.loader import (
    ConfigFileNotFound,
    JSONFileConfigLoader,
    PyFileConfigLoader,
)

from cnnlab.autograder.submission.cells import in_tree

NAME = "nbgrader_config"


def root_of(submitted: Path) -> Path | None:
    """The course root of a file in ``ROOT/submitted/STUDENT/ASSIGNMENT``; None of any other."""
    return submitted.absolute().parents[3] if in_tree(str(submitted)) else None


def settings_of(root: Path) -> Config:
    """nbgrader's settings: those of the environment and the account, then those of the course."""
    config = Config()
    for folder in (*reversed(jupyter_config_path()), str(root)):
        for loader, name in ((JSONFileConfigLoader, "json"), (PyFileConfigLoader, "py")):
            with suppress(ConfigFileNotFound):
                config.merge(loader(f"{NAME}.{name}", path=folder).load_config())
    return config


def course_at(root: Path, config: Config) -> CourseDirectory:
    """The folders of a course."""
    return CourseDirectory(config=config, root=str(root))
