"""Chapter 15's demo without a browser."""

import numpy as np
import pytest
import traitlets

from cnnlab.course.demos import ch15_your_photographs as ch15
from cnnlab.course.ops.calibration import calibration, worst_mistakes


@pytest.fixture
def answers():
    rng = np.random.default_rng(0)
    p = rng.dirichlet([1, 1, 1], 40)
    images = rng.integers(0, 256, (40, 8, 8, 3), dtype=np.uint8)
    return ch15.Answers(["a", "b", "c"], images, rng.integers(0, 3, 40), p)


def later(labels, probabilities, k):
    raise NotImplementedError()


def test_the_wall_holds_the_worst_mistakes(answers):
    widget = ch15.demo(worst_mistakes, calibration, answers)
    places = worst_mistakes(answers.labels, answers.probabilities, ch15.WALL)
    assert [each["sure"] for each in widget.wall] == [
        round(float(answers.probabilities[place].max()), 4) for place in places
    ]
    assert all(each["truth"] != each["said"] for each in widget.wall)
    assert widget.message == ""


def test_bins_follow_the_slider(answers):
    widget = ch15.demo(worst_mistakes, calibration, answers, bins=4)
    assert sum(bar["count"] for bar in widget.bars) == 40
    widget.setting = {"bins": 7, "least": 0.5}
    confidence, accuracy, count = calibration(answers.labels, answers.probabilities, 7)
    assert [bar["count"] for bar in widget.bars] == count.tolist()
    filled = [bar for bar in widget.bars if bar["count"]]
    assert [bar["sure"] for bar in filled] == confidence[count > 0].tolist()
    assert [bar["right"] for bar in filled] == accuracy[count > 0].tolist()


def test_silence_is_counted(answers):
    widget = ch15.demo(worst_mistakes, calibration, answers, least=0.6)
    sure = answers.probabilities.max(axis=1) >= 0.6
    right = answers.probabilities.argmax(axis=1) == answers.labels
    assert widget.counts == {"count": sure.sum(), "all": 40, "right": (sure & right).sum()}
    widget.setting = {"bins": 10, "least": 1.0}
    assert widget.sentence.endswith("It never is so sure.")


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (later, "not written yet"),
        (lambda labels, probabilities, bins: 1 / 0, "raised ZeroDivisionError"),
        (lambda labels, probabilities, bins: (1, 2), "another form"),
        (lambda labels, probabilities, bins: None, "another form"),
    ],
)
def test_what_cannot_be_shown_is_the_courses(answers, function, said):
    widget = ch15.demo(function, function, answers)
    assert said in widget.message
    right = ch15.demo(worst_mistakes, calibration, answers)
    assert (widget.bars, widget.wall) == (right.bars, right.wall)


def test_other_numbers_are_shown_and_doubted(answers):
    def swapped(labels, probabilities, bins):
        confidence, accuracy, count = calibration(labels, probabilities, bins)
        return accuracy, confidence, count

    widget = ch15.demo(worst_mistakes, swapped, answers)
    right = ch15.demo(worst_mistakes, calibration, answers)
    assert "Your swapped and the course's differ. You see yours." in widget.message
    assert widget.bars != right.bars


@pytest.mark.parametrize(
    "setting", [{"bins": 0}, {"bins": 2.5}, {"least": 1.5}, {"least": "x"}, {"colour": 1}]
)
def test_settings_that_cannot_be_are_refused(answers, setting):
    widget = ch15.demo(worst_mistakes, calibration, answers)
    with pytest.raises(traitlets.TraitError):
        widget.setting = setting


def test_without_answers_there_is_an_example():
    answers = ch15.example()
    assert len(answers.images) == len(answers.labels) == len(answers.probabilities) == 1000
    share = (answers.probabilities.argmax(axis=1) == answers.labels).mean()
    assert 0.75 < share < 0.9
