"""The exporter that ``nbgrader autograde`` hands each notebook to, twice: to clean, to grade it.

It acts on notebooks that hold checks of ours, and hands on all others as they came.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nbconvert.exporters import NotebookExporter
from nbformat.notebooknode import NotebookNode
from nbgrader.converters import Autograde
from nbgrader.converters.base import NbGraderException
from nbgrader.preprocessors import Execute
from sqlalchemy.exc import SAWarning
from traitlets.utils.importstring import import_item

from cnnlab.autograder.nbgrader_bridge.asked import asked_for
from cnnlab.autograder.nbgrader_bridge.database import timestamp_in
from cnnlab.autograder.nbgrader_bridge.gradebook import (
    JudgeError,
    KnownCell,
    known_cells,
    notebooks_of,
)
from cnnlab.autograder.nbgrader_bridge.handed_in import notebook_in
from cnnlab.autograder.nbgrader_bridge.judge import Judge
from cnnlab.autograder.nbgrader_bridge.repair import repaired
from cnnlab.autograder.submission.files import crowd, few, files_of

# nbgrader reads the gradebook between making a submission's rows and adding them, and SQLAlchemy
# warns of rows that are not added. They are, three lines further.
warnings.filterwarnings("ignore", "Object of type <Submitted", SAWarning, r"nbgrader\.api")


class GradingExporter(NotebookExporter):
    """nbgrader's own exporter, with repaired notebooks and a judge.

    An exporter, because whatever a course sets as its list of preprocessors goes through here,
    and because nbconvert refuses a broken notebook before the first of them sees it.
    """

    def register_preprocessor(self, preprocessor: Any, enabled: bool = False) -> Any:
        """Take a preprocessor; in the place of nbgrader's ``Execute`` comes the `Judge`."""
        known = import_item(preprocessor) if isinstance(preprocessor, str) else preprocessor
        return super().register_preprocessor(Judge if known is Execute else known, enabled)

    def __init__(self, config: Any = None, **kw: Any) -> None:
        super().__init__(config=config, **kw)
        self._handed_in: dict[Path, Path] = {}
        self._known: dict[tuple[str, str], tuple[dict[str, KnownCell], list[KnownCell]]] = {}
        if isinstance(self.parent, Autograde):
            self._prepare(self.parent)

    def _prepare(self, autograde: Autograde) -> None:
        """Look at all that is to be graded, before the first notebook is.

        Raises
        ------
        NbGraderException
            None of it can be. Here it is said once, and not under each notebook's traceback.
        """
        course = autograde.coursedir
        about = {"assignment": course.assignment_id, "db_url": course.db_url}
        every = [about | {"notebook": name} for name in notebooks_of(about)]
        names = [each["notebook"] for each in every if asked_for(self, each, known_cells(each))[1]]
        if names and (refusal := Judge(parent=self).refusal):
            self.log.error("Nothing was graded. %s", refusal)
            raise NbGraderException(refusal)
        if names:
            # Students may have written that file: nbgrader gives up on what it cannot read in it.
            course.get_existing_timestamp = lambda folder: timestamp_in(Path(folder))
        if course.notebook_id == "*" and names:
            self._leave_out(autograde, [each["notebook"] for each in every])
            self._find_renamed(autograde, names)

    def _leave_out(self, autograde: Autograde, notebooks: list[str]) -> None:
        """Keep nbgrader from looking at each of thousands of files that a student handed in."""
        for name, found in autograde.assignments.items():
            folder = Path(name).absolute()
            graded = few([Path(file) for file in sorted(found)], folder, notebooks)
            if len(graded) < len(found):
                found[:] = map(str, graded)
                self.log.warning("%s: %s", folder.parent.name, crowd(folder)[1])

    def _find_renamed(self, autograde: Autograde, names: list[str]) -> None:
        """Let nbgrader grade a file under its notebook's name, where the student renamed it."""
        for folder, found in autograde.assignments.items():
            for name, file in files_of(Path(folder), names).items():
                place = Path(folder, f"{name}.ipynb")
                if file != place and str(file) in found:
                    self._handed_in[place] = file
                    found[found.index(str(file))] = str(place)

    def from_filename(
        self, filename: str, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[Any, dict[str, Any]]:
        """Read a notebook; of ours, only the file itself that was handed in.

        Raises
        ------
        JudgeError
            It is a link, which may lead to the solution, or no regular file.
        """
        path = self._handed_in.get(Path(filename), Path(filename))
        if path != Path(filename):
            self.log.warning("%s was handed in as %s", filename, path.name)
        if self._checks(resources)[1]:
            if link := next((p for p in (path, *path.parents[:2]) if p.is_symlink()), None):
                raise JudgeError(f"{link} is a symbolic link. Put the file itself there.")
            if not path.is_file():
                raise JudgeError(f"{path} is not a regular file.")
        return super().from_filename(str(path), resources, **kw)

    def from_file(
        self, file_stream: Any, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[Any, dict[str, Any]]:
        """Read a notebook from an open file; one of ours whatever its encoding is."""
        cells, checks = self._checks(resources)
        if not checks:
            return super().from_file(file_stream, resources, **kw)
        nb = notebook_in(Path(file_stream.name), cells)
        return self.from_notebook_node(nb, resources, **kw)

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
        if not about:
            return {}, []
        key = about["assignment"], about["notebook"]
        if key not in self._known:  # asked for six times for each submission
            cells = known_cells(about)
            self._known[key] = cells, asked_for(self, about, cells)[1]
        return self._known[key]
