"""Chapter 14's ``adam_step``: a step whose length does not depend on the size of the gradient."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.shared.arrays import Array, floats
from cnnlab.autograder.graders.shared.draws import reals, wholes
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Fails, Op, Twist, on_output, with_mistake
from cnnlab.course.ops import as_floats, require

Rng = np.random.Generator


def adam_probes(rng: Rng) -> Iterator[Probe]:
    yield from _plain_probes(rng)
    yield from _corner_probes(rng)


def _arrays(rng: Rng, *shape: int, draw: Any = reals, **dtype: Any) -> tuple[Array, ...]:
    """param, grad, m and v in the middle of a training; v is nowhere negative."""
    param, grad, m, v = (draw(rng, *shape, **dtype) for _ in range(4))
    return param, grad, m, np.abs(v)


def _first(rng: Rng, *shape: int, draw: Any = reals, **dtype: Any) -> tuple[Array, ...]:
    """The same before the first step: m and v are 0."""
    param, grad = (draw(rng, *shape, **dtype) for _ in range(2))
    return param, grad, np.zeros_like(param), np.zeros_like(param)


def _plain_probes(rng: Rng) -> Iterator[Probe]:
    yield Probe("shape", (*_arrays(rng, 3, 2, 2, 4), 5))
    yield Probe("shape", (*_first(rng, 4, dtype=np.float64), 1), title="float64")
    half = {"beta1": 0.5, "beta2": 0.25}
    yield Probe("by-hand", (*_first(rng, 1, draw=wholes), 1), {"rate": 0.5}, "the first step")
    yield Probe("by-hand", (*_first(rng, 2, draw=wholes), 1, 0.25), half, "two numbers")
    yield Probe("by-hand", (*_arrays(rng, 1, draw=wholes), 2, 1.0), half, "the second step")
    for t, shape in ((1, (3, 4)), (2, (5,)), (7, (2, 2, 3, 2)), (300, (4, 4))):
        arrays = _arrays(rng, *shape) if t > 1 else _first(rng, *shape)
        yield Probe("reference", (*arrays, t), {"rate": 0.5}, f"step {t}")
    yield Probe("reference", (*_arrays(rng, 6), 3, 0.25, 0.8, 0.99), title="other betas")
    yield Probe("reference", (*_arrays(rng, 4), 2), title="the usual rate and betas")
    for t in (1, 4, 20):
        arrays = _arrays(rng, 5) if t > 1 else _first(rng, 5)
        yield Probe("reference", (*arrays, t), {"rate": 0.5, "eps": 0.25}, f"step {t}, eps 0.25")
    double = tuple(rng.normal(size=(4, 7)))
    arrays = (*double[:3], np.abs(double[3]))
    yield Probe("reference", (*arrays, 12), {"rate": 0.125}, "float64")
    tiny = np.array([1e-3, -1e-2, 4.0, -100.0], np.float32)
    yield Probe(
        "reference",
        (reals(rng, 4), tiny, 0 * tiny, 0 * tiny, 1, 0.5),
        title="small and large gradients",
    )


def _corner_probes(rng: Rng) -> Iterator[Probe]:
    param, _, m, v = _arrays(rng, 3)
    still = np.zeros(3, np.float32)
    yield Probe(
        "edge-cases", (param, still, still, still, 1, 0.5), title="a gradient of 0 from the start"
    )
    yield Probe("edge-cases", (param, still, m, v, 9, 0.5), title="a gradient of 0 now")
    yield Probe("edge-cases", (*_arrays(rng, 3), 1, 0.5), title="step 1 with old averages")
    whole = _arrays(rng, 3, draw=wholes, dtype=np.int64)
    yield Probe("robust", (*whole, 2, 0.5), title="integers")
    yield Probe("robust", ([1, 2], [3, -4], [0, 0], [0, 0], 1, 0.5), title="lists")
    good = _arrays(rng, 4)
    for at, name in enumerate(("grad", "m", "v"), 1):
        wrong = (*good[:at], good[at][:2], *good[at + 1 :], 2)
        yield Probe("robust", wrong, title=f"{name} of another shape", raises=f"{name}|param")
    for t in (0, -1):
        yield Probe("robust", (*good, t), title=f"t is {t}", raises="t")
    yield Probe("robust", (*good, 2, 0.5), title="all in order")


def keras_adam(
    param: Any,
    grad: Any,
    m: Any,
    v: Any,
    t: int,
    rate: float = 1e-3,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-7,
) -> tuple[Array, ...]:
    """A step of Keras's ``Adam``, in float64: 1 − 0.999 has only four digits in float32."""
    import keras

    old = floats(param)
    betas = np.float64(beta1), np.float64(beta2)  # else TensorFlow rounds them to float32
    optimizer = keras.optimizers.Adam(rate, *betas, eps)
    variable = keras.Variable(old.astype(np.float64), dtype="float64")
    optimizer.build([variable])
    optimizer.iterations.assign(t - 1)
    moments = *optimizer._momentums, *optimizer._velocities
    for moment, value in zip(moments, (m, v), strict=True):
        moment.assign(floats(value).astype(np.float64))
    optimizer.apply([keras.ops.convert_to_tensor(floats(grad).astype(np.float64))], [variable])
    new = (keras.ops.convert_to_numpy(each) for each in (variable, *moments))
    return tuple(each.astype(old.dtype) for each in new)


