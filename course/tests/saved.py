"""A learner's folder in which earlier chapters are solved already."""

from __future__ import annotations

from pathlib import Path

from cnnlab.autograder.judging.exercise import chapter_names, load_chapter
from cnnlab.autograder.kept import keep
from cnnlab.autograder.submission.cells import parse
from cnnlab.autograder.submission.definitions import find_answers
from cnnlab.autograder.submission.solutions import SOLUTIONS


def save_earlier(folder: Path, chapter: str) -> None:
    """Keep every answer of the chapters before this one, as the learner's checks would have.

    Parameters
    ----------
    folder : Path
        Holds the chapters' folders; what is kept goes to its folder ``_saved``.
    chapter : str
    """
    for earlier in chapter_names()[: chapter_names().index(chapter)]:
        text = (SOLUTIONS / earlier / f"{earlier}.ipynb").read_text(encoding="utf-8")
        about, book = load_chapter(earlier), parse(text, notebook=True)
        for exercise in about.exercises:
            answers = find_answers(about, book, only=exercise.name)
            if not answers.course_names:  # else a check does not keep it either
                keep(folder / earlier, earlier, exercise.name, answers.cells)
