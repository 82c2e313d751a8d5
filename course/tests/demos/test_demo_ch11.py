"""Chapter 11's demo without a page: its steps, and what it says of a learner's functions."""

from dataclasses import asdict

import numpy as np
import pytest
import traitlets

from cnnlab.course.demos import ch11_filters_classes as ch11
from cnnlab.course.ops import ascent


@pytest.fixture(scope="module")
def model():
    import keras

    from cnnlab.course.networks.vgg import build_vgg

    keras.utils.set_random_seed(0)
    return build_vgg((None, None, 3), widths=(4, 6, 8, 8, 8), classes=None)


def ascent_step(image, gradient, rate):
    return ascent.ascent_step(image, gradient, rate)


def total_variation(image):
    return ascent.total_variation(image)


def climbed(model, steps, step=ascent_step, variation=total_variation, **values):
    widget = ch11.demo(step, variation, model)
    chosen = {"layer": "block1_conv1", "channel": 0, "tv": 0.0, "l6": 0.0}
    widget.setting = {**widget.setting, **chosen, **values}
    for _ in range(steps):
        told = widget.climb()
    widget._show(told)
    return widget


def test_the_gradient_is_that_of_the_mean_without_the_border(model):
    score = ch11.scored(model, "block1_conv2")
    image = np.random.default_rng(0).normal(0, 10, (12, 12, 3))
    value, gradient = score(image, 3)
    maps = model.get_layer("block1_conv2")(model.get_layer("block1_conv1")(image[None]))
    assert value == pytest.approx(float(np.mean(maps[0, 2:-2, 2:-2, 3])), rel=1e-4)
    direction = np.random.default_rng(1).normal(size=image.shape)
    above, below = (score(image + eps * direction, 3)[0] for eps in (1e-2, -1e-2))
    assert (above - below) / 2e-2 == pytest.approx(np.sum(gradient * direction), rel=0.02)


def test_the_map_grows_step_by_step(model):
    widget = climbed(model, 12)
    assert widget.step == len(widget.scores) == 12
    assert widget.scores[-1] > 3 * widget.scores[0]
    assert widget.sentence.startswith("Step 12 of 200. The mean of the map is")
    assert widget.message == ""
    assert len(widget.picture) == ch11.SIDE**2 * 3


@pytest.mark.parametrize(
    ("name", "value", "measure"),
    [
        ("tv", 1.0, lambda image: ascent.total_variation(image)),
        ("l6", 1.0, lambda image: ascent.l6(image)),
    ],
)
def test_a_penalty_makes_less_of_what_it_dislikes(model, name, value, measure):
    plain, penalised = (climbed(model, 10, **{name: v})._image for v in (0.0, value))
    assert measure(penalised) < 0.9 * measure(plain)


def test_a_silent_filter_rises_before_its_relu(model):
    conv = model.get_layer("block1_conv1")
    kept = conv.get_weights()
    conv.set_weights([kept[0], kept[1] - 1000])
    try:
        value, gradient = ch11.scored(model, "block1_conv1")(np.ones((12, 12, 3)), 0)
    finally:
        conv.set_weights(kept)
    assert value == 0
    assert gradient.any()


def test_a_tick_takes_some_steps_and_is_answered(model):
    widget = climbed(model, 1)
    widget.tick = 7
    assert widget.answered == 7
    assert widget.step > 1


def test_it_ends_at_the_last_step(model):
    widget = climbed(model, 1)
    widget.step = ch11.STEPS
    before = widget.picture
    widget.tick += 1
    assert (widget.step, widget.picture) == (ch11.STEPS, before)


def test_another_filter_begins_anew_and_a_slider_goes_on(model):
    widget = climbed(model, 3)
    widget.setting = {**widget.setting, "tv": 0.5}
    assert widget.step == 3
    widget.setting = {**widget.setting, "channel": 1}
    assert (widget.step, widget.scores) == (0, [])
    assert widget.sentence == "Noise, before the first step. Press Start."


def test_every_beginning_has_its_own_noise(model):
    widget = climbed(model, 1)
    first = widget.picture
    widget.noise += 1
    assert widget.step == 0
    assert widget.picture != first


@pytest.mark.parametrize(
    "change",
    [
        {"layer": "block9_conv1"},
        {"channel": 4},
        {"channel": -1},
        {"tv": -0.1},
        {"l6": "much"},
        {"jitter": 1.5},
        {"rate": 0},
        {"speed": 1},
    ],
)
def test_a_setting_that_cannot_be_is_refused(model, change):
    widget = climbed(model, 1)
    with pytest.raises(traitlets.TraitError):
        widget.setting = {**widget.setting, **change}


def downhill(image, gradient, rate):
    return ascent.ascent_step(image, -gradient, rate)


def stub(image, gradient, rate):
    raise NotImplementedError()


def flat(image, gradient, rate):
    return image.ravel()


def raising(image, gradient, rate):
    raise KeyError("x")


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (stub, "Your stub is not written yet. You see the course's result."),
        (raising, "Your raising raised KeyError"),
        (flat, "Your flat gave an array of shape (12288,)"),
        (downhill, "your downhill does not give one step uphill of the given length"),
    ],
)
def test_a_step_that_is_not_right_yet_is_told_so(model, step, said):
    assert said in climbed(model, 2, step).message


def test_a_step_downhill_is_shown_as_it_is(model):
    widget = climbed(model, 8, downhill)
    assert widget.scores[-1] < widget.scores[0]


def test_a_wrong_roughness_is_told_so_and_shown(model):
    widget = climbed(model, 2, variation=lambda image: 0.0)
    assert "Your function does not" in widget.message or "your function does not" in widget.message
    assert "Roughness 0 per number" in widget.sentence


def test_a_silent_filter_is_told_so():
    told = ch11.sentence(3, [0.0, 0.0], 10.0, 10)
    assert "This filter is silent here" in told


def test_the_settings_at_the_start_can_be(model):
    widget = ch11.demo(ascent_step, total_variation, model)
    assert widget.setting == asdict(ch11.Setting())
