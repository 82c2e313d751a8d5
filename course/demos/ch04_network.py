"""Chapter 4's demo: build a network layer by layer, and see at once what it costs.

``demo(count_parameters, count_macs)`` counts with the learner's own functions. Where one of
them is a stub, raises or gives something other than a list of counts, it says so in words and
shows the course's own numbers instead.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import traitlets

from cnnlab.autograder.judging.stubs import is_stub
from cnnlab.course.demos import page
from cnnlab.course.demos.still import Demo, Panel, bars
from cnnlab.course.figures.diagrams import COLOURS, GRAY, WORDS, label
from cnnlab.course.ops import layers as arithmetic
from cnnlab.course.ops.layers import LENGTHS, Shape, output_shape

Stack = list[list[Any]]

LARGEST = 4096
MOST = 30
SIZES = (32, 64, 150, 224)
FIELDS: dict[str, list[list[Any]]] = {
    "conv": [["filters", 32], ["kernel", 3], ["stride", 1], ["padding", "same"], ["dilation", 1]],
    "max_pool": [["window", 2], ["stride", 2]],
    "global_average_pool": [],
    "flatten": [],
    "dropout": [["rate", 0.5]],
    "dense": [["units", 64]],
}
"""What can be set for each kind of layer, and what a new one begins with."""


def _blocks(filters: Sequence[int], *end: list[Any]) -> Stack:
    blocks = [b for f in filters for b in (["conv", f, 3, 1, "same", 1], ["max_pool", 2, 2])]
    return [*blocks, *end]


PRESETS: dict[str, Stack] = {
    "this chapter's": _blocks((16, 32, 32), ["flatten"], ["dense", 64], ["dense", 1]),
    "the article's": _blocks(
        (32, 64, 128, 128),
        *(["flatten"], ["dropout", 0.5], ["dense", 512], ["dense", 256], ["dense", 1]),
    ),
    "global average": _blocks((16, 32, 64), ["global_average_pool"], ["dense", 1]),
    "dense alone": [["flatten"], ["dense", 64], ["dense", 1]],
}
"""Networks to begin with, by the name in the demo's menu."""


@dataclass(frozen=True)
class Answer:
    """What the demo shows for one stack.

    Parameters
    ----------
    rows : list of dict
        For each layer that fits: ``label``, ``shape``, ``parameters``, ``macs``, ``colour``.
    trouble : str
        Why the layer after these does not fit; ``""`` where all do.
    learners : dict of str to bool
        Whether the learner's function counted ``"parameters"`` and ``"macs"``.
    message : str
        What the learner should know; ``""`` where all is well.
    """

    rows: list[dict[str, Any]]
    trouble: str
    learners: dict[str, bool]
    message: str


def fitting(input_shape: Shape, layers: Sequence[Sequence[Any]]) -> tuple[list[Shape], str]:
    """The shapes after each layer up to the first that does not fit, and why it does not.

    Examples
    --------
    >>> fitting((8, 8, 3), [("flatten",), ("max_pool", 2)])
    ([(192,)], 'Layer 2, max pool 2×2, needs maps, but gets a row of length 192.')
    """
    shapes: list[Shape] = []
    shape = input_shape
    for number, layer in enumerate(layers, 1):
        try:
            shape = output_shape(shape, layer)
        except ValueError:
            where = f"Layer {number}, {label(layer)}, "
            if len(shape) != 3:
                why = f"needs maps, but gets a row of length {shape[0]}."
                return shapes, where + why
            return shapes, f"{where}is larger than the maps of {shape[0]}×{shape[1]} before it."
        shapes.append(shape)
    return shapes, ""


def answer(
    count_parameters: Callable[..., Any],
    count_macs: Callable[..., Any],
    input_shape: Shape,
    layers: Sequence[Sequence[Any]],
) -> Answer:
    """Count with the learner's functions, and judge whether the result can be shown.

    Parameters
    ----------
    count_parameters, count_macs : callable, (input_shape, layers) → list of int
        May be stubs, raise, or give anything at all.
    input_shape : (H, W, C)
    layers : sequence of sequence
        Tuples or lists, as in `cnnlab.course.ops.layers`.
    """
    stack = [tuple(layer) for layer in layers]
    shapes, trouble = fitting(input_shape, stack)
    stack = stack[: len(shapes)]
    asked = {"parameters": count_parameters, "macs": count_macs}
    counts, learners, said = {}, {}, []
    for what, function in asked.items():
        right = getattr(arithmetic, f"count_{what}")(input_shape, stack)
        counts[what], learners[what], words = _counted(function, input_shape, stack, right)
        said += [words] if words else []
    rows = [
        {
            "label": label(layer),
            "shape": "×".join(map(str, shape)),
            "colour": COLOURS.get(layer[0], GRAY),
            "parameters": parameters,
            "macs": macs,
        }
        for layer, shape, parameters, macs in zip(
            stack, shapes, counts["parameters"], counts["macs"], strict=True
        )
    ]
    return Answer(rows, trouble, learners, " ".join(said))


