"""What recorded runs say: on runs made up here, and on those that come with the course."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from cnnlab.course.markers import END
from cnnlab.course.training import histories
from cnnlab.course.training.histories import (
    CONDITIONS,
    CURVES,
    between_markers,
    curve,
    gain,
    headline,
    headline_table,
    load_histories,
    recorded_experiments,
    start_marker,
)

ROOT = Path(histories.__file__).parents[2]


def write(folder, condition, seed, accuracy, test=0.5):
    run = dict.fromkeys(CURVES, accuracy) | {
        "condition": condition,
        "seed": seed,
        "test_accuracy": test,
        "settings": {"epochs": len(accuracy)},
    }
    (folder / f"tiny16_{condition}_{seed}.json").write_text(json.dumps(run))


@pytest.fixture
def runs(tmp_path):
    write(tmp_path, "both", 10, [0.6, 0.8], 0.75)
    write(tmp_path, "both", 9, [0.7, 0.82], 0.77)
    write(tmp_path, "dropout", 9, [0.75, 0.7], 0.7)
    write(tmp_path, "dropout", 10, [0.6, 0.72], 0.7)
    return load_histories("tiny16", tmp_path)


def test_runs_come_by_condition_and_seed(runs):
    assert list(runs) == ["dropout", "both"]
    assert [run.seed for run in runs["both"]] == [9, 10]
    np.testing.assert_array_equal(runs["both"][0].val_accuracy, [0.7, 0.82])
    assert runs["both"][0].about == {"settings": {"epochs": 2}}


def test_the_headline_by_hand(runs):
    line = headline(runs)["dropout"]
    assert line.runs == 2
    assert line.final == pytest.approx((0.71, np.sqrt(2) * 0.01))
    assert line.best == pytest.approx((0.735, np.sqrt(2) * 0.015))
    assert line.test == (0.7, 0.0)


def test_the_gain_is_in_points_and_seed_by_seed(runs):
    points = gain(runs)
    assert points.final == pytest.approx((10.0, np.sqrt(2) * 2))  # 12 and 8
    assert points.best == pytest.approx((7.5, np.sqrt(2) * 0.5))  # 7 and 8
    assert points.test == pytest.approx((6.0, np.sqrt(2)))  # 7 and 5
    assert gain(runs, "both", "dropout").final.mean == pytest.approx(-10.0)


def test_a_seed_that_only_one_condition_has_does_not_count(runs):
    assert gain(runs | {"both": runs["both"][:1]}).final == pytest.approx((12.0, 0.0))


def test_the_table(runs):
    assert headline_table(runs).splitlines()[2:] == [
        "| dropout | 2 | 71.0 ± 1.4 % | 73.5 ± 2.1 % | 70.0 ± 0.0 % |",
        "| dropout and augmentation | 2 | 81.0 ± 1.4 % | 81.0 ± 1.4 % | 76.0 ± 1.4 % |",
        "| gain of augmentation, with dropout |  | **+10.0 ± 2.8 points** | "
        "**+7.5 ± 0.7 points** | **+6.0 ± 1.4 points** |",
    ]


def test_the_mean_curve(runs):
    mean, std = curve(runs["both"], "val_accuracy")
    np.testing.assert_allclose(mean, [0.65, 0.81])
    np.testing.assert_allclose(std, np.sqrt(2) * np.array([0.05, 0.01]))
    np.testing.assert_array_equal(curve(runs["both"][:1], "loss")[1], [0, 0])


def test_a_table_goes_between_its_markers_and_nothing_else_changes():
    first, second = start_marker(), start_marker("tiny16")
    text = f"before\n{first}\nold\n{END}\nmiddle\n{second}\nold\n{END}\nafter"
    once = between_markers(text, "| new |")
    assert once == text.replace("old", "\n| new |\n", 1)
    assert between_markers(once, "| new |") == once
    assert between_markers(text, "| new |", "tiny16") == text.replace(
        f"{second}\nold", f"{second}\n\n| new |\n"
    )
    with pytest.raises(ValueError, match="text must hold"):
        between_markers(f"{END}{first}", "x")
    with pytest.raises(ValueError, match="table tiny16"):
        between_markers(f"{first}{END}", "x", "tiny16")


def test_an_unknown_experiment_lists_those_that_there_are(runs, tmp_path):
    with pytest.raises(ValueError, match=r"one of tiny16\. Received: 'large'"):
        load_histories("large", tmp_path)


# What comes with the course


@pytest.fixture(scope="module")
def recorded():
    return load_histories()


def test_every_condition_has_three_seeds_and_the_same_budget(recorded):
    assert tuple(recorded) == CONDITIONS
    runs = [run for condition in CONDITIONS for run in recorded[condition]]
    assert [run.seed for run in runs] == [0, 1, 2] * 4
    assert len({json.dumps(run.about["settings"]) for run in runs}) == 1
    epochs = runs[0].about["settings"]["epochs"]
    assert {getattr(run, name).shape for run in runs for name in CURVES} == {(epochs,)}
    assert {run.about["made_by"] for run in runs} == {
        "python -m cnnlab.course.training.experiments run"
    }
    assert max(run.about["peak_memory_mib"] for run in runs) <= 2048


def test_it_is_the_articles_story(recorded):
    """Without augmentation the network learns its pictures by heart; with it, much less."""
    points = gain(recorded)
    assert points.final.mean > 3
    assert points.test.mean > 2
    assert gain(recorded, "plain", "augmentation").final.mean > 2
    for condition, runs in recorded.items():
        for run in runs:
            risen = run.val_loss[-1] / run.val_loss.min()
            by_heart = run.about["train_accuracy"] > 0.99
            overfits = condition in ("plain", "dropout")
            assert by_heart == overfits, (condition, run.seed)
            assert (risen > 2) == overfits, (condition, run.seed)


@pytest.mark.parametrize("experiment", recorded_experiments())
def test_all_runs_of_an_experiment_have_the_same_budget_and_say_what_they_are(experiment):
    runs = [run for runs in load_histories(experiment).values() for run in runs]
    assert len({json.dumps(run.about["settings"]) for run in runs}) == 1
    settings = runs[0].about["settings"]
    assert experiment == f"{settings['data']}{settings['size']}"
    assert {getattr(run, name).shape for run in runs for name in CURVES} == {(settings["epochs"],)}


@pytest.mark.parametrize("experiment", recorded_experiments())
def test_the_readme_has_the_table_that_the_runs_give(experiment):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert between_markers(text, headline_table(load_histories(experiment)), experiment) == text


def test_every_recorded_run_has_its_checksum():
    files = {
        f"histories/{path.relative_to(histories.HISTORIES).as_posix()}"
        for path in histories.HISTORIES.rglob("*.json")
    }
    assert files == {name for name in histories.registry() if name.startswith("histories/")}
