"""Results schema 1: what a grading run says, as dataclasses, and as JSON."""

from __future__ import annotations

import dataclasses
import json
import pickle
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, overload

SCHEMA = 1

SUBMISSION_STATUSES = ("graded", "unreadable")
EXERCISE_STATUSES = (
    "passed",
    "failed",
    "not_attempted",
    "missing",
    "forbidden",
    "error",
    "timeout",
    "memory",
    "crashed",
    "internal_error",
)


@dataclass(slots=True)
class RungResult:
    """One rung of an exercise's ladder.

    ``points`` is what it is worth, ``earned`` what was reached: a rung of several independent
    properties shares its points among them. Not given, it is all or nothing.
    """

    id: str
    passed: bool
    points: float
    message: str = ""
    earned: float | None = None

    def __post_init__(self) -> None:
        if self.earned is None:
            self.earned = self.points if self.passed else 0.0


@dataclass(slots=True)
class ExerciseResult:
    """What one exercise earned, and what the learner should hear about it.

    ``remarks`` are advice beyond the exercise: they cost nothing and change no status.
    ``detail`` is for display in the same process (see `cnnlab.autograder.judging.judge.Finding`);
    it is never written to JSON, and neither is ``card``: HTML and text for feedback pages, drawn
    where the result was made. ``chapter`` is the exercise's where the submission is an assignment
    with a name of its own; else it is empty, and not in the JSON.
    """

    name: str
    status: str
    score: float = 0.0
    max_score: float = 0.0
    diagnosis: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    message: str = ""
    hint: str = ""
    seconds: float = 0.0
    rungs: list[RungResult] = field(default_factory=list)
    chapter: str = ""
    detail: Any = field(default=None, repr=False, compare=False)
    card: tuple[str, str] | None = field(default=None, repr=False, compare=False)

    @property
    def passed(self) -> bool:
        """Whether nothing that decides on the status is missing."""
        return self.status == "passed"


@dataclass(slots=True)
class SubmissionResult:
    """One notebook or ``.py`` file.

    ``chapter`` is the chapter's name, or that of an assignment which asks for something else than
    one chapter. ``probes`` is ``"fresh"`` or ``"recorded"``: questions drawn for this run, or the
    public ones.
    """

    path: str
    student: str | None
    chapter: str | None
    status: str
    score: float = 0.0
    max_score: float = 0.0
    message: str = ""
    warnings: list[str] = field(default_factory=list)
    probes: str = ""
    exercises: list[ExerciseResult] = field(default_factory=list)

    @property
    def failed_here(self) -> bool:
        """Whether something went wrong on our side, so that this is not the learner's result."""
        return any(exercise.status == "internal_error" for exercise in self.exercises)


@dataclass
class BatchResult:
    """A whole run of ``cnnlab grade``."""

    seed: int
    grader: str
    versions: dict[str, str]
    submissions: Sequence[SubmissionResult] = field(default_factory=list)
    probes: str = ""
    schema: int = SCHEMA


class Packed(Sequence[SubmissionResult]):
    """The results of a large class in little memory: each is compressed until it is asked for.

    Most of what one learner is told stands in the first result already, so a further one takes some
    hundred bytes. What is only for display is left out.

    Parameters
    ----------
    size : int
        How many results there will be; `put` may fill them in any order.

    Examples
    --------
    >>> packed = Packed(1)
    >>> packed.put(0, SubmissionResult("ada.ipynb", "ada", None, "unreadable"))
    >>> packed[0].student
    'ada'
    """

    def __init__(self, size: int) -> None:
        self._packed: list[bytes] = [b""] * size
        self._known = b""

    def put(self, number: int, result: SubmissionResult) -> None:
        """Take a result; changes of it that come later are not kept."""
        exercises = [replace(exercise, detail=None, card=None) for exercise in result.exercises]
        plain = pickle.dumps(replace(result, exercises=exercises), pickle.HIGHEST_PROTOCOL)
        self._known = self._known or plain
        packing = zlib.compressobj(zdict=self._known)
        self._packed[number] = packing.compress(plain) + packing.flush()

    def __len__(self) -> int:
        return len(self._packed)

    @overload
    def __getitem__(self, number: int) -> SubmissionResult: ...
    @overload
    def __getitem__(self, number: slice) -> list[SubmissionResult]: ...
    def __getitem__(self, number: int | slice) -> SubmissionResult | list[SubmissionResult]:
        if isinstance(number, slice):
            return [self[i] for i in range(len(self))[number]]
        plain = zlib.decompressobj(zdict=self._known).decompress(self._packed[number])
        result: SubmissionResult = pickle.loads(plain)
        return result

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)


def to_dict(result: Any) -> dict[str, Any]:
    """A result as plain dicts and lists, without what is only for display."""
    if dataclasses.is_dataclass(result):
        names = [f.name for f in dataclasses.fields(result) if f.name not in ("detail", "card")]
        if "schema" in names:  # the reader of a file wants to see it first
            names.remove("schema")
            names.insert(0, "schema")
        if isinstance(result, ExerciseResult) and not result.chapter:
            names.remove("chapter")
        return {name: to_dict(getattr(result, name)) for name in names}
    if isinstance(result, list | Packed):
        return [to_dict(item) for item in result]  # type: ignore[return-value]
    return result


def json_pieces(batch: BatchResult) -> Iterator[str]:
    """The same, one submission at a time: a large class is never in memory as text.

    Examples
    --------
    >>> "".join(json_pieces(BatchResult(7, "cnnlab", {}))).splitlines()[:3]
    ['{', ' "schema": 1,', ' "seed": 7,']
    """
    head, tail = _text(to_dict(replace(batch, submissions=[]))).split(' "submissions": []')
    yield head + ' "submissions": ['
    for number, submission in enumerate(batch.submissions):
        yield ",\n" if number else "\n"
        yield "  " + _text(to_dict(submission)).replace("\n", "\n  ")
    yield ("\n ]" if batch.submissions else "]") + tail + "\n"


def _text(tree: dict[str, Any]) -> str:
    return json.dumps(tree, indent=1, ensure_ascii=False, allow_nan=False)


def from_json(text: str) -> BatchResult:
    """Read what `json_pieces` wrote.

    Raises
    ------
    ValueError
        The text is not JSON, or is of another schema.
    """
    raw = json.loads(text)
    if not isinstance(raw, dict) or raw.get("schema") != SCHEMA:
        found = raw.get("schema") if isinstance(raw, dict) else type(raw).__name__
        raise ValueError(f"these are not CNN Lab results of schema {SCHEMA}. Received: {found!r}")
    return _build(BatchResult, raw)


def submission_from(tree: dict[str, Any]) -> SubmissionResult:
    """The result that `to_dict` made this of."""
    found: SubmissionResult = _build(SubmissionResult, tree)
    return found


_CHILDREN = {
    (BatchResult, "submissions"): SubmissionResult,
    (SubmissionResult, "exercises"): ExerciseResult,
    (ExerciseResult, "rungs"): RungResult,
}


def _build(cls: type, raw: dict[str, Any]) -> Any:
    known = {f.name for f in dataclasses.fields(cls)}
    fields = {name: value for name, value in raw.items() if name in known}
    for (parent, name), child in _CHILDREN.items():
        if parent is cls:
            fields[name] = [_build(child, item) for item in fields.get(name, [])]
    return cls(**fields)
