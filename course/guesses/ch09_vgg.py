"""Questions of chapter 9: VGG16."""

from __future__ import annotations

import math

import numpy as np

from cnnlab.course.guesses.question import choice, number, numbers
from cnnlab.course.networks.vgg import named_layers
from cnnlab.course.ops.layers import count_macs, count_parameters, receptive_field, trace_shapes
from cnnlab.course.training import transfer

PICTURE = (224, 224, 3)


def _by_part(costs: list[int]) -> str:
    """The part of VGG16 with the highest cost: a block's convolutions, or a dense layer."""
    parts: dict[str, int] = {}
    for (name, (kind, *_)), cost in zip(named_layers(), costs, strict=True):
        if kind in ("conv", "dense"):
            part = f"block {name[5]}" if kind == "conv" else f"`{name}`"
            parts[part] = parts.get(part, 0) + cost
    return max(parts, key=lambda part: parts[part])


def _layers() -> list[tuple[object, ...]]:
    return [layer for _, layer in named_layers()]


def _counted() -> str:
    kinds = [kind for kind, *_ in _layers()]
    counted = kinds.count("conv") + kinds.count("dense")
    return "convolutions and dense layers" if counted == 16 else ""


def _from_block_to_block() -> str:
    shapes = dict(
        zip((n for n, _ in named_layers()), trace_shapes(PICTURE, _layers()), strict=True)
    )
    first, second = (math.prod(shapes[f"block{b}_conv2"]) for b in (1, 2))
    return {1.0: "as many", 0.5: "half as many", 0.25: "a quarter"}.get(second / first, "")


def _work() -> str:
    macs = count_macs(PICTURE, _layers())
    early = sum(m for (name, _), m in zip(named_layers(), macs, strict=True) if "conv" in name)
    return "in the convolutions" if early > 0.9 * sum(macs) else "in the dense layers"


