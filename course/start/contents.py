"""What JupyterLab is told of a notebook when it opens one; the file itself stays as it is.

`cnnlab lab` names this class in its settings. It adds what depends on the machine and the moment:
the version of Python, without which JupyterLab calls an untouched notebook unsaved, and on the
start page the map with the points that the learner has now.
"""

from __future__ import annotations

import asyncio
import platform
from pathlib import Path
from typing import Any

from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager

RELOAD = "docmanager:reload"
"""The command with which JupyterLab reads a notebook again: it needs no kernel, and nothing is then
unsaved."""


class CourseContents(AsyncLargeFileManager):
    """Jupyter's usual contents, notebooks of the course completed as they are read."""

    async def get(
        self, path: str, content: bool = True, *arguments: Any, **options: Any
    ) -> dict[str, Any]:
        """A file as Jupyter's own class reads it."""
        model: dict[str, Any] = await super().get(path, content, *arguments, **options)
        if model["type"] == "notebook" and model["content"]:
            try:
                folder = Path(self._get_os_path(path)).parent
                await asyncio.to_thread(complete, model["content"], folder)
            except Exception:  # a page without points is better than none
                self.log.warning("%s is shown as it is in the file.", path, exc_info=True)
        return model


def complete(notebook: dict[str, Any], folder: Path) -> None:
    """Add the version of Python to a notebook of the course, and the map to the start page."""
    if "cnnlab" not in notebook["metadata"]:
        return
    language = notebook["metadata"].setdefault("language_info", {"name": "python"})
    if language.get("name") == "python":
        language["version"] = platform.python_version()
    for cell in notebook["cells"]:
        if cell["metadata"].get("cnnlab", {}).get("role") == "map":
            from cnnlab.course.start.page import Overview

            cell["outputs"] = [_output(Overview(folder, RELOAD).bundle())]
            cell["metadata"]["trusted"] = True  # our own page; it holds no word of the file


def _output(data: dict[str, str]) -> dict[str, Any]:
    from nbformat import from_dict

    output: dict[str, Any] = from_dict(
        {"output_type": "display_data", "data": data, "metadata": {}}
    )
    return output
