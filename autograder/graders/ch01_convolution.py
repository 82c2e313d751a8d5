"""Chapter 1, convolution by hand: what each exercise is probed with, and its typical mistakes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.exercise import Chapter, Exercise, Probe
from cnnlab.autograder.graders.conv2d import FORWARD_TWISTS, keras_conv2d
from cnnlab.autograder.graders.draws import impulse, reals, wholes
from cnnlab.autograder.twists import Twist, on_args, on_output
from cnnlab.course import ops

Rng = np.random.Generator


# conv_step


def conv_step_probes(rng: Rng) -> Iterator[Probe]:
    yield Probe("shape", (wholes(rng, 2, 3, 1), wholes(rng, 2, 3, 1), 1.0), terms=6)
    yield Probe("shape", ([[[1], [2]]], [[[3], [4]]], 5), title="lists", terms=2)
    yield Probe("by-hand", (wholes(rng, 2, 2, 1), wholes(rng, 2, 2, 1), 0.0), terms=4)
    yield Probe("by-hand", (wholes(rng, 2, 2, 1), wholes(rng, 2, 2, 1), 3.0), terms=4)
    positive = np.abs(wholes(rng, 3, 3, 1))
    yield Probe("by-hand", (-positive, positive, -2.0), title="a negative sum", terms=9)
    for high in (120, 255):
        patch = rng.integers(high // 2, high, (3, 3, 2)).astype(np.uint8)
        kernel = rng.integers(3, 9, (3, 3, 2)).astype(np.uint8)
        yield Probe("by-hand", (patch, kernel, 1.0), title="uint8, as pictures are", terms=18)
    for shape in ((3, 2, 4), (2, 5, 3), (3, 3, 3), (4, 4, 2), (1, 3, 3)):
        args = (reals(rng, *shape), reals(rng, *shape), float(reals(rng)))
        yield Probe("reference", args, terms=int(np.prod(shape)))
    args64 = (rng.normal(size=(3, 4, 2)), rng.normal(size=(3, 4, 2)), 0.25)
    yield Probe("reference", args64, title="float64", terms=24)
    small, large = reals(rng, 2, 3, 2), reals(rng, 3, 3, 2)
    wrong = "the shapes differ"
    yield Probe("bad-input", (small, large, 0.0), title=wrong, raises="kernel|patch")
    yield Probe("bad-input", (small, small[:1], 0.0), title=wrong, raises="kernel|patch")
    yield Probe(
        "bad-input",
        (np.abs(small[:1, :1]), np.abs(small[1:, 1:2]), 0.5),
        title="one tap fits",
        terms=2,
    )


def keras_conv_step(patch: Any, kernel: Any, bias: float) -> float:
    """A Keras ``Conv2D`` whose one filter covers the whole picture has a single output cell."""
    patch, kernel = np.asarray(patch), np.asarray(kernel)
    biases = np.full(1, bias, np.result_type(patch, kernel))
    return float(keras_conv2d(patch[None], kernel[..., None], biases)[0, 0, 0, 0])


def _native_sum(patch: Any, kernel: Any, bias: float) -> float:
    """Products in the arrays' own type: 200 * 2 is 144 in uint8."""
    return float(np.sum(np.multiply(patch, kernel)) + bias)


_MATRIX = (
    "You took a matrix product. A filter's numbers meet the patch's numbers one to one, "
    "place by place."
)

