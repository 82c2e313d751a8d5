"""A case that shows a mistake: the course's own op with the mistake made in it, judged.

No learner code runs here. Keras chapters whose functions need a driver have no such case in a
light installation.
"""

from __future__ import annotations

from functools import cache

from cnnlab.autograder.display import render
from cnnlab.autograder.judging.exercise import load_chapter
from cnnlab.autograder.judging.fallback import attempt
from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.judging.twists import Twist, combine
from cnnlab.autograder.live import judged


@cache
def example(chapter: str, exercise: str, twists: tuple[Twist, ...]) -> str:
    """The case as HTML, with its pictures; empty where there is none.

    Parameters
    ----------
    chapter, exercise : str
    twists : tuple of Twist
        One mistake, or a pair in one function.
    """
    return attempt(_example, chapter, exercise, twists, plainer="") if twists else ""


def _example(chapter: str, exercise: str, twists: tuple[Twist, ...]) -> str:
    key = recorded(load_chapter(chapter).name)[exercise]
    return render.case_html(judged(combine(*twists)(key.exercise.numpy_op), key).result)
