"""A learner's notebook and a newer release of it, made one: each cell is decided by itself.

| the learner's cell | becomes |
|---|---|
| as it was handed out | the new release's |
| edited | stays as it is |
| edited, and changed in the release, too | stays as it is, and that is said |
| added by the learner | stays, behind the same cell as before |
| deleted by the learner | stays deleted, and that is said |
| no longer in the release | goes, if it was not edited |

What a cell was when it was handed out is noted in the notebook; see `cnnlab.course.build.released`.
"""

from __future__ import annotations

import copy
import re
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from cnnlab.course.build.released import digest, noted, source_of

LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
"""A link in Markdown; its group is the text that a reader sees."""

Cell = dict[str, Any]
Notebook = dict[str, Any]


@dataclass(frozen=True)
class Change:
    """What was done with one cell, or why nothing was.

    Parameters
    ----------
    what : str
        ``"new"``, ``"updated"``, ``"removed"``, ``"kept"`` or ``"left out"``.
    cell : str
        The exercise's name, or the cell's first line.
    why : str
        A sentence; ``""`` where `what` says everything.
    """

    what: str
    cell: str
    why: str = ""


@dataclass
class Merged:
    """The notebook that a merge gives, and what it did."""

    notebook: Notebook
    changes: list[Change] = field(default_factory=list)


def merge(mine: Notebook, new: Notebook) -> Merged:
    """Bring a release into a learner's notebook; neither argument is changed.

    Parameters
    ----------
    mine, new : dict
        Notebooks of nbformat 4, as JSON holds them; the cells of ``new`` have ids.
    """
    merging = _Merging(mine, new)
    merged = Merged(copy.deepcopy(mine), merging.changes)
    merged.notebook["cells"] = list(merging.cells())
    merged.notebook["metadata"] |= {
        key: new["metadata"][key] for key in ("cnnlab",) if key in new["metadata"]
    }
    merged.notebook |= {key: new[key] for key in ("nbformat", "nbformat_minor")}
    return merged


def edited(notebook: Notebook) -> bool:
    """Whether anything in a notebook is not as it was handed out; outputs do not count."""
    now = {str(cell.get("id")): digest(cell) for cell in notebook["cells"]}
    return now != noted(notebook)


def reset(mine: Notebook, new: Notebook, exercise: str) -> Merged:
    """Put an exercise's cell back as the release has it, and change nothing else.

    Where the cell is gone, it comes back behind the cell that it followed.
    """
    book = copy.deepcopy(mine)
    cells: list[Cell] = book["cells"]
    fresh = next(cell for cell in new["cells"] if _is_of(cell, exercise, "exercise"))
    places = [i for i, cell in enumerate(cells) if _is_of(cell, exercise, "exercise")]
    for place in places[:1]:
        cells[place] = _renewed(cells[place], fresh, cells[place].get("id", fresh["id"]))
    if not places:
        before = new["cells"][: new["cells"].index(fresh)]
        known = {cell["id"]: n for n, cell in enumerate(before)}
        place = max(
            (i + 1 for i, c in enumerate(cells) if c.get("id") in known),
            key=lambda i: known[cells[i - 1]["id"]],
            default=len(cells),
        )
        cells.insert(place, copy.deepcopy(fresh))
    return Merged(book, [Change("updated" if places else "new", exercise)])


