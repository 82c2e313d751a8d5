"""Chapter 9's demo: what each of VGG16's layers costs, and what one of its units sees.

``demo(receptive_field)`` measures with the learner's own function. Where it is a stub, raises or
gives something other than two numbers, the demo says so in words and shows the course's own.
"""

from __future__ import annotations

import base64
import io
import operator
from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np
import traitlets
from numpy.typing import NDArray
from PIL import Image

from cnnlab.autograder.judging.stubs import is_stub
from cnnlab.course.demos import page
from cnnlab.course.demos.still import Demo, Panel, bars, pixels
from cnnlab.course.figures.diagrams import COLOURS, GRAY
from cnnlab.course.networks.vgg import named_layers
from cnnlab.course.ops import layers as arithmetic
from cnnlab.course.ops import same_padding
from cnnlab.course.ops.layers import normalise, trace_shapes
from cnnlab.datasets.load import photo, photo_names

SIDE = 224
LARGEST = 10_000
"""Fields beyond this many pixels are not drawn."""
Row = dict[str, Any]


def costs() -> list[Row]:
    """Every layer of VGG16: name, shape, parameters, MACs, activations, colour.

    Examples
    --------
    >>> sum(row["parameters"] for row in costs()), sum(row["macs"] for row in costs())
    (138357544, 15470264320)
    """
    named = named_layers()
    stack = [layer for _, layer in named]
    shape = (SIDE, SIDE, 3)
    counted = zip(
        named,
        trace_shapes(shape, stack),
        arithmetic.count_parameters(shape, stack),
        arithmetic.count_macs(shape, stack),
        strict=True,
    )
    return [
        {
            "name": name,
            "shape": list(after),
            "parameters": parameters,
            "macs": macs,
            "activations": prod(after),
            "colour": COLOURS.get(layer[0], GRAY),
        }
        for (name, layer), after, parameters, macs in counted
        if layer[0] != "flatten"
    ]


def centres() -> list[float | None]:
    """Where the middle of each layer's first unit lies, in pixels; None for dense layers.

    Examples
    --------
    >>> centres()[:3], centres()[-4]
    ([0.0, 0.0, 0.5], 15.5)
    """
    found: list[float | None] = []
    middle, jump, side = 0.0, 1, SIDE
    for _, layer in named_layers():
        full = normalise(layer)
        if full.kind == "dense":
            found.append(None)
        if full.kind in ("dense", "flatten"):
            continue
        k, stride = full.size[0], full.strides[0]
        before = same_padding(side, k, stride)[0] if full.padding == "same" else 0
        middle += ((k - 1) / 2 - before) * jump
        jump, side = jump * stride, -(-side // stride)
        found.append(middle)
    return found


def fields(receptive_field: Callable[..., Any]) -> tuple[list[Any], bool, str]:
    """Each layer's (size, jump), whether they are the learner's, and what to say about them.

    Parameters
    ----------
    receptive_field : callable, layers → (size, jump)
        May be a stub, raise, or give anything at all.

    Returns
    -------
    list, bool, str
        None stands for dense layers, which see the whole picture.
    """
    stacks = prefixes()
    right = [None if s is None else arithmetic.receptive_field(s) for s in stacks]
    name = getattr(receptive_field, "__name__", "")
    name = name if name.isidentifier() else "function"  # a lambda's name is <lambda>
    instead = "You see the course's fields."
    if is_stub(receptive_field):
        message = f"Your {name} is not written yet. {instead} Write it, then run this cell again."
        return right, False, message
    given: list[Any] = []
    for stack in stacks:
        pair, trouble = (None, "") if stack is None else _asked(receptive_field, stack)
        if trouble:
            return right, False, f"Your {name} {trouble}. {instead}"
        given.append(pair)
    for row, mine, wanted in zip(costs(), given, right, strict=True):
        if mine != wanted:
            doubt = f"Your {name} says {mine} for {row['name']}; the course says {wanted}."
            return given, True, doubt
    return given, True, ""


def _asked(function: Callable[..., Any], stack: list[Any]) -> tuple[tuple[int, int] | None, str]:
    """A learner's (size, jump), or what is wrong with the answer."""
    try:
        result = function(list(stack))
    except Exception as error:  # whatever a learner's code may raise
        return None, f"raised {type(error).__name__}: {error}".rstrip(": .")
    try:
        size, jump = map(operator.index, result)
    except (TypeError, ValueError):
        return None, "did not give two whole numbers"
    if not (1 <= size <= LARGEST and 1 <= jump <= LARGEST):
        return None, f"gave {size}, {jump}: no field of a picture"
    return (size, jump), ""


def prefixes() -> list[list[Any] | None]:
    """For each layer that is shown, the layers up to it; None where places are lost."""
    stacks: list[list[Any] | None] = []
    so_far: list[Any] = []
    for _, layer in named_layers():
        if layer[0] == "dense":
            stacks.append(None)
        elif layer[0] != "flatten":
            so_far = [*so_far, layer]
            stacks.append(so_far)
    return stacks


def as_jpeg(rgb: NDArray[np.uint8]) -> str:
    """A photograph as an address that a page can show, a tenth as long as its pixels."""
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, format="JPEG", quality=92)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode("ascii")