conv_step = Exercise(
    name="conv_step",
    points={"shape": 0.5, "by-hand": 1, "reference": 1, "bad-input": 0.5},
    probes=conv_step_probes,
    reference=keras_conv_step,
    correct=ops.conv_step,
    twists=(
        Twist(
            "matrix-product",
            lambda op: lambda p, k, b: float(np.einsum("ijc,jkc->", p, k) + b),
            _MATRIX,
        ),
        Twist(
            "matrix-product", lambda op: lambda p, k, b: float(np.sum(np.matmul(p, k)) + b), _MATRIX
        ),
        Twist(
            "matrix-product", lambda op: lambda p, k, b: float(np.sum(np.dot(p, k)) + b), _MATRIX
        ),
        Twist(
            "bias-forgotten",
            on_args(lambda p, k, b: (p, k, 0.0)),
            "The bias is missing. What should an all-zero patch give?",
        ),
        Twist(
            "relu-baked-in",
            on_output(lambda y: max(y, 0.0)),
            "Negative sums come out as 0: there is a ReLU inside. Here we want the plain sum.",
        ),
        Twist(
            "integer-overflow",
            lambda op: _native_sum,
            "Your products wrap around: uint8 ends at 255. Which type should hold them?",
        ),
    ),
    hints=(
        "Lay the filter on the patch. How many pairs of numbers lie on top of each other?",
        "Multiply each pair. All the products, over rows, columns and channels, end up in one sum.",
        "Look at NumPy's * for arrays of one shape, and think about which number is added last, and how often.",
    ),
    rung_hints={
        "shape": "The result is one plain number, also when lists come in. What turns a list into an array of floats?",
        "bad-input": "Before you multiply: what must the shapes of patch and kernel have in common?",
    },
)


# correlate2d


def correlate2d_probes(rng: Rng) -> Iterator[Probe]:
    yield Probe("shape", (wholes(rng, 4, 5), wholes(rng, 2, 3)), terms=6)
    yield Probe(
        "shape",
        (wholes(rng, 4, 6, dtype=np.int64), wholes(rng, 2, 2, dtype=np.int64)),
        title="integers",
        terms=4,
    )
    yield Probe("shape", ([[1, 2, 3], [4, 5, 6]], [[1, -1]]), title="lists", terms=2)
    mixed = wholes(rng, 4, 3), wholes(rng, 2, 2, dtype=np.float64)
    yield Probe("shape", mixed, title="float32 and float64", terms=4)
    yield Probe("by-hand", (wholes(rng, 3, 3), wholes(rng, 2, 2)), terms=4)
    yield Probe("by-hand", (wholes(rng, 3, 4), wholes(rng, 2, 2)), terms=4)
    yield Probe("by-hand", (wholes(rng, 2, 4), wholes(rng, 1, 2)), terms=2)
    yield Probe(
        "structure", (impulse(5, 6, at=(2, 3)), wholes(rng, 3, 3)), title="a single 1", terms=9
    )
    yield Probe(
        "structure", (impulse(6, 5, at=(2, 2)), wholes(rng, 2, 3)), title="a single 1", terms=6
    )
    yield Probe(
        "structure",
        (impulse(5, 5, at=(4, 4)), wholes(rng, 2, 2)),
        title="a 1 in the last corner",
        terms=4,
    )
    for image, kernel in (((6, 7), (3, 2)), ((7, 5), (2, 4)), ((8, 7), (3, 3)), ((7, 7), (5, 5))):
        yield Probe(
            "reference", (reals(rng, *image), reals(rng, *kernel)), terms=int(np.prod(kernel))
        )
    yield Probe(
        "reference", (rng.normal(size=(6, 5)), rng.normal(size=(3, 3))), title="float64", terms=9
    )
    yield Probe(
        "bad-input",
        (wholes(rng, 3, 4), wholes(rng, 4, 2)),
        title="the kernel is too tall",
        raises="kernel",
    )
    yield Probe(
        "bad-input",
        (wholes(rng, 4, 3), wholes(rng, 2, 4)),
        title="the kernel is too wide",
        raises="kernel",
    )
    yield Probe(
        "bad-input",
        (np.abs(wholes(rng, 3, 3)), np.abs(wholes(rng, 3, 3))),
        title="the kernel just fits",
        terms=9,
    )


def keras_correlate2d(image: Any, kernel: Any) -> Any:
    """A Keras ``Conv2D`` with one channel, one filter and no bias."""
    x, kernel = np.asarray(image)[None, ..., None], np.asarray(kernel)[..., None, None]
    return keras_conv2d(x, kernel, np.zeros(1, kernel.dtype))[0, ..., 0]


def _last_left_zero(y: Any) -> Any:
    out = np.zeros_like(y)
    out[:-1, :-1] = y[:-1, :-1]
    return out


