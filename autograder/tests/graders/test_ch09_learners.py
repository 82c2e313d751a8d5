"""Chapter 9's mistakes as learners write them, and odd ones for which no name fits."""

from __future__ import annotations

import numpy as np
import pytest

from cnnlab.autograder.graders.ch09_vgg import receptive_field as receptive
from cnnlab.autograder.graders.ch09_vgg import vgg_preprocess as vgg_preprocess_grader
from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.quality.proof import judge_function
from cnnlab.autograder.sandbox.drivers import ch09
from cnnlab.autograder.tests.graders.learners import solved
from cnnlab.course.networks.vgg import vgg_preprocess
from cnnlab.course.ops import layers as arithmetic

CHAPTER = "ch09_vgg"
QUICK = ["vgg16_layers", "receptive_field", "vgg_preprocess", "top_k"]
"""The exercises that need no Keras."""


def judged(name, function):
    return judge_function(recorded(CHAPTER)[name], function)


# vgg16_layers


def by_hand(blocks=((2, 64), (2, 128), (3, 256), (3, 512), (3, 512)), pool=None, top=4096):
    def vgg16_layers():
        layers = []
        for number, (depth, filters) in enumerate(blocks):
            for i in range(depth):
                layers.append([f"block{number + 1}_conv{i + 1}", "conv", filters])
            if pool:
                layers.append([f"block{number + 1}_pool", *pool])
        for name, units in (("fc1", top), ("fc2", top), ("predictions", 1000)):
            layers.append([name, "dense", units])
        return layers

    return vgg16_layers


ENDLESS = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 1024))
NINETEEN = ((2, 64), (2, 128), (4, 256), (4, 512), (4, 512))


# receptive_field


def field(add=lambda k, d, jump: d * (k - 1) * jump, skip=(), scaled=True):
    def receptive_field(layers):
        size, jump = 1, 1
        for layer in layers:
            if layer[0] not in ("conv", "max_pool"):
                raise ValueError("these layers have no field")
            if layer[0] in skip:
                continue
            k = layer[2] if layer[0] == "conv" else layer[1]
            stride, dilation = 1, 1
            if layer[0] == "conv":
                stride = layer[3] if len(layer) > 3 else 1
                dilation = layer[5] if len(layer) > 5 else 1
            else:
                stride = layer[2] if len(layer) > 2 else k
            size = size + add(k, dilation, jump)
            if scaled:
                jump = jump * stride
        return size, jump

    return receptive_field


def backwards(layers):
    """From the last layer to the first: another way that is right."""
    arithmetic.receptive_field(layers)  # refuses what is no layer of the kind
    size, jump = 1, 1
    for layer in reversed(layers):
        full = arithmetic.normalise(layer)
        size = (size - 1) * full.strides[0] + full.dilation[0] * (full.size[0] - 1) + 1
        jump *= full.strides[0]
    return size, jump


# vgg_preprocess

BGR = np.array([103.939, 116.779, 123.68])


def prepared(change):
    def vgg_preprocess(rgb):
        rgb = np.asarray(rgb)
        if rgb.shape[-1] != 3:
            raise ValueError(f"rgb {rgb.shape}")
        kind = np.float64 if rgb.dtype == np.float64 else np.float32
        return change(rgb.astype(kind)).astype(kind)

    return vgg_preprocess


def in_place(rgb):
    if rgb.shape[-1] != 3:
        raise ValueError("rgb")
    x = rgb if rgb.dtype.kind == "f" else rgb.astype(np.float32)
    x -= BGR[::-1].astype(x.dtype)
    return x[..., ::-1]


def first_axis(rgb):
    """Turns the rows round."""
    if rgb.shape[-1] != 3:
        raise ValueError("rgb")
    return rgb[::-1].astype(np.float32) - BGR.astype(np.float32)


# top_k


def best(rank, name=lambda names, i: names[i]):
    def top_k(probabilities, names, k):
        p = np.asarray(probabilities)
        if not 1 <= k <= p.shape[1]:
            raise ValueError("k")
        if len(names) != p.shape[1]:
            raise ValueError("names")
        rows = []
        for n in range(len(p)):
            places = rank(p, n, k)
            rows.append([(name(names, i), p[n, i]) for i in places])
        return rows

    return top_k


