"""The exporter that ``nbgrader autograde`` hands each notebook to, twice: to clean, to grade it.

It acts on notebooks that hold checks of ours, and hands on all others as they came.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nbconvert.exporters import NotebookExporter
from nbformat.notebooknode import NotebookNode
from nbgrader.preprocessors import Execute
from traitlets.utils.importstring import import_item

from cnnlab.autograder.nbgrader_bridge.gradebook import checks_of, known_cells
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

    def from_notebook_node(
        self, nb: NotebookNode, resources: Mapping[str, Any] | None = None, **kw: Any
    ) -> tuple[str, Mapping[str, Any]]:
        """Send a notebook through the preprocessors; one of ours is repaired first."""
        about = (resources or {}).get("nbgrader")
        if about:
            cells = known_cells(about)
            if checks_of(about["notebook"], cells)[1]:
                nb, changes = repaired(nb, cells)
                for change in changes:
                    self.log.warning("%s/%s: %s", about["student"], about["notebook"], change)
        return super().from_notebook_node(nb, resources, **kw)