def _square(kernel: Any, side: int) -> Any:
    """The taps that a loop over side x side visits; like the loop, it may run off the edge."""
    kernel = np.asarray(kernel)
    if min(kernel.shape) < side:
        raise IndexError("index out of bounds")
    return kernel[:side, :side]


def _square_or_fail(kernel: Any) -> Any:
    return _square(kernel, max(np.shape(kernel)))


def _times_transposed(image: Any, kernel: Any) -> Any:
    """Each window times the kernel on its side, as a loop does it: sizes of 1 broadcast."""
    windows = np.lib.stride_tricks.sliding_window_view(np.asarray(image), np.shape(kernel))
    return np.sum(windows * np.transpose(kernel), axis=(2, 3))


def _times_transposed4(x: Any, kernels: Any, bias: Any) -> Any:
    """The same for batches."""
    windows = np.lib.stride_tricks.sliding_window_view(
        np.asarray(x), np.shape(kernels)[:2], axis=(1, 2)
    )
    on_their_side = np.transpose(kernels, (3, 2, 1, 0))  # (F, C, kw, kh)
    products = windows[:, :, :, None] * on_their_side
    return np.sum(products, axis=(4, 5, 6)) + bias


_TRANSPOSED = (
    "Your kernel's rows and columns have changed places. Which of its axes runs down the picture?"
)
_SQUARE = (
    "Your function takes every kernel for a square one. Which two sizes does a 2×3 kernel have?"
)

correlate2d = Exercise(
    name="correlate2d",
    points={"shape": 0.5, "by-hand": 1, "structure": 1, "reference": 1, "bad-input": 0.5},
    probes=correlate2d_probes,
    reference=keras_correlate2d,
    correct=ops.correlate2d,
    needs=("conv_step",),
    twists=(
        Twist(
            "kernel-flipped",
            on_args(lambda image, k: (image, np.asarray(k)[::-1, ::-1])),
            "You flipped the kernel: that is convolution as mathematicians write it. Networks slide "
            "the kernel as it is. Which number should meet the window's top left corner?",
        ),
        Twist(
            "kernel-transposed",
            on_args(lambda image, k: (image, np.transpose(k))),
            _TRANSPOSED,
        ),
        Twist("kernel-transposed", lambda op: _times_transposed, _TRANSPOSED),
        Twist(
            "output-transposed",
            on_output(np.transpose),
            "Rows and columns of your result have changed places. Which index goes down?",
        ),
        Twist(
            "size-off-by-one",
            on_output(lambda y: y[:-1, :-1]),
            "Your result misses its last row and column. In how many places does a 3-wide window fit into 4 cells?",
        ),
        Twist(
            "stops-one-short",
            on_output(_last_left_zero),
            "The last row and column of your result stay 0. Where does the window stand last?",
        ),
        Twist(
            "square-kernel-only",
            on_args(lambda image, k: (image, _square_or_fail(k))),
            _SQUARE,
        ),
        Twist(
            "square-kernel-only",
            on_args(lambda image, k: (image, _square(k, np.shape(k)[0]))),
            _SQUARE,
        ),
        Twist(
            "square-kernel-only",
            on_args(lambda image, k: (image, _square(k, np.shape(k)[1]))),
            _SQUARE,
        ),
        Twist(
            "truncates-to-int",
            on_output(np.trunc),
            "Everything behind the decimal point is gone. Which dtype does your result array have?",
        ),
    ),
    hints=(
        "Put a 2×2 window on a 3×4 picture. In how many places can it stand, down and across?",
        "One output cell is one place of the window: the numbers under it times the kernel's, summed.",
        "Two loops over the places; the slice of the picture under the window has the kernel's own shape.",
    ),
    rung_hints={
        "shape": "Which dtype should the result have when the picture is float32, and when it holds whole numbers?",
        "structure": "A single 1 in the picture copies the kernel into the result. Which way round does it lie there?",
        "bad-input": "What should happen when the kernel does not fit into the picture? Say which argument is to blame.",
    },
)


# conv2d


