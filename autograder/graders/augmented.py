"""Chapter 8's end: a batch varied at random, and a network that does so by itself.

Both are judged by what comes out. The pictures are those of `cnnlab.course.blobs`,
from which every variation can be read back. Three bounds hold for certain for a right function
(nothing turned by more than 15°, …); what is left to chance is bounded so that it fails with a
probability below 1 in 100,000 for each submission:

* *Mirrored about half.* Over n pictures the count of mirrored ones is binomial(n, ½). It fails
  beyond 5.2 standard deviations: n = 144 gives 9.5e-8 (exact, both sides).
* *Wide enough.* Some draw must lie in the outer half of each range, on each side. Uniform draws
  all miss it with probability 0.75ⁿ: below 1e-18. Cut to whole pixels the least likely one is a
  shift of a whole pixel to one side, one draw in four, with the same bound. The largest angle of
  the network must exceed 13° of 15°: (13/15)¹⁴⁴ is below 1.2e-9.
* *Drawn one by one.* The ten correlations between mirroring, both shifts, angle and contrast:
  |r|·√n above 5.2 has probability below 2e-7 each (n = 144).

A submission is judged by three such samples, two batches and one network: 23 tests at 2e-7, so
below 5e-6 in all. `tests/test_ch08_chance.py` computes the bounds and tries thousands of seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import combinations
from typing import Any

import numpy as np

from cnnlab.autograder.drivers.models import weights_like
from cnnlab.autograder.exercise import Exercise, Probe
from cnnlab.autograder.twists import Fails, Op, Twist
from cnnlab.course import augmentation, blobs, network, ops
from cnnlab.course.augmentation import CONTRAST, DEGREES, SHIFT
from cnnlab.course.blobs import Varied
from cnnlab.course.ops import Array

Rng = np.random.Generator
Z = 5.2
"""Standard deviations within which chance is left alone."""


def near_half(count: int, n: int) -> bool:
    """Whether a coin may have fallen on its head so often."""
    return bool(abs(count - n / 2) < Z * np.sqrt(n) / 2)


def independent(columns: list[Array]) -> bool:
    """Whether no two columns rise and fall together; a constant one does with none."""
    for one, other in combinations(columns, 2):
        a, b = one - one.mean(), other - other.mean()
        size = np.sqrt((a @ a) * (b @ b))
        if size > 0 and abs(a @ b) / size * np.sqrt(len(a)) > Z:
            return False
    return True


def spread(values: Array, middle: float, far: float, slack: float) -> str:
    """How far values go from their middle, on both sides, in words."""
    off = values - middle
    if np.abs(off).max() > far + slack:
        return "too far"
    if off.min() > -far / 2 + slack or off.max() < far / 2 - slack:
        return "not far enough, or to one side only"
    return "as it should"


def mirrored(flags: Array) -> str:
    """How often, in words."""
    if flags.all() or not flags.any():
        return "all of them" if flags.all() else "none of them"
    return "about half of them" if near_half(int(flags.sum()), len(flags)) else "not half of them"


def moved(down: Array, right: Array, degrees: Array, size: tuple[int, ...]) -> str:
    """How far pictures were moved, in words: after they were turned, or else before."""
    turn = np.radians(degrees)
    before = (
        np.cos(turn) * down + np.sin(turn) * right,  # rows count downwards
        np.cos(turn) * right - np.sin(turn) * down,
    )
    words = "as it should"
    for moves in ((down, right), before):
        ways = [spread(m, 0, SHIFT * n, 0.3) for m, n in zip(moves, size, strict=True)]
        words = next((way for way in ways if way != "as it should"), "as it should")
        if words == "as it should":
            break
    return words


# augment_batch

SIZES = ((20, 30), (30, 20))
"""A tenth of either side is a whole number of pixels, and not the same."""


def batch_probes(rng: Rng) -> Iterator[Probe]:
    def probe(
        rung: str, count: int, calls: list[int], title: str, seeds: int = 1
    ) -> Iterator[Probe]:
        for size in SIZES:
            labels = rng.permutation(count) + 10
            drawn = [int(seed) for seed in rng.integers(2**31, size=seeds)]
            given = [(drawn[i % seeds], n) for i, n in enumerate(calls)]
            yield Probe(rung, (blobs.pictures(count, *size), labels), title=title, given=given)

    yield from probe("labels", 24, [1], "24 pictures, each with a label of its own")
    yield from probe("variation", 48, [1, 1, 1], "48 pictures, three generators", seeds=3)
    yield from probe("randomness", 8, [2, 1], "two batches in a row, and the first once more")


def seen_batches(args: tuple[Any, ...], value: Any) -> Any:
    """What `drivers.augmented.batches` carried, as properties."""
    x, labels = args
    if not all(_is_pair(pair, x, labels) for run in value for pair in run):
        return {"gives back as many pictures and labels": False}
    seen: dict[str, Any] = {"gives back as many pictures and labels": True}
    if len(value) == 2:
        return seen | _randomness(value)
    found = [blobs.recover(np.asarray(run[0][0]), len(x)) for run in value]
    if any(each is None for each in found):
        return seen | {"pictures can be recognised": False}
    known = [each for each in found if each is not None]
    seen["pictures can be recognised"] = True
    if len(value) == 1:
        kept = x.dtype == value[0][0][0].dtype
        return seen | {"dtype kept": kept, "labels": _labels(value[0][0][1], labels, known[0])}
    return seen | variation(known, x.shape[1:3])


def _is_pair(pair: Any, x: Array, labels: Array) -> bool:
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        return False
    pictures, given = pair
    if not isinstance(pictures, np.ndarray) or pictures.dtype.kind not in "fiu":
        return False
    return pictures.shape == x.shape and np.shape(given) == labels.shape


def _labels(given: Any, labels: Array, found: Varied) -> str:
    if np.array_equal(given, labels[found.number]):
        return "with their pictures"
    same = np.array_equal(np.sort(np.asarray(given)), np.sort(labels))
    return "with other pictures" if same else "changed"


def _randomness(runs: Any) -> dict[str, Any]:
    (first, second), (again,) = (tuple(np.asarray(x) for x, _ in run) for run in runs)
    return {
        "the next batch is varied anew": not np.array_equal(first, second),
        "the same seed gives the same batch": bool(np.array_equal(first, again)),
    }


def variation(found: list[Varied], size: tuple[int, ...]) -> dict[str, Any]:
    """The statistics over all pictures of independent runs."""
    if not all(_own_ways(each) for each in found):
        return {"each picture in its own way": False}
    if all(np.allclose(found[0].degrees, each.degrees, atol=1e-3) for each in found[1:]):
        return {"each picture in its own way": True, "another generator, other pictures": False}
    names = "mirrored", "down", "right", "degrees", "contrast"
    columns = {n: np.concatenate([getattr(each, n) for each in found]) for n in names}
    return {
        "each picture in its own way": True,
        "another generator, other pictures": True,
        "mirrored": mirrored(columns["mirrored"]),
        "moved": moved(columns["down"], columns["right"], columns["degrees"], size),
        "turned": spread(columns["degrees"], 0, DEGREES, 1.5),
        "contrast": spread(columns["contrast"], 1, CONTRAST, 0.05),
        "drawn one by one": independent([c.astype(float) for c in columns.values()]),
    }


def _own_ways(found: Varied) -> bool:
    """Whether a batch holds more than one variation."""
    limits = {"down": 0.2, "right": 0.2, "degrees": 1.5, "contrast": 0.04}
    moves = any(np.std(getattr(found, name)) > limit for name, limit in limits.items())
    return bool(moves or len(set(found.mirrored.tolist())) > 1)


def stated_batches(x: Array, y: Array, *, given: Any) -> dict[str, Any]:
    """What the chapter demands. Stated by hand: no layer of Keras does all of this with labels."""
    pair = {"gives back as many pictures and labels": True}
    if len(given) == 2:
        anew = {"the next batch is varied anew": True, "the same seed gives the same batch": True}
        return pair | anew
    pair["pictures can be recognised"] = True
    if len(given) == 1:
        return pair | {"dtype kept": True, "labels": "with their pictures"}
    ways = ("moved", "turned", "contrast")
    return {
        **pair,
        "each picture in its own way": True,
        "another generator, other pictures": True,
        "mirrored": "about half of them",
        **dict.fromkeys(ways, "as it should"),
        "drawn one by one": True,
    }


def _with_labels(change: Callable[[Array, Array, Rng], Array]) -> Callable[[Op], Op]:
    """Labels that come out changed; chance from a generator of their own."""

    def apply(op: Op) -> Op:
        def mistaken(x: Array, y: Array, rng: Rng) -> Any:
            varied, labels = op(x, y, rng)
            return varied, change(x, labels, np.random.default_rng(0))

        return mistaken

    return apply


def _once_for_all(op: Op) -> Op:
    """One picture's draws, used for the whole batch."""

    def mistaken(x: Array, y: Array, rng: Rng) -> Any:
        one = np.random.default_rng(rng.integers(2**31))
        state = one.bit_generator.state
        varied = []
        for picture in x:
            one.bit_generator.state = state
            varied.append(op(picture[None], y[:1], one)[0])
        return np.concatenate(varied), y.copy()

    return mistaken


