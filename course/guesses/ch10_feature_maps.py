"""Questions of chapter 10: feature maps."""

from __future__ import annotations

import numpy as np

from cnnlab.course.guesses.question import choice, number, shape
from cnnlab.course.networks.vgg import named_layers
from cnnlab.course.ops.layers import trace_shapes


def _maps_of(name: str) -> tuple[int, ...]:
    layers = dict(named_layers())
    shapes = trace_shapes((224, 224, 3), layers.values())
    return 1, *shapes[list(layers).index(name)]


def _stretched() -> str:
    cells = np.array([*range(1, 100), 10_000.0])
    gray = 255 * (cells - cells.min()) / (cells.max() - cells.min())
    return "all others become nearly the same black" if gray[:-1].max() < 3 else ""


def _zeros_after_pooling() -> float:
    """Every way to fill a window with zeros and ones, each once."""
    windows = np.array(list(np.ndindex(2, 2, 2, 2)))
    return float(np.mean(windows.max(axis=1) == 0))


QUESTIONS = (
    number(
        "maps_of_one_photograph",
        "VGG16 has convolutions with 64, 64; 128, 128; three times 256; and six times 512 filters. How "
        "many feature maps do they make of one photograph?",
        2 * 64 + 2 * 128 + 3 * 256 + 6 * 512,
        "One map for each filter.",
        {
            13: "Those are the layers. Each filter makes a map of its own.",
            512: "Those are the maps of the last layer.",
            64 + 128 + 256 + 512: "Each block has two or three layers, and block 5 has 512 again.",
        },
        within=0.05,
        proof=lambda: sum(layer[1] for name, layer in named_layers() if "conv" in name),
    ),
    choice(
        "five_layers",
        "You want the maps of five layers. What is better: five new models, or one with five outputs?",
        "one model with five outputs",
        "Whatever comes before `block5_conv1` is computed on the way to it. One pass passes by all "
        "five.",
        {
            "five models, because each is smaller": "Each of them begins at the photograph, so block 1 "
            "would be computed five times.",
            "one model with five outputs": "",
            "it makes no difference": "The numbers are the same. The work is not.",
        },
    ),
    shape(
        "shape_in_block_3",
        "The photograph has 224 × 224 pixels. What is the shape of the maps of `block3_conv1`, batch "
        "first?",
        (1, 224 // 2 // 2, 224 // 2 // 2, 256),
        "Two poolings come before it, and it has 256 filters.",
        {
            (1, 28, 28, 256): "The pool of block 3 comes after its convolutions.",
            (1, 224, 224, 256): "Each block before it ends with a pool.",
            (1, 112, 112, 256): "There are two poolings before it.",
            (56, 56, 256): "The batch has an axis, too, even with one photograph.",
        },
        proof=lambda: _maps_of("block3_conv1"),
    ),
    choice(
        "one_bright_cell",
        "The smallest number becomes black, the largest white. What goes wrong if one cell is a "
        "hundred times brighter than all the others?",
        "all others become nearly the same black",
        "A single cell takes the whole range. So let the darkest and the brightest hundredth be clipped.",
        {
            "it is clipped": "It is the largest, so it is exactly white. The others suffer.",
            "all others become nearly the same black": "",
            "nothing": "255 gray levels must reach up to that cell. How many are left for the others?",
        },
        proof=_stretched,
    ),
    number(
        "gray_level",
        "The 1st percentile is 10, the 99th is 60. Which gray level (0 to 255) does a cell of 35 get?",
        255 * (35 - 10) / (60 - 10),
        "It lies halfway, so 127.5, which is rounded. A cell of 80 lies beyond, and gets 255.",
        {
            35: "It is stretched: 10 becomes 0, and 60 becomes 255.",
            255 * 35 / 60: "Subtract the 10 first.",
            0.5: "Half of the way is right. Now in gray levels.",
        },
        within=0.01,
    ),
    number(
        "zeros_after_pooling",
        "Half of a map's cells are 0, at random places. Now it is pooled: the maximum of every 2 × 2 "
        "cells. What share of the pooled cells is 0?",
        0.5**4,
        "All four cells of a window must be 0: one half, four times, is one sixteenth. Pooling asks "
        "whether a filter answers *anywhere* near, so zeros become rare.",
        {
            1 / 2: "A single cell above 0 is enough for its window. All four must be 0.",
            1 / 4: "That would be two cells. A window has four.",
            1 / 8: "You multiplied 1/2 three times. A window has four cells.",
        },
        within=0.1,
        proof=_zeros_after_pooling,
    ),
    choice(
        "zeros_with_depth",
        "The share of exact zeros in VGG16's maps, from the first layer to the last: how does it go?",
        "it rises, with dips",
        "From about half to about nine in ten. A filter of the last layers asks for something special, "
        "and most places do not have it.",
        {
            "it rises, with dips": "",
            "it stays at about a half": "In the first block it is a half. Deeper filters ask for "
            "something rarer.",
            "it falls": "Deeper filters ask for something rarer, so they are silent more often.",
        },
    ),
    choice(
        "mean_or_peak",
        "You rank the channels by their mean. Why not by the largest cell?",
        "one bright cell would beat a map that answers in many places",
        "The mean asks how much of it is in the photograph, the peak only whether it is anywhere.",
        {
            "the largest cell is always the same": "It differs from channel to channel.",
            "one bright cell would beat a map that answers in many places": "",
            "the mean is faster": "Both look at every cell once.",
        },
        proof=lambda: (
            "one bright cell would beat a map that answers in many places"
            if max([9, 0, 0, 0]) > max([5, 5, 5, 5]) and sum([9, 0, 0, 0]) < sum([5, 5, 5, 5])
            else ""
        ),
    ),
    choice(
        "filters_in_common",
        "In which block will the cat and the cup have more strong filters in common?",
        "in block 1",
        "Early filters answer to nearly every photograph: an edge or a brightness is everywhere.",
        {
            "in block 1": "",
            "in block 5": "Late filters answer to something special, and a cup is no cat.",
        },
    ),
    choice(
        "wrong_input",
        "Now both photographs go in with numbers from 0 to 1. How many of the twenty strongest filters "
        "of VGG16 will they have in common?",
        "all twenty, in every block",
        "The filters expect numbers from about −120 to 150. For them both photographs are nearly plain, "
        "and they answer mostly with their biases.",
        {
            "fewer than before": "That would be so if the photographs were still different for it.",
            "as many as before": "The filters expect numbers a hundred times as large.",
            "all twenty, in every block": "",
        },
    ),
)