def conv2d_probes(rng: Rng) -> Iterator[Probe]:
    def args(
        x: tuple[int, ...], k: tuple[int, ...], draw: Any = reals, **dtype: Any
    ) -> tuple[Any, ...]:
        return draw(rng, *x, **dtype), draw(rng, *k, **dtype), draw(rng, k[-1], **dtype)

    yield Probe("shape", args((2, 4, 3, 5), (2, 3, 5, 4)), terms=30)
    yield Probe(
        "shape", args((1, 3, 4, 2), (2, 2, 2, 3), wholes, dtype=np.int64), title="integers", terms=8
    )
    yield Probe(
        "shape", ([[[[1], [2]], [[3], [4]]]], [[[[1, -1]]]], [0, 5]), title="lists", terms=1
    )
    for i in range(3):
        drawn = args((1, 2, 3, 2), (2, 2, 2, 3), wholes)
        mixed = tuple(a.astype(np.float64) if i == j else a for j, a in enumerate(drawn))
        yield Probe("shape", mixed, title="float32 and float64", terms=8)
    yield Probe(
        "by-hand",
        args((1, 3, 3, 1), (2, 2, 1, 1), wholes),
        title="one channel, one filter",
        terms=4,
    )
    yield Probe("by-hand", args((1, 2, 3, 2), (1, 2, 2, 1), wholes), title="two channels", terms=4)
    yield Probe("by-hand", args((1, 2, 3, 1), (2, 2, 1, 2), wholes), title="two filters", terms=4)
    x, k, b = args((2, 3, 4, 2), (2, 2, 2, 3), wholes)
    yield Probe(
        "structure", (np.zeros_like(x), k, b), title="a black picture: the bias alone", terms=8
    )
    point = impulse(1, 5, 6, 2, at=(0, 2, 3, 1))
    yield Probe(
        "structure",
        (point, wholes(rng, 3, 3, 2, 2), np.zeros(2, np.float32)),
        title="a single 1",
        terms=18,
    )
    yield Probe("structure", (x, k, np.zeros_like(b)), title="no bias", terms=8)
    yield Probe(
        "structure", args((3, 3, 3, 1), (2, 2, 1, 2), wholes), title="three images", terms=4
    )
    yield Probe("structure", args((2, 3, 3, 3), (3, 3, 3, 3)), title="every size 3", terms=27)
    yield Probe("reference", args((2, 6, 5, 3), (3, 2, 3, 4)), terms=18)
    yield Probe("reference", args((3, 4, 5, 2), (2, 4, 2, 5)), terms=16)
    yield Probe("reference", args((2, 4, 5, 4), (3, 3, 4, 4)), terms=36)
    float64 = tuple(rng.normal(size=s) for s in ((2, 5, 4, 3), (3, 3, 3, 2), (2,)))
    yield Probe("reference", float64, title="float64", terms=27)
    yield Probe(
        "bad-input",
        args((1, 3, 4, 2), (4, 2, 2, 1)),
        title="the kernel is too tall",
        raises="kernels",
    )
    yield Probe(
        "bad-input",
        args((1, 4, 3, 2), (2, 4, 2, 1)),
        title="the kernel is too wide",
        raises="kernels",
    )
    yield Probe(
        "bad-input", args((1, 4, 4, 2), (2, 2, 3, 2)), title="channels disagree", raises="kernels|x"
    )
    x, k, b = args((1, 4, 4, 2), (2, 2, 2, 3))
    yield Probe("bad-input", (x, k, b[:2]), title="two biases for three filters", raises="bias")
    four = np.append(b, b[:1])
    yield Probe("bad-input", (x, k, four), title="four biases for three filters", raises="bias")
    yield Probe("bad-input", (x, k[:, :, :1], b), title="channels disagree", raises="kernels|x")
    yield Probe(
        "bad-input", (x[:, :2, :2], k, np.abs(b) + 32), title="the kernel just fits", terms=8
    )