def _pictures_shuffled(op: Op) -> Op:
    def mistaken(x: Array, y: Array, rng: Rng) -> Any:
        varied, labels = op(x, y, rng)
        return varied[np.random.default_rng(0).permutation(len(x))], labels

    return mistaken


_LABELS = "Your labels are not the ones that came in. A mirrored cat is still a cat: give y back as it was."
_APART = "Pictures and labels no longer belong together. What moves the one must move the other, or neither."

augment_batch = Exercise(
    name="augment_batch",
    points={"labels": 1, "variation": 3, "randomness": 1},
    probes=batch_probes,
    reference=stated_batches,
    correct=augmentation.augment_batch,
    needs=("hflip", "shift", "adjust_contrast", "affine"),
    driver="augmented.batches",
    view=seen_batches,
    twists=(
        Twist(
            "one-transform-per-batch",
            _once_for_all,
            "All pictures of a batch are varied in the same way. Draw anew for each picture: a batch should be as colourful as possible.",
        ),
        *(
            Twist("changes-labels", _with_labels(change), _LABELS)
            for change in (
                lambda x, y, rng: 1 - y,
                lambda x, y, rng: np.where(rng.random(len(y)) < 0.5, 1 - y, y),
            )
        ),
        Twist("shuffles-labels-apart", _pictures_shuffled, _APART),
        Twist("shuffles-labels-apart", _with_labels(lambda x, y, rng: rng.permutation(y)), _APART),
        Twist(
            "reseeds",
            lambda op: lambda x, y, rng: op(x, y, np.random.default_rng(0)),
            "Every call draws the same numbers: you make a new generator each time, from the same seed. Draw from rng, which goes on where it stopped.",
        ),
        Twist(
            "ignores-rng",
            lambda op: lambda x, y, rng: op(x, y, np.random.default_rng()),
            "The same seed gives other pictures each time: something is drawn elsewhere than from rng. Then nobody can repeat your experiment.",
        ),
    ),
    hints=(
        "What must differ from picture to picture, what from call to call, and what must stay as it is?",
        "A loop over the pictures: draw five numbers for each, and apply your four functions to a batch of that one picture, x[i : i + 1].",
        "rng.random() < 0.5 is a coin; rng.uniform(low, high) is a number from a range. A shift is in whole pixels: round a share of the side.",
    ),
    rung_hints={
        "labels": "As many pictures and labels as came in, of the same dtype, and each label with its picture.",
        "variation": "Print the numbers that you draw for ten pictures. Do they fill their ranges, on both sides? Does one of them follow from another?",
        "randomness": "All draws come from rng and from nowhere else: no new generator, no np.random.",
    },
)


