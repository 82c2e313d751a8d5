"""Chapter 3 as learners write it: loops with one mistake each, and what they are told.

Every function is a right one with a line or two changed, so the mistakes are those that a
keyboard makes; the grader's own twists are never called here.
"""

from __future__ import annotations

import math

import pytest

from cnnlab.autograder.judging.exercise import load_chapter
from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.quality.proof import judge_function
from cnnlab.course.given.ch03_pooling import full_layer, output_size
from cnnlab.course.ops.layers import normalise

CHAPTER = "ch03_pooling"

WINDOWS = """
    x = np.asarray(x)
    if x.dtype.kind != "f":
        x = x.astype(float)
    n, h, w, c = x.shape
    kh, kw = size
    if strides is None:
        strides = size
    sh, sw = strides
    if sh < 1 or sw < 1:
        raise ValueError("strides must be at least 1")
    if padding == "valid":
        if kh > h or kw > w:
            raise ValueError("size is larger than the picture")
        oh, ow = (h - kh) // sh + 1, (w - kw) // sw + 1
        top = left = 0
    elif padding == "same":
        oh, ow = math.ceil(h / sh), math.ceil(w / sw)
        top = max((oh - 1) * sh + kh - h, 0) // 2
        left = max((ow - 1) * sw + kw - w, 0) // 2
    else:
        raise ValueError("padding is unknown")
    out = np.zeros((n, oh, ow, c), x.dtype)
    for b in range(n):
        for i in range(oh):
            for j in range(ow):
                for f in range(c):
"""

MAX_POOL = f"""
def max_pool2d(x, size=(2, 2), strides=None, padding="valid"):
{WINDOWS}
                    best = -np.inf
                    for a in range(kh):
                        for d in range(kw):
                            r, s = i * sh + a - top, j * sw + d - left
                            if 0 <= r < h and 0 <= s < w:
                                value = x[b, r, s, f]
                                if value > best:
                                    best = value
                    out[b, i, j, f] = best
    return out
"""

AVERAGE_POOL = f"""
def average_pool2d(x, size=(2, 2), strides=None, padding="valid"):
{WINDOWS}
                    total, count = 0.0, 0
                    for a in range(kh):
                        for d in range(kw):
                            r, s = i * sh + a - top, j * sw + d - left
                            if 0 <= r < h and 0 <= s < w:
                                total += x[b, r, s, f]
                                count += 1
                    out[b, i, j, f] = total / count
    return out
"""

GLOBAL_POOL = """
def global_average_pool2d(x):
    x = np.asarray(x)
    if x.dtype.kind != "f":
        x = x.astype(float)
    if x.ndim != 4:
        raise ValueError("x needs four axes")
    n, h, w, c = x.shape
    out = np.zeros((n, c), x.dtype)
    for b in range(n):
        for f in range(c):
            out[b, f] = x[b, :, :, f].sum() / (h * w)
    return out
"""

TRACE = """
def both(v):
    return (v, v) if isinstance(v, int) else v


def trace_shapes(input_shape, layers):
    shapes = []
    current = tuple(input_shape)
    for layer in layers:
        kind = layer[0]
        if kind in ("conv", "max_pool", "global_average_pool"):
            if len(current) != 3:
                raise ValueError("layers: no picture left")
            h, w, c = current
        if kind == "conv":
            filters, (kh, kw) = layer[1], both(layer[2])
            sh, sw = both(layer[3]) if len(layer) > 3 else (1, 1)
            padding = layer[4] if len(layer) > 4 else "same"
            dh, dw = both(layer[5]) if len(layer) > 5 else (1, 1)
            kh, kw = dh * (kh - 1) + 1, dw * (kw - 1) + 1
            if padding == "same":
                current = (math.ceil(h / sh), math.ceil(w / sw), filters)
            else:
                if kh > h or kw > w:
                    raise ValueError("layers: kernel too large")
                current = ((h - kh) // sh + 1, (w - kw) // sw + 1, filters)
        elif kind == "max_pool":
            kh, kw = both(layer[1])
            sh, sw = both(layer[2]) if len(layer) > 2 else (kh, kw)
            if kh > h or kw > w:
                raise ValueError("layers: window too large")
            current = ((h - kh) // sh + 1, (w - kw) // sw + 1, c)
        elif kind == "global_average_pool":
            current = (c,)
        elif kind == "flatten":
            current = (math.prod(current),)
        elif kind == "dense":
            current = current[:-1] + (layer[1],)
        elif kind != "dropout":
            raise ValueError("layers: unknown " + kind)
        shapes.append(current)
    return shapes
"""

