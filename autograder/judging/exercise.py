"""What a grader is made of: probes on a ladder of rungs, twists, hints.

A chapter's grader, ``graders/chNN_name/``, holds one `CHAPTER`; everything else
(the judge, the recorder, the build, the command) finds it there.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnlab.autograder.judging.timing import Baseline
from cnnlab.autograder.judging.tolerance import FLOAT32, FLOAT64, Rounding
from cnnlab.autograder.judging.twists import Twist

if TYPE_CHECKING:
    from cnnlab.autograder.judging.puzzles import Puzzle

RUNGS = {
    "runs": "runs",
    "shape": "shape",
    "by-hand": "a case you can check by hand",
    "structure": "structure",
    "reference": "full size, against Keras",
    "edge-cases": "edge cases",
    "speed": "speed, timed beside a plain loop",
    "robust": "beyond the exercise: other dtypes, lists, bad input",
}
"""The usual rungs, in the order in which they are climbed, and what the learner reads."""

RUNG_HINTS = {
    "runs": (
        "No call gave a result. Read the error from its last line up: which line of yours does "
        "it name?"
    ),
    "shape": (
        "Compare what came with what was expected: first the kind of thing, then the shape. "
        "Which axis differs?"
    ),
    "by-hand": (
        "Work this small case out on paper, one number at a time. At which step does your "
        "function do something else?"
    ),
    "structure": (
        "This case tests one property alone. What is special about its numbers, and where does "
        "your function not use it?"
    ),
    "reference": (
        "This is the whole exercise at full size. What do these arrays have that a small case "
        "lacks?"
    ),
    "edge-cases": (
        "This is a special case. Go through your function with just these arguments: which line "
        "does not expect them?"
    ),
    "speed": (
        "Your result is right, but it takes long. Which of your loops can become one step for a "
        "whole array?"
    ),
    "robust": (
        "The exercise does not ask for this. Look at what came in: what should your function "
        "make of it first?"
    ),
}
"""What to ask when one of the usual rungs is the first to fail; an exercise may know better."""

STOPPED_HINTS = {
    "syntax_error": (
        "Python stumbled at this line, or at the end of the one before. Which bracket, quote, "
        "colon or space is missing, or too many?"
    ),
    "raised": (
        "Read the error from its last line up: which line of yours does it name, and which value "
        "there is not what you thought?"
    ),
    "timeout": (
        "Look at each of your loops: what ends it, and does every round come nearer to that?"
    ),
    "memory": (
        "Which of your arrays or lists is much larger than the arguments, or grows without end?"
    ),
}
"""What helps where a call gave no result, by how it ended."""

BY_HAND = "by-hand"
"""The rung of small cases: a mistake is shown on one of these where it can be."""

ROBUST = "robust"
"""The rung of everything that the exercise does not promise. Worth nothing unless a grader says
otherwise: what fails on it is advice."""

CORNERS = ("edge-cases", ROBUST)
"""Rungs of corners: a function with one mistake often has a second one there."""

WHOLE = ("shape", "speed")
"""Rungs that are all or nothing. On the others, probes of one title test one property, and the
properties share the points."""


@dataclass(frozen=True)
class Probe:
    """One call of the learner's function, and how its outcome is judged.

    On the rung ``"shape"`` the shape of the result is compared, on every other rung its values;
    a dtype that differs is a matter of the rung ``"robust"``. With ``raises="x"`` the call must
    end in a `ValueError` whose message names the argument ``x`` (``"x|kernels"``: either of the
    two).

    Parameters
    ----------
    rung : str
        The rung that this probe belongs to.
    args, kwargs
        What the function is called with. Besides arrays, numbers, strings, lists and
        tuples: `cnnlab.autograder.sandbox.calls.Seed` (arrives as a NumPy generator) and
        `cnnlab.autograder.sandbox.calls.Named` (arrives as a function from the worker's table).
    title : str
        What this case is, in the learner's words: "one image, one 3x2 kernel".
    terms : int
        How many products are summed in one output cell; sets the tolerance.
    double : bool
        Whether float64's roundings are the measure, as in a difference of nearly equal numbers;
        else float32's.
    quiet : bool
        Whether NumPy must not warn of an overflow or an invalid value on the way.
    given
        A tree for the exercise's driver: weights, pictures, a seed; see `Exercise.sent`.
    """

    rung: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    title: str = ""
    raises: str | None = None
    terms: int = 1
    double: bool = False
    quiet: bool = False
    given: Any = None

    @property
    def rounding(self) -> Rounding:
        """How far a right result may be off."""
        return Rounding(self.terms, FLOAT64 if self.double else FLOAT32)


class FreshGenerator(np.random.Generator):
    """Draws a fresh batch, also what recorded probes hold fixed (``graders/shared/draws.py``)."""


def same(args: tuple[Any, ...], value: Any) -> Any:
    """The usual description: a result is judged as it is."""
    return value


def all_of_it(given: Any) -> Any:
    """The usual driver: it is sent all that a probe gives."""
    return given


@dataclass(frozen=True)
class Exercise:
    """One exercise of a chapter.

    Parameters
    ----------
    name : str
        The function's name, and its cell's ``grade_id``.
    points : Mapping of str to float
        Rung → points, in the order of the ladder.
    probes : callable, Generator → iterable of Probe
        Draws the probes; the same generator state draws the same probes.
    keras_reference : callable
        Correct values from Keras, called as the learner's function is; with a driver it
        takes what the probe gives the driver as its keyword ``given``, and answers in the
        exercise's description. It imports Keras inside, so that self-checks never do.
    numpy_op : callable
        The course's own op; twists are transformations of it. Never a source of
        expected values.
    twists : sequence of Twist
        The typical mistakes that are told apart, by name.
    variants : sequence of Twist
        Other right ways, such as another small number against a division by 0. What agrees with
        one of them is right, and a remark says so.
    hints : three str
        From the concept to the detail; never the code.
    rung_hints : Mapping of str to str
        What to say when this rung is the first to fail, where there is more to say than
        `RUNG_HINTS` does.
    needs : sequence of str
        Exercises of the chapter that a solution may call.
    describe : callable, (args, value) → tree
        What is compared, where not the result itself: for exercises with many right
        answers, a description such as ``{"sums to 1": True}``.
    evidence : int
        How many probes a twist must get wrong in just the way that came, before it is named.
    verdicts : Mapping of str to callable
        For a rung that single comparisons cannot decide (speed, statistics): from the
        rung's outcomes to what failed, or ``""``.
    driver : str
        ``module.function`` in `cnnlab.autograder.sandbox.drivers`, which calls the learner's
        function where a plain call is not enough, and returns nested dicts and arrays; empty for
        a plain call.
    sent : callable, given → tree
        What the driver gets of what a probe gives, where the description needs more. A driver is
        called beside learner code, which reads all that it gets.
    simulated : bool
        Whether `numpy_op` answers as the driver does, instead of being driven itself; it takes
        what the probe gives the driver as its keyword ``given``.
    baseline : Baseline or None
        A plain function that is timed beside the learner's on the probes of one rung.
    puzzle : Puzzle or None
        The puzzle that it asks to solve. What is right is then stated, not recorded, and the
        description has a part for each rung.
    decisive : frozenset of str or None
        The rungs that decide on the status, whatever they are worth; None means those with points.
    """

    name: str
    points: Mapping[str, float]
    probes: Callable[[np.random.Generator], Iterable[Probe]]
    keras_reference: Callable[..., Any]
    numpy_op: Callable[..., Any]
    twists: tuple[Twist, ...]
    hints: tuple[str, str, str]
    variants: tuple[Twist, ...] = ()
    rung_hints: Mapping[str, str] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    describe: Callable[[tuple[Any, ...], Any], Any] = same
    evidence: int = 2
    verdicts: Mapping[str, Callable[[list[Any]], str]] = field(default_factory=dict)
    driver: str = ""
    sent: Callable[[Any], Any] = all_of_it
    simulated: bool = False
    baseline: Baseline | None = None
    puzzle: Puzzle | None = None
    decisive: frozenset[str] | None = None

    @property
    def max_score(self) -> float:
        """The points of all rungs."""
        return float(sum(self.points.values()))

    def hint_for(self, rung: str) -> str:
        """The hint that belongs to a rung that failed."""
        return self.rung_hints.get(rung) or RUNG_HINTS.get(rung, self.hints[0])

    def expect(self, probe: Probe) -> Any:
        """What `keras_reference` says; None where an error is expected."""
        if probe.raises:
            return None
        given = {"given": probe.given} if self.driver else {}
        expected = self.keras_reference(*probe.args, **probe.kwargs, **given)
        return expected[probe.rung] if self.puzzle else expected

    def draw(self, seed: int, fresh: bool = False) -> list[Probe]:
        """The probes that this seed draws, each exercise from its own stream.

        ``fresh`` probes hold nothing fixed that can be varied: nobody can learn them by heart.
        """
        stream = int.from_bytes(self.name.encode(), "little") % (1 << 61)
        generator = FreshGenerator if fresh else np.random.Generator
        return list(self.probes(generator(np.random.PCG64([seed, stream]))))


@dataclass(frozen=True)
class Chapter:
    """A chapter's grader.

    Parameters
    ----------
    name, title : str
        ``ch01_convolution`` and what people read.
    exercises : sequence of Exercise
    prelude : str
        What learner code finds already imported in the worker, as in its notebook.
    imports : frozenset of str
        Top-level modules that learner code may import, besides the standard library.
    seconds : float
        Wall-clock limit for one call.
    keras : bool
        Whether learner code needs TensorFlow in its worker.
    """

    name: str
    title: str
    exercises: tuple[Exercise, ...]
    prelude: str = "import math\nimport numpy as np\n"
    imports: frozenset[str] = frozenset({"numpy"})
    seconds: float = 10.0
    keras: bool = False

    @property
    def drivers(self) -> set[str]:
        """What its worker must load before learner code runs."""
        return {exercise.driver for exercise in self.exercises} - {""}

    def __getitem__(self, name: str) -> Exercise:
        for exercise in self.exercises:
            if exercise.name == name:
                return exercise
        names = ", ".join(e.name for e in self.exercises)
        raise KeyError(f"{self.name} has no exercise {name!r}; it has {names}")

    @property
    def max_score(self) -> float:
        """The points of all exercises."""
        return sum(exercise.max_score for exercise in self.exercises)


GRADERS = Path(__file__).parent.parent / "graders"


def chapter_names() -> list[str]:
    """Every chapter that has a grader, in order."""
    return sorted(path.parent.name for path in GRADERS.glob("ch[0-9][0-9]_*/__init__.py"))


def find_chapter(name: str) -> str:
    """The full name of the chapter that ``name`` begins: ``ch01`` → ``ch01_convolution``.

    Raises
    ------
    ValueError
        No chapter, or more than one, begins so.
    """
    names = chapter_names()
    found = [n for n in names if n == name] or [n for n in names if n.startswith(name)]
    if len(found) != 1 or not name:
        raise ValueError(f"chapter must be one of {', '.join(names)}. Received: {name!r}")
    return found[0]


@cache
def load_chapter(name: str) -> Chapter:
    """The grader of a chapter, by its full name.

    Raises
    ------
    ValueError
        There is no such chapter.
    """
    return importlib.import_module(f"cnnlab.autograder.graders.{find_chapter(name)}").CHAPTER