Kept = Callable[[Array, float, float], Array]


def stepped(
    param: Any,
    grad: Any,
    m: Any,
    v: Any,
    t: int,
    rate: float = 1e-3,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-7,
    *,
    book: bool = False,
    corrects: tuple[bool, bool] = (True, True),
    counts: Callable[[int], int] = lambda t: t,
    grows: tuple[int, int] = (0, 1),
    raises: bool = False,
    inside: bool = False,
    square: bool = True,
    root: bool = True,
    sign: int = -1,
    reverses: tuple[bool, bool] = (False, False),
    late: bool = False,
    keeps: tuple[bool, bool] = (False, False),
) -> tuple[Array, Array, Array]:
    """`cnnlab.course.ops.training.adam_step` with mistakes: without any, it is that function.

    Parameters
    ----------
    book : bool
        Whether eps is added to the corrected root, as in the paper, and not before.
    corrects : (bool, bool)
        Whether m and v are corrected for their beginning at 0.
    counts : callable, t → exponent
    grows : (int, int)
        Whose beta is in the correction of m, and of v.
    raises : bool
        Whether a division by 0 is an error, as it is for Python's own numbers.
    inside : bool
        Whether eps stands below the root.
    square, root : bool
        Whether v averages squares; whether its root is taken.
    sign : int
        1 goes uphill.
    reverses : (bool, bool)
        Whether the shares of old and new are swapped in m and v.
    late : bool
        Whether the step is made with the averages that came in.
    keeps : (bool, bool)
        Whether the corrected m and v are returned.
    """
    param, grad, m, v = as_floats(param=param, grad=grad, m=m, v=v)
    for name, array in {"grad": grad, "m": m, "v": v}.items():
        require(array.shape == param.shape, name, "must have param's shape", array.shape)
    require(t >= 1, "t", "must be 1 or more", t)
    shares = [
        (1 - b, b) if reverse else (b, 1 - b)
        for b, reverse in zip((beta1, beta2), reverses, strict=True)
    ]
    came = m, v
    m = shares[0][0] * m + shares[0][1] * grad
    v = shares[1][0] * v + shares[1][1] * (grad * grad if square else grad)
    grown = [1 - (beta1, beta2)[which] ** counts(t) for which in grows]
    if raises and not all(grown):
        raise Fails("division by zero")
    c1, c2 = (np.float64(c if on else 1) for c, on in zip(grown, corrects, strict=True))
    with np.errstate(all="ignore"):
        used_m, used_v = came if late else (m, v)
        if book:
            below = _below(used_v / c2, eps, inside, root)
            step = rate * (used_m / c1) / below
        else:
            size = np.sqrt(c2) if root else c2
            step = rate * size / c1 * used_m / _below(used_v, eps, inside, root)
        given_m, given_v = (
            average / np.float64(c) if kept else average
            for average, c, kept in zip((m, v), grown, keeps, strict=True)
        )
    new = param + sign * step
    return tuple(each.astype(param.dtype) for each in (new, given_m, given_v))


def _below(v: Array, eps: float, inside: bool, root: bool) -> Array:
    if not root:
        return v + eps
    return np.sqrt(v + eps) if inside else np.sqrt(v) + eps


def _into(*which: int) -> Callable[[Op], Op]:
    """The op, with some of its results written into the arrays that came in."""

    def apply(op: Op) -> Op:
        def mistaken(param: Any, grad: Any, m: Any, v: Any, *args: Any, **kwargs: Any) -> Any:
            results = op(param, grad, m, v, *args, **kwargs)
            for place in which:
                array = (param, m, v)[place]
                if isinstance(array, np.ndarray) and array.dtype.kind == "f":
                    array[...] = results[place]
            return results

        return mistaken

    return apply


def _betas_swapped(op: Op) -> Op:
    def mistaken(*args: Any, beta1: float = 0.9, beta2: float = 0.999, **kwargs: Any) -> Any:
        given = [*args[6:8], *(beta1, beta2)[len(args[6:8]) :]]
        kwargs |= {"eps": args[8]} if len(args) > 8 else {}
        return op(*args[:6], **kwargs, beta1=given[1], beta2=given[0])

    return mistaken


