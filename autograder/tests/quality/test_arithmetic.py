"""Other machines' arithmetic: it reaches learner code when asked for, and results are compared."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from types import ModuleType

import pytest

from cnnlab.autograder.judging.exercise import load_chapter
from cnnlab.autograder.quality import arithmetic
from cnnlab.autograder.quality.arithmetic import (
    CORES,
    Setting,
    in_effect,
    not_in_effect,
    settings,
    some,
)
from cnnlab.autograder.sandbox import contents, processes
from cnnlab.autograder.sandbox.session import Workers, open_workers

HAVE_SANDBOX = processes.available() is None
sandboxed = pytest.mark.skipif(not HAVE_SANDBOX, reason="bubblewrap is not installed")

CHAPTER = "ch01_convolution"
PC = {
    "environ": {},
    "processor": ["SSE3", "SSE42", "AVX", "AVX2", "X86_V2", "X86_V3", "X86_V4", "AVX512_ICL"],
    "numpy": ["X86_V3", "X86_V4", "AVX512_ICL"],
    "blas": ["Haswell", "Haswell"],
    "threads": [2, 2],
    "onednn": None,
}
"""What a process says that has no setting."""


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """``.ci/arithmetic``, without running it."""
    loader = SourceFileLoader("ci_arithmetic", str(arithmetic.ROOT / ".ci" / "arithmetic"))
    spec = spec_from_loader(loader.name, loader)
    assert spec is not None
    module = module_from_spec(spec)
    sys.modules[loader.name] = module  # where dataclasses look for it
    loader.exec_module(module)
    return module


# In the learner's process


@pytest.fixture
def oldest(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The variables of the oldest machine that this one can be, set beside two of no setting."""
    for name in (*contents.ARITHMETIC, "CNNLAB_ARITHMETIC"):
        monkeypatch.delenv(name, raising=False)
    here = in_effect()
    cores = [name for name, needs in CORES.items() if needs in here["processor"]]
    variables = {"OPENBLAS_NUM_THREADS": "2", "TF_ENABLE_ONEDNN_OPTS": "0"}
    if here["numpy"]:
        variables["NPY_DISABLE_CPU_FEATURES"] = " ".join(here["numpy"])
    if here["blas"] and cores:
        variables["OPENBLAS_CORETYPE"] = cores[0]
    for name, value in {**variables, "OMP_NUM_THREADS": "2", "CANARY": "secret"}.items():
        monkeypatch.setenv(name, value)
    return variables


@pytest.fixture(params=[pytest.param("sandbox", marks=sandboxed), "plain"])
def workers(request: pytest.FixtureRequest) -> Iterator[Workers]:
    with open_workers(sandbox=request.param == "sandbox") as made:
        yield made


