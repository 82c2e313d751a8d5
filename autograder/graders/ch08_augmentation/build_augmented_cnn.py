"""Chapter 8's network that varies its own pictures: judged by what reaches its convolution."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.ch08_augmentation._variations import mirrored, moved, own_ways
from cnnlab.autograder.graders.shared.networks import CATS_DOGS, simulate
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Fails, Op, Twist, with_mistake
from cnnlab.course.ops import Array, augmentation, blobs
from cnnlab.course.ops.augmentation import DEGREES, SHIFT

Rng = np.random.Generator

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
    """What the driver `ch08.model` returned, as properties."""
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
        "varied before the first convolution": all(map(own_ways, both)) and anew,
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
    from cnnlab.autograder.sandbox.drivers import ch08
    from cnnlab.course.networks.cnn import augmentation_layers, build_cnn

    def build(shape: Any) -> Any:
        return build_cnn(shape, augmentation=augmentation_layers(shift=SHIFT, degrees=DEGREES))

    return seen_model((input_shape,), ch08.model(build, (input_shape,), {}, given))


PLAIN: dict[str, Any] = {"flip": "left-right", "degrees": DEGREES, "shift": SHIFT}


def simulated(
    input_shape: tuple[int, int, int],
    *,
    given: Any,
    varies: dict[str, Any] | None = PLAIN,
    at_test: bool = False,
    behind: bool = False,
) -> dict[str, Any]:
    """What the driver returns of `build_augmented_cnn`, by NumPy alone; with mistakes.

    Parameters
    ----------
    varies : dict or None
        The strengths, None for no variation before the first convolution.
    at_test, behind : bool
        Also without training; also after the first convolution.
    """
    front = ["RandomFlip", "RandomTranslation", "RandomRotation"]
    first, *rest = (layer["class"] for layer in CATS_DOGS)
    tree = {
        "layers": [*(front if varies else []), first, *(front if behind else []), *rest],
        "dropout": [layer["rate"] for layer in CATS_DOGS if layer["class"] == "Dropout"],
        **simulate(CATS_DOGS, tuple(input_shape), ["weights"]),
    }
    x, rng = given["x"], np.random.default_rng(given["seed"])
    random = varies is not None and (given["training"] or at_test)
    tree["seen"] = [_varied(x, rng, **varies) if random and varies else x for _ in range(2)]
    if not given["training"]:
        two = blobs.pictures(AT_TEST, *input_shape[:2])[:2]
        y = simulate(CATS_DOGS, tuple(input_shape), ["y"], two, given["seed"])["y"]
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


def _refused(said: str) -> Callable[[Op], Op]:
    """Keras takes no such factor."""

    def apply(op: Op) -> Op:
        def mistaken(*args: Any, **kwargs: Any) -> Any:
            raise Fails(said)

        return mistaken

    return apply


_DEGREES = "Keras's RandomRotation takes its factor as a share of a whole turn, not in degrees. A single number above 1 it refuses; a pair of such numbers it takes, and turns your pictures by any angle. What share of 360° are 15°?"

EXERCISE = Exercise(
    name="build_augmented_cnn",
    points=dict(zip(RUNGS, (2, 3), strict=True)),
    probes=model_probes,
    keras_reference=keras_model,
    numpy_op=simulated,
    simulated=True,
    driver="ch08.model",
    describe=seen_model,
    evidence=1,
    twists=(
        Twist(
            "augments-at-test",
            with_mistake(at_test=True),
            "Your network varies test pictures, too, so its answers change each time. Keras's own random layers stop outside of training. Which layer of yours does not?",
        ),
        Twist(
            "augments-at-test",
            with_mistake(at_test=True, behind=True),
            "Your network varies test pictures, too. Which of its layers works outside of training?",
        ),
        Twist(
            "shift-in-percent",
            _refused("[-1.0, 1.0]. Received: input_number=10"),
            "Keras's RandomTranslation takes a share of the picture. What share are 10 percent?",
        ),
        *(
            Twist("rotation-in-degrees", _refused(f"[-1, 1]. Received: factor={n}"), _DEGREES)
            for n in ("15", "15.0", "-15", "30", "10", "20")
        ),
        Twist("rotation-in-degrees", with_mistake(varies={**PLAIN, "degrees": 5400}), _DEGREES),
        Twist(
            "rotation-in-radians",
            with_mistake(varies={**PLAIN, "degrees": 94.25}),
            "Your pictures turn by up to a quarter. Keras takes the factor as a share of a whole turn. What share are 15 degrees?",
        ),
        *(
            Twist(
                "flips-upside-down",
                with_mistake(varies={**PLAIN, "flip": flip}),
                "Half of your pictures are upside down: RandomFlip flips in both directions unless you name one. How often do you photograph a cat upside down?",
            )
            for flip in ("left-right, up-down", "up-down")
        ),
        Twist(
            "after-the-conv",
            with_mistake(varies=None, behind=True),
            "You vary feature maps, not pictures: the layers come after a convolution. What should a picture meet first?",
        ),
        Twist(
            "no-augmentation",
            with_mistake(varies=None),
            "In training every picture comes as it is. Which layers vary it, and are they in the model?",
        ),
    ),
    hints=(
        "Where in the network must the variation happen, and when must it not happen?",
        "Keras has layers whose names begin with Random. You use them in a model like any other layer, and they work in training alone. Which three do you need here?",
        "A Sequential model can begin with the input and your three layers. After them come all layers of chapter 6's network. How do you get a list of a model's layers?",
    ),
    rung_hints={
        "at test": "Outside of training the model must be the network of chapter 6, with the same weights and the same answers. Which layer changes them?",
        "in training": "Mirrored left to right, moved by up to a tenth of each side, turned by up to 15°. In which units does each layer take its number?",
    },
)
