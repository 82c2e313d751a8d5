"""The small VGG that comes with the course: how its weights are made, and what it can do."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from cnnlab.course.networks.lookup import class_index
from cnnlab.course.networks.pretrained import load_any_classifier, load_small_vgg, load_vgg
from cnnlab.course.networks.vgg import build_vgg, conv_names, named_layers, vgg_preprocess
from cnnlab.course.training import narrow_vgg
from cnnlab.datasets.load import FOLDER, embedded
from cnnlab.datasets.pictures import load_cats_dogs
from cnnlab.datasets.pretrained import Unreachable


def test_everything_is_folded_into_plain_layers() -> None:
    import keras

    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    recipe = narrow_vgg.Recipe(widths=(2, 3, 4, 5, 6), units=7)
    trained = narrow_vgg.trainable(recipe)
    for layer in trained.layers:
        if type(layer).__name__ == "BatchNormalization":
            layer.set_weights([rng.uniform(0.5, 1.5, w.shape) for w in layer.get_weights()])
    plain = build_vgg((32, 32, 3), recipe.widths, recipe.units, 10, logits=True)
    plain.set_weights(narrow_vgg.plain_weights(trained))
    pictures = rng.integers(0, 256, (4, 32, 32, 3), dtype=np.uint8)
    wanted = trained.predict(narrow_vgg.prepared(pictures), verbose=0)
    found = plain.predict(vgg_preprocess(pictures), verbose=0)
    assert np.ptp(wanted) > 0
    np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-4)


@pytest.fixture(scope="module")
def small() -> tuple[Any, list[str]]:
    return load_small_vgg(logits=True)


@pytest.fixture(scope="module")
def card() -> dict[str, Any]:
    return json.loads(embedded("weights/small_vgg.json").read_text(encoding="utf-8"))


def test_it_has_vgg16s_layers_by_name(small: tuple[Any, list[str]]) -> None:
    names = [layer.name for layer in small[0].layers[1:]]
    assert names == [name for name, _ in named_layers()]


def test_it_is_small(small: tuple[Any, list[str]], card: dict[str, Any]) -> None:
    files = [embedded(f"weights/small_vgg.{suffix}") for suffix in ("npz", "json")]
    assert sum(path.stat().st_size for path in files) <= 10e6
    assert small[0].count_params() == card["parameters"]


def test_its_classes_are_cifar10s(small: tuple[Any, list[str]]) -> None:
    _, classes = small
    assert len(classes) == 10
    assert (class_index(classes, "cat"), class_index(classes, "dog")) == (3, 5)


def test_it_tells_cats_from_dogs_that_it_was_not_trained_on(small: tuple[Any, list[str]]) -> None:
    """They are of CIFAR-10's test part."""
    model, classes = small
    test = load_cats_dogs(source="embedded").test
    logits = model.predict(vgg_preprocess(test.x), verbose=0)
    cat, dog = (class_index(classes, word) for word in ("cat", "dog"))
    of_two = np.mean((logits[:, dog] > logits[:, cat]) == test.y)
    of_ten = np.mean(logits.argmax(axis=1) == np.where(test.y, dog, cat))
    assert (of_two, of_ten) == pytest.approx((0.844, 0.752), abs=0.005)  # as its card says


def test_the_card_in_words_says_what_the_card_in_numbers_does(card: dict[str, Any]) -> None:
    words = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert f"{card['parameters']:,} parameters" in words
    assert f"Right for {card['test_accuracy']:.1%}".replace("%", " %") in words


def test_without_its_top_it_is_the_same_network_for_any_size(small: tuple[Any, list[str]]) -> None:
    import keras

    base, _ = load_small_vgg(top=False)
    assert [layer.name for layer in base.layers if "conv" in layer.name] == conv_names()
    pictures = vgg_preprocess(load_cats_dogs(source="embedded").test.x[:2])
    whole = small[0]
    maps = keras.Model(whole.input, whole.get_layer("block5_conv3").output)(pictures)
    below = keras.Model(base.input, base.get_layer("block5_conv3").output)
    np.testing.assert_allclose(below(pictures), maps, rtol=1e-4, atol=1e-5)
    assert base(np.zeros((1, 48, 70, 3), np.float32)).shape[1:3] == (1, 2)


def unreachable(*_: Any) -> Any:
    raise Unreachable("no network here")


def test_it_takes_vgg16s_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cnnlab.course.networks.pretrained.load_vgg16", lambda tell: unreachable())
    said: list[str] = []
    model, which = load_vgg(said.append)
    assert which == "small VGG"
    assert model.input_shape == (None, None, None, 3)
    assert "no network here" in said[-1]
    assert "No harm done" in said[-1]


def test_it_takes_the_classifiers_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cnnlab.course.networks.pretrained.load_classifier", unreachable)
    said: list[str] = []
    found = load_any_classifier(tell=said.append)
    assert (found.title, found.size, len(found.names)) == ("small VGG", (32, 32), 10)
    chances = found.model(np.zeros((1, *found.size, 3), np.float32))
    np.testing.assert_allclose(np.sum(chances), 1, rtol=1e-5)
    assert "No harm done" in said[-1]
