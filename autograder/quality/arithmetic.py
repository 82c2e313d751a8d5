"""Chapters judged under the arithmetic of other machines: which there is, and what comes out.

``OPENBLAS_CORETYPE`` and the like make one machine round as another would. ``.ci/arithmetic``
starts ``python -m cnnlab.autograder.quality.arithmetic`` under each of them; here a chapter's
solutions, stubs and mistakes are judged, and it is made sure that the setting is in effect, in this
process and in the learner's.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

from cnnlab.autograder.grading import grade_submission
from cnnlab.autograder.judging.answerkey import AnswerKey
from cnnlab.autograder.judging.exercise import Chapter, load_chapter
from cnnlab.autograder.judging.judge import judge
from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.judging.results import ExerciseResult, to_dict
from cnnlab.autograder.judging.twists import Twist
from cnnlab.autograder.kernel_judge import judged
from cnnlab.autograder.quality.mutants import mutants as mutants_of
from cnnlab.autograder.quality.mutation import grade_mutant
from cnnlab.autograder.sandbox.contents import ARITHMETIC
from cnnlab.autograder.sandbox.session import Workers, open_workers
from cnnlab.autograder.submission import Submission, read
from cnnlab.autograder.submission.solutions import solution_source

ROOT = Path(__file__).parent.parent.parent
KINDS = {"solved": "solutions", "stub": "exercises"}
"""What is handed in, and the folder with its notebooks."""

T = TypeVar("T")


# Settings


@dataclass(frozen=True)
class Setting:
    """The arithmetic of some machine, as variables; or why it cannot be had on this one."""

    name: str
    variables: Mapping[str, str] = field(default_factory=dict)
    missing: str = ""


CORES = {
    "Prescott": "SSE3",
    "Nehalem": "SSE42",
    "Sandybridge": "AVX",
    "Haswell": "AVX2",
    "SkylakeX": "AVX512_SKX",
}
"""OpenBLAS's kernels, from the oldest to the newest, and what each needs of the processor."""

_OTHER_NAMES = {"Prescott": "Katmai"}  # OpenBLAS calls one by both names


def settings(here: Mapping[str, Any], built: Collection[str]) -> list[Setting]:
    """Every setting, as this processor, this NumPy and this OpenBLAS allow.

    Parameters
    ----------
    here : Mapping
        What `in_effect` says where nothing is set.
    built : collection of str
        Those of `CORES` that OpenBLAS takes when it is told to.
    """
    wide = [name for name in here["numpy"] if name.startswith(("AVX512", "X86_V4"))]
    narrow = _without(here["numpy"], "this NumPy has only one kind of loops here")
    cores = [_core(name, here, built) for name in CORES]
    able = [core.variables for core in cores if not core.missing] or [{}]
    old = {**able[0], **narrow[0], "OPENBLAS_NUM_THREADS": "1", "TF_ENABLE_ONEDNN_OPTS": "0"}
    new = {**able[-1], "OPENBLAS_NUM_THREADS": "2", "TF_ENABLE_ONEDNN_OPTS": "1"}
    return [
        Setting("default"),
        *cores,
        Setting("numpy-no-avx512", *_without(wide, "NumPy uses no AVX-512 here")),
        Setting("numpy-baseline", *narrow),
        *(Setting(f"threads-{n}", {"OPENBLAS_NUM_THREADS": str(n)}) for n in (1, 2)),
        *(Setting(f"onednn-{n}", {"TF_ENABLE_ONEDNN_OPTS": str(n)}) for n in (0, 1)),
        Setting("oldest", old),
        Setting("newest", new),
    ]


def _without(features: Sequence[str], otherwise: str) -> tuple[dict[str, str], str]:
    """Variables that disable these features of NumPy's, and what is missing."""
    if not features:
        return {}, otherwise
    return {"NPY_DISABLE_CPU_FEATURES": " ".join(features)}, ""


def _core(name: str, here: Mapping[str, Any], built: Collection[str]) -> Setting:
    missing = ""
    if not here["blas"]:
        missing = "this NumPy is built without OpenBLAS"
    elif CORES[name] not in here["processor"]:
        missing = f"this processor has no {CORES[name]}"
    elif name not in built:
        missing = f"this OpenBLAS has no kernels for {name}"
    return Setting(name, {"OPENBLAS_CORETYPE": name}, missing)


# What is in effect