def _counted(
    function: Callable[..., Any], input_shape: Shape, stack: list[Any], right: list[int]
) -> tuple[list[int], bool, str]:
    """The counts to show, whether they are the learner's, and what to say about them."""
    name = getattr(function, "__name__", "")
    name = name if name.isidentifier() else "function"  # a lambda's name is <lambda>
    instead = "You see the course's numbers."
    if is_stub(function):
        return right, False, f"Your {name} is not written yet. {instead}"
    try:
        result = function(input_shape, list(stack))
    except Exception as error:  # whatever a learner's code may raise
        what = f"{type(error).__name__}: {error}".rstrip(": .")
        return right, False, f"Your {name} raised {what}. {instead}"
    try:
        counts = [operator.index(n) for n in result]
    except TypeError:
        return right, False, f"Your {name} did not give a list of whole numbers. {instead}"
    if len(counts) != len(stack):
        given = f"{len(counts)} numbers for {len(stack)} layers"
        return right, False, f"Your {name} gave {given}. {instead}"
    if min(counts, default=0) < 0:
        return right, False, f"Your {name} gave a count below 0. {instead}"
    for layer, mine, wanted in zip(stack, counts, right, strict=True):
        if mine != wanted:
            doubt = f"Your {name} counts {mine:,} for {label(layer)}; the course counts {wanted:,}."
            return counts, True, doubt
    return counts, True, ""


def checked_stack(layers: Any) -> Stack:
    """A stack as put together in the page.

    Raises
    ------
    ValueError
        Not up to 30 layers that the demo can show, with numbers up to 4096.
    """
    if not isinstance(layers, list) or len(layers) > MOST:
        raise ValueError(f"layers must be a list of up to {MOST}. Received: {layers!r}")
    for layer in layers:
        arithmetic.normalise(layer)
        fields = FIELDS[layer[0]]
        if len(layer) != len(fields) + 1 or len(layer) > LENGTHS[layer[0]][1]:
            raise ValueError(f"layers must spell out every entry. Received: {layer!r}")
        if any(isinstance(entry, int) and entry > LARGEST for entry in layer):
            raise ValueError(f"layers must hold numbers up to {LARGEST}. Received: {layer!r}")
    return layers


class NetworkDemo(Demo):
    """The widget: it keeps the stack, the page draws it.

    The page sets ``size`` and ``layers``; the rest follows.
    """

    _esm = page("ch04_network.js")
    _css = page("ch04_network.css")

    sizes = traitlets.List(traitlets.Int()).tag(sync=True)
    presets = traitlets.Dict().tag(sync=True)
    fields = traitlets.Dict().tag(sync=True)
    words = traitlets.Dict().tag(sync=True)
    most = traitlets.Int(MOST).tag(sync=True)
    largest = traitlets.Int(LARGEST).tag(sync=True)
    size = traitlets.Int(32).tag(sync=True)
    layers: traitlets.List[Any] = traitlets.List().tag(sync=True)
    rows: traitlets.List[Any] = traitlets.List().tag(sync=True)
    trouble = traitlets.Unicode().tag(sync=True)
    learners = traitlets.Dict().tag(sync=True)
    message = traitlets.Unicode().tag(sync=True)

    def __init__(
        self, count_parameters: Callable[..., Any], count_macs: Callable[..., Any], **traits: Any
    ) -> None:
        traits.setdefault("layers", PRESETS["this chapter's"])
        self._functions = count_parameters, count_macs
        known = {"sizes": list(SIZES), "presets": PRESETS, "fields": FIELDS, "words": WORDS}
        super().__init__(**known, **traits)
        self._update()
        self.observe(self._update, names=["size", "layers"])

    @traitlets.validate("size")
    def _known(self, proposal: Any) -> int:
        size: int = proposal["value"]
        if size not in SIZES:
            raise traitlets.TraitError(f"size must be one of {SIZES}. Received: {size!r}")
        return size

    @traitlets.validate("layers")
    def _sound(self, proposal: Any) -> Stack:
        try:
            return checked_stack(proposal["value"])
        except (ValueError, TypeError) as error:
            raise traitlets.TraitError(str(error)) from None

    def _update(self, change: Any = None) -> None:
        result = answer(*self._functions, (self.size, self.size, 3), self.layers)
        with self.hold_sync():  # one message, so that the page never mixes old and new
            self.rows, self.trouble = result.rows, result.trouble
            self.learners, self.message = result.learners, result.message

    def still(self) -> tuple[str, list[Panel]]:
        most = max([1, *(row["parameters"] for row in self.rows)])
        rows = [
            (f"{row['label']}, {row['shape']}", row["parameters"] / most, row["colour"])
            for row in self.rows
        ]
        panels = [bars("parameters of each layer", rows)] if rows else []
        return "A network's layers with their shapes, and how many parameters each has.", panels


def demo(count_parameters: Callable[..., Any], count_macs: Callable[..., Any]) -> NetworkDemo:
    """The demo of chapter 4, with the learner's two functions.

    Parameters
    ----------
    count_parameters, count_macs : callable, (input_shape, layers) → list of int
    """
    return NetworkDemo(count_parameters, count_macs)
