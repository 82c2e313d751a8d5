"""A small chapter, and notebooks of it as learners hand them in."""

from __future__ import annotations

import json
from typing import Any

from cnnlab.autograder.judging.exercise import Chapter, Exercise
from cnnlab.autograder.submission import Submission, read_text


def exercise(name: str) -> Exercise:
    return Exercise(
        name=name,
        points={"runs": 1.0},
        probes=lambda rng: [],
        keras_reference=abs,
        numpy_op=abs,
        twists=(),
        hints=("a", "b", "c"),
    )


CHAPTER = Chapter("ch01_convolution", "A small one", (exercise("relu"), exercise("conv2d")))

SETUP = "import numpy as np\nfrom cnnlab.autograder import start\nstart('ch01')"
RELU = "def relu(z):\n    return np.maximum(z, 0)"
CONV2D = "def conv2d(x, kernels, bias):\n    return x"
STUB = 'def relu(z):\n    """Rectify."""\n    # YOUR CODE HERE\n    raise NotImplementedError()'


def cell(source: str, mark: str = "", role: str = "", kind: str = "code") -> dict[str, Any]:
    """A cell as the build ships it; without mark and role, one that a learner added."""
    metadata: dict[str, Any] = {}
    if mark:
        metadata["nbgrader"] = {"grade_id": mark, "solution": True, "grade": False, "locked": False}
        metadata["cnnlab"] = {"role": "exercise", "exercise": mark}
    if role:
        metadata["cnnlab"] = {"role": role}
    lines = source.splitlines(keepends=True)
    return {"cell_type": kind, "metadata": metadata, "source": lines, "outputs": []}


def check_cell(name: str) -> dict[str, Any]:
    made = cell(f"check({name})", role="check")
    made["metadata"]["nbgrader"] = {"grade_id": f"check-{name}", "grade": True, "locked": True}
    return made


def notebook(*cells: dict[str, Any], **metadata: Any) -> str:
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


def handed_in(*cells: dict[str, Any] | str) -> Submission:
    """What is read from a notebook of these cells; plain text is a learner's own cell."""
    made = [cell(c) if isinstance(c, str) else c for c in cells]
    return read_text(notebook(*made), "ch01.ipynb", CHAPTER)


def run(submission: Submission) -> dict[str, Any]:
    """The names that a worker would find defined (these sources are the tests' own)."""
    names: dict[str, Any] = {}
    exec("import math\nimport numpy as np", names)
    for _, source in submission.cells():
        exec(source, names)
    return names
