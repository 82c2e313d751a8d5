"""Every larger number in the chapters' prose is in a cell of code, or in ``course/numbers.toml``.

How far it reaches: percentages, points, spreads, millions and billions must all be listed. Other
figures of three digits or more must be listed, or stand literally in a code cell of the chapter.
Years, smaller numbers and numbers in words are not looked at.
"""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

from cnnlab.course.networks.vgg import named_layers
from cnnlab.course.ops.layers import count_macs, count_parameters
from cnnlab.course.tests.chapters.prose import NAMES, ROOT, cells, prose, without_code
from cnnlab.course.training import transfer
from cnnlab.course.training.histories import gain, load_histories
from cnnlab.datasets.pictures import load_cats_dogs

Origin = dict[str, str]
LISTED: dict[str, dict[str, Origin]] = tomllib.loads(
    (ROOT / "course/numbers.toml").read_text("utf-8")
)
KINDS = ("calc", "printed", "source", "given")
ENTRIES = [(name, number) for name, table in LISTED.items() for number in table]
NUMBER = re.compile(
    r"(?<![\w.,^])(?P<spread>± )?(?P<number>\d[\d,]*(?:\.\d+)?)(?![\w])"
    r"(?:[ ]?(?P<unit>%|percent|million|billion|points|±))?"
)
YEAR = re.compile(r"(?:19\d\d|20[0-3]\d)$")
SCALE = {"million": 1e6, "billion": 1e9}


def numbers(text: str) -> Iterator[str]:
    """The numbers that must have an origin, each with its unit."""
    text = text.split("### Read on")[0].replace("{,}", ",")
    for found in NUMBER.finditer(
        " ".join(re.sub(r"^>", "", without_code(text), flags=re.M).split())
    ):
        number = found["number"].rstrip(",")
        unit = {"percent": "%", "±": "points"}.get(found["unit"], found["unit"])
        if unit or found["spread"]:
            yield f"{number} {unit or 'points'}"
        elif len(re.sub(r"[.,]", "", number).lstrip("0")) >= 3 and not YEAR.match(number):
            yield number


def without_origin(name: str, text: str) -> list[str]:
    """The numbers of a text that are neither listed nor, without a unit, in the chapter's code."""
    listed = LISTED["everywhere"].keys() | LISTED.get(name, {}).keys()
    return [n for n in numbers(text) if n not in listed and n.replace(",", "") not in _coded(name)]


@cache
def _coded(name: str) -> set[str]:
    """The numbers that stand in the code of a chapter's cells, and of its questions."""
    code = "\n".join(cell.source for cell in cells(name) if cell.cell_type == "code")
    if (questions := ROOT / f"course/guesses/{name}.py").exists():
        code += questions.read_text("utf-8")  # answers are computed there
    return {n.replace("_", "").replace(",", "") for n in re.findall(r"\d[\d_]*(?:\.\d+)?", code)}


@pytest.mark.parametrize("name", NAMES)
def test_every_number_has_an_origin(name):
    assert [n for text in prose(name) for n in without_origin(name, text)] == []


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("It rises by 3.1 points, in 42 % of all runs.", ["3.1 points", "42 %"]),
        ("A gain of 5.5 ± 0.7 points.", ["5.5 points", "0.7 points"]),
        ("$12{,}345$ weights, since 2014.", ["12,345"]),
        ("> It took 77\n> million steps, and `1234` of them.", ["77 million"]),
    ],
)
def test_a_number_without_an_origin_is_found(text, missing):
    assert without_origin("ch01_convolution", text) == missing


@pytest.mark.parametrize(("name", "number"), ENTRIES, ids=str)
def test_every_entry_has_one_origin_and_is_used(name, number):
    assert len(LISTED[name][number]) == 1
    assert set(LISTED[name][number]) <= set(KINDS)
    assert all(LISTED[name][number].values())
    chapters = NAMES if name == "everywhere" else [name]
    assert any(number in numbers(text) for chapter in chapters for text in prose(chapter))


# What is calculated


@cache
def _known() -> dict[str, Any]:
    record = json.loads((ROOT / "datasets/histories/ch09_transfer.json").read_text("utf-8"))
    return {
        "np": np,
        "math": math,
        "vgg16": [layer for _, layer in named_layers()],
        "count_macs": count_macs,
        "count_parameters": count_parameters,
        "receptive_field": _receptive_field,
        "cats_dogs": load_cats_dogs(source="embedded"),
        "histories": load_histories(),
        "photographs": load_histories("photographs64"),
        "trained": transfer.trained_best(),
        "gain": gain,
        "five_best": record["five_best"]["answers"],
    }


def _receptive_field(layers: list[tuple[Any, ...]]) -> tuple[int, int]:
    """Size and jump of convolutions with stride 1 and pools of 2, as VGG16 has them."""
    size, jump = 1, 1
    for kind, *numbers in layers:
        size += (3 - 1 if kind == "conv" else 2 - 1) * jump
        jump *= 1 if kind == "conv" else 2
        assert kind == "max_pool" or numbers[1] == 3
    return size, jump


@pytest.mark.parametrize(
    ("name", "number"), [e for e in ENTRIES if "calc" in LISTED[e[0]][e[1]]], ids=str
)
def test_a_calculated_number_is_right(name, number):
    figure, _, unit = number.partition(" ")
    value = eval(LISTED[name][number]["calc"], _known()) / SCALE.get(unit, 1)
    digits = len(figure.partition(".")[2])
    assert abs(value - float(figure.replace(",", ""))) <= 0.5001 * 10**-digits


def test_the_readme_compares_equal_numbers_of_pictures():
    record = json.loads((ROOT / "datasets/histories/ch09_transfer.json").read_text("utf-8"))
    trained = transfer.trained_best()
    assert trained is not None
    (row,) = (r for r in record["embedded"]["curve"] if r["per_class"] == trained.per_class)
    readme = " ".join((ROOT / "README.md").read_text("utf-8").split())
    for share in (np.mean(row["test"]), trained.test):
        assert f"{100 * share:.1f} % on" in readme


# What a notebook prints


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [n for n in NAMES if any("printed" in o for o in LISTED.get(n, {}).values())]
)
def test_a_printed_number_is_printed(name: str, tmp_path: Path):
    notebook = nbformat.read(ROOT / f"solutions/{name}/{name}.ipynb", as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": tmp_path}}).execute()
    outputs = [out for cell in notebook.cells for out in cell.get("outputs", [])]
    said = "\n".join(out.text for out in outputs if out.output_type == "stream")
    if "You ask small VGG" in said:
        pytest.skip("the weights of the larger network are not on this machine")
    wanted = [o["printed"] for o in LISTED[name].values() if "printed" in o]
    assert [text for text in wanted if text not in said] == []