RIGHT = {
    "max_pool2d": MAX_POOL,
    "average_pool2d": AVERAGE_POOL,
    "global_average_pool2d": GLOBAL_POOL,
    "trace_shapes": TRACE,
}

PADS = (
    "max((oh - 1) * sh + kh - h, 0) // 2",
    "max((ow - 1) * sw + kw - w, 0) // 2",
)
EXTRA_BEFORE = [(pad, f"({pad[:-5]} + 1) // 2") for pad in PADS]
NOTHING_BEFORE = [(pad, "0") for pad in PADS]
ROUNDED_UP = [
    (
        "(h - kh) // sh + 1, (w - kw) // sw + 1\n        top",
        "math.ceil((h - kh) / sh) + 1, math.ceil((w - kw) / sw) + 1\n        top",
    )
]
EVERY_CHANNEL = [("x[b, r, s, f]", "x[b, r, s, :].max()")]
ZERO_OUTSIDE = [
    ("if 0 <= r < h and 0 <= s < w:\n", "if True:\n"),
    ("value = x[b, r, s, f]", "value = x[b, r, s, f] if 0 <= r < h and 0 <= s < w else 0.0"),
]
ONE_CHANNEL_LESS = [("for f in range(c)", "for f in range(1)"), ("(n, oh, ow, c)", "(n, oh, ow)")]
ONE_CHANNEL_LESS += [("out[b, i, j, f] = ", "out[b, i, j] = "), *EVERY_CHANNEL]
KEPT_INTEGERS = [('    if x.dtype.kind != "f":\n        x = x.astype(float)\n', "")]

SHORT = ["stops-one-short"]
HALF_A_WINDOW = [
    ("max((oh - 1) * sh + kh - h, 0) // 2", "(kh - 1) // 2"),
    ("max((ow - 1) * sw + kw - w, 0) // 2", "(kw - 1) // 2"),
    ("    out = ", "    oh = (h + 2 * top - kh) // sh + 1\n    out = "),
    ("    out = ", "    ow = (w + 2 * left - kw) // sw + 1\n    out = "),
]
COLUMNS = [
    (
        "    for b in range(n)",
        "    frame = max((oh - 1) * sh + kh - h, 0) if padding == 'same' else 0\n"
        "    ow = (h + frame - kw) // sw + 1\n"
        "    for b in range(n)",
    )
]