conv2d = Exercise(
    name="conv2d",
    points={"shape": 1, "by-hand": 2, "structure": 2, "reference": 2, "bad-input": 1},
    probes=conv2d_probes,
    reference=keras_conv2d,
    correct=ops.conv2d,
    needs=("conv_step", "correlate2d"),
    twists=(
        *FORWARD_TWISTS,
        Twist("kernel-transposed", lambda op: _times_transposed4, _TRANSPOSED),
    ),
    hints=(
        "One image, one filter: how many channels does the filter look at, and how many numbers does one place of the window give?",
        "Every filter makes one feature map, and each map has its own bias. Which axis of the result counts the maps?",
        "Loop over images, rows, columns and filters; the window at one place is a block of shape (kh, kw, C).",
    ),
    rung_hints={
        "shape": "x is (N, H, W, C), kernels (kh, kw, C, F). Which of these letters are left in the result, and in what order?",
        "structure": "A picture of zeros leaves one number per filter standing. A single 1 copies the kernel. What do yours give?",
        "reference": "Small cases pass, larger ones don't. Which sizes are equal in the small cases and differ here?",
        "bad-input": "Three things can disagree: the kernel's size, its channels, the number of biases. Name the argument in each message.",
    },
)


# relu


def relu_probes(rng: Rng) -> Iterator[Probe]:
    yield Probe("shape", (reals(rng, 2, 3, 4, 2),))
    yield Probe("shape", (wholes(rng, 5, dtype=np.int64),), title="integers")
    yield Probe("shape", ([-1, 2],), title="a list")
    yield Probe("by-hand", (wholes(rng, 6),))
    yield Probe("by-hand", (np.array([-3, -0.5, 0, 0.5, 3], np.float32),), title="around zero")
    yield Probe("reference", (3 * reals(rng, 3, 5, 4),))
    yield Probe("reference", (100 * reals(rng, 2, 4, 3, 2),))
    yield Probe("reference", (rng.normal(size=(4, 7)),), title="float64")


def keras_relu(z: Any) -> Any:
    import keras

    z = np.asarray(z)
    return np.asarray(keras.ops.relu(z if z.dtype.kind == "f" else z.astype(np.float64)))


def _leaky(slope: float) -> Any:
    return lambda op: lambda z: np.where(np.asarray(z) > 0, z, slope * np.asarray(z, float))


def _in_place(op: Any) -> Any:
    def relu(z: Any) -> Any:
        out = np.asarray(z)
        out[...] = op(z)
        return out

    return relu


_LEAKY = "Negative numbers come through, only smaller: that is a leaky ReLU. What should a ReLU let through below 0?"

relu = Exercise(
    name="relu",
    points={"shape": 0.5, "by-hand": 0.5, "reference": 1},
    probes=relu_probes,
    reference=keras_relu,
    correct=ops.relu,
    twists=(
        Twist(
            "absolute-value",
            lambda op: np.abs,
            "Negative numbers come out positive. What should become of -3?",
        ),
        Twist(
            "capped-at-one",
            on_output(lambda y: np.minimum(y, 1)),
            "Nothing gets above 1. Does a ReLU have an upper end?",
        ),
        *(Twist("leaky", _leaky(slope), _LEAKY) for slope in (0.01, 0.1, 0.2, 0.3)),
        Twist(
            "changes-input",
            _in_place,
            "Your function writes into its input. Whoever called it still needs those numbers.",
        ),
    ),
    hints=(
        "Which numbers pass unchanged, and what do all the others become?",
        "Compare each number with 0 and keep the larger of the two.",
        "NumPy has a function that takes the larger of two things, cell by cell. It makes a new array, too.",
    ),
    rung_hints={
        "shape": "Shape and dtype stay as they came; lists and whole numbers become float64."
    },
)


# design_kernel

