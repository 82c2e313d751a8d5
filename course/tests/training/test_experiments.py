"""The experiments, on a few pictures; what a live run repeats; what an interruption leaves."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from cnnlab.course.training import cats_dogs, experiments, histories
from cnnlab.course.training.cats_dogs import Settings, live_run, new_model, train
from cnnlab.course.training.experiments import is_finished, write_run
from cnnlab.datasets.pictures import CatsDogs, Part, load_cats_dogs

TINY = Settings(size=16, pictures=40, epochs=2)


@pytest.fixture(scope="module")
def data():
    whole = load_cats_dogs(16)
    parts = (Part(part.x[:40], part.y[:40]) for part in (whole.train, whole.validation, whole.test))
    return CatsDogs(*parts)


def test_all_conditions_begin_with_the_same_weights_and_differ_in_their_layers():
    models = {name: new_model(name, 3, TINY) for name in histories.CONDITIONS}
    kinds = {name: {type(layer).__name__ for layer in m.layers} for name, m in models.items()}
    assert {name for name in kinds if "Dropout" in kinds[name]} == {"dropout", "both"}
    assert {name for name in kinds if "RandomFlip" in kinds[name]} == {"augmentation", "both"}
    first = models["plain"].get_weights()
    for model in models.values():
        for ours, theirs in zip(first, model.get_weights(), strict=True):
            np.testing.assert_array_equal(ours, theirs)
    other = new_model("plain", 4, TINY).get_weights()
    assert not np.array_equal(first[0], other[0])
    with pytest.raises(ValueError, match=r"condition must be one of plain.*'none'"):
        new_model("none", 0, TINY)


@pytest.mark.slow
def test_a_run_is_the_same_again_and_a_short_one_is_its_beginning(data):
    whole = list(train(data, new_model("both", 1, TINY), 1, TINY))
    short = replace(TINY, epochs=1)
    assert list(train(data, new_model("both", 1, short), 1, short)) == whole[:1]
    assert len(whole) == 2


@pytest.fixture
def tiny(data, monkeypatch):
    """The command on forty pictures; step by step, for compiling them takes far longer."""

    def eager(*of):
        model = new_model(*of)
        model.run_eagerly = True
        return model

    monkeypatch.setattr(experiments, "new_model", eager)
    monkeypatch.setattr(experiments, "Settings", lambda: TINY)
    monkeypatch.setattr(experiments, "load_cats_dogs", lambda size, source: data)
    monkeypatch.setattr(experiments, "set_threads", lambda threads: None)  # TensorFlow has started


@pytest.mark.slow
def test_an_experiment_is_recorded_and_goes_on_where_it_was(tiny, tmp_path):
    def run(*more):
        arguments = ["run", "--size", "16", "--epochs", "2", "--out", str(tmp_path), *more]
        return CliRunner().invoke(experiments.app, arguments)

    first = run("--runs", "1", "--condition", "plain", "--condition", "both")
    assert first.exit_code == 0, first.output
    made = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert {path.name for path in made} == {"embedded16_plain_0.json", "embedded16_both_0.json"}
    whole = run("--runs", "1")
    assert whole.exit_code == 0, whole.output
    assert {path: path.stat().st_mtime_ns for path in made} == made
    recorded = histories.load_histories("embedded16", tmp_path)
    assert {name: len(runs) for name, runs in recorded.items()} == dict.fromkeys(
        histories.CONDITIONS, 1
    )
    about = recorded["both"][0].about
    assert about["settings"]["pictures"] == 40
    assert about["versions"].keys() == {"python", "numpy", "keras", "tensorflow"}
    assert about["peak_memory_mib"] > 100
    assert len(about["seconds"]) == len(about["cpu_seconds"]) == 2
    other = run("--runs", "1", "--epochs", "3")
    assert other.exit_code != 0
    assert "Choose another folder" in str(other.exception)


def test_the_settings_say_everything_that_was_asked_for(tiny, tmp_path):
    asked = ["--rate", "0.002", "--decay", "cosine", "--shift", "0.1", "--degrees", "18"]
    asked += ["--zoom", "0.15", "--contrast", "0", "--runs", "1", "--condition", "augmentation"]
    arguments = ["run", "--size", "16", "--epochs", "1", "--out", str(tmp_path), *asked]
    result = CliRunner().invoke(experiments.app, arguments)
    assert result.exit_code == 0, result.output
    [recorded] = histories.load_histories("embedded16", tmp_path)["augmentation"]
    said = recorded.about["settings"]
    assert said["augmentation"] == {"shift": 0.1, "degrees": 18, "zoom": 0.15}
    assert (said["rate"], said["decay"], said["pictures"]) == (0.002, "cosine", 40)
    again = CliRunner().invoke(experiments.app, [*arguments, "--contrast", "0.2"])
    assert "Choose another folder" in str(again.exception)
    assert CliRunner().invoke(experiments.app, ["run", "--decay", "linear"]).exit_code == 2


@pytest.mark.slow
def test_a_cosine_brings_the_rate_to_nothing(data):
    settings = replace(TINY, epochs=4, rate=0.01, decay="cosine")
    model = new_model("plain", 0, settings)
    rates = []
    for _ in train(data, model, 0, settings):
        rates.append(float(model.optimizer.learning_rate))
    expected = [0.01 * (1 + np.cos(np.pi * epoch / 4)) / 2 for epoch in (1, 2, 3, 4)]
    np.testing.assert_allclose(rates, expected, atol=1e-8)
    with pytest.raises(ValueError, match="decay must be one of none, cosine"):
        Settings(decay="linear")


def test_files_of_older_runs_are_still_finished_runs():
    """They lack the settings that were added since."""
    for path in histories.HISTORIES.glob("embedded32_*.json"):
        assert is_finished(path, Settings()), path.name


def test_a_run_with_other_settings_is_never_lost(tmp_path):
    path = tmp_path / "x.json"
    assert not is_finished(path, TINY)
    write_run(path, {"settings": experiments.asdict(TINY)})
    assert is_finished(path, TINY)
    with pytest.raises(ValueError, match=r"holds a run with \{'rate': 0\.001\}"):
        is_finished(path, replace(TINY, rate=0.5))


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "x.json"
    write_run(path, {"loss": [1.5, 2.0], "what": "ä"})
    assert json.loads(path.read_text(encoding="utf-8")) == {"loss": [1.5, 2.0], "what": "ä"}
    with pytest.raises(TypeError):
        write_run(path, {"loss": object()})
    assert [p.name for p in tmp_path.iterdir()] == ["x.json"]
    assert json.loads(path.read_text(encoding="utf-8"))["what"] == "ä"


def test_a_live_run_needs_a_recorded_one():
    with pytest.raises(ValueError, match=r"one of \[\('plain', 0\).*Received: \('plain', 77\)"):
        next(live_run("plain", seed=77))


def test_the_table_is_printed_or_put_into_a_file(tmp_path):
    made = histories.headline_table(histories.load_histories())
    assert CliRunner().invoke(experiments.app, ["table"]).output.strip() == made
    readme = tmp_path / "README.md"
    shutil.copyfile(histories.FOLDER.parent / "README.md", readme)
    text = readme.read_text(encoding="utf-8")
    readme.write_text(histories.between_markers(text, "| old |"), encoding="utf-8")
    result = CliRunner().invoke(experiments.app, ["table", "--write", str(readme)])
    assert result.exit_code == 0
    assert readme.read_text(encoding="utf-8") == text


def test_a_live_run_ends_in_time(monkeypatch):
    """By the slowest epoch so far: 5, then 1, then 1 second each."""
    clock = iter([0.0, 5.0, 6.0, 7.0, 8.0])
    monkeypatch.setattr(cats_dogs.time, "perf_counter", lambda: next(clock))
    assert list(cats_dogs.within(11.5, iter("abcdefgh"))) == ["a", "b", "c"]
    clock = iter([0.0, 500.0])
    assert list(cats_dogs.within(150, iter("abc"))) == ["a"]


LIVE = """
from cnnlab.course.training.cats_dogs import live_run
for point in live_run("plain", seed=2, epochs=2):
    print(point.number, *point.live, *point.recorded)
"""


@pytest.mark.slow
def test_a_live_run_lands_on_the_recorded_curves():
    """In a process of its own, so with the threads of the recorded run; processors differ."""
    said = subprocess.run([sys.executable, "-c", LIVE], capture_output=True, text=True, check=True)
    points = [list(map(float, line.split())) for line in said.stdout.splitlines()]
    assert [point[0] for point in points] == [1, 2]
    for point in points:
        np.testing.assert_allclose(point[1:5], point[5:], atol=0.03)
