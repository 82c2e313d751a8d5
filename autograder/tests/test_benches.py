"""Every bench still works: run as a command in its tiny form, its table has its rows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cnnlab.autograder.sandbox.processes import available
from cnnlab.course.tests.chromium import CHROMIUM

BENCHES = Path(__file__).parents[1] / "bench"
DEMOS = sorted(path.name[:4] for path in (BENCHES / "demos").glob("ch[0-9][0-9]_*.py"))
MS = r" +\d+\.\d ms"
ROWS = {
    "check": [
        "import of the four names .* of NumPy alone",
        r"conv2d +solution( +\d+\.\d){4}$",
        r"conv2d +kernel-flipped( +\d+\.\d){4}$",
        r"design_kernel +\(breaks\)( +\d+\.\d){4}$",
        r"all \d+ checks: p50",
    ],
    "ch05": [
        rf"ch05 demo .* median{MS}, slowest{MS}",
        r"ch05 training .* [1-9]\d* of 280 steps in",
    ],
    "cluster": [*(rf"{n} of ch01_convolution: each{MS}" for n in (1, 2)), r"ratio \d+\.\d\d"],
    "demos": [
        *(rf"{demo} .* median{MS}, slowest{MS}" for demo in DEMOS),
        "target 50 ms, worst median",
    ],
    "grading": [rf" +{n} +{kept} +\S+s +\S+ms .*\d+MB$" for n in (1, 2) for kept in ("no", "yes")],
    "jupyterlab": [rf"check +p50{MS}, p95{MS}", rf"demo +p50{MS}, p95{MS}"],
    "nbgrader": [
        rf"{way}( +\S+s){{2}}( +\S+×){{2}}$"
        for way in ("nbgrader autograde", "cnnlab grade.*", ".*our judge", ".* --gradebook")
    ],
    "ops": [f"{way} +{who} +" for way in ("same", "valid") for who in ("cnnlab", "Keras", "ratio")],
    "tolerance": [rf" +{terms}( +\d+\.\d+){{3}}$" for terms in (9, 27, 144, 800)],
    "vgg": [
        "random weights",
        "build VGG16",
        "feature maps",
        "demo of chapter 9",
        "demo of chapter 10",
    ],
    "worker": ["the first session", *(rf" +{n} calls:{MS}, bare fork{MS}" for n in (0, 1, 20, 60))],
}
"""What begins a line of each bench's table."""

WANTS = dict.fromkeys(("cluster", "grading", "worker", "nbgrader"), available())
WANTS["jupyterlab"] = None if CHROMIUM else "needs Chromium"


def test_a_demos_bench_is_named_as_its_demo():
    demos = {path.name for path in (BENCHES.parents[1] / "course/demos").glob("ch*.py")}
    assert DEMOS
    assert {path.name for path in (BENCHES / "demos").glob("*.py")} <= demos


def test_every_bench_is_known_here():
    assert {path.stem.removeprefix("bench_") for path in BENCHES.glob("bench_*.py")} == set(ROWS)


@pytest.mark.slow
@pytest.mark.parametrize("name", ROWS)
def test_a_bench_in_its_tiny_form_fills_its_table(name):
    if missing := WANTS.get(name):
        pytest.skip(missing)
    command = [sys.executable, str(BENCHES / f"bench_{name}.py"), "--tiny"]
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    run = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    for row in ROWS[name]:
        assert re.search(f"^{row}", run.stdout, re.MULTILINE), f"{row} is not in:\n{run.stdout}"
