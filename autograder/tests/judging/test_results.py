"""Schema 1: written, read again, and refused where it is something else."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from cnnlab.autograder.judging.results import (
    BatchResult,
    ExerciseResult,
    Packed,
    RungResult,
    SubmissionResult,
    from_json,
    json_pieces,
    to_dict,
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
(ADA,) = BATCH.submissions


def test_what_is_written_is_read_again():
    again = from_json("".join(json_pieces(BATCH)))
    assert again == BATCH
    assert again.submissions[0].exercises[0].rungs[0].passed


def test_the_file_is_schema_1_and_holds_nothing_for_display():
    raw = json.loads("".join(json_pieces(BATCH)))
    assert next(iter(raw.items())) == ("schema", 1)
    exercise = raw["submissions"][0]["exercises"][0]
    names = "name status score max_score diagnosis remarks message hint seconds rungs"
    assert " ".join(exercise) == names


@pytest.mark.parametrize("text", ['{"schema": 2}', "[]", '"schema"', "null"])
def test_other_files_are_refused(text):
    with pytest.raises(ValueError, match="not CNN Lab results of schema 1"):
        from_json(text)


def test_a_class_is_written_one_submission_at_a_time_as_json_would_write_it_whole():
    for batch in (BATCH, replace(BATCH, submissions=[]), replace(BATCH, submissions=[ADA, ADA])):
        pieces = list(json_pieces(batch))
        assert len(pieces) == 2 + 2 * len(batch.submissions)
        whole = json.dumps(to_dict(batch), indent=1, ensure_ascii=False, allow_nan=False)
        assert "".join(pieces) == whole + "\n"


def test_a_class_takes_some_hundred_bytes_for_each_result_and_loses_nothing_but_pictures():
    results = [replace(ADA, student=f"learner {i}", score=i / 7) for i in range(50)]
    shown = [replace(exercise, card=("<p>" * 10_000, "")) for exercise in ADA.exercises]
    packed = Packed(len(results))
    for i in reversed(range(50)):
        packed.put(i, replace(results[i], exercises=shown))
    assert packed == results
    assert packed[-2:] == results[-2:]
    assert all(exercise.card is None for exercise in packed[7].exercises)
    held = [len(packed._packed[i]) for i in range(49)]  # the last one came first
    assert max(held) < 200
    batch = replace(BATCH, submissions=packed)
    assert "".join(json_pieces(batch)) == "".join(json_pieces(replace(BATCH, submissions=results)))