@pytest.fixture
def asked(oldest: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The switch that maintainers set, before any worker starts."""
    monkeypatch.setenv("CNNLAB_ARITHMETIC", "1")


@pytest.mark.usefixtures("asked")
def test_learner_code_computes_as_maintainers_ask(oldest: dict[str, str], workers: Workers) -> None:
    said = arithmetic.in_effect_inside(workers)
    assert said["environ"] == oldest
    assert not_in_effect(oldest, said) == []


def test_nothing_else_is_passed_on(oldest: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    plain = contents.environment()
    monkeypatch.setenv("CNNLAB_ARITHMETIC", "1")
    assert contents.environment() == plain | oldest


@pytest.mark.parametrize("switch", ["", "0", "yes"])
def test_without_the_switch_nothing_is_passed_on(
    oldest: dict[str, str], workers: Workers, monkeypatch: pytest.MonkeyPatch, switch: str
) -> None:
    monkeypatch.setenv("CNNLAB_ARITHMETIC", switch)
    said = arithmetic.in_effect_inside(workers)
    assert said["environ"] == {"OPENBLAS_NUM_THREADS": "1"}
    assert said["threads"] in ([1], [])
    assert {*said["numpy"]} >= {*in_effect()["numpy"]}


# Whether a setting is in effect


@pytest.mark.parametrize(
    ("variables", "seen", "wrong"),
    [
        ({}, {}, ""),
        ({}, {"environ": {"OPENBLAS_CORETYPE": "Zen"}}, "its variables are"),
        ({"OPENBLAS_CORETYPE": "Haswell"}, {}, ""),
        ({"OPENBLAS_CORETYPE": "Prescott"}, {"blas": ["Katmai", "Katmai"]}, ""),
        ({"OPENBLAS_CORETYPE": "Nehalem"}, {}, "OpenBLAS computes for Haswell"),
        ({"OPENBLAS_CORETYPE": "Haswell"}, {"blas": ["Haswell", "Zen"]}, "OpenBLAS computes"),
        ({"NPY_DISABLE_CPU_FEATURES": "X86_V4"}, {}, "NumPy still uses X86_V4"),
        ({"NPY_DISABLE_CPU_FEATURES": "X86_V4"}, {"numpy": ["X86_V3"]}, ""),
        ({"OPENBLAS_NUM_THREADS": "2"}, {}, ""),
        ({"OPENBLAS_NUM_THREADS": "1"}, {"threads": [1, 2]}, "threads"),
        ({"TF_ENABLE_ONEDNN_OPTS": "0"}, {}, ""),
        ({"TF_ENABLE_ONEDNN_OPTS": "0"}, {"onednn": True}, "oneDNN is on"),
        ({"TF_ENABLE_ONEDNN_OPTS": "1"}, {"onednn": False}, "oneDNN is off"),
    ],
)
def test_a_setting_without_effect_is_found(variables, seen, wrong):
    found = not_in_effect(variables, PC | {"environ": variables} | seen)
    assert len(found) == bool(wrong)
    assert wrong in "".join(found)


def by_name(here: dict[str, object]) -> dict[str, Setting]:
    said = {**PC, **here}
    return {setting.name: setting for setting in settings(said, said.get("cores", CORES))}


def test_a_processor_gets_the_settings_that_it_can_run():
    found = by_name({})
    assert found["default"].variables == {}
    assert found["SkylakeX"].missing == "this processor has no AVX512_SKX"
    assert not any(found[name].missing for name in ("Prescott", "Nehalem", "Haswell"))
    wide, all_ = found["numpy-no-avx512"], found["numpy-baseline"]
    assert wide.variables == {"NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL"}
    assert all_.variables == {"NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL"}
    assert found["oldest"].variables["OPENBLAS_CORETYPE"] == "Prescott"
    assert found["newest"].variables["OPENBLAS_CORETYPE"] == "Haswell"


def test_what_cannot_be_had_is_left_out_with_a_reason():
    arm = by_name({"processor": ["NEON", "ASIMDHP"], "numpy": ["ASIMDHP"], "blas": ["neoversen1"]})
    assert arm["Prescott"].missing == "this processor has no SSE3"
    assert arm["numpy-no-avx512"].missing == "NumPy uses no AVX-512 here"
    assert arm["numpy-baseline"].variables == {"NPY_DISABLE_CPU_FEATURES": "ASIMDHP"}
    assert "OPENBLAS_CORETYPE" not in arm["oldest"].variables
    assert by_name({"blas": []})["Haswell"].missing == "this NumPy is built without OpenBLAS"
    few = by_name({"cores": ["Haswell"]})
    assert few["Nehalem"].missing == "this OpenBLAS has no kernels for Nehalem"
    assert few["oldest"].variables["OPENBLAS_CORETYPE"] == "Haswell"
    assert by_name({"numpy": []})["numpy-baseline"].missing


# What is judged, and compared


@pytest.mark.parametrize(("length", "count"), [(0, 3), (1, 3), (7, 3), (9, 3), (40, 7), (5, 0)])
def test_a_sample_is_no_larger_than_asked(length: int, count: int) -> None:
    chosen = list(some(range(length), count))
    assert len(chosen) <= (count or length)
    assert bool(chosen) == bool(length)
    assert len(set(chosen)) == len(chosen)


@pytest.fixture(scope="module")
def judged() -> dict[str, dict[str, object]]:
    with open_workers(sandbox=False) as workers:
        found = arithmetic.judge_chapter(CHAPTER, {"plain": workers}, twists=1, mutants=1)
    return json.loads(json.dumps(found))


def test_a_chapter_is_judged(script: ModuleType, judged: dict[str, dict[str, object]]) -> None:
    assert list(script.faults(judged)) == []
    exercises = len(load_chapter(CHAPTER).exercises)
    assert {len(results) for results in judged.values()} == {exercises}
    mutants = judged["inside/mutants"].values()
    assert any(result["score"] < result["max_score"] for result in mutants)
    assert '"seconds"' not in json.dumps(judged)


@pytest.mark.parametrize(
    ("way", "changed"),
    [
        ("live/solved", {"score": 0.0, "status": "failed"}),
        ("live/stub", {"score": 0.5, "status": "failed"}),
        ("live/stub", {"status": "internal_error"}),
        ("plain/solved", {"score": 0.0}),
        ("plain/stub", {"status": "passed"}),
        ("live/twists", {"diagnosis": []}),
        ("live/twists", {"diagnosis": ["another"]}),
    ],
)
def test_what_must_not_be_is_found(script: ModuleType, judged, way, changed):
    said = json.loads(json.dumps(judged))
    label = next(iter(said[way]))
    said[way][label] |= changed
    assert any(way in fault for fault in script.faults(said))
    assert list(script.differences(judged, said))


@pytest.mark.parametrize(
    ("other", "differs"),
    [
        ({"status": "failed", "message": "expected 0.0229774, received 0.024085"}, False),
        ({"status": "failed", "message": "expected 0.0229774, received 0.025"}, True),
        ({"status": "failed", "message": "expected 0.0229774"}, True),
        ({"status": "passed", "message": "expected 0.0229774, received 0.0240841"}, True),
        ({"status": "timeout", "message": "the call took too long"}, False),
        ({"status": "failed"}, True),
    ],
)
def test_only_last_digits_of_a_wrong_answer_may_differ(script: ModuleType, other, differs):
    one = {"status": "failed", "message": "expected 0.0229774, received 0.0240841"}
    assert bool(list(script.differences({"a": [one]}, {"a": [other]}))) == differs
    assert list(script.differences({"a": [one]}, {"a": []}))