# build_augmented_cnn

FILTERS, UNITS = (32, 64, 128, 128), (512, 256)
AT_TEST, IN_TRAINING = 24, 72
RUNGS = ("at test", "in training")
SHAPES = ((32, 32, 3), (24, 40, 3), (40, 32, 3))


def model_probes(rng: Rng) -> Iterator[Probe]:
    """One model for each rung, of different sizes: building them is what takes the time."""
    places = rng.permutation(len(SHAPES))
    for place, rung, count in zip(places, RUNGS, (AT_TEST, IN_TRAINING), strict=False):
        given = {
            "x": blobs.pictures(count, *SHAPES[place][:2]),
            "seed": int(rng.integers(2**31)),
            "training": rung == "in training",
        }
        yield Probe(rung, (SHAPES[place],), given=given, terms=2000)


def seen_model(args: tuple[Any, ...], value: Any) -> Any:
    """What `drivers.augmented.model` carried, as properties."""
    size = args[0][:2]
    seen: dict[str, Any] = {"has a convolution": bool(value["seen"])}
    if not seen["has a convolution"]:
        return seen
    if "y" not in value:
        return seen | _trained(value, size)
    plain = blobs.pictures(AT_TEST, *size)
    first, second = value["seen"]
    steady = np.array_equal(first, second)
    alone = steady and np.shape(first) == plain.shape and np.allclose(first, plain, atol=1e-6)
    return seen | {
        "test pictures are left alone": bool(alone),
        "weights": value["weights"],
        "dropout": value["dropout"],
        "what it says": value["y"] if steady else "something else each time",
    }


