"""Sessions: define, call, keep the clock, start again; in the sandbox and without it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import numpy as np
import pytest

from cnnlab.autograder.sandbox.calls import Named, Seed, Unsupported
from cnnlab.autograder.sandbox.processes import MIB, Bubblewrap, Limits, SandboxError
from cnnlab.autograder.sandbox.session import Call, Session, Workers, open_workers, request

HAVE_SANDBOX = shutil.which("bwrap") is not None
sandboxed = pytest.mark.skipif(not HAVE_SANDBOX, reason="bubblewrap is not installed")
LIMITS = Limits(memory=512 * MIB)

CALL: list[Call | bytes] = [((3,), {})]
LOOP = "def loop(x):\n    while True: pass\n"
LEAVE = "import os\ndef leave(x):\n    os._exit(3)\n"
DOUBLE = "def double(x):\n    return 2 * x\n"


@pytest.fixture(scope="module", params=[pytest.param("sandbox", marks=sandboxed), "plain"])
def workers(request: pytest.FixtureRequest) -> Iterator[Workers]:
    with open_workers(sandbox=request.param == "sandbox", limits=LIMITS) as made:
        yield made


@pytest.fixture
def session(workers: Workers) -> Iterator[Session]:
    with workers.session() as made:
        yield made


def statuses(session: Session, name: str, count: int = 1, seconds: float = 10.0) -> list[str]:
    return [outcome.status for outcome in session.call(name, CALL * count, seconds)]


def test_values_cross_and_come_back(session: Session) -> None:
    source = (
        "def f(x, rng, g, *, factor):\n"
        "    return {'x': x * factor, 'draw': rng.random(2), 'g': g(x), 't': (1, None)}\n"
    )
    assert session.define([("f", source)]) == {}
    x = np.array([[1, 2], [3, 4]], np.float32)
    (outcome,) = session.call("f", [((x, Seed(1), Named("sum")), {"factor": np.float32(2)})])
    assert outcome.status == "returned"
    assert outcome.value["x"].dtype == np.float32
    np.testing.assert_array_equal(outcome.value["x"], 2 * x)
    np.testing.assert_array_equal(outcome.value["draw"], np.random.default_rng(1).random(2))
    assert (outcome.value["g"], outcome.value["t"]) == (10.0, (1, None))
    assert outcome.args_after is None
    assert outcome.seconds > 0


def test_what_numpy_warned_of_crosses(session: Session) -> None:
    session.define([("f", "def f(z):\n    return 1 / (1 + np.exp(-z))\n")])
    calm, loud = session.call("f", [((np.zeros(2),), {}), ((np.array([-1e4]),), {})])
    assert (calm.warnings, loud.warnings) == ((), ("overflow encountered in exp",))
    assert loud.value == np.zeros(1)


def test_a_prepared_request_is_a_call(session: Session) -> None:
    session.define([("double", DOUBLE)])
    outcomes = session.call("double", [request((4,)), ((5,), {})])
    assert [outcome.value for outcome in outcomes] == [8, 10]
    assert session.call("double", []) == []


def test_an_error_in_one_cell_does_not_stop_the_others(session: Session) -> None:
    errors = session.define(
        [
            ("syntax", "x = 1\ndef broken(:\n"),
            ("name", "def helper(): pass\nundefined"),
            ("import", "import torch"),
            ("double", DOUBLE),
        ]
    )
    assert {name: error.type for name, error in errors.items()} == {
        "syntax": "SyntaxError",
        "name": "NameError",
        "import": "ForbiddenImport",
    }
    assert (errors["syntax"].line, errors["syntax"].text) == (2, "def broken(:\n")
    assert (errors["name"].line, errors["name"].text) == (2, "undefined")
    assert "torch" in errors["import"].message
    assert statuses(session, "double") == ["returned"]


def test_cells_share_one_namespace_with_the_prelude(session: Session) -> None:
    cells = [("a", "scale = THREE"), ("b", "def f(x):\n    return np.full(2, x * scale)")]
    assert session.define(cells, prelude="import numpy as np\nTHREE = 3\n") == {}
    assert session.call("f", CALL)[0].value.tolist() == [9, 9]


def test_a_prelude_that_fails_is_our_fault(session: Session) -> None:
    with pytest.raises(SandboxError, match="prelude"):
        session.define([], prelude="1 / 0")


def test_what_learner_code_may_import(session: Session) -> None:
    source = (
        "def lazily(x):\n"
        "    import numpy.ma, numpy.polynomial, fractions, importlib\n"
        "    return np.lib.stride_tricks.sliding_window_view(np.arange(4), 2).shape\n"
        "def by_name(x):\n"
        "    import importlib\n"
        "    importlib.import_module('pandas.core')\n"
        "def ours(x):\n"
        "    import cnnlab.course\n"
        "def guarded(x):\n"
        "    try: import torch\n"
        "    except ImportError: return 1\n"
    )
    assert session.define([("f", source)]) == {}
    assert session.call("lazily", CALL)[0].value == (3, 2)
    assert statuses(session, "by_name") == ["forbidden"]
    assert statuses(session, "ours") == ["forbidden"]
    assert statuses(session, "guarded") == ["returned"]


def test_a_missing_function(session: Session) -> None:
    session.define([("f", "f = 3")])
    assert statuses(session, "f") == ["missing"]
    assert statuses(session, "g", 2) == ["missing"] * 2


def test_provided_source_replaces_the_submissions_own(session: Session) -> None:
    session.define(
        [("f", "def helper(x): return 0"), ("g", "def g(x): return helper(x)"), ("l", LOOP)]
    )
    assert session.call("g", CALL)[0].value == 0
    session.provide("helper", "def helper(x):\n    return x + 1\n")
    assert session.call("g", CALL)[0].value == 4
    assert statuses(session, "loop", seconds=0.1) == ["timeout"]
    assert session.call("g", CALL)[0].value == 4  # in a new child too


def test_a_call_that_hangs_costs_its_batch_and_nothing_else(session: Session) -> None:
    source = DOUBLE + "def sometimes(x):\n    while x == 3: pass\n    return x\n"
    session.define([("f", source)])
    calls: list[Call | bytes] = [((1,), {}), ((3,), {}), ((1,), {})]
    outcomes = session.call("sometimes", calls, seconds=0.5)
    # The last call would return at once, were it made.
    assert [outcome.status for outcome in outcomes] == ["returned", "timeout", "timeout"]
    assert outcomes[1].error
    assert "0.5 seconds" in outcomes[1].error.message
    assert statuses(session, "double") == ["returned"]


def test_a_call_that_kills_its_process(session: Session) -> None:
    session.define([("f", LEAVE + DOUBLE)])
    assert statuses(session, "leave", 2) == ["crashed"] * 2
    assert statuses(session, "double") == ["returned"]


def test_cells_that_cost_the_process_its_life_are_left_out(session: Session) -> None:
    cells = [
        ("good", DOUBLE),
        ("hangs", "while True: pass"),
        ("raises", "1 / 0"),
        ("leaves", "import os\nos._exit(1)"),
        ("also good", "def triple(x): return 3 * x"),
    ]
    errors = session.define(cells, seconds=1.5)
    kinds = {name: error.type for name, error in errors.items()}
    assert kinds == {"hangs": "Timeout", "leaves": "Crash", "raises": "ZeroDivisionError"}
    assert statuses(session, "double") + statuses(session, "triple") == ["returned"] * 2


def test_many_such_cells_are_given_up(session: Session) -> None:
    cells = [("good", DOUBLE), *((f"leaves {n}", "import os\nos._exit(1)") for n in range(9))]
    errors = session.define([*cells, ("late", "late = double")])
    assert set(errors) == {name for name, _ in cells[1:]} | {"late"}
    assert statuses(session, "double") + statuses(session, "late") == ["returned", "missing"]


def test_a_session_can_be_defined_again(session: Session) -> None:
    session.define([("f", DOUBLE)])
    session.define([("g", "def g(x): return x")])
    assert statuses(session, "double") + statuses(session, "g") == ["missing", "returned"]


def test_memory(session: Session) -> None:
    session.define([("f", "def hog(x): return np.ones(2**40)"), ("d", DOUBLE)])
    assert statuses(session, "hog") == ["memory"]
    assert statuses(session, "double") == ["returned"]


def test_results_without_end_are_not_kept(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cnnlab.autograder.sandbox.session.MAX_BATCH", 10 * MIB)
    session.define([("f", "def f(x): return np.zeros(4 << 20, np.uint8)")])
    assert statuses(session, "f", 4) == ["returned", "returned", "returned", "crashed"]


def test_large_arguments_cross(session: Session) -> None:
    session.define([("f", "def f(x): return x[-1]")])
    x = np.arange(2 * MIB)
    assert [o.value for o in session.call("f", [((x,), {})] * 3)] == [2 * MIB - 1] * 3


def test_what_cannot_cross_is_the_callers_error(session: Session) -> None:
    session.define([("double", DOUBLE)])
    with pytest.raises(Unsupported):
        session.call("double", [((object(),), {})])


def test_prints_go_nowhere(session: Session, capfd: pytest.CaptureFixture[str]) -> None:
    source = "import sys\ndef f(x):\n    print('out'); sys.stderr.write('err'); return input()\n"
    session.define([("f", source)])
    assert statuses(session, "f") == ["raised"]  # input() finds the end of the file
    assert capfd.readouterr() == ("", "")


def test_chance_is_the_same_in_every_child(workers: Workers) -> None:
    drawn = []
    for _ in range(2):
        with workers.session() as session:
            source = (
                "import random\ndef f(x): return [np.random.rand(), random.random(), hash('a')]"
            )
            session.define([("f", source)])
            drawn.append(session.call("f", CALL)[0].value)
    assert drawn[0] == drawn[1]


def test_half_a_surrogate_pair_in_a_cell_is_no_crash(session: Session) -> None:
    assert session.define([("f", "x = '\ud800'"), ("d", DOUBLE)]) == {}
    assert statuses(session, "double") == ["returned"]


def test_processor_time_is_limited(workers: Workers) -> None:
    sandbox = isinstance(workers.sandbox, Bubblewrap)
    limits = Limits(memory=512 * MIB, cpu_seconds=1)
    with open_workers(sandbox=sandbox, limits=limits) as made, made.session() as session:
        session.define([("loop", LOOP)])
        (outcome,) = session.call("loop", CALL, seconds=20)
        assert outcome.status == "timeout"
        assert outcome.error
        assert "processor time" in outcome.error.message


@sandboxed
def test_sessions_side_by_side_do_not_meet() -> None:
    with open_workers(limits=LIMITS) as workers, workers.session() as a, workers.session() as b:
        a.define([("f", "def f(x):\n    open('/tmp/note', 'w').write('a')\n    return 'a'")])
        b.define([("f", "import os\ndef f(x): return os.listdir('/tmp')")])
        assert a.call("f", CALL)[0].value == "a"
        assert b.call("f", CALL)[0].value == []


def test_the_environment_is_clean(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANARY", "secret")
    with workers.session() as session:
        session.define([("f", "import os\ndef f(x): return sorted(os.environ)")])
        names = session.call("f", CALL)[0].value
    assert "HOME" in names
    assert "CANARY" not in names
