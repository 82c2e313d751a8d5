"""Timing layers: who takes part, what is refused, what the bars say."""

import numpy as np
import pytest

from cnnlab.course import ops
from cnnlab.course.figures import speed
from cnnlab.course.ops import fast

CASES = speed.pictures(6, 9)


@pytest.fixture
def taking(monkeypatch):
    """Seconds → a function whose calls take so long, by a clock that nothing else moves."""
    clock = [0.0]
    monkeypatch.setattr(speed.time, "perf_counter", lambda: clock[0])

    def function_of(seconds):
        left = iter(seconds)

        def function():
            clock[0] += next(left)

        return function

    return function_of


def test_the_best_of_several_calls_counts(taking):
    assert speed.best_seconds(taking([0.5, 0.25, 0.5, 0.75]), budget=1.5) == 0.25


def test_at_least_three_calls_are_made_and_the_budget_ends_them(taking):
    assert speed.best_seconds(taking([3.0, 2.0, 1.0]), budget=0) == 1.0
    assert speed.best_seconds(taking([3.0, 3.0, 3.0, 3.0, 2.0]), budget=14) == 2.0


def test_a_contest_times_every_function_on_every_case():
    times = speed.contest({"a": ops.conv2d, "b": fast.conv2d_fft}, CASES, keras=False)
    assert list(times) == ["a", "b"]
    assert all(len(seconds) == 2 and min(seconds) > 0 for seconds in times.values())


def test_a_wrong_result_takes_no_part():
    def flipped(x, kernels, bias):
        return ops.conv2d(x, kernels[::-1], bias)

    with pytest.raises(ValueError, match="wrong and right give different results for 6 × 6"):
        speed.contest({"right": ops.conv2d, "wrong": flipped}, CASES, keras=False)


def test_bars_hold_every_time_and_are_read_out():
    times = {"loop": [0.5, 1.25], "im2col": [0.001, 0.002]}
    picture = speed.bars(times, CASES)
    (ax,) = picture.figure.axes
    assert sorted(bar.get_width() for bar in ax.patches) == [1, 2, 500, 1250]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["6 × 6 pixels", "9 × 9 pixels"]
    assert ax.get_xscale() == "log"
    assert picture.alt.endswith("9 × 9 pixels: loop 1200 ms, im2col 2 ms.")


def test_a_label_has_one_colour_in_every_picture():
    def colour(times):
        (ax,) = speed.bars(times, CASES).figure.axes
        return ax.containers[-1].patches[0].get_facecolor()

    alone = colour({"FFT": [1.0, 1.0]})
    assert colour({"loop": [1.0, 1.0], "FFT": [1.0, 1.0]}) == alone


def test_where_keras_cannot_run_it_is_left_out(monkeypatch):
    monkeypatch.setattr(speed.sys, "executable", "/nowhere/python")
    assert speed.keras_seconds(CASES) is None
    heard = []
    assert list(speed.contest({"a": ops.conv2d}, CASES[:1], tell=heard.append)) == ["a"]
    assert heard == ["Keras takes no part. It cannot be run here."]


def test_where_keras_is_not_installed_no_process_is_started(monkeypatch):
    heard, started = [], []
    monkeypatch.setattr(speed.subprocess, "run", lambda *_, **__: started.append(1))
    monkeypatch.setattr(speed, "keras_missing", lambda: "Install it.")
    assert list(speed.contest({"a": ops.conv2d}, CASES[:1], tell=heard.append)) == ["a"]
    assert heard == ["Keras takes no part. Install it."]
    assert not started


@pytest.mark.slow
def test_keras_is_timed_in_a_process_of_its_own():
    seconds = speed.keras_seconds(CASES)
    assert seconds is not None
    assert np.all((np.array(seconds) > 0) & (np.array(seconds) < 10))
