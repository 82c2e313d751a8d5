"""Chapter 4's demo without a browser: what it shows for right, wrong and unwritten functions."""

import pytest
import traitlets

from cnnlab.course.demos.ch04_network import FIELDS, PRESETS, answer, checked_stack, demo, fitting
from cnnlab.course.ops.layers import LENGTHS, count_macs, count_parameters

SHAPE = (32, 32, 3)
STACK = PRESETS["this chapter's"]


def later(input_shape, layers):
    raise NotImplementedError()


def test_every_kind_of_layer_can_be_set():
    assert {kind: len(fields) + 1 for kind, fields in FIELDS.items()} == {
        kind: most for kind, (_, most) in LENGTHS.items()
    }


@pytest.mark.parametrize("name", list(PRESETS))
def test_every_preset_fits_and_ends_in_one_number(name):
    result = answer(count_parameters, count_macs, SHAPE, checked_stack(PRESETS[name]))
    assert (result.trouble, result.message) == ("", "")
    assert len(result.rows) == len(PRESETS[name])
    assert result.rows[-1]["shape"] == "1"


def test_the_articles_network_costs_what_is_said_of_it():
    result = answer(count_parameters, count_macs, (150, 150, 3), PRESETS["the article's"])
    assert sum(row["parameters"] for row in result.rows) == 5_681_345


def test_learners_numbers_are_shown_even_where_they_are_wrong():
    def count_doubled(input_shape, layers):
        return [2 * n for n in count_macs(input_shape, layers)]

    result = answer(count_parameters, count_doubled, SHAPE, STACK)
    assert result.rows[0]["macs"] == 2 * 442_368
    assert result.learners == {"parameters": True, "macs": True}
    assert result.message == (
        "Your count_doubled counts 884,736 for convolution 16 of 3×3; the course counts 442,368."
    )


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (later, "Your later is not written yet."),
        (lambda shape, layers: 1 / 0, "raised ZeroDivisionError: division by zero."),
        (lambda shape, layers: None, "did not give a list of whole numbers."),
        (lambda shape, layers: [0.5] * len(layers), "did not give a list of whole numbers."),
        (lambda shape, layers: [1, 2], "gave 2 numbers for 9 layers."),
        (lambda shape, layers: [-1] * len(layers), "gave a count below 0."),
    ],
)
def test_what_cannot_be_shown_is_said_and_the_course_counts(function, said):
    result = answer(count_parameters, function, SHAPE, STACK)
    assert said in result.message
    assert "You see the course's numbers." in result.message
    assert result.learners == {"parameters": True, "macs": False}
    assert [row["macs"] for row in result.rows] == count_macs(SHAPE, STACK)


def test_a_function_that_spoils_its_list_spoils_nothing_else():
    def spoils(input_shape, layers):
        counts = count_macs(input_shape, layers)
        layers.clear()
        return counts

    result = answer(spoils, count_macs, SHAPE, STACK)
    assert len(result.rows) == len(STACK)


@pytest.mark.parametrize(
    ("stack", "fit", "said"),
    [
        ([["flatten"], ["conv", 8, 3, 1, "same", 1]], 1, "Layer 2, convolution 8 of 3×3, needs"),
        ([["max_pool", 40, 1]], 0, "is larger than the maps of 32×32 before it."),
        ([], 0, ""),
    ],
)
def test_the_first_layer_that_does_not_fit_is_named(stack, fit, said):
    shapes, trouble = fitting(SHAPE, stack)
    assert len(shapes) == fit
    assert said in trouble
    assert bool(trouble) == bool(said)


@pytest.mark.parametrize(
    "layers",
    [
        "conv",
        [["conv", 8, 3]],
        [["dense", 0]],
        [["dense", 5000]],
        [["unknown"]],
        [["dense", 1]] * 31,
    ],
)
def test_the_widget_refuses_what_it_cannot_show(layers):
    widget = demo(count_parameters, count_macs)
    before = widget.layers
    with pytest.raises(traitlets.TraitError):
        widget.layers = layers
    assert widget.layers == before


def test_the_widget_follows_its_traits():
    widget = demo(count_parameters, count_macs)
    assert sum(row["parameters"] for row in widget.rows) == 47_233
    widget.size = 64
    assert widget.rows[0]["shape"] == "64×64×16"
    widget.layers = [["global_average_pool"], ["max_pool", 2, 2]]
    assert [row["shape"] for row in widget.rows] == ["3"]
    assert widget.trouble.startswith("Layer 2")
    with pytest.raises(traitlets.TraitError, match="size must be one of"):
        widget.size = 33