def _trained(value: dict[str, Any], size: tuple[int, ...]) -> dict[str, Any]:
    """What reaches the first convolution in training."""
    found = [blobs.recover(seen, IN_TRAINING) for seen in value["seen"] if seen.shape[3] == 3]
    if len(found) != 2 or found[0] is None or found[1] is None:
        return {"pictures can be recognised": False}
    both = [each for each in found if each is not None]
    anew = not np.allclose(both[0].degrees, both[1].degrees, atol=1e-3)
    names = "mirrored", "down", "right", "degrees"
    columns = {n: np.concatenate([getattr(each, n) for each in both]) for n in names}
    way = moved(columns["down"], columns["right"], columns["degrees"], size)
    if np.abs(columns["degrees"]).max() > 30:
        way = "cannot be told"  # from so far round, the mirrored edge brings a spot back in
    return {
        "pictures can be recognised": True,
        "varied before the first convolution": all(map(_own_ways, both)) and anew,
        "varied behind it": _varied_behind(value["layers"]),
        "mirrored": mirrored(columns["mirrored"]),
        "moved": way,
        "turned": _angles(columns["degrees"]),
    }


def _varied_behind(layers: list[str]) -> bool:
    behind = layers[layers.index("Conv2D") :]
    return any(name.startswith("Random") for name in behind)


def _angles(degrees: Array) -> str:
    """How far pictures are turned, in words."""
    sizes = np.abs(degrees)
    far = float(sizes.max())
    if far < 2:
        return "not at all"
    if far <= DEGREES + 1.5:
        return "by up to 15°" if far > DEGREES - 2 else "by less than 15°"
    if far > 160 and not np.any((sizes > DEGREES + 5) & (sizes < 160)):
        return "upside down, too"
    return "by any angle" if far > 97 else "by up to a quarter" if far > 75 else "by more than 15°"


def keras_model(input_shape: tuple[int, int, int], *, given: Any) -> Any:
    """Keras's own layers in front of the course's network, watched in the same way."""
    from cnnlab.autograder.drivers import augmented
    from cnnlab.course.models import augmentation_layers, build_cnn

    def build(shape: Any) -> Any:
        return build_cnn(shape, augmentation=augmentation_layers(shift=SHIFT, degrees=DEGREES))

    return seen_model((input_shape,), augmented.model(build, (input_shape,), {}, given))


PLAIN: dict[str, Any] = {"flip": "left-right", "degrees": DEGREES, "shift": SHIFT}


def simulated(
    input_shape: tuple[int, int, int],
    *,
    given: Any,
    varies: dict[str, Any] | None = PLAIN,
    at_test: bool = False,
    behind: bool = False,
) -> dict[str, Any]:
    """What the driver carries of `build_augmented_cnn`, by NumPy alone; with slips.

    Parameters
    ----------
    varies : dict or None
        The strengths, None for no variation before the first convolution.
    at_test, behind : bool
        Also without training; also after the first convolution.
    """
    weights = _shapes(input_shape)
    front = ["RandomFlip", "RandomTranslation", "RandomRotation"]
    convolutions = ["Conv2D", *(front if behind else []), "MaxPooling2D"]
    convolutions += ["Conv2D", "MaxPooling2D"] * (len(FILTERS) - 1)
    tree = {
        "layers": [*(front if varies else []), *convolutions, "Flatten", "Dropout", *["Dense"] * 3],
        "dropout": [0.5],
        "weights": [list(shape) for shape in weights],
    }
    x, rng = given["x"], np.random.default_rng(given["seed"])
    random = varies is not None and (given["training"] or at_test)
    tree["seen"] = [_varied(x, rng, **varies) if random and varies else x for _ in range(2)]
    if not given["training"]:
        y = _answers(tuple(input_shape), given["seed"])
        tree["y"] = rng.random(y.shape) if random else y
    return tree


def _varied(x: Array, rng: Rng, flip: str, degrees: float, shift: float) -> Array:
    """Mirrored, moved and turned at random."""
    n, height, width = x.shape[:3]
    coins = np.asarray(rng.random(n)) < 0.5
    if "up-down" in flip:
        x = np.where(coins[:, None, None, None], x[:, ::-1], x)
    moves = [np.rint(s * rng.uniform(-shift, shift, n)).astype(int) for s in (height, width)]
    angles = rng.uniform(-degrees, degrees, n)
    sideways = coins if "left-right" in flip else np.zeros(n, bool)
    return augmentation.vary(x, sideways, moves, angles, np.ones(n))