class VggDemo(Demo):
    """The widget: it keeps costs, fields and a photograph, the page draws them.

    The page sets ``picture``, ``layer`` and ``unit``; the rest follows.
    """

    _esm = page("ch09_vgg.js")
    _css = page("ch09_vgg.css")

    side = traitlets.Int(SIDE).tag(sync=True)
    rows: traitlets.List[Any] = traitlets.List().tag(sync=True)
    pictures = traitlets.List(traitlets.Unicode()).tag(sync=True)
    picture = traitlets.Unicode("chelsea").tag(sync=True)
    source = traitlets.Unicode().tag(sync=True)
    layer = traitlets.Int(8).tag(sync=True)
    unit = traitlets.List(traitlets.Int(), minlen=2, maxlen=2).tag(sync=True)
    learners = traitlets.Bool().tag(sync=True)
    message = traitlets.Unicode().tag(sync=True)

    def __init__(self, receptive_field: Callable[..., Any], **traits: Any) -> None:
        found, learners, message = fields(receptive_field)
        rows = [
            {**row, "field": field and list(field), "centre": centre}
            for row, field, centre in zip(costs(), found, centres(), strict=True)
        ]
        traits.setdefault("unit", [26, 30])
        known = {"rows": rows, "pictures": photo_names(), "learners": learners, "message": message}
        super().__init__(**known, **traits)
        self._develop()
        self.observe(self._develop, names=["picture"])

    @traitlets.validate("picture")
    def _known(self, proposal: Any) -> str:
        name: str = proposal["value"]
        if name not in photo_names():
            raise traitlets.TraitError(f"picture must be one of {photo_names()}. Received: {name}")
        return name

    @traitlets.validate("layer")
    def _there(self, proposal: Any) -> int:
        layer: int = proposal["value"]
        if not 0 <= layer < len(self.rows):
            wanted = f"layer must be from 0 to {len(self.rows) - 1}"
            raise traitlets.TraitError(f"{wanted}. Received: {layer}")
        return layer

    @traitlets.validate("unit")
    def _inside(self, proposal: Any) -> Sequence[int]:
        unit: Sequence[int] = proposal["value"]
        if not all(0 <= n < SIDE for n in unit):
            raise traitlets.TraitError(f"unit must be from 0 to {SIDE - 1}. Received: {unit}")
        return unit

    def _develop(self, change: Any = None) -> None:
        self.source = as_jpeg(photo(self.picture, size=SIDE))

    def still(self) -> tuple[str, list[Panel]]:
        most = max(row["macs"] for row in self.rows)
        rows = [(row["name"], row["macs"] / most, row["colour"]) for row in self.rows]
        shown = photo(self.picture, size=SIDE)
        return "VGG16's layers with their multiply-accumulates, and a photograph.", [
            bars("multiply-accumulates", rows, 240, 15),
            pixels("photograph", shown[::2, ::2], 240),
        ]


def demo(receptive_field: Callable[..., Any]) -> VggDemo:
    """The demo of chapter 9, with the learner's function.

    Parameters
    ----------
    receptive_field : callable, layers → (size, jump)
    """
    return VggDemo(receptive_field)
