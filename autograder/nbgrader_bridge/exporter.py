"""The exporter that ``nbgrader autograde`` hands each notebook to, twice: to clean, to grade it.

It acts on notebooks that hold checks of ours, and hands on all others as they came.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nbconvert.exporters import NotebookExporter
from nbformat.notebooknode import NotebookNode
from nbgrader.preprocessors import Execute
from traitlets.utils.importstring import import_item

from cnnlab.autograder.nbgrader_bridge.asked import asked_for
from cnnlab.autograder.nbgrader_bridge.gradebook import JudgeError, KnownCell, known_cells
from cnnlab.autograder.nbgrader_bridge.judge import Judge
from cnnlab.autograder.nbgrader_bridge.repair import repaired


class GradingExporter(NotebookExporter):
    """nbgrader's own exporter, with repaired notebooks and a judge.

    An exporter, because whatever a course sets as its list of preprocessors goes through here,
    and because nbconvert refuses a broken notebook before the first of them sees it.
    """

    def register_preprocessor(self, preprocessor: Any, enabled: bool = False) -> Any:
        """Take a preprocessor; in the place of nbgrader's ``Execute`` comes the `Judge`."""
        known = import_item(preprocessor) if isinstance(preprocessor, str) else preprocessor
        return super().register_preprocessor(Judge if known is Execute else known, enabled)

    def from_filename(
        self, filename: str, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[Any, dict[str, Any]]:
        """Read a notebook; of ours, only the file itself that was handed in.

        Raises
        ------
        JudgeError
            It is a link, which may lead to the solution, or no regular file.
        """
        path = Path(filename)
        if self._checks(resources)[1]:
            if link := next((p for p in (path, *path.parents[:2]) if p.is_symlink()), None):
                raise JudgeError(f"{link} is a symbolic link. Put the file itself there.")
            if not path.is_file():
                raise JudgeError(f"{path} is not a regular file.")
        return super().from_filename(filename, resources, **kw)

    def from_notebook_node(
        self, nb: NotebookNode, resources: Mapping[str, Any] | None = None, **kw: Any
    ) -> tuple[Any, dict[str, Any]]:
        """Send a notebook through the preprocessors; one of ours is repaired first."""
        cells, checks = self._checks(resources)
        if resources and checks:
            nb, changes = repaired(nb, cells)
            where = "{student}/{notebook}".format_map(resources["nbgrader"])
            for change in changes:
                self.log.warning("%s: %s", where, change)
        return super().from_notebook_node(nb, resources, **kw)

    def _checks(
        self, resources: Mapping[str, Any] | None
    ) -> tuple[dict[str, KnownCell], list[KnownCell]]:
        """The cells that nbgrader knows in a notebook, and our checks among them."""
        about = (resources or {}).get("nbgrader")
        cells = known_cells(about) if about else {}
        return cells, asked_for(self, about, cells)[1] if about else []