READ_BACK = '''
import ctypes
import os
import sys

from numpy._core import _multiarray_umath as core


def _openblas(name, kind):
    """What the OpenBLAS that NumPy has loaded answers, in a list; none where it has another."""
    library = ctypes.CDLL(core.__file__)
    for pattern in ("scipy_openblas_get_%s64_", "scipy_openblas_get_%s", "openblas_get_%s"):
        function = getattr(library, pattern % name, None)
        if function is not None:
            function.restype = kind
            return [function()]
    return []


def read_back(names):
    """The arithmetic of the process that runs this."""
    said = {
        "environ": {name: os.environ[name] for name in names if name in os.environ},
        "processor": sorted(name for name, has in core.__cpu_features__.items() if has),
        "numpy": [name for name in core.__cpu_dispatch__ if core.__cpu_features__[name]],
        "blas": [name.decode() for name in _openblas("corename", ctypes.c_char_p)],
        "threads": _openblas("num_threads", ctypes.c_int),
        "onednn": None,
    }
    if "tensorflow" in sys.modules:
        from tensorflow.python.util import _pywrap_util_port

        said["onednn"] = _pywrap_util_port.IsMklEnabled()
    return said
'''
"""Source, because it runs in learners' processes too, where nothing of ours can be imported."""


def in_effect() -> dict[str, Any]:
    """The arithmetic of this process; an independent library is asked about OpenBLAS, too."""
    from threadpoolctl import threadpool_info  # maintainers have it, learners need not

    namespace: dict[str, Any] = {}
    exec(READ_BACK, namespace)
    said: dict[str, Any] = namespace["read_back"](ARITHMETIC)
    pools = [pool for pool in threadpool_info() if pool["internal_api"] == "openblas"]
    said["blas"] += [pool["architecture"] for pool in pools]
    said["threads"] += [pool["num_threads"] for pool in pools]
    return said


def in_effect_inside(workers: Workers) -> dict[str, Any]:
    """The arithmetic of a learner's process."""
    with workers.session() as session:
        imports = ("numpy", "tensorflow")
        failed = session.define([("read_back", READ_BACK)], imports=imports)
        (outcome,) = session.call("read_back", [((list(ARITHMETIC),), {})])
    if failed or outcome.status != "returned":
        raise RuntimeError(f"the arithmetic inside cannot be read: {failed or outcome.error}")
    return dict(outcome.value)


def not_in_effect(variables: Mapping[str, str], said: Mapping[str, Any]) -> list[str]:
    """What a process should do under these variables and does not.

    Parameters
    ----------
    said : Mapping
        What `in_effect` or `in_effect_inside` gave there.
    """
    wrong = []
    if said["environ"] != dict(variables):
        wrong.append(f"its variables are {said['environ']}")
    disabled = variables.get("NPY_DISABLE_CPU_FEATURES", "").split()
    if kept := sorted({*disabled} & {*said["numpy"]}):
        wrong.append(f"NumPy still uses {' '.join(kept)}")
    core = variables.get("OPENBLAS_CORETYPE", "")
    if core and not {*said["blas"]} <= {core, _OTHER_NAMES.get(core, core)}:
        wrong.append(f"OpenBLAS computes for {' '.join(said['blas'])}")
    threads = variables.get("OPENBLAS_NUM_THREADS", "")
    if threads and {*said["threads"]} - {int(threads)}:
        wrong.append(f"OpenBLAS has {said['threads']} threads")
    onednn = variables.get("TF_ENABLE_ONEDNN_OPTS")
    if onednn and said["onednn"] not in (None, onednn == "1"):
        wrong.append(f"TensorFlow's oneDNN is {'on' if said['onednn'] else 'off'}")
    return wrong


# Chapters


def judge_chapter(
    name: str, ways: Mapping[str, Workers], twists: int = 0, mutants: int = 0
) -> dict[str, dict[str, Any]]:
    """What a chapter's notebooks earn, graded in each way, and its mistakes.

    Parameters
    ----------
    ways : Mapping of str to Workers
        Where notebooks are graded, besides the live check in this process. Mutants run in the
        first way, as a learner's code does.
    twists, mutants : int
        How many of each exercise are judged, at most; 0 for all.

    Returns
    -------
    dict
        ``"way/solved"``, ``"way/stub"``, ``"live/twists"`` and ``"inside/mutants"`` → label →
        result.
    """
    chapter, keys = load_chapter(name), recorded(name)
    said = {}
    for kind, folder in KINDS.items():
        submission = read(ROOT / folder / name / f"{name}.ipynb")
        said[f"live/{kind}"] = _live(chapter, keys, submission)
        for way, workers in ways.items():
            graded = grade_submission(submission, keys, workers).exercises
            said[f"{way}/{kind}"] = {result.name: plain(result) for result in graded}
    said["live/twists"] = dict(_twists(keys, twists))
    inside = next(iter(ways.values()))
    said["inside/mutants"] = dict(_mutants(chapter, keys, inside, mutants))
    return said


