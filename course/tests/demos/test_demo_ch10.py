"""Chapter 10's demo without a page: what it computes, and what it says of a learner's function."""

import numpy as np
import pytest
import traitlets

from cnnlab.course.demos import ch10_feature_maps as ch10


@pytest.fixture(scope="module")
def model():
    import keras

    from cnnlab.course.networks.vgg import build_vgg

    keras.utils.set_random_seed(0)
    return build_vgg((None, None, 3), widths=(4, 6, 70, 8, 8), classes=None)


def feature_maps(model, image, names):
    return ch10.course_maps(model, image, names)


def test_small_pictures_keep_their_corners():
    picture = np.arange(12, dtype=np.uint8).reshape(1, 3, 4)
    big = ch10.small(picture, 12)[0]
    assert big.shape == (12, 12)
    np.testing.assert_array_equal(big[[0, 0, -1, -1], [0, -1, 0, -1]], [0, 3, 8, 11])


def test_a_silent_channel_is_black_and_a_flat_one_grey():
    assert not ch10.shaded(np.zeros((3, 3))).any()
    assert (ch10.shaded(np.full((3, 3), 2.0)) == 128).all()
    assert (ch10.shaded(np.full((3, 3), -2.0)) == 128).all()


def test_a_channel_that_is_nearly_silent_shows_its_few_spots():
    channel = np.zeros((20, 20))
    channel[4, 7] = 0.5
    np.testing.assert_array_equal(ch10.shaded(channel), np.where(channel > 0, 255, 0))


def test_the_sheet_turns_its_page_with_the_channel(model):
    widget = ch10.demo(feature_maps, model)
    widget.setting = {"photo": "coffee", "layer": "block3_conv1", "channel": 66}
    assert widget.first == 64
    assert len(widget.tiles) == 6 * ch10.TILE**2
    assert widget.large_shape == [56, 56]
    assert widget.sentence.startswith("Channel 66 of 70, 56 × 56 cells")
    assert widget.message == ""
    found = widget.maps_of("coffee")["block3_conv1"]
    np.testing.assert_array_equal(
        np.frombuffer(widget.large, np.uint8).reshape(56, 56), ch10.shaded(found[0, :, :, 66])
    )


@pytest.mark.parametrize(
    "change", [{"photo": "dog"}, {"layer": "block9"}, {"channel": 4}, {"channel": -1}]
)
def test_a_setting_that_cannot_be_is_refused(model, change):
    widget = ch10.demo(feature_maps, model)
    with pytest.raises(traitlets.TraitError, match="must be"):
        widget.setting = {**widget.setting, **change}


def test_a_setting_that_is_nearly_right_is_met_with_the_right_one(model):
    widget = ch10.demo(feature_maps, model)
    with pytest.raises(traitlets.TraitError, match=r"Did you mean 'block5_conv3', "):
        widget.setting = {**widget.setting, "layer": "block5conv3"}


def test_a_model_without_maps_is_refused():
    import keras

    dense = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    with pytest.raises(ValueError, match="model must have layers named conv or pool"):
        ch10.demo(feature_maps, dense)


def test_maps_of_a_layer_that_is_not_there(model):
    with pytest.raises(ValueError, match=r"names must be a layer of vgg16.*'block1_conv1'"):
        ch10.course_maps(model, np.zeros((32, 32, 3)), ["block1conv1"])


def stub(model, image, names):
    raise NotImplementedError()


def raising(model, image, names):
    raise KeyError("x")


def twice(model, image, names):
    return {n: 2 * m for n, m in feature_maps(model, image, names).items()}


def flat(model, image, names):
    return {n: m[0] for n, m in feature_maps(model, image, names).items()}


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (stub, "Your stub is not written yet. You see the course's maps."),
        (raising, "Your raising raised KeyError"),
        (twice, "are not what the layer hands on. You see your maps."),
        (flat, "Your flat gave shape (224, 224, 4) for block1_conv1"),
    ],
)
def test_a_function_that_is_not_right_yet_is_told_so(model, function, said):
    assert said in ch10.demo(function, model).message
