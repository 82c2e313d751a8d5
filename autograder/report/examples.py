"""A case that shows a mistake: the course's own op with the mistake made in it, judged.

No learner code runs here. Keras chapters have few such cases in a light installation.
"""

from __future__ import annotations

from functools import cache

from cnnlab.autograder.display.card import case_html
from cnnlab.autograder.judging.answerkey import AnswerKey
from cnnlab.autograder.judging.exercise import Probe, load_chapter
from cnnlab.autograder.judging.fallback import attempt
from cnnlab.autograder.judging.influence import look_into
from cnnlab.autograder.judging.judge import judge
from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.judging.results import ExerciseResult
from cnnlab.autograder.judging.twists import Twist
from cnnlab.course.light import keras_missing


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
    if load_chapter(chapter).keras and not keras_missing():
        import cnnlab.course.networks.quiet  # noqa: F401 (TensorFlow greets else)
    key = recorded(load_chapter(chapter).name)[exercise]
    result = judged(key, twists)
    if set(result.diagnosis) != {twist.name for twist in twists} or result.detail is None:
        return ""  # the recorded probes do not show this mistake, or show another one
    if result.detail.difference.kind == "error":
        return ""  # it would show a line of our code, not of a learner's
    return case_html(result)


def judged(key: AnswerKey, twists: tuple[Twist, ...]) -> ExerciseResult:
    """What the judge says of the course's own op with these mistakes in it."""
    return judge(
        key,
        [key.call_numpy_op(probe, twists) for probe in key.probes],
        lambda found: look_into(
            key, found, lambda args, kwargs: key.call_numpy_op(Probe("", args, kwargs), twists)
        ),
    )