MISTAKES = {
    "max_pool2d": [
        ([("best = -np.inf", "best = 0")], ["zero-initialised"]),
        ([("if value > best", "if True")], ["last-element"]),
        ([("if value > best", "if best == -np.inf")], ["first-element"]),
        (ZERO_OUTSIDE, ["pads-with-zero"]),
        (EVERY_CHANNEL, ["pools-channels"]),
        (ONE_CHANNEL_LESS, ["pools-channels"]),
        ([("-np.inf", "np.inf"), ("value > best", "value < best")], ["minimum-instead"]),
        ([("strides = size", "strides = (1, 1)")], ["stride-one-default"]),
        ([("sh, sw = strides", "sw, sh = strides")], ["strides-swapped"]),
        ([("sh, sw = strides", "sh, sw = size")], ["stride-ignored"]),
        ([("kh, kw = size", "kw, kh = size")], ["size-swapped"]),
        ([("kh, kw = size", "kh = kw = size[0]")], ["square-only"]),
        ([("kh, kw = size", "kh = kw = size[1]")], ["square-only"]),
        (ROUNDED_UP, ["ceil-for-floor"]),
        ([("in range(oh)", "in range(oh - 1)"), ("in range(ow)", "in range(ow - 1)")], SHORT),
        ([("in range(ow)", "in range(ow - 1)")], SHORT),
        ([("    return out", "        return out")], ["first-image-only"]),
        ([("    return out", "            return out")], ["return-inside-loop"]),
        ([("    return out", "                return out")], ["return-inside-loop"]),
        (HALF_A_WINDOW, ["symmetric-padding"]),
        (COLUMNS, ["columns-from-height"]),
        (EXTRA_BEFORE, ["extra-before"]),
        (NOTHING_BEFORE, ["padding-after-only"]),
        ([("for b in range(n)", "for b in range(1)")], ["first-image-only"]),
        (
            [("best = -np.inf", "best = 0"), ("strides = size", "strides = (1, 1)")],
            ["zero-initialised", "stride-one-default"],
        ),
        (
            [("if value > best", "if True"), ("sh, sw = strides", "sw, sh = strides")],
            ["last-element", "strides-swapped"],
        ),
    ],
    "average_pool2d": [
        ([("total / count", "total / (kh * kw)")], ["counts-padding"]),
        ([("total / count", "total")], ["sum-instead"]),
        (
            [
                ("total, count = 0.0, 0", "total, count = -np.inf, 1"),
                ("total += x[b, r, s, f]", "total = max(total, x[b, r, s, f])"),
                ("count += 1", "pass"),
            ],
            ["maximum-instead"],
        ),
        ([("x[b, r, s, f]", "x[b, r, s].mean()")], ["pools-channels"]),
        (KEPT_INTEGERS, ["truncates-to-int"]),
        (COLUMNS, ["columns-from-height"]),
        ([("in range(oh)", "in range(oh - 1)")], SHORT),
        ([("    return out", "            return out")], ["return-inside-loop"]),
        ([("strides = size", "strides = (1, 1)")], ["stride-one-default"]),
        ([("sh, sw = strides", "sw, sh = strides")], ["strides-swapped"]),
        (EXTRA_BEFORE, ["extra-before"]),
        (
            [("total / count", "total / (kh * kw)"), ("sh, sw = strides", "sw, sh = strides")],
            ["counts-padding", "strides-swapped"],
        ),
    ],
    "global_average_pool2d": [
        ([(" / (h * w)", "")], ["sum-instead"]),
        ([(".sum() / (h * w)", ".max()")], ["maximum-instead"]),
        ([("    return out", "    return x.mean(axis=-1)")], ["over-channels"]),
        ([("    return out", "    return x.mean(axis=(0, 1, 2))")], ["over-batch"]),
        ([("    return out", "    return x.mean(axis=(1, 2), keepdims=True)")], ["keeps-axes"]),
        ([("    return out", "    return x.mean(axis=1)")], ["one-axis-only"]),
    ],
    "trace_shapes": [
        ([("// sw + 1, c)", "// sw + 1, (c - kh) // sh + 1)")], ["depth-changed-by-pool"]),
        ([("filters)", "c)")], ["depth-kept-by-conv"]),
        ([("(math.ceil(h / sh), math.ceil(w / sw), ", "(h, w, ")], ["same-keeps-size"]),
        ([("// sh + 1", "// sh"), ("// sw + 1", "// sw")], ["size-off-by-one"]),
        ([("(math.ceil(h / sh), math.ceil(w / sw)", "(h // sh, w // sw")], ["floor-for-ceil"]),
        ([("dh * (kh - 1) + 1, dw * (kw - 1) + 1", "kh, kw")], ["dilation-ignored"]),
        ([("else (kh, kw)", "else (1, 1)")], ["stride-one-default"]),
        ([('else "same"', 'else "valid"')], ["valid-by-default"]),
        ([("current[:-1] + (layer[1],)", "(layer[1],)")], ["dense-flattens"]),
        ([("shapes = []", "shapes = [tuple(input_shape)]")], ["input-included"]),
        ([("return shapes", "return [current]")], ["last-shape-only"]),
        (
            [("math.ceil(w / sw)", "math.ceil(h / sw)"), ("(w - kw)", "(h - kw)")],
            ["columns-from-height"],
        ),
        (
            [("math.ceil(w / sw)", "math.ceil(h / sh)"), ("(w - kw) // sw", "(h - kh) // sh")],
            ["columns-from-height"],
        ),
        (
            [("filters)", "c)"), ("else (kh, kw)", "else (1, 1)")],
            ["depth-kept-by-conv", "stride-one-default"],
        ),
    ],
}

