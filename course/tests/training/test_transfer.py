"""The linear probe, the stored features, the record, and the pictures made of them."""

from types import SimpleNamespace

import numpy as np
import pytest

from cnnlab.course.figures import vgg
from cnnlab.course.training import transfer
from cnnlab.course.training.histories import Headline, Spread
from cnnlab.datasets.load import photo


def clouds(rng, n, apart=2.0, dimensions=6):
    """Two clouds of points, and which is which."""
    labels = np.arange(n) % 2
    return rng.normal(size=(n, dimensions)) + apart * labels[:, None] * [1, 0, 0, 0, 0, 0], labels


def test_the_probe_is_where_the_gradient_is_zero():
    x, y = clouds(np.random.default_rng(0), 80)
    probe = transfer.fit_probe(x, y, strength=3.0)
    error = probe.predict(x) - y
    spread = x.std(axis=0)
    penalty = 3.0 * probe.weights * spread
    np.testing.assert_allclose(((x - x.mean(axis=0)) / spread).T @ error + penalty, 0, atol=1e-4)
    assert abs(error.sum()) < 1e-4


def test_a_start_elsewhere_ends_at_the_same_probe():
    x, y = clouds(np.random.default_rng(1), 60)
    far = transfer.fit_probe(x, y, strength=100.0)
    one, other = transfer.fit_probe(x, y, 1.0), transfer.fit_probe(x, y, 1.0, first=far)
    np.testing.assert_allclose(one.weights, other.weights, atol=1e-6)


def test_a_feature_that_never_changes_does_no_harm():
    x, y = clouds(np.random.default_rng(2), 40)
    x[:, 3] = 7
    assert np.isfinite(transfer.fit_probe(x, y, 1.0).weights).all()


def test_the_strength_is_chosen_on_the_validation_pictures():
    rng = np.random.default_rng(3)
    parts = {part: clouds(rng, 60, 1.5) for part in ("train", "validation", "test")}
    probe, strength = transfer.best_probe(parts)
    best = max(
        transfer.fit_probe(*parts["train"], s).accuracy(*parts["validation"])
        for s in transfer.STRENGTHS
    )
    assert strength in transfer.STRENGTHS
    assert probe.accuracy(*parts["validation"]) == best


def test_a_learning_curve_rises():
    rng = np.random.default_rng(4)
    sizes = {"train": 400, "validation": 200, "test": 400}
    parts = {part: clouds(rng, n, 2.5) for part, n in sizes.items()}
    few, some, all_ = transfer.learning_curve(parts, counts=(5, 50, 200, 999))
    assert [len(row["test"]) for row in (few, some, all_)] == [5, 5, 1]
    assert np.mean(few["test"]) < np.mean(some["test"]) <= np.mean(all_["test"]) + 0.02


def test_features_survive_being_packed(tmp_path):
    rng = np.random.default_rng(5)
    parts = {
        p: ((4 * rng.random((20, 8))) ** 2, np.zeros(20)) for p in ("train", "validation", "test")
    }
    stored = transfer.packed(parts)
    back = (stored["test"].astype(float) * stored["top"] / 255) ** 2
    top = stored["top"] ** 2
    assert stored["test"].dtype == np.uint8
    np.testing.assert_allclose(back, np.minimum(parts["test"][0], top), atol=0.01 * top.max())


def test_the_stored_features_give_the_recorded_accuracy():
    features, record = transfer.load_features(), transfer.load_transfer()["embedded"]
    assert {part: len(y) for part, (_, y) in features.items()} == record["counts"]
    probe = transfer.fit_probe(*features["train"], strength=record["strength"])
    assert probe.accuracy(*features["test"]) == pytest.approx(record["accuracy"]["test"], abs=0.01)


def test_the_record_says_what_it_is_made_with():
    record = transfer.load_transfer()
    assert record["made_by"] == "python -m cnnlab.course.training.transfer"
    assert set(record["five_best"]["answers"]) == {"brick", "chelsea", "coffee"}
    for name in ("embedded", "photographs"):
        last = record[name]["curve"][-1]
        assert 2 * last["per_class"] == record[name]["counts"]["train"]
        assert last["test"] == [record[name]["accuracy"]["test"]]


def test_maps_become_their_means():
    maps = np.arange(12.0).reshape(1, 2, 2, 3)
    np.testing.assert_array_equal(transfer.maps_to_features(maps), [[4.5, 5.5, 6.5]])


def test_the_best_training_is_chosen_on_the_validation_pictures(monkeypatch):
    lines = {
        "dropout": Headline(3, Spread(0.8, 0), Spread(0.8, 0), Spread(0.6, 0)),
        "both": Headline(3, Spread(0.7, 0), Spread(0.9, 0), Spread(0.9, 0)),
    }
    run = SimpleNamespace(about={"settings": {"pictures": 2000}})
    runs = {"dropout": [run], "both": [run]}
    monkeypatch.setattr(transfer, "load_histories", lambda experiment: runs)
    monkeypatch.setattr(transfer, "headline", lambda runs: lines)
    assert transfer.trained_best() == ("dropout", 0.6, 1000)


def test_nothing_trained_is_no_error():
    assert transfer.trained_best("nothing-like-that") is None


def test_frames_for_fields():
    picture = vgg.fields(photo("chelsea", size=64), {"one": 5, "two": 40})
    assert "one 5 by 5 pixels, two 40 by 40 pixels" in picture.alt
    frames = [p.get_width() for p in picture.figure.axes[0].patches]
    assert frames == [5, 5, 40, 40]
    assert picture.png().startswith(b"\x89PNG")


def test_guesses_are_read_out():
    answers = [[("tabby", 0.75), ("lynx", 0.25)], [("cup", 0.5), ("bowl", 0.125)]]
    picture = vgg.guesses([photo("chelsea"), photo("coffee")], answers)
    assert "photograph 1: tabby 75%, lynx 25%; photograph 2: cup 50%, bowl 12%" in picture.alt
    bars = [bar.get_width() for bar in picture.figure.axes[2].patches]
    assert bars == [0.75, 0.25]


def test_learning_curves_and_marks():
    rows = [{"per_class": 5, "test": [0.6, 0.7]}, {"per_class": 50, "test": [0.9]}]
    picture = vgg.learning_curves({"mine": rows}, {"others": (50, 0.75)})
    assert "mine: 65.0% with 5, 90.0% with 50; others: 75.0% with 50" in picture.alt
    assert picture.figure.axes[0].lines[0].get_ydata() == pytest.approx([0.65, 0.9])


def test_sparsity_layer_by_layer():
    shares = {"cat": {"one": 0.25, "two": 0.75}, "cup": {"one": 0.5, "two": 1.0}}
    picture = vgg.sparsities(shares, "small VGG")
    assert "layer of small VGG. cat: one 25%, two 75%; cup: one 50%, two 100%." in picture.alt
    ax = picture.figure.axes[0]
    assert [list(line.get_ydata()) for line in ax.lines] == [[0.25, 0.75], [0.5, 1.0]]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["one", "two"]