def _shapes(input_shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Shapes of the network's weights, in Keras's order."""
    shapes: list[tuple[int, ...]] = []
    channels = input_shape[2]
    for filters in FILTERS:
        shapes += [(3, 3, channels, filters), (filters,)]
        channels = filters
    inputs = (input_shape[0] // 16) * (input_shape[1] // 16) * channels
    for units in (*UNITS, 1):
        shapes += [(inputs, units), (units,)]
        inputs = units
    return shapes


@lru_cache(maxsize=8)
def _answers(input_shape: tuple[int, int, int], seed: int) -> Array:
    """What the network says about the first two pictures, by NumPy."""
    like = [np.empty(shape, np.float32) for shape in _shapes(input_shape)]
    weights = weights_like(like, seed)
    x = blobs.pictures(AT_TEST, *input_shape[:2])[:2]
    for kernels, bias in zip(weights[:8:2], weights[1:8:2], strict=True):
        x = ops.max_pool2d(ops.relu(ops.conv2d(x, kernels, bias, padding="same")))
    x = network.flatten(x)
    for i, activation in zip((8, 10, 12), ("relu", "relu", "sigmoid"), strict=True):
        x = network.dense(x, weights[i], weights[i + 1], activation)
    return x


def _slip(**options: Any) -> Callable[[Op], Op]:
    return lambda op: lambda *args, **kwargs: op(*args, **{**options, **kwargs})


def _refused(said: str) -> Callable[[Op], Op]:
    """Keras takes no such factor."""

    def apply(op: Op) -> Op:
        def mistaken(*args: Any, **kwargs: Any) -> Any:
            raise Fails(said)

        return mistaken

    return apply


_DEGREES = "Keras's RandomRotation takes its factor as a share of a whole turn, not in degrees. A single number above 1 it refuses; a pair of such numbers it takes, and turns your pictures by any angle. What share of 360° are 15°?"

build_augmented_cnn = Exercise(
    name="build_augmented_cnn",
    points=dict(zip(RUNGS, (2, 3), strict=True)),
    probes=model_probes,
    reference=keras_model,
    correct=simulated,
    simulated=True,
    driver="augmented.model",
    view=seen_model,
    evidence=1,
    twists=(
        Twist(
            "augments-at-test",
            _slip(at_test=True),
            "Your network varies test pictures, too: it says something else about the same picture each time. Keras's Random… layers stop by themselves outside of training; a function of your own, or a Lambda, does not.",
        ),
        Twist(
            "augments-at-test",
            _slip(at_test=True, behind=True),
            "Your network varies test pictures, too.",
        ),
        Twist(
            "shift-in-percent",
            _refused("[-1.0, 1.0]. Received: input_number=10"),
            "Keras's RandomTranslation takes a share: 10 percent are 0.1.",
        ),
        *(
            Twist("rotation-in-degrees", _refused(f"[-1, 1]. Received: factor={n}"), _DEGREES)
            for n in ("15", "15.0", "-15", "30", "10", "20")
        ),
        Twist("rotation-in-degrees", _slip(varies={**PLAIN, "degrees": 5400}), _DEGREES),
        Twist(
            "rotation-in-radians",
            _slip(varies={**PLAIN, "degrees": 94.25}),
            "Your pictures turn by up to a quarter. 15° are 0.26 radians, but Keras takes the factor as a share of a whole turn.",
        ),
        *(
            Twist(
                "flips-upside-down",
                _slip(varies={**PLAIN, "flip": flip}),
                "Half of your pictures stand on their heads: RandomFlip turns them over in both directions at once unless you say which. How often did you photograph a cat upside down?",
            )
            for flip in ("left-right, up-down", "up-down")
        ),
        Twist(
            "after-the-conv",
            _slip(varies=None, behind=True),
            "You vary feature maps, not pictures: the layers stand behind a convolution. The first thing that a picture meets should be its variation.",
        ),
        Twist(
            "no-augmentation",
            _slip(varies=None),
            "In training every picture comes as it is. Which layers vary it, and are they in the model?",
        ),
    ),
    hints=(
        "Where in the network must the variation happen, and when must it not happen?",
        "Keras has layers whose names begin with Random. They stand in a model like any other layer, and work in training alone.",
        "A Sequential model may begin with the Input, go on with your three layers, and end with all layers of build_cnn(input_shape): a model's list of them is called layers.",
    ),
    rung_hints={
        "at test": "Without training the model must be the network of chapter 6 and nothing else: same weights, same answers.",
        "in training": "Mirrored left to right, moved by up to a tenth of each side, turned by up to 15°. In which units does each layer take its number?",
    },
)
