"""Whole networks as pictures: every layer is there, named, and as large as it is."""

import ast
import re
from pathlib import Path

import numpy as np
import pytest

import cnnlab.course.chapters as chapters
from cnnlab.course.figures import architecture
from cnnlab.course.networks.vgg import named_layers
from cnnlab.course.tests.figures.drawings import check, overlaps, words

CAT = np.full((8, 8, 3), 99, np.uint8)


def test_the_whole_network_is_that_of_chapter_4():
    text = (Path(chapters.__file__).parent / "ch04_network.py").read_text("utf-8")
    assigned = [
        ast.literal_eval(node.value)
        for node in ast.parse(text).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "layers"
    ]
    assert architecture.LAYERS in assigned


def test_the_whole_network_goes_from_a_photograph_to_an_answer():
    on = check(lambda: architecture.network(CAT))
    for shape in ("32 × 32 × 3", "32 × 32 × 16", "4 × 4 × 32", "512", "64", "1"):
        assert shape in words(on)
    assert "cat or dog?" in words(on)
    assert on.html().count("<image ") == 1
    assert not overlaps(on)


def test_vgg16_names_its_blocks_and_their_shapes():
    on = check(architecture.vgg16)
    for block, shape in enumerate(("112 × 112 × 64", "56 × 56 × 128", "28 × 28 × 256"), 1):
        assert {f"block {block}", shape} <= set(words(on))
    assert {"7 × 7 × 512", "25,088", "fc1", "predictions", "1,000"} <= set(words(on))
    assert not overlaps(on)


@pytest.mark.parametrize(
    "marked",
    [
        [f"block{b}_conv1" for b in range(1, 6)],
        ["block1_conv2", "block5_conv3", "block5_pool"],
        ["block3_conv1", "block3_conv2", "fc2"],
    ],
)
def test_marked_layers_are_named_and_all_others_pale(marked):
    on = check(lambda: architecture.vgg16(marked, "looked at"))
    names = {name for name, _ in named_layers()}
    found = [word for word in words(on) if (word in names and "_" in word) or word in marked]
    assert set(found) == set(marked)
    assert not overlaps(on)
    assert f"looked at: {', '.join(marked)}." in on.alt
    pale = len(re.findall('fill-opacity="0.21"', on.html()))  # fronts: 0.6 of 0.35
    volumes = [name for name in names if name.startswith("block")]
    assert pale == len([name for name in volumes if name not in marked])


def test_an_unknown_layer_is_refused():
    with pytest.raises(ValueError, match=r"^marked must be.*'block6_conv1'"):
        architecture.vgg16(["block6_conv1"])
