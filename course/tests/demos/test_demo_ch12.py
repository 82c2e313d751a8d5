"""Chapter 12's demo without a page: what it computes, and what it says of a learner's functions."""

import numpy as np
import pytest
import traitlets

from cnnlab.course.demos import ch12_explanations as ch12
from cnnlab.course.networks import explain
from cnnlab.course.tests.demos.explained import small_classifier

RIGHT = (explain.saliency, explain.grad_cam, explain.occlusion_map)


@pytest.fixture(scope="module")
def classifier():
    return small_classifier()


@pytest.fixture(scope="module")
def widget(classifier):
    return ch12.demo(*RIGHT, classifier)


def test_both_photographs_share_one_picture():
    both = ch12.picture(ch12.BOTH, 32)
    assert both.shape == (32, 32, 3)
    assert ch12.picture("brick", 32).shape == (32, 32, 3)


def test_hiding_a_place_is_one_more_forward_pass(widget, classifier):
    widget.setting = {"photo": "chelsea", "rank": 1, "size": "medium", "row": 20, "column": 3}
    image, before = widget.seen("chelsea")
    hidden = image.copy()
    hidden[20:28, 3:11] = image.mean(axis=(0, 1))
    network = explain.logits_of(classifier.model)
    after = np.asarray(network(hidden[None]))[0]
    order = np.argsort(-before)[:5]
    for row, index in zip(widget.bars, order, strict=True):
        assert row["name"] == classifier.names[index]
        assert row["drop"] == pytest.approx(before[index] - after[index], abs=0.011)
    assert widget.sentence.startswith("Hiding this ")
    assert classifier.names[int(np.argmax(after))] in widget.sentence


def test_drops_of_all_classes_are_the_occlusion_map(widget, classifier):
    image, _ = widget.seen("coffee")
    drops = widget.all_drops("coffee", "large")
    found = explain.occlusion_map(classifier.model, image, 4, 16, widget.stride)
    np.testing.assert_allclose(drops[..., 4], found, atol=1e-4)


def test_right_functions_are_drawn_without_a_word(widget):
    widget.setting = {"photo": "coffee", "rank": 0, "size": "large", "row": 0, "column": 0}
    assert widget.message == ""
    assert widget.captions == ["your saliency", "your Grad-CAM", "your occlusion"]
    assert {len(overlay) for overlay in widget.overlays} == {32 * 32 * 3}
    assert len(set(widget.overlays)) == 3


def stub(*args):
    raise NotImplementedError()


def test_the_courses_own_stand_in_for_what_is_not_written(classifier):
    shown = ch12.demo(RIGHT[0], stub, stub, classifier)
    right = ch12.demo(*RIGHT, classifier)
    assert shown.message.count("Your stub is not written yet") == 2
    assert shown.captions == ["your saliency", "the course’s Grad-CAM", "the course’s occlusion"]
    assert shown.overlays == right.overlays


def test_a_wrong_function_is_shown_and_told_so(classifier):
    def turned(*args):
        return -RIGHT[2](*args)

    shown = ch12.demo(*RIGHT[:2], turned, classifier)
    assert "your turned does not give the logit's drop" in shown.message
    assert shown.captions[2] == "your occlusion"


@pytest.mark.parametrize(
    "change",
    [{"photo": "dog"}, {"size": "huge"}, {"rank": 5}, {"row": -1}, {"column": 25}, {"row": 1.5}],
)
def test_a_setting_that_cannot_be_is_refused(widget, change):
    with pytest.raises(traitlets.TraitError, match="must be"):
        widget.setting = {**widget.setting, **change}


def test_words():
    row = {"name": "cup", "drop": 2.0, "logit": 3.0}
    assert ch12.sentence(row, "tray").startswith("Hiding this lowers the logit of cup by 2, to 3.")
    assert "leaves the logit of cup at 3" in ch12.sentence(row | {"drop": 0.0}, "cup")
