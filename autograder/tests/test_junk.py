"""Results that nobody expects: each is judged and shown, and nothing of ours fails on the way."""

from __future__ import annotations

import datetime
import decimal
import fractions
import logging
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from cnnlab.autograder.display import render
from cnnlab.autograder.judging.exercise import chapter_names
from cnnlab.autograder.judging.judge import judge
from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.judging.shrink import shrink
from cnnlab.autograder.sandbox.calls import invoke

DEEP: list[Any] = []
for _ in range(25):
    DEEP = [DEEP]

JUNK: dict[str, Any] = {
    "None": None,
    "True": True,
    "a huge int": 10**400,
    "a negative zero": -0.0,
    "nan": float("nan"),
    "inf": float("inf"),
    "complex": 1j,
    "text": "four",
    "a surrogate": "\udcff",
    "markup": "<script>alert(1)</script>",
    "bytes": b"\x00",
    "an empty list": [],
    "a ragged list": [[1, 2], [3]],
    "a deep list": DEEP,
    "a list of None": [None, None],
    "an empty tuple": (),
    "a tuple of arrays": (np.ones(2), np.ones((2, 2))),
    "a long tuple": tuple(range(1000)),
    "an empty dict": {},
    "a dict with other keys": {1: 2, "a": None},
    "a set": {1, 2},
    "a range": range(3),
    "a function": len,
    "a class": int,
    "a slice": slice(1),
    "Ellipsis": ...,
    "NotImplemented": NotImplemented,
    "a fraction": fractions.Fraction(1, 3),
    "a decimal": decimal.Decimal("NaN"),
    "a date": datetime.date(2020, 1, 1),
    "an array of objects": np.array([None, "a"], object),
    "an array of texts": np.array(["a", "b"]),
    "an array of dates": np.array(["2020-01-01"], "datetime64[D]"),
    "an array of records": np.zeros(2, [("a", "i4"), ("b", "f8")]),
    "an array without axes": np.array(3.0),
    "an empty array": np.zeros((0, 3)),
    "an array of nan": np.full((2, 2), np.nan),
    "an array of float16": np.ones((2, 3), np.float16),
    "an array of complex": np.ones((2, 2), complex),
    "an array of bools": np.ones((2, 2), bool),
    "a masked array": np.ma.masked_array([1.0, 2.0], mask=[True, False]),
    "a matrix": np.asmatrix(np.eye(2)),
    "a view that goes backwards": np.arange(6.0)[::-2],
    "twelve axes": np.ones((1,) * 12),
}


def raising(error: BaseException) -> Callable[..., Any]:
    def function(*args: Any, **kwargs: Any) -> Any:
        raise error

    return function


def functions() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Functions that return junk, raise it, or do something odd to what they are given."""
    for label, value in JUNK.items():
        yield label, lambda *args, value=value, **kwargs: value
    yield "a generator", lambda *args, **kwargs: (i for i in range(3))
    yield "its arguments", lambda *args, **kwargs: args
    yield "itself in a list", lambda *args, **kwargs: [args, kwargs]
    for error in (KeyError(), ValueError("\x00"), AssertionError("<b>"), RecursionError("deep")):
        yield type(error).__name__, raising(error)


CHAPTERS = [  # two of them in every run; the others take a minute or more
    pytest.param(name, marks=[] if name < "ch03" else [pytest.mark.slow])
    for name in chapter_names()
]


@pytest.mark.parametrize("chapter", CHAPTERS)
@pytest.mark.filterwarnings("ignore")
def test_junk_is_judged_and_shown(chapter: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, logger="cnnlab")
    for key in recorded(chapter).values():
        for label, function in functions():
            where = f"{key.exercise.name}: {label}"
            outcomes = [key.call(function, probe) for probe in key.probes]

            def smaller(found: Any, key: Any = key, function: Any = function) -> Any:
                return shrink(key, found, lambda args: invoke(function, args))

            result = judge(key, outcomes, smaller)
            assert not result.passed, where
            assert result.score <= 0.6 * result.max_score, where
            card, text = render.to_html(result), render.to_text(result)
            assert "Traceback" not in card + text, where
            assert not re.search("<script>|<b>", card), where
            assert caplog.records == [], where