_CORRECTION = "Your first steps have the wrong length. m and v begin at 0, so at first they are too small. By what must each be divided?"
_COUNT = "Your correction counts the steps from another number than 1. After the first step, m is (1 − beta1) times the gradient: which exponent makes up for that?"
_SWAPPED = "Your two averages have changed places. Which of them holds gradients, and which holds their squares?"
_REVERSED = "In one of your averages the shares of old and new are swapped. With a beta of 0.9, which of the two has the larger share?"
_KEPT = "You give back the corrected averages, so the next step corrects them once more. Correct them for this step alone. Which m must the next step get?"
_IN_PLACE = "Your function writes into the arrays that it was given. Make new ones: the caller may want to compare before and after."

EXERCISE = Exercise(
    name="adam_step",
    points={"shape": 0.5, "by-hand": 1, "reference": 2, "edge-cases": 0.5},
    probes=adam_probes,
    keras_reference=keras_adam,
    numpy_op=stepped,
    variants=(
        Twist(
            "eps-as-in-the-paper",
            with_mistake(book=True),
            "You add eps to the corrected root, as in the paper. Keras adds it to the plain one. Both are right. For which eps would one see it?",
        ),
    ),
    twists=(
        *(
            Twist("bias-correction-missing", with_mistake(corrects=corrects), _CORRECTION)
            for corrects in ((False, False), (True, False), (False, True))
        ),
        Twist("moments-swapped", on_output(lambda new: (new[0], new[2], new[1])), _SWAPPED),
        Twist("moments-swapped", _betas_swapped, _SWAPPED),
        Twist(
            "eps-inside-root",
            with_mistake(inside=True),
            "Your eps stands below the root, where it counts for far more. What comes first: the root, or the sum?",
        ),
        Twist("t-from-zero", with_mistake(counts=lambda t: t - 1), _COUNT),
        Twist("t-from-zero", with_mistake(counts=lambda t: t - 1, raises=True), _COUNT),
        Twist("t-from-zero", with_mistake(counts=lambda t: t + 1), _COUNT),
        *(
            Twist(
                "one-beta-for-both",
                with_mistake(grows=(which, which)),
                "You correct both averages by the same beta. Each forgets at its own pace: which beta belongs to the average of the squares?",
            )
            for which in (0, 1)
        ),
        Twist(
            "correction-always-first",
            with_mistake(counts=lambda t: 1),
            "Your correction is that of the first step in every step, and t makes no difference. Which power of beta1 is still missing in m after t steps?",
        ),
        Twist(
            "ascends",
            with_mistake(sign=1),
            "Your step goes uphill. The gradient points to where the loss grows: which way do you want to go?",
        ),
        Twist(
            "square-forgotten",
            with_mistake(square=False),
            "Your second average holds gradients. What should it hold, so that its root says how large they are?",
        ),
        Twist(
            "root-forgotten",
            with_mistake(root=False),
            "You divide by the average of the squares itself. What must be taken of it, so that the step does not depend on the gradient's size?",
        ),
        *(
            Twist("shares-swapped", with_mistake(reverses=reverses), _REVERSED)
            for reverses in ((True, True), (True, False), (False, True))
        ),
        Twist(
            "uses-old-moments",
            with_mistake(late=True),
            "Your step uses the averages that came in. The new gradient should count already. What must come first?",
        ),
        *(
            Twist("correction-kept", with_mistake(keeps=keeps), _KEPT)
            for keeps in ((True, True), (True, False), (False, True))
        ),
        *(Twist("changes-input", _into(*which), _IN_PLACE) for which in ((0,), (1, 2), (0, 1, 2))),
    ),
    hints=(
        "Two averages that forget: one of the gradient, one of its square. The step is the first, divided by the root of the second. What is wrong with both at the start?",
        "Both begin at 0, as in chapter 6's smooth. After t steps they hold only a share of 1 − beta to the power of t. How do you make up for it?",
        "Four lines: the new m, the new v, the two corrections, the step. Which of the corrected numbers should the caller never see?",
    ),
    rung_hints={
        "shape": "Three arrays come back: the new parameter, m and v, all of one shape. Which of yours differs?",
        "by-hand": "In the first step, the corrected m is the gradient and the corrected v its square. How long is the step then?",
        "reference": "Look at a late step, and at one with a large eps. Which part of your formula depends on t, and where does eps stand?",
        "edge-cases": "A gradient of 0 makes no step at first, and later a step by the old average. What does yours do?",
        "robust": "All four arrays have one shape, and t begins at 1. Name the argument that is wrong.",
    },
)
