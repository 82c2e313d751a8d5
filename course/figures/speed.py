"""Who is faster? Functions timed on the same arrays, Keras in a process of its own, and a picture.

>>> best_seconds(sum, [1, 2, 3]) < 1
True
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnlab.course.figures import Picture
from cnnlab.course.light import keras_missing
from cnnlab.course.palette import BLUE, GRAY, GREEN, INK, ORANGE

Layer = Callable[..., NDArray[Any]]
COLOURS = {"loop": GRAY, "im2col": BLUE, "FFT": ORANGE, "Keras": GREEN}
ROUNDS = 3
"""How often everybody takes a turn: a busy moment of the computer hits all, and none for long."""
KERAS_PATIENCE = 120.0
"""Seconds that Keras may take to start and to answer."""


@dataclass(frozen=True)
class Case:
    """One layer on one batch.

    Parameters
    ----------
    label : str
        What is written beside the bars.
    x : (N, H, W, C)
    kernels : (kh, kw, C, F)
    """

    label: str
    x: tuple[int, int, int, int]
    kernels: tuple[int, int, int, int]

    def arrays(self) -> tuple[NDArray[np.float32], ...]:
        """x, kernels and bias of this case: the same numbers each time, float32."""
        rng = np.random.default_rng(0)
        shapes = self.x, self.kernels, self.kernels[3:]
        return tuple(rng.normal(size=shape).astype(np.float32) for shape in shapes)


def pictures(*sizes: int) -> list[Case]:
    """Square pictures of growing size, eight channels, eight filters of 3 × 3.

    Examples
    --------
    >>> pictures(16)[0].x
    (1, 16, 16, 8)
    """
    return [Case(f"{n} × {n} pixels", (1, n, n, 8), (3, 3, 8, 8)) for n in sizes]


def kernels(*sizes: int, picture: int = 64) -> list[Case]:
    """Square kernels of growing size on one picture; eight channels, eight filters.

    Examples
    --------
    >>> kernels(5)[0].kernels
    (5, 5, 8, 8)
    """
    return [Case(f"kernel {k} × {k}", (1, picture, picture, 8), (k, k, 8, 8)) for k in sizes]


def best_seconds(
    function: Callable[..., Any], *args: Any, budget: float = 0.2, least: int = 3
) -> float:
    """The shortest of several calls: whatever disturbs a computer only makes it slower.

    Calls at least ``least`` times, then as long as ``budget`` seconds are not spent, at most 200
    times.
    """
    best, spent, calls = float("inf"), 0.0, 0
    while calls < least or (spent < budget and calls < 200):
        start = time.perf_counter()
        function(*args)
        taken = time.perf_counter() - start
        best, spent, calls = min(best, taken), spent + taken, calls + 1
    return best


def keras_seconds(cases: Sequence[Case]) -> list[float] | None:
    """How long a Keras ``Conv2D`` takes for each case, in a process of its own.

    Importing TensorFlow takes some seconds and much memory; so the notebook stays light.
    None where Keras cannot be run.
    """
    if keras_missing():
        return None
    question = json.dumps([[case.x, case.kernels] for case in cases])
    try:
        answer = subprocess.run(
            [sys.executable, "-m", "cnnlab.course.figures.speed"],
            input=question,
            capture_output=True,
            text=True,
            check=True,
            timeout=KERAS_PATIENCE,
            env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
        )
        return [float(seconds) for seconds in json.loads(answer.stdout.splitlines()[-1])]
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return None


def contest(
    functions: Mapping[str, Layer],
    cases: Sequence[Case],
    keras: bool = True,
    tell: Callable[[str], None] = print,
) -> dict[str, list[float]]:
    """Seconds of every function on every case, by the function's label.

    Parameters
    ----------
    functions : Mapping of str to callable
        Label → (x, kernels, bias) → result.
    cases : sequence of Case
    keras : bool
        Whether Keras takes part, under the label "Keras". Where it cannot, it is left out.
    tell : callable
        Hears that Keras is left out.

    Raises
    ------
    ValueError
        Two functions disagree: a wrong result is no match for a right one.
    """
    found: dict[str, list[float]] = {label: [] for label in functions}
    for case in cases:
        arrays = case.arrays()
        results = {label: function(*arrays) for label, function in functions.items()}
        _require_agreement(results, case)
        rounds = [
            {n: best_seconds(f, *arrays, budget=0.1, least=1) for n, f in functions.items()}
            for _ in range(ROUNDS)
        ]
        for label in functions:
            found[label].append(min(times[label] for times in rounds))
    seconds = keras_seconds(cases) if keras else None
    if keras and seconds is None:
        tell(f"Keras takes no part. {keras_missing() or 'It cannot be run here.'}")
    return found if seconds is None else {**found, "Keras": seconds}


def _require_agreement(results: Mapping[str, NDArray[Any]], case: Case) -> None:
    (first, right), *others = results.items()
    for label, result in others:
        if np.shape(result) != right.shape or not np.allclose(result, right, rtol=1e-3, atol=1e-2):
            raise ValueError(
                f"functions must agree: {label} and {first} give different results for "
                f"{case.label}. Check them first"
            )


def bars(times: Mapping[str, Sequence[float]], cases: Sequence[Case]) -> Picture:
    """Times as bars, a group for each case; every step of the axis is ten times as long.

    Parameters
    ----------
    times : Mapping of str to sequence of float
        Label → seconds, one for each case; as from `contest`. The labels "loop", "im2col", "FFT"
        and "Keras" have colours of their own in every picture.
    cases : sequence of Case
    """
    from matplotlib.figure import Figure

    count = len(times)
    height = 1.1 + 0.26 * len(cases) * (count + 0.8)
    figure = Figure(figsize=(7.6, height), layout="constrained")
    ax = figure.add_subplot()
    thick = 1 / (count + 0.8)
    for place, (label, seconds) in enumerate(times.items()):
        at = np.arange(len(cases)) + (place - (count - 1) / 2) * thick
        taken = 1e3 * np.asarray(seconds)
        ax.barh(at, taken, 0.9 * thick, color=COLOURS.get(label, INK), label=label)
        for y, ms in zip(at, taken, strict=True):
            ax.text(1.08 * ms, y, written(ms), va="center", size=9, color=INK)
    ax.set_yticks(range(len(cases)), [case.label for case in cases])
    ax.set(xscale="log", xlabel="milliseconds (each step to the right is ten times as long)")
    ax.set_xlim(right=6 * ax.get_xlim()[1])
    ax.invert_yaxis()
    ax.grid(axis="x", color="0.9")
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(axis="y", length=0)
    figure.legend(*ax.get_legend_handles_labels(), loc="outside upper center", ncols=count,
                  frameon=False)  # fmt: skip
    return Picture(figure, read_out(times, cases))


def written(ms: float) -> str:
    """Milliseconds with two digits that count: ``0.043 ms``, ``1.2 ms``, ``310 ms``.

    Examples
    --------
    >>> written(0.0432), written(312.4)
    ('0.043 ms', '310 ms')
    """
    return f"{float(f'{ms:.2g}'):g} ms"


def read_out(times: Mapping[str, Sequence[float]], cases: Sequence[Case]) -> str:
    """The bars in words.

    Examples
    --------
    >>> read_out({"loop": [0.5], "im2col": [0.002]}, pictures(32))
    'Bars. 32 × 32 pixels: loop 500 ms, im2col 2 ms.'
    """
    groups = []
    for i, case in enumerate(cases):
        each = ", ".join(f"{label} {written(1e3 * s[i])}" for label, s in times.items())
        groups.append(f"{case.label}: {each}.")
    return " ".join(["Bars.", *groups])


def _keras_times(shapes: Sequence[Sequence[Sequence[int]]]) -> list[float]:
    """What `keras_seconds` asks its process for. Imports Keras."""
    import keras

    found = []
    for x_shape, k_shape in shapes:
        *arrays, bias = Case("", tuple(x_shape), tuple(k_shape)).arrays()  # type: ignore[arg-type]
        layer = keras.layers.Conv2D(k_shape[3], k_shape[:2])
        layer.build(x_shape)
        layer.set_weights([arrays[1], bias])
        x = keras.ops.convert_to_tensor(arrays[0])
        found.append(best_seconds(lambda layer=layer, x=x: np.asarray(layer(x))))
    return found


if __name__ == "__main__":
    print(json.dumps(_keras_times(json.load(sys.stdin))))