MISTAKES = [
    ("vgg16_layers", by_hand(pool=("max_pool", 0)), ["pools-counted"]),
    ("vgg16_layers", by_hand(pool=("pool", None)), ["pools-counted"]),
    ("vgg16_layers", by_hand(ENDLESS), ["wrong-widths"]),
    ("vgg16_layers", by_hand(NINETEEN), ["wrong-depths"]),
    ("vgg16_layers", by_hand(ENDLESS, pool=("pool", 2)), ["pools-counted", "wrong-widths"]),
    ("receptive_field", field(lambda k, d, jump: (d * (k - 1) + 1) * jump), ["adds-k"]),
    ("receptive_field", field(skip=("max_pool",)), ["pools-ignored"]),
    ("receptive_field", field(lambda k, d, jump: (k - 1) * jump), ["dilation-ignored"]),
    ("receptive_field", field(lambda k, d, jump: d * (k - 1)), ["stride-ignored"]),
    ("receptive_field", field(scaled=False), ["stride-ignored"]),
    (
        "receptive_field",
        field(lambda k, d, jump: (k - 1) * jump, scaled=False),
        ["stride-ignored", "dilation-ignored"],
    ),
    ("vgg_preprocess", prepared(lambda x: (x / 255)[..., ::-1] - BGR), ["divides-by-255"]),
    ("vgg_preprocess", prepared(lambda x: x / 255), ["divides-by-255", "keeps-rgb"]),
    ("vgg_preprocess", prepared(lambda x: x[..., ::-1] - BGR[::-1]), ["means-in-rgb-order"]),
    ("vgg_preprocess", prepared(lambda x: x - BGR[::-1]), ["keeps-rgb"]),
    ("vgg_preprocess", prepared(lambda x: x - BGR), ["keeps-rgb"]),
    ("vgg_preprocess", prepared(lambda x: vgg_preprocess(vgg_preprocess(x))), ["rescaled-twice"]),
    ("vgg_preprocess", prepared(lambda x: 255 * x[..., ::-1] - BGR), ["rescaled-twice"]),
    ("vgg_preprocess", prepared(lambda x: x[..., ::-1]), ["means-forgotten"]),
    ("vgg_preprocess", in_place, ["changes-input"]),
    (
        "top_k",
        best(lambda p, n, k: np.argsort(p[n], kind="stable")[-k:]),
        ["ascending", "ties-reversed"],
    ),
    ("top_k", best(lambda p, n, k: np.argsort(p[n], kind="stable")[:k]), ["ascending"]),
    ("top_k", best(lambda p, n, k: np.argpartition(p[n], -k)[-k:][::-1]), ["unsorted"]),
    ("top_k", best(lambda p, n, k: np.argsort(-p, axis=0, kind="stable")[n, :k]), ["wrong-axis"]),
    (
        "top_k",
        best(lambda p, n, k: np.argsort(-p[n], kind="stable")[:k], lambda names, i: str(i)),
        ["indices-for-names"],
    ),
]


@pytest.mark.parametrize(("name", "function", "diagnosis"), MISTAKES)
def test_a_learners_mistake_has_a_name(name, function, diagnosis):
    result = judged(name, function)
    assert result.score < result.max_score
    assert result.diagnosis == diagnosis, result.message


