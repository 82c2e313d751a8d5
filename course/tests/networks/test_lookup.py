"""Layers and classes by their names, and what is said where there is none."""

import pytest

from cnnlab.course.networks.lookup import class_index, layer_of
from cnnlab.course.networks.vgg import build_vgg
from cnnlab.datasets.load import did_you_mean

NAMES = ["wood rabbit", "crane", "African crocodile", "tiger cat", "oystercatcher", "crane"]


@pytest.fixture(scope="module")
def model():
    return build_vgg((None, None, 3), widths=(2, 2, 2, 2, 2), classes=None)


def test_a_layer_by_its_name(model):
    assert layer_of(model, "block4_conv2") is model.get_layer("block4_conv2")


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("block5conv3", "Did you mean 'block5_conv3'"),
        ("conv2", "Did you mean 'block1_conv2', 'block2_conv2' or 'block3_conv2'?"),
        ("BLOCK1_POOL", "Did you mean 'block1_pool'?"),
        ("xyz", "'xyz'. Its layers: "),
        ("predictions", "'predictions'. Its layers: "),  # this model has none
        (3, "Received: 3. Did you mean"),
    ],
)
def test_no_such_layer(model, name, near):
    with pytest.raises(ValueError, match=r"^layer must be a layer of vgg16") as caught:
        layer_of(model, name)
    assert near in str(caught.value)
    assert "block5_pool" in str(caught.value)


def test_the_argument_is_called_as_the_caller_calls_it(model):
    with pytest.raises(ValueError, match=r"^names must be"):
        layer_of(model, "block9_conv1", "names")


@pytest.mark.parametrize(
    ("word", "place"), [("crane", 1), ("Wood_Rabbit", 0), (" tiger cat ", 3), ("oystercatcher", 4)]
)
def test_a_class_by_its_name(word, place):
    assert class_index(NAMES, word) == place


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("rabbit", " Did you mean 'wood rabbit'?"),
        ("cat", " Did you mean 'tiger cat' or 'oystercatcher'?"),
        ("african crocodil", " Did you mean 'African crocodile'?"),
        ("cranes", " Did you mean 'crane'?"),
        ("", ""),
        ("zebra fish", ""),
        (7, ""),
    ],
)
def test_no_such_class(word, near):
    with pytest.raises(ValueError, match=r"^word must be one of the 6 classes") as caught:
        class_index(NAMES, word)
    assert str(caught.value).endswith(f"Received: {word!r}.{near}")


def test_nothing_known_nothing_suggested():
    assert did_you_mean("cat", []) == ""
