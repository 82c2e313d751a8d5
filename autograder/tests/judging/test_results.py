"""Schema 1: written, read again, and refused where it is something else."""

from __future__ import annotations

import json

import pytest

from cnnlab.autograder.judging.results import (
    BatchResult,
    ExerciseResult,
    RungResult,
    SubmissionResult,
    from_json,
    to_json,
)

BATCH = BatchResult(
    7,
    "cnnlab",
    {"cnnlab": "0.1.0"},
    [
        SubmissionResult(
            "submitted/ada/ch01/ch01.ipynb",
            "ada",
            "ch01_convolution",
            "graded",
            3.0,
            20.0,
            exercises=[
                ExerciseResult(
                    "conv2d",
                    "failed",
                    3.0,
                    8.0,
                    ["kernel-flipped"],
                    ["Another small number is fine."],
                    "You flipped …",
                    "Which number …?",
                    0.004,
                    [RungResult("shape", True, 1.0)],
                    detail=object(),
                )
            ],
        )
    ],
)


def test_what_is_written_is_read_again():
    again = from_json(to_json(BATCH))
    assert again == BATCH
    assert again.submissions[0].exercises[0].rungs[0].passed


def test_the_file_is_schema_1_and_holds_nothing_for_display():
    raw = json.loads(to_json(BATCH))
    assert next(iter(raw.items())) == ("schema", 1)
    exercise = raw["submissions"][0]["exercises"][0]
    names = "name status score max_score diagnosis remarks message hint seconds rungs"
    assert " ".join(exercise) == names


@pytest.mark.parametrize("text", ['{"schema": 2}', "[]", '"schema"', "null"])
def test_other_files_are_refused(text):
    with pytest.raises(ValueError, match="not CNN Lab results of schema 1"):
        from_json(text)