ODD = [
    ("vgg16_layers", lambda: 16),
    ("vgg16_layers", by_hand(((1, 64), (1, 128), (1, 256), (1, 512), (1, 512)))),
    ("receptive_field", field(lambda k, d, jump: k * d * jump // 2)),
    ("receptive_field", lambda layers: sum(field()(layers))),
    ("vgg_preprocess", first_axis),
    ("vgg_preprocess", prepared(lambda x: x[..., ::-1] - 128)),
    ("top_k", best(lambda p, n, k: list(range(k)))),
    ("top_k", lambda probabilities, names, k: names[:k]),
]


@pytest.mark.parametrize(("name", "function"), ODD)
def test_an_odd_mistake_loses_points_and_gets_no_name(name, function):
    result = judged(name, function)
    assert result.score < result.max_score
    assert result.diagnosis == []
    assert result.hint


def test_a_field_walked_from_the_end_is_right():
    assert judged("receptive_field", backwards).status == "passed"


def test_whole_pixels_may_become_float64():
    def vgg_preprocess(rgb):
        if rgb.shape[-1] != 3:
            raise ValueError("rgb")
        kind = rgb.dtype if rgb.dtype.kind == "f" else np.float64
        return rgb[..., [2, 1, 0]].astype(kind) - BGR.astype(kind)

    assert judged("vgg_preprocess", vgg_preprocess).status == "passed"


def test_names_may_be_numpys_and_rows_tuples():
    def top_k(probabilities, names, k):
        if not 1 <= k <= probabilities.shape[1]:
            raise ValueError("k")
        if len(names) != probabilities.shape[1]:
            raise ValueError("names")
        order = np.argsort(-probabilities, axis=1, kind="stable")[:, :k]
        words = np.array(names)
        return tuple(
            tuple((str(words[i]), row[i]) for i in places)
            for row, places in zip(probabilities, order, strict=True)
        )

    assert judged("top_k", top_k).status == "passed"


def test_slips_left_out_leave_the_ops():
    """The grader's functions with holes for mistakes are the course's own without them."""
    rng = np.random.default_rng(5)
    for probe in receptive.field_probes(rng):
        if not probe.raises:
            assert receptive.walk(*probe.args) == arithmetic.receptive_field(*probe.args)
    for probe in vgg_preprocess_grader.preprocess_probes(rng):
        if not probe.raises:
            ours = vgg_preprocess_grader.preprocess(*probe.args)
            np.testing.assert_array_equal(ours, vgg_preprocess(*probe.args))


# build_vgg16, in Keras


def sequential(input_shape=(224, 224, 3), classes=1000, **changes):
    """Another way to write it: Sequential, activations apart, pools with strides."""
    import keras

    layers = keras.layers
    options = {"padding": "same", "pool": (), "names": True, "top": 4096} | changes
    stack = [keras.Input(input_shape)]
    for block, (depth, filters) in enumerate(
        [(2, 64), (2, 128), (3, 256), (3, 512), (3, 512)], start=1
    ):
        for i in range(depth):
            name = f"block{block}_conv{i + 1}" if options["names"] else None
            padding = options["padding"]
            stack += [layers.Conv2D(filters, (3, 3), padding=padding, name=name)]
            stack += [layers.Activation("relu")]
            if options["pool"] == "each":
                stack.append(layers.MaxPooling2D())
        if options["pool"] != "each":
            name = f"block{block}_pool" if options["names"] else None
            stack.append(layers.MaxPooling2D((2, 2), strides=2, name=name))
    stack.append(layers.Flatten())
    for name in ("fc1", "fc2"):
        stack.append(layers.Dense(options["top"], name=name, activation="relu"))
    stack.append(layers.Dense(classes, activation="softmax", name="predictions"))
    return keras.Sequential(stack)


@pytest.mark.slow
@pytest.mark.parametrize("build", [sequential, "the solution"])
def test_any_way_to_build_it_earns_full_marks(build):
    result = judged(
        "build_vgg16", solved(CHAPTER)["build_vgg16"] if isinstance(build, str) else build
    )
    assert (result.status, result.score) == ("passed", 8.0), result.message


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "diagnosis"),
    [
        ({"padding": "valid"}, ["padding-valid"]),
        ({"pool": "each"}, ["pool-per-conv"]),
        ({"names": False, "top": 1024}, []),
        ({"top": 1024}, ["wrong-widths"]),
    ],
)
def test_a_networks_mistake_has_a_name(changes, diagnosis):
    result = judged("build_vgg16", lambda *args: sequential(*args, **changes))
    assert result.score < result.max_score
    assert result.diagnosis == diagnosis, result.message


@pytest.mark.slow
def test_the_driver_leaves_nothing_behind_that_keras_would_fill():
    """137 billion weights are described, and none of them is ever made."""
    import keras

    given = {"asks": ["outputs", "weights"]}
    tree = ch09.built(sequential, ((8192, 8192, 3),), {}, given)
    assert tree["outputs"] == [1000]
    assert [33554432, 4096] in tree["weights"]
    with keras.StatelessScope():  # leaving it fills what waits to be filled
        pass
    assert keras.layers.Dense(2)(np.ones((1, 3), np.float32)).shape == (1, 2)