def _live(
    chapter: Chapter, keys: Mapping[str, AnswerKey], submission: Submission
) -> dict[str, Any]:
    """A notebook's functions, defined and checked in this process."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    stubs = [d.source for d in submission.exercises.values() if d.status == "stub"]
    for source in (chapter.prelude, *(code for _, code in submission.cells()), *stubs):
        exec(source, namespace)
    return {name: plain(_checked(namespace[name], key)) for name, key in keys.items()}


def _checked(function: Callable[..., Any], key: AnswerKey) -> ExerciseResult:
    """What `check` says; once more where a busy machine may have made a function slow."""
    result = judged(function, key).result
    for _ in range(3 if key.exercise.baseline else 0):
        result = result if result.passed else judged(function, key).result
    return result


def _twists(keys: Mapping[str, AnswerKey], count: int) -> Iterator[tuple[str, Any]]:
    for name, key in keys.items():
        for i, twist in some(enumerate(key.exercise.twists), count):
            result = plain(_twisted(key, twist))
            yield f"{name}, twist {i}: {twist.name}", result | {"twist": twist.name}


def _twisted(key: AnswerKey, twist: Twist) -> ExerciseResult:
    """A mistake's result; checked as in a notebook where it is a function that can be called."""
    exercise = key.exercise
    if exercise.simulated or exercise.baseline:
        return judge(key, [key.call_numpy_op(probe, (twist,)) for probe in key.probes])
    return judged(twist.apply(exercise.numpy_op), key).result


def _mutants(
    chapter: Chapter, keys: Mapping[str, AnswerKey], workers: Workers, count: int
) -> Iterator[tuple[str, Any]]:
    for name, key in keys.items():
        for mutant in some(mutants_of(name, solution_source(chapter.name, name)), count):
            with workers.session() as session:
                result = grade_mutant(mutant, chapter, key, session)
                yield f"{name}, mutant: {mutant.change}", _marks(result)


def _marks(result: ExerciseResult) -> dict[str, Any]:
    """A result without messages: a mutant may show numbers that nobody wrote (`np.empty`)."""
    passed = [rung.id for rung in result.rungs if rung.passed]
    kept = ("status", "score", "max_score", "diagnosis")
    return {name: getattr(result, name) for name in kept} | {"passed": passed}


def some(items: Iterable[T], count: int) -> Iterator[T]:
    """Every third, ``count`` of them at most; all for 0.

    Examples
    --------
    >>> list(some(range(10), 3))
    [0, 3, 6]
    """
    return islice(items, 0, 3 * count, 3) if count else iter(items)


def plain(result: ExerciseResult) -> dict[str, Any]:
    """A result for JSON, without the time that it took."""
    return without_seconds(to_dict(result))


def without_seconds(tree: Any) -> Any:
    """A tree of results without times."""
    if isinstance(tree, dict):
        return {name: without_seconds(v) for name, v in tree.items() if name != "seconds"}
    return [without_seconds(item) for item in tree] if isinstance(tree, list) else tree


def _assure(place: str, variables: Mapping[str, str], said: Mapping[str, Any]) -> None:
    if wrong := not_in_effect(variables, said):
        raise SystemExit(f"the setting is not in effect in {place}: {'; '.join(wrong)}")


def main(order: str, say: Callable[[str], None]) -> None:
    """Do an order of ``.ci/arithmetic``, a JSON object; what is said is JSON, a line each."""
    asked = json.loads(order)
    if not asked:
        return say(json.dumps(in_effect()))
    variables = asked["variables"]
    keras = any(load_chapter(name).keras for name in asked["chapters"])
    with open_workers(keras, sandbox=True) as sandbox, open_workers(keras, sandbox=False) as plain:
        _assure("the judge", variables, in_effect())
        inside = {"OPENBLAS_NUM_THREADS": "1", **variables}
        _assure("a learner's process in the sandbox", inside, in_effect_inside(sandbox))
        _assure("a learner's process without a sandbox", inside, in_effect_inside(plain))
        ways = {"sandbox": sandbox} | ({"plain": plain} if asked["every_way"] else {})
        for name in asked["chapters"]:
            start = monotonic()
            results = judge_chapter(name, ways, *asked["mistakes"])
            seconds = round(monotonic() - start, 1)
            say(json.dumps({"chapter": name, "seconds": seconds, "results": results}))
        _assure("the judge", variables, in_effect())  # it may have loaded TensorFlow meanwhile
    return None


if __name__ == "__main__":
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a library prints must not end up among the results
    main(sys.argv[1], lambda line: print(line, file=out, flush=True))