GOALS = ("identity", "box_blur", "sharpen", "vertical_edges", "horizontal_edges")
_KERNELS = {
    "identity": [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
    "box_blur": np.full((3, 3), 1 / 9),
    "sharpen": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
    "vertical_edges": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
    "horizontal_edges": [[-1, -2, -1], [0, 0, 0], [1, 2, 1]],
}


def design_kernel_probes(rng: Rng) -> Iterator[Probe]:
    for goal in GOALS:
        yield Probe(goal, (goal,))
    yield Probe("bad-input", ("emboss",), title="a goal that nobody set", raises="goal")
    yield Probe("bad-input", ("identity",), title="a goal that is one")


def _kernel(goal: str) -> Any:
    ops.require(goal in _KERNELS, "goal", f"must be one of {', '.join(GOALS)}", repr(goal))
    return np.array(_KERNELS[goal], dtype=float)


def _near(value: Any, wanted: float) -> bool:
    return bool(np.all(np.abs(value - wanted) < 1e-6))


def behaviour(args: tuple[Any, ...], kernel: Any) -> dict[str, bool]:
    """What a 3×3 kernel does, as far as its goal is concerned; many kernels reach one goal."""
    array = np.asarray(kernel)
    if array.shape != (3, 3) or array.dtype.kind not in "biuf" or not np.all(np.isfinite(array)):
        return {"3×3 numbers": False}
    array = array.astype(np.float64)
    seen = {"3×3 numbers": True}
    goal = args[0]
    if goal == "identity":
        return seen | {"gives back the picture": _near(array, _kernel("identity"))}
    if goal == "box_blur":
        return seen | {
            "all weights alike": _near(array, array[0, 0]),
            "sums to 1": _near(array.sum(), 1),
        }
    if goal == "sharpen":
        return seen | {"sums to 1": _near(array.sum(), 1), "centre above 1": bool(array[1, 1] > 1)}
    # A vertical edge is a change along x. Where nothing changes along x, every row of the
    # window is constant, so only the sums of the kernel's rows count.
    along, across = (1, 0) if goal == "vertical_edges" else (0, 1)
    small = 1e-6 * max(1.0, float(np.max(np.abs(array))))
    return seen | {
        "sums to 0": bool(abs(array.sum()) < small),
        "silent without its edge": bool(np.all(np.abs(array.sum(axis=along)) < small)),
        "answers its edge": bool(np.any(np.abs(array.sum(axis=across)) > small)),
    }


def stated_behaviour(goal: str) -> dict[str, bool]:
    """What the chapter demands of each goal. Stated by hand: Keras has no opinion here."""
    demands = {
        "identity": ("gives back the picture",),
        "box_blur": ("all weights alike", "sums to 1"),
        "sharpen": ("sums to 1", "centre above 1"),
    }
    edges = ("sums to 0", "silent without its edge", "answers its edge")
    return dict.fromkeys(("3×3 numbers", *demands.get(goal, edges)), True)


def _for(goals: tuple[str, ...], change: Any) -> Any:
    """A mistake that shows on these goals only."""
    return lambda op: lambda goal: change(op(goal)) if goal in goals else op(goal)


_OTHER = {"vertical_edges": "horizontal_edges", "horizontal_edges": "vertical_edges"}
_EDGES = ("vertical_edges", "horizontal_edges")
_NORMAL = "Your weights don't sum to 1, so the picture gets brighter or darker. What should a grey wall look like afterwards?"
_FLAT = (
    "Your edge kernel answers on a flat wall, where there is no edge. What must its weights sum to?"
)

design_kernel = Exercise(
    name="design_kernel",
    points={**dict.fromkeys(GOALS, 0.5), "bad-input": 0.5},
    probes=design_kernel_probes,
    reference=stated_behaviour,
    correct=_kernel,
    view=behaviour,
    evidence=1,
    twists=(
        Twist(
            "edges-swapped",
            on_args(lambda goal: (_OTHER.get(goal, goal),)),
            "Your two edge kernels have changed places. A vertical edge is a change along x.",
        ),
        *(
            Twist("not-normalised", _for(g, lambda k: 9 * k), _NORMAL)
            for g in (("box_blur", "sharpen"), ("box_blur",), ("sharpen",))
        ),
        *(
            Twist("responds-to-flat", _for(g, np.abs), _FLAT)
            for g in (_EDGES, _EDGES[:1], _EDGES[1:])
        ),
    ),
    hints=(
        "Lay your kernel on a flat grey wall. Which number should come out: the grey itself, or 0?",
        "Weights that sum to 1 keep the brightness; weights that sum to 0 answer only to change.",
        "For an edge, take the difference of two sides of the window. Which two sides does a vertical edge separate?",
    ),
)


CHAPTER = Chapter(
    name="ch01_convolution",
    title="Convolution by hand",
    exercises=(conv_step, correlate2d, conv2d, relu, design_kernel),
)
