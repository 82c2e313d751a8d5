"""Chapter 15's demo: may a network be believed? Its certainty, its worst mistakes, its silence.

``demo(worst_mistakes, calibration, answers)`` draws a reliability diagram and a wall of mistakes
with the learner's own functions. A second slider lets the network keep silent when it is not sure.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import traitlets
from numpy.typing import NDArray

from cnnlab.autograder.judging.stubs import is_stub
from cnnlab.course import palette
from cnnlab.course.demos import page
from cnnlab.course.demos.still import Demo, Panel, bars
from cnnlab.course.ops import calibration as ours

MOST_BINS = 20
WALL = 8
"""How many mistakes are shown at most."""
THUMBNAIL = 96

Floats = NDArray[np.floating]


@dataclass(frozen=True)
class Answers:
    """A network's answers to test pictures.

    Parameters
    ----------
    names : sequence of str
    images : ndarray, shape (N, H, W, 3), uint8
    labels : ndarray of int, shape (N,)
    probabilities : ndarray, shape (N, classes)
    """

    names: Sequence[str]
    images: NDArray[np.uint8]
    labels: NDArray[np.integer]
    probabilities: Floats


def example() -> Answers:
    """The linear probe of chapter 9 on its 1,000 test pictures of cats and dogs."""
    from cnnlab.course.training import transfer
    from cnnlab.datasets.pictures import load_cats_dogs

    features, record = transfer.load_features(), transfer.load_transfer()
    probe = transfer.fit_probe(*features["train"], strength=record["embedded"]["strength"])
    x, labels = features["test"]
    dog = probe.predict(x)
    cats_dogs = load_cats_dogs(source="embedded")
    return Answers(cats_dogs.classes, cats_dogs.test.x, labels, np.stack([1 - dog, dog], axis=1))


@dataclass(frozen=True)
class Setting:
    """Where the sliders stand.

    Parameters
    ----------
    bins : int
    least : float
        The network answers only where it is at least so sure.
    """

    bins: int = 10
    least: float = 0.0


def checked(values: Mapping[str, Any]) -> Setting:
    """A setting as it came from the page. Raises ValueError for what cannot be."""
    setting = Setting(**values)
    if type(setting.bins) is not int or not 1 <= setting.bins <= MOST_BINS:
        raise ValueError(f"bins must be from 1 to {MOST_BINS}. Received: {setting.bins!r}")
    if not isinstance(setting.least, int | float) or not 0 <= setting.least <= 1:
        raise ValueError(f"least must be from 0 to 1. Received: {setting.least!r}")
    return setting


def asked(
    function: Callable[..., Any], right: Callable[..., Any], args: tuple[Any, ...]
) -> tuple[Any, bool, str]:
    """A result by the learner's function where it can be shown, whether it is theirs, a message.

    Parameters
    ----------
    right : callable
        The course's own version.
    """
    expected = right(*args)
    name = getattr(function, "__name__", "function")
    instead = "You see the course's result."
    if is_stub(function):
        message = f"Your {name} is not written yet. {instead} Write it, then run this cell again."
        return expected, False, message
    try:
        found = function(*(a.copy() if isinstance(a, np.ndarray) else a for a in args))
        theirs = _like(found, expected)
    except Exception as error:  # whatever a learner's code may raise
        what = f"{type(error).__name__}: {error}".rstrip(": .")
        return expected, False, f"Your {name} raised {what}. {instead}"
    if theirs is None:
        return expected, False, f"Your {name} gave something of another form. {instead}"
    alike = all(
        np.allclose(a, b, atol=1e-6, equal_nan=True)
        for a, b in zip(_rows(theirs), _rows(expected), strict=True)
    )
    doubt = "" if alike else f"Your {name} and the course's differ. You see yours."
    return theirs, True, doubt


def _rows(value: Any) -> Sequence[NDArray[Any]]:
    return value if isinstance(value, tuple) else (value,)


def _like(found: Any, expected: Any) -> Any:
    """The result in the expected one's form; None where it has another."""
    if isinstance(expected, tuple):
        if not isinstance(found, tuple | list) or len(found) != len(expected):
            return None
        rows = tuple(_like(a, b) for a, b in zip(found, expected, strict=True))
        return None if any(row is None for row in rows) else rows
    row = np.asarray(found)
    if row.dtype.kind not in "iuf" or row.shape != expected.shape:
        return None
    return row


def answered(answers: Answers, least: float) -> dict[str, float]:
    """How many pictures get an answer, and how many of these are right.

    Examples
    --------
    >>> two = Answers(["a", "b"], np.zeros((2, 1, 1, 3), np.uint8), np.array([0, 0]),
    ...               np.array([[0.9, 0.1], [0.4, 0.6]]))
    >>> answered(two, 0.8)
    {'count': 1, 'all': 2, 'right': 1}
    """
    p = answers.probabilities
    spoken = p.max(axis=1) >= least
    right = spoken & (p.argmax(axis=1) == answers.labels)
    return {"count": int(spoken.sum()), "all": len(p), "right": int(right.sum())}