class _Merging:
    """One merge: which of the learner's cells is which of the release's, and what comes of it."""

    def __init__(self, mine: Notebook, new: Notebook) -> None:
        self.changes: list[Change] = []
        self._base = noted(mine)
        self._new: dict[str, Cell] = {cell["id"]: cell for cell in new["cells"]}
        self._digests = {key: digest(cell) for key, cell in self._new.items()}
        self._mine: list[Cell] = copy.deepcopy(mine["cells"])
        self._keys = list(self._named(self._mine))
        deleted = [key for key in self._base if key not in self._keys]
        self._target = self._paired([*self._keys, *deleted])
        self._deleted = {self._target[key] for key in deleted if key in self._target}

    def _named(self, cells: Iterable[Cell]) -> Iterator[str]:
        """An id for each cell; one that an old program has lost is found by what the cell is."""
        used: set[str] = set()
        known = {str(cell.get("id")) for cell in cells}
        for cell in cells:
            key = str(cell.get("id", ""))
            if not key or key in used or (key not in self._base and _exercise(cell)):
                same = [i for i, c in self._new.items() if _exercise(cell) and _alike(c, cell)]
                same += [i for i, was in self._base.items() if was == digest(cell)]
                free = [i for i in same if i not in used and (i not in known or i == key)]
                key = free[0] if free else key if key and key not in used else uuid.uuid4().hex[:8]
            used.add(key)
            yield key

    def _paired(self, keys: list[str]) -> dict[str, str]:
        """Which cell of the release each of these is: that with its content, else with its id."""
        found: dict[str, str] = {}
        free = dict.fromkeys(self._new)
        for key in keys:
            was = self._base.get(key)
            same = [key] if self._digests.get(key) == was else []
            same += [i for i in free if self._digests[i] == was]
            if was and (target := next((i for i in same if i in free), "")):
                found[key] = target
                del free[target]
        for key in keys:
            if key not in found and key in free:
                found[key] = key
                del free[key]
        return found

    def cells(self) -> Iterator[Cell]:
        """The cells of the merged notebook: in the release's order, the learner's own between."""
        first: list[Cell] = []
        behind: dict[str, list[Cell]] = defaultdict(list)
        here: dict[str, tuple[str, Cell]] = {}
        last = ""
        for key, cell in zip(self._keys, self._mine, strict=True):
            target = self._target.get(key)
            if target:
                here[target], last = (key, cell), target
            elif self._stays(key, cell):
                cell["id"] = key if key not in self._new else uuid.uuid4().hex[:8]
                (behind[last] if last else first).append(cell)
        yield from first
        for target, fresh in self._new.items():
            if target in here:
                yield self._decide(*here[target], target)
            elif target in self._deleted:
                self.changes.append(Change("left out", about(fresh), "You have deleted it."))
            else:
                self.changes.append(Change("new", about(fresh)))
                yield copy.deepcopy(fresh)
            yield from behind[target]

    def _stays(self, key: str, cell: Cell) -> bool:
        """Whether a cell stays that the release does not have."""
        if key not in self._base:
            return True
        if digest(cell) != self._base[key]:
            why = "The course has no such cell any more, and you have edited it."
            self.changes.append(Change("kept", about(cell), why))
            return True
        why = "You had not changed it."
        self.changes.append(Change("removed", about(cell), why))
        return False

    def _decide(self, key: str, cell: Cell, target: str) -> Cell:
        now, was, fresh = digest(cell), self._base.get(key), self._new[target]
        if now == self._digests[target]:
            return _labelled(cell, fresh, target)
        if now == was:
            self.changes.append(Change("updated", about(fresh)))
            return _renewed(cell, fresh, target)
        if was is None:
            why = "It differs from the course's, and the notebook does not say what it was."
            self.changes.append(Change("kept", about(cell), why))
        elif was != self._digests[target]:
            what = "Your answer stays; its task" if _exercise(cell) else "You have edited it; it"
            why = f"{what} has changed in the course, too."
            self.changes.append(Change("kept", about(cell), why))
        elif _is_of(cell, _exercise(cell), "exercise"):
            self.changes.append(Change("kept", about(cell), "Your answer stays."))
        return _labelled(cell, fresh, target)


def about(cell: Cell) -> str:
    """A cell in a few words: its exercise, else its first line.

    Examples
    --------
    >>> about({"cell_type": "markdown", "source": "\\n## 2. Flatten\\nA dense layer"})
    '## 2. Flatten'
    >>> about({"cell_type": "markdown", "source": "---\\n\\n[Start page](../start.ipynb)"})
    'Start page'
    """
    lines = [line.strip() for line in source_of(cell).splitlines() if line.strip(" -")]
    first = LINK.sub(r"\1", lines[0]) if lines else "an empty cell"
    if name := _exercise(cell):
        return name if _is_of(cell, name, "exercise") else f"the check of {name}"
    return first if len(first) <= 50 else f"{first[:49]}…"


def _labels(cell: Cell) -> dict[str, Any]:
    metadata = cell.get("metadata")
    own = metadata.get("cnnlab") if isinstance(metadata, dict) else None
    return own if isinstance(own, dict) else {}


def _exercise(cell: Cell) -> str:
    """The exercise that a cell answers or checks, as our metadata say; or ``""``."""
    labels = _labels(cell)
    return f"{labels['exercise']}" if "exercise" in labels else ""


def _is_of(cell: Cell, exercise: str, role: str) -> bool:
    labels = _labels(cell)
    return bool(exercise) and labels.get("exercise") == exercise and labels.get("role") == role


def _alike(one: Cell, other: Cell) -> bool:
    return all(_labels(one).get(key) == _labels(other).get(key) for key in ("role", "exercise"))


def _labelled(cell: Cell, fresh: Cell, key: str) -> Cell:
    """A cell of the learner's under the release's id, with its marks: points may have changed."""
    marks = {k: v for k, v in fresh["metadata"].items() if k in ("cnnlab", "nbgrader")}
    return cell | {"id": key, "metadata": cell.get("metadata", {}) | copy.deepcopy(marks)}


def _renewed(cell: Cell, fresh: Cell, key: str) -> Cell:
    """The release's cell; outputs of the old one would not belong to it."""
    metadata = _labelled(cell, fresh, key)["metadata"]
    return copy.deepcopy(fresh) | {"id": key, "metadata": metadata}
