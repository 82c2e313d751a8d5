"""A learner's mess in their own kernel: loops without end, questions, plots, old versions."""

from __future__ import annotations

import builtins
import signal
import sys
import threading
import time
from typing import Any

import numpy as np
import pytest

from cnnlab.autograder import check, live
from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.kernel import Clock
from cnnlab.autograder.kernel_judge import judged

RELU = recorded("ch01_convolution")["relu"]
alarmed = pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="no timer signals here")


@pytest.fixture(autouse=True)
def fresh_state(monkeypatch):
    monkeypatch.setattr(live, "state", live.LiveState())
    live.begin("ch01")


def loops(z):
    while True:
        pass


def swallows(z):
    while True:
        try:  # noqa: SIM105 - as learners write it
            time.sleep(0.001)
        except BaseException:
            pass


def sleeps(z):
    time.sleep(60)


def swallows_once(z):
    try:
        time.sleep(60)
    except BaseException:
        return np.maximum(z, 0)


@alarmed
@pytest.mark.parametrize("function", [loops, swallows, sleeps, swallows_once])
def test_a_loop_without_an_end_ends_with_a_sentence(function):
    before = signal.getsignal(signal.SIGALRM)
    start = time.monotonic()
    found = judged(function, RELU, seconds=0.2)
    assert time.monotonic() - start < 5
    assert found.result.status == "timeout"
    assert "took too long" in repr(found)
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


@alarmed
def test_only_one_call_is_waited_for():
    calls = []

    def relu(z):
        calls.append(1)
        while len(calls) > 2:
            pass
        return np.maximum(z, 0 * z)

    assert judged(relu, RELU, seconds=0.1).result.status == "timeout"
    assert len(calls) == 3


@alarmed
def test_what_cannot_be_stopped_brings_a_sentence(capsys, monkeypatch):
    monkeypatch.setattr("cnnlab.autograder.kernel.PATIENCE", 0.1)
    release = threading.Event()
    clock = Clock(0.1, "relu")
    monkeypatch.setattr(clock, "_stop", lambda *_: None)  # as deaf as compiled code
    threading.Timer(0.6, release.set).start()
    with clock.limit():
        release.wait(10)
    said = capsys.readouterr().out
    assert "relu has run for 0.2 seconds" in said
    assert "restart the kernel" in said


def test_in_another_thread_there_is_no_limit_and_no_failure():
    found: list[Any] = []
    thread = threading.Thread(
        target=lambda: found.append(judged(lambda z: np.maximum(z, 0 * z), RELU, seconds=1))
    )
    thread.start()
    thread.join()
    assert found[0].result.name == "relu"


def test_input_answers_with_an_error_at_once(monkeypatch):
    monkeypatch.setattr(builtins, "input", lambda *_: pytest.fail("somebody was asked"))
    asked = builtins.input

    def relu(z):
        return input("threshold? ")

    found = check(relu)
    assert found.result.status == "error"
    assert "input() waits for a person" in repr(found)
    assert builtins.input is asked


def test_a_debugger_does_not_stop_the_check(monkeypatch):
    monkeypatch.setattr(sys, "breakpointhook", lambda *_, **__: pytest.fail("stopped"))

    def relu(z):
        breakpoint()
        return np.abs(z)

    assert check(relu).result.diagnosis == ["absolute-value"]


def test_plots_made_inside_the_function_are_closed_and_others_stay(monkeypatch):
    import matplotlib.pyplot as plt

    shown: list[int] = []
    monkeypatch.setattr(plt, "show", lambda *_, **__: shown.append(1))

    def relu(z):
        plt.figure()
        plt.plot(np.ravel(z))
        plt.show()
        return np.abs(z)

    mine = plt.figure()
    try:
        assert check(relu).result.diagnosis == ["absolute-value"]
        assert plt.get_fignums() == [mine.number]
        assert shown == []
    finally:
        plt.close("all")