def sentence(counts: Mapping[str, float], least: float) -> str:
    """What silence costs and brings, in words.

    Examples
    --------
    >>> sentence({"count": 1, "all": 2, "right": 1}, 0.8)
    'Sure by 80% or more: it answers for 1 of 2 pictures, and 100% of these answers are right.'
    """
    begin = f"Sure by {least:.0%} or more: it answers for {counts['count']} of {counts['all']}"
    if not counts["count"]:
        return f"{begin} pictures. It never is so sure."
    share = counts["right"] / counts["count"]
    return f"{begin} pictures, and {share:.0%} of these answers are right."


def thumbnail(pixels: NDArray[np.uint8]) -> str:
    """A picture as a text that a page can show."""
    from PIL import Image

    body = io.BytesIO()
    Image.fromarray(pixels).resize((THUMBNAIL, THUMBNAIL)).save(body, format="PNG")
    return "data:image/png;base64," + base64.b64encode(body.getvalue()).decode("ascii")


class BelieveDemo(Demo):
    """The widget: it keeps the state, the page draws it.

    The page sets ``setting``; the rest follows.
    """

    _esm = page("ch15_your_photographs.js")
    _css = page("ch15_your_photographs.css")

    most_bins = traitlets.Int(MOST_BINS).tag(sync=True)
    setting = traitlets.Dict().tag(sync=True)
    bars: traitlets.List[Any] = traitlets.List().tag(sync=True)
    wall: traitlets.List[Any] = traitlets.List().tag(sync=True)
    error = traitlets.Float().tag(sync=True)
    counts = traitlets.Dict().tag(sync=True)
    sentence = traitlets.Unicode().tag(sync=True)
    message = traitlets.Unicode().tag(sync=True)

    def __init__(
        self,
        worst_mistakes: Callable[..., Any],
        calibration: Callable[..., Any],
        answers: Answers,
        **values: Any,
    ) -> None:
        self._calibration, self._answers = calibration, answers
        super().__init__(setting=asdict(checked(values)))
        call = (answers.labels, answers.probabilities, WALL)
        places, _, self._said = asked(worst_mistakes, ours.worst_mistakes, call)
        self.wall = [self._mistake(int(place)) for place in places]
        self._update()
        self.observe(self._update, names=["setting"])

    @traitlets.validate("setting")
    def _sound(self, proposal: Any) -> dict[str, Any]:
        try:
            return asdict(checked(proposal["value"]))
        except (ValueError, TypeError) as error:
            raise traitlets.TraitError(str(error)) from None

    def _mistake(self, place: int) -> dict[str, Any]:
        shown, row = self._answers, self._answers.probabilities[place]
        return {
            "picture": thumbnail(shown.images[place]),
            "truth": shown.names[int(shown.labels[place])],
            "said": shown.names[int(row.argmax())],
            "sure": round(float(row.max()), 4),
        }

    def _update(self, change: Any = None) -> None:
        setting, shown = Setting(**self.setting), self._answers
        call = (shown.labels, shown.probabilities, setting.bins)
        found, _, said = asked(self._calibration, ours.calibration, call)
        counts = answered(shown, setting.least)
        with self.hold_sync():  # one message, so that the page never mixes old and new
            self.bars = [
                {"sure": float(s), "right": float(r), "count": int(n)} if n > 0 else {"count": 0}
                for s, r, n in zip(*found, strict=True)
            ]
            self.error = ours.expected_calibration_error(*found)
            self.counts, self.sentence = counts, sentence(counts, setting.least)
            self.message = " ".join(filter(None, [self._said, said]))

    def still(self) -> tuple[str, list[Panel]]:
        rows = [
            (f"sure by {bar['sure']:.0%}: {bar['count']} pictures", bar["right"], palette.TRAINING)
            for bar in self.bars
            if bar["count"]
        ]
        return "How often the network is right, by how sure it is.", [
            bars("share that is right", rows)
        ]


def demo(
    worst_mistakes: Callable[..., Any],
    calibration: Callable[..., Any],
    answers: Answers | None = None,
    **values: Any,
) -> BelieveDemo:
    """The demo of chapter 15, with the learner's two functions.

    Parameters
    ----------
    answers : Answers, optional
        Of the learner's own network; without it, `example`.
    **values
        Of the `Setting` to begin with.
    """
    return BelieveDemo(worst_mistakes, calibration, answers or example(), **values)