QUESTIONS = (
    choice(
        "why_sixteen",
        "Why VGG*16*? Which layers are counted?",
        "convolutions and dense layers",
        "13 convolutions and 3 dense layers have weights. A pooling layer learns nothing, and flatten "
        "does not either.",
        {
            "convolutions alone": "There are 13 of them.",
            "convolutions and pools": "That makes 18. And a pooling layer learns nothing.",
            "convolutions and dense layers": "",
        },
        proof=_counted,
    ),
    choice(
        "numbers_from_block_to_block",
        "After each block the maps have half the height and half the width, and then twice as many "
        "filters. How many numbers come out of a layer of block 2, compared with one of block 1?",
        "half as many",
        "A quarter of the places, with twice as many numbers at each. So the numbers become fewer "
        "from block to block, while the filters become more.",
        {
            "as many": "Half the height *and* half the width: that is a quarter of the places.",
            "half as many": "",
            "a quarter": "That is true of the places. At each of them there are twice as many numbers.",
            "twice as many": "The filters double. But at how many places does each of them stand?",
        },
        proof=_from_block_to_block,
    ),
    number(
        "millions_in_fc1",
        "`fc1` takes 7 · 7 · 512 numbers and has 4096 units. How many million parameters are that?",
        (7 * 7 * 512 + 1) * 4096 / 1e6,
        "25,088 · 4096 + 4096 = 102,764,544. Remember it.",
        {
            512 * 4096 / 1e6: "You took one number for each map. Flatten keeps all 7 × 7 of them.",
            4096 * 4096 / 1e6: "That is `fc2`.",
        },
        unit="million",
        within=0.05,
        proof=lambda: count_parameters((7, 7, 512), [("flatten",), ("dense", 4096)])[1] / 1e6,
    ),
    choice(
        "vgg_parameters",
        "Where are most of VGG16's parameters?",
        "`fc1`",
        "Three quarters of all, in the first dense layer after flatten.",
        {
            "block 5": "Its three convolutions have 7 million together. A kernel serves every place.",
            "`fc1`": "",
            "`predictions`": "It has 4096 · 1000, 4 million.",
            "block 1": "Its maps are large, but its kernels are few and small.",
        },
        proof=lambda: _by_part(count_parameters(PICTURE, _layers())),
    ),
    choice(
        "vgg_work",
        "Where is most of its work?",
        "in the convolutions",
        "Few weights, used at thousands of places. A dense layer uses each of its weights once.",
        {
            "in the dense layers": "They have the most weights, and use each of them once.",
            "in the convolutions": "",
            "in the pools": "They only compare, and multiply nothing.",
        },
        proof=_work,
    ),
    choice(
        "vgg_memory",
        "Where does the memory for the feature maps go?",
        "block 1",
        "Its maps are the largest: 224 × 224 × 64, twice.",
        {
            "block 1": "",
            "block 5": "It has the most maps, but each is only 14 × 14.",
            "`fc1`": "It hands on 4096 numbers. A single map of block 1 has 50,176.",
        },
        proof=lambda: _by_part([math.prod(s) for s in trace_shapes(PICTURE, _layers())]),
    ),
    number(
        "four_small_kernels",
        "Two layers of 3 × 3 see 5 pixels in a row, three see 7. How many do *four* see?",
        1 + 4 * (3 - 1),
        "Each layer adds one pixel on either side.",
        {
            12: "The three units side by side overlap: each further layer adds two pixels, not three.",
            3**4: "Receptive fields add up. They do not multiply.",
            8: "Each layer adds a pixel on *both* sides.",
        },
        proof=lambda: receptive_field([("conv", 1, 3)] * 4)[0],
    ),
    numbers(
        "size_and_jump",
        "Two 3 × 3 convolutions, a 2 × 2 pool with stride 2, and a 3 × 3 convolution. What are size and "
        "jump at the end?",
        receptive_field([("conv", 1, 3), ("conv", 1, 3), ("max_pool", 2), ("conv", 1, 3)]),
        "Sizes 3, 5, then 5 + 1 · 1 = 6 with jump 2, then 6 + 2 · 2 = 10.",
        {
            (
                8,
                2,
            ): "After the pool, neighboring units lie 2 pixels apart. The last kernel spans 4 more "
            "pixels, not 2.",
            (9, 2): "The pool sees one pixel more as well: it looks at two units.",
            (7, 1): "You left the pool out.",
            (8, 1): "The pool doubles the jump.",
        },
    ),
    choice(
        "pure_red",
        "What becomes of a pure red pixel, RGB (255, 0, 0)?",
        "(−103.939, −116.779, 131.32)",
        "In reverse order it is (0, 0, 255). Then the means of blue, green and red are subtracted.",
        {
            "(151.061, −116.779, −123.68)": "The means are in the right order, but red still stands in "
            "the place of blue.",
            "(131.32, −116.779, −103.939)": "Red, green and blue are still in their order.",
            "(−103.939, −116.779, 131.32)": "",
            "(0, 0, 1)": "Nothing is divided by 255 here.",
        },
        proof=lambda: "({:.3f}, {:.3f}, {:.2f})".format(
            *(np.array([0, 0, 255]) - [103.939, 116.779, 123.68])
        ).replace("-", "−"),
    ),
    number(
        "numbers_of_a_probe",
        "The base is frozen. A global average pooling leaves one number for each of its 512 last maps, "
        "and one dense unit follows. How many numbers are trained?",
        512 + 1,
        "One weight for each map, and a bias.",
        {
            512: "You forgot the bias.",
            7 * 7 * 512 + 1: "The average leaves one number for each map.",
            14_714_688 + 513: "The base is frozen: its weights stay.",
        },
        proof=lambda: sum(count_parameters((7, 7, 512), [("global_average_pool",), ("dense", 1)])),
    ),
    number(
        "right_by_borrowing",
        "Trained from scratch on 2,000 pictures, the best network of chapters 6 to 8 is right for "
        "75.8 % of the test pictures. What will frozen VGG16 and 513 new numbers reach?",
        80.6,
        "Although the pictures are tiny and VGG16 was never asked about cats and dogs. On real "
        "photographs it is far better still.",
        {
            75.8: "It has seen more than a million photographs before. That helps.",
            100: "The pictures have 32 × 32 pixels, and VGG16 has never seen such.",
            50: "Its features separate fur, eyes and ears. That is far better than guessing.",
        },
        unit="%",
        within=0.04,
        proof=lambda: round(100 * transfer.load_transfer()["embedded"]["accuracy"]["test"], 1),
    ),
)
