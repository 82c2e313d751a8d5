"""Chapter 9's demo without a browser: what it shows for right, wrong and unwritten functions."""

import base64
import io

import numpy as np
import pytest
import traitlets
from PIL import Image

from cnnlab.course.demos.ch09_vgg import SIDE, centres, costs, demo, fields, prefixes
from cnnlab.course.ops.layers import normalise, receptive_field
from cnnlab.datasets.load import photo


def later(layers):
    raise NotImplementedError()


def test_the_costs_are_those_of_vgg16():
    rows = costs()
    assert len(rows) == 21
    assert sum(row["parameters"] for row in rows) == 138_357_544
    assert sum(row["macs"] for row in rows) == 15_470_264_320
    assert rows[17]["shape"] == [7, 7, 512]


def seen_by_one(stack, unit):
    """Which pixels a unit depends on along one axis: marked backwards, layer by layer."""
    units = {unit}
    for layer in reversed(stack):
        full = normalise(layer)
        k, stride = full.size[0], full.strides[0]
        before = (k - 1) // 2 if full.padding == "same" else 0
        units = {u * stride - before + tap for u in units for tap in range(k)}
    return min(units), max(units)


@pytest.mark.parametrize("layer", [0, 1, 2, 8, 12, 16, 17])
@pytest.mark.parametrize("unit", [0, 3])
def test_fields_lie_where_the_layers_look(layer, unit):
    size, jump = fields(receptive_field)[0][layer]
    middle = centres()[layer] + unit * jump
    first, last = seen_by_one(prefixes()[layer], unit)
    assert (middle - (size - 1) / 2, middle + (size - 1) / 2) == (first, last)


def test_the_known_fields():
    found, learners, message = fields(receptive_field)
    names = [row["name"] for row in costs()]
    assert found[names.index("block5_conv3")] == (196, 16)
    assert found[names.index("block5_pool")] == (212, 32)
    assert found[names.index("fc1")] is None
    assert (learners, message) == (True, "")


def test_learners_fields_are_shown_even_where_they_are_wrong():
    def mine(layers):
        return 3 * len(layers), 1

    found, learners, message = fields(mine)
    assert found[1] == (6, 1)
    assert learners
    assert message == "Your mine says (6, 1) for block1_conv2; the course says (5, 1)."


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (later, "Your later is not written yet."),
        (lambda layers: 1 / 0, "raised ZeroDivisionError: division by zero."),
        (lambda layers: 1 + None, "raised TypeError: unsupported operand"),
        (lambda layers: None, "did not give two whole numbers."),
        (lambda layers: (3, 1, 1), "did not give two whole numbers."),
        (lambda layers: (2.5, 1), "did not give two whole numbers."),
        (lambda layers: (0, 1), "gave 0, 1: no field of a picture."),
        (lambda layers: int("x"), "raised ValueError: invalid literal"),
    ],
)
def test_what_cannot_be_shown_is_said_and_the_course_measures(function, said):
    found, learners, message = fields(function)
    assert said in message
    assert "You see the course's fields." in message
    assert not learners
    assert found[17] == (212, 32)


def test_a_function_that_spoils_its_list_spoils_nothing_else():
    def spoils(layers):
        result = receptive_field(layers)
        layers.clear()
        return result

    assert fields(spoils)[0] == fields(receptive_field)[0]


def test_the_widget_holds_the_photograph():
    widget = demo(receptive_field)
    for name in ("chelsea", "coffee"):
        widget.picture = name
        head, _, data = widget.source.partition(",")
        assert head == "data:image/jpeg;base64"
        shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))), float)
        assert np.abs(shown - photo(name, size=SIDE)).mean() < 3


@pytest.mark.parametrize(
    ("name", "value"), [("picture", "nothing"), ("layer", 21), ("unit", [0, 224]), ("unit", [1])]
)
def test_the_widget_refuses_what_it_cannot_show(name, value):
    widget = demo(receptive_field)
    with pytest.raises(traitlets.TraitError):
        setattr(widget, name, value)