ODD = {
    "max_pool2d": [
        [("best = -np.inf", "best = 1")],
        [("out[b, i, j, f] = best", "out[b, i, j, f] = best / 2")],
        [("r, s = i * sh + a - top, j * sw", "r, s = i * sh + a - top, i * sw")],
        [("for j in range(ow)", "for j in range(i, ow)")],
        [("for d in range(kw)", "for d in range(a, kw)")],
    ],
    "average_pool2d": [
        [("total / count", "total / kh")],
        [("total += x[b, r, s, f]", "total += x[b, r, s, f] ** 2")],
    ],
    "global_average_pool2d": [
        [("(h * w)", "(h * h)")],
        [("x[b, :, :, f].sum() / (h * w)", "np.median(x[b, :, :, f])")],
    ],
    "trace_shapes": [
        [("(math.prod(current),)", "(current[0] * current[-1],)")],
        [("math.ceil(h / sh), math.ceil(w / sw)", "math.ceil(h / sh), math.ceil(h / sw)")],
    ],
}


def defined(name, edits=()):
    """The right function of this name, with the edits made."""
    source = RIGHT[name]
    for old, new in edits:
        assert old in source, old
        source = source.replace(old, new)
    namespace = {}
    exec(load_chapter(CHAPTER).prelude, namespace)
    exec(source, namespace)
    return namespace[name]


def judged(name, edits=()):
    return judge_function(recorded(CHAPTER)[name], defined(name, edits))


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_function_gets_all_points(name):
    result = judged(name)
    assert result.message == ""
    assert result.score == result.max_score


@pytest.mark.parametrize(
    ("name", "edits", "diagnosis"),
    [(name, edits, said) for name, mistakes in MISTAKES.items() for edits, said in mistakes],
)
def test_a_slip_is_called_by_its_name(name, edits, diagnosis):
    result = judged(name, edits)
    assert result.score < result.max_score
    assert result.diagnosis == diagnosis


@pytest.mark.parametrize(
    ("name", "edits"), [(name, edits) for name, cases in ODD.items() for edits in cases]
)
def test_an_odd_mistake_is_given_no_name(name, edits):
    result = judged(name, edits)
    assert result.score < result.max_score
    assert result.diagnosis == []


def test_a_function_that_refuses_windows_that_are_not_square_hears_of_the_error():
    result = judged("max_pool2d", [("kh, kw = size", "kh, kw = size\n    assert kh == kw")])
    assert result.diagnosis == []
    assert "AssertionError" in result.message


# layer tuples


def test_the_helper_reads_every_layer_that_is_asked_about():
    for probe in recorded("ch03_pooling")["trace_shapes"].probes:
        for layer in () if probe.raises else probe.args[1]:
            full, (kind, *given) = normalise(layer), full_layer(layer)
            expected = {
                "conv": [full.units, full.size, full.strides, full.padding, full.dilation],
                "max_pool": [full.size, full.strides],
            }
            assert (kind, given) == (full.kind, expected.get(kind, list(layer[1:])))


def test_a_trace_that_takes_tuples_apart_itself_earns_as_much():
    def trace_shapes(input_shape, layers):
        shape, shapes = tuple(input_shape), []
        for kind, *given in layers:
            if kind in ("conv", "max_pool"):
                pooled = kind == "max_pool"
                k = given[0] if pooled else given[1]
                rest = [k, "valid", 1] if pooled else [1, "same", 1]
                late = given[1:] if pooled else given[2:]
                stride, padding, dilation = [*late, *rest[len(late) :]]
                steps, taps, gaps = (
                    v if isinstance(v, tuple) else (v, v) for v in (stride, k, dilation)
                )
                places = (
                    output_size(*sizes[:3], padding, sizes[3])
                    for sizes in zip(shape[:2], taps, steps, gaps, strict=True)
                )
                shape = (*places, shape[2] if pooled else given[0])
            elif kind == "dense":
                shape = (*shape[:-1], given[0])
            elif kind == "flatten":
                shape = (math.prod(shape),)
            elif kind == "global_average_pool":
                shape = shape[2:]
            shapes.append(shape)
        return shapes

    result = judge_function(recorded("ch03_pooling")["trace_shapes"], trace_shapes)
    assert result.score == result.max_score, result.message
