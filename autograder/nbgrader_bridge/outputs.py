"""A result, in a notebook's grade cells: a card for people, and the score for nbgrader."""

from __future__ import annotations

from collections.abc import Iterable

from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_code_cell, new_output
from nbgrader import utils

from cnnlab.autograder.display.card import note
from cnnlab.autograder.grading_process import card
from cnnlab.autograder.judging.results import ExerciseResult, SubmissionResult
from cnnlab.autograder.nbgrader_bridge.gradebook import KnownCell


def fill(nb: NotebookNode, cells: Iterable[KnownCell], result: SubmissionResult) -> None:
    """Write a result into a notebook's grade cells; those that are gone are put back."""
    exercises = {exercise.name: exercise for exercise in result.exercises}
    present = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell for cell in nb.cells}
    for number, cell in enumerate(cells, 1):
        target = present.get(cell.name)
        if target is None or not utils.is_grade(target):
            target = _put_back(nb, cell)
        exercise = exercises.get(cell.exercise or "")
        shown, score = _outputs(exercise, result.message, cell.points or 0.0, number)
        target.outputs = [shown, score]
        target.execution_count = number


def _outputs(
    exercise: ExerciseResult | None, message: str, points: float, number: int
) -> tuple[NotebookNode, NotebookNode]:
    """The message for people, and the score: nbgrader's partial credit is one number."""
    if exercise is None:  # the whole notebook could not be read
        html, text, score = note("", message), message, 0.0
    else:
        html, text = exercise.card or card(exercise)
        score = points_of(exercise, points)
    return (
        new_output("display_data", {"text/html": html, "text/plain": text}),
        new_output("execute_result", {"text/plain": repr(float(score))}, execution_count=number),
    )


def points_of(exercise: ExerciseResult, points: float) -> float:
    """What an exercise earned where its grade cell is worth so many points.

    An instructor may give a grade cell other points than the grader does.
    """
    if points == exercise.max_score:
        return exercise.score
    return points if exercise.passed else points * (exercise.score / (exercise.max_score or 1.0))


def _put_back(nb: NotebookNode, cell: KnownCell) -> NotebookNode:
    """A grade cell that the submission lacks, after its exercise: the grade needs a place."""
    new = new_code_cell(cell.source, metadata={"nbgrader": cell.metadata})
    if (nb.nbformat, nb.nbformat_minor) < (4, 5):
        del new["id"]  # older notebooks have none
    ids = [other.metadata.get("nbgrader", {}).get("grade_id") for other in nb.cells]
    place = ids.index(cell.exercise) + 1 if cell.exercise in ids else len(ids)
    nb.cells.insert(place, new)
    return new
