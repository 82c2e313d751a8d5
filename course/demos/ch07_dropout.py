"""Chapter 7's demo: a network whole and thinned, and what dropout does to the sums in it.

``demo(dropout)`` draws the masks with the learner's own function. Where it is a stub, raises, or
gives something other than (out, mask), the demo says so in words and shows the course's own.

The network has positive weights and no bias, so ReLU never cuts anything off and every sum is
linear in what came before: then dropout's factor keeps the average exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import traitlets
from numpy.typing import NDArray

from cnnlab.autograder.judging.stubs import is_stub
from cnnlab.course import palette
from cnnlab.course.demos import page
from cnnlab.course.demos.still import Demo, Panel, bars
from cnnlab.course.ops import dropout as dropping

Floats = NDArray[np.float64]
Dropout = Callable[..., Any]

LAYERS = (5, 8, 8, 1)
"""Nodes of each layer: inputs, two hidden layers that are thinned, the output."""
DRAWS = 1000
"""Thinned networks that the averages are taken over."""
HIGHEST = 0.95


def network() -> tuple[Floats, list[Floats]]:
    """The inputs, shape (5,), and three matrices of weights, all positive. Always the same."""
    rng = np.random.default_rng(7)
    inputs = rng.uniform(0.3, 1.0, LAYERS[0])
    return inputs, [rng.uniform(0.2, 1.8, shape) / shape[0] for shape in pairwise(LAYERS)]


@dataclass(frozen=True)
class Thinned:
    """One network, or many of them, after dropout in both hidden layers.

    Parameters
    ----------
    masks : list of ndarray of bool, shape (networks, nodes)
        For each hidden layer, True where a node is kept.
    nodes : list of ndarray, shape (networks, nodes)
        What each node of each layer hands on.
    """

    masks: list[NDArray[np.bool_]]
    nodes: list[Floats]


def thin(
    dropout: Dropout,
    rate: float,
    rng: np.random.Generator,
    training: bool = True,
    copies: int = 1,
) -> Thinned:
    """Run the network forward with dropout after each hidden layer.

    Parameters
    ----------
    dropout : callable
        As `cnnlab.course.ops.dropout.dropout`.
    copies : int
        How many times, each with masks of its own.

    Examples
    --------
    >>> len(thin(dropping.dropout, 0.5, np.random.default_rng(0)).nodes)
    4
    """
    inputs, weights = network()
    nodes, masks = [np.tile(inputs, (copies, 1))], []
    for matrix in weights[:-1]:
        hidden = np.maximum(nodes[-1] @ matrix, 0)
        out, mask = dropout(hidden, rate, rng, training)
        masks.append(np.asarray(mask, bool))
        nodes.append(np.asarray(out, float))
    nodes.append(nodes[-1] @ weights[-1])
    return Thinned(masks, nodes)


def unscaled(masks: list[NDArray[np.bool_]]) -> Floats:
    """What arrives at the output where dropped nodes are gone and the others stay as they are.

    Returns
    -------
    ndarray, shape (networks,)

    Examples
    --------
    >>> bool(unscaled([np.zeros((1, 8), bool)] * 2)[0] == 0)
    True
    """
    inputs, weights = network()
    nodes = np.tile(inputs, (len(masks[0]), 1))
    for matrix, mask in zip(weights, masks, strict=False):
        nodes = nodes @ matrix * mask
    return (nodes @ weights[-1])[:, 0]


def edges(masks: list[NDArray[np.bool_]]) -> tuple[int, int]:
    """How many edges of one network are left, and how many there are.

    Examples
    --------
    >>> edges([np.array([[True] * 8]), np.array([[True] * 4 + [False] * 4])])
    (76, 112)
    """
    kept = [LAYERS[0], *(int(mask[0].sum()) for mask in masks), LAYERS[-1]]
    left = sum(a * b for a, b in pairwise(kept))
    return left, sum(a * b for a, b in pairwise(LAYERS))


@dataclass(frozen=True)
class Answer:
    """What the demo shows for one rate.

    Parameters
    ----------
    full, thinned : list of list of float
        What the nodes of each layer hand on.
    kept : list of list of bool
        For every layer, which of its nodes are there.
    outputs : dict of str to float
        The output of the full network, and the average over many thinned ones ``"scaled"``, as
        dropout gives it, and ``"unscaled"``, with the mask alone.
    edges : list of two int
        Left, and in all.
    learners : bool
        Whether the learner's function drew the masks.
    message : str
        What the learner should know; ``""`` where all is well.
    """

    full: list[list[float]]
    thinned: list[list[float]]
    kept: list[list[bool]]
    outputs: dict[str, float]
    edges: list[int]
    learners: bool
    message: str


def answer(dropout: Dropout, rate: float, seed: int, training: bool = True) -> Answer:
    """Thin the network with the learner's function, and judge whether that can be shown.

    Parameters
    ----------
    dropout : callable
        May be a stub, raise, or give anything at all.
    rate : float
    seed : int
        The same seed draws the same masks: as the rate grows, one node after another goes.
    training : bool
    """
    trouble = _trouble(dropout, rate, seed, training)
    used = dropping.dropout if trouble else dropout
    one = thin(used, rate, np.random.default_rng(seed), training)
    many = thin(used, rate, np.random.default_rng(seed + 1), training, DRAWS)
    full = thin(dropping.dropout, 0.0, np.random.default_rng(0))
    outputs = {
        "full": float(full.nodes[-1][0, 0]),
        "scaled": float(many.nodes[-1].mean()),
        "unscaled": float(unscaled(many.masks).mean()),
    }
    ends = [[True] * LAYERS[0], *(m[0].tolist() for m in one.masks), [True] * LAYERS[-1]]
    return Answer(
        [layer[0].tolist() for layer in full.nodes],
        [layer[0].tolist() for layer in one.nodes],
        ends,
        outputs,
        list(edges(one.masks)),
        not trouble,
        trouble or _doubts(dropout, many, rate, training),
    )


def _name(function: Dropout) -> str:
    name = str(getattr(function, "__name__", ""))
    return name if name.isidentifier() else "function"  # a lambda's name is <lambda>


def _trouble(dropout: Dropout, rate: float, seed: int, training: bool) -> str:
    """Why the learner's function cannot be shown, or ``""``."""
    name, instead = _name(dropout), "You see the course's dropout."
    if is_stub(dropout):
        return f"Your {name} is not written yet. {instead} Write it, then run this cell again."
    x = np.ones((2, 3))
    try:
        result = dropout(x, rate, np.random.default_rng(seed), training)
    except Exception as error:  # whatever a learner's code may raise
        what = f"{type(error).__name__}: {error}".rstrip(": .")
        return f"Your {name} raised {what}. {instead}"
    if not isinstance(result, tuple | list) or len(result) != 2:
        return f"Your {name} did not give a pair (out, mask). {instead}"
    for part, value in zip(("out", "mask"), result, strict=True):
        if np.shape(value) != x.shape:
            return f"The {part} of your {name} does not have the shape of x. {instead}"
    if not np.isfinite(np.asarray(result[0], float)).all():
        return f"Your {name} gave numbers that are not finite (nan or inf). {instead}"
    return ""


def _doubts(dropout: Dropout, many: Thinned, rate: float, training: bool) -> str:
    """What is odd about masks that can be shown, or ``""``."""
    name, kept = _name(dropout), float(np.mean([mask.mean() for mask in many.masks]))
    if not training:
        return "" if kept == 1 else f"Your {name} drops nodes although it is not in training."
    if abs(kept - (1 - rate)) > 0.08:
        return f"At a rate of {rate:g} your {name} keeps {kept:.0%} of the nodes."
    return ""


class DropoutDemo(Demo):
    """The widget: it keeps rate, seed and mode, the page draws both networks.

    The page sets ``rate``, ``seed`` and ``training``; the rest follows.
    """

    _esm = page("ch07_dropout.js")
    _css = page("ch07_dropout.css")

    layers = traitlets.List(traitlets.Int()).tag(sync=True)
    weights: traitlets.List[Any] = traitlets.List().tag(sync=True)
    highest = traitlets.Float(HIGHEST).tag(sync=True)
    draws = traitlets.Int(DRAWS).tag(sync=True)
    rate = traitlets.Float(0.5).tag(sync=True)
    seed = traitlets.Int(0).tag(sync=True)
    training = traitlets.Bool(True).tag(sync=True)
    full: traitlets.List[Any] = traitlets.List().tag(sync=True)
    thinned: traitlets.List[Any] = traitlets.List().tag(sync=True)
    kept: traitlets.List[Any] = traitlets.List().tag(sync=True)
    outputs = traitlets.Dict().tag(sync=True)
    edges: traitlets.List[Any] = traitlets.List().tag(sync=True)
    learners = traitlets.Bool(False).tag(sync=True)
    message = traitlets.Unicode().tag(sync=True)

    def __init__(self, dropout: Dropout, **traits: Any) -> None:
        self._dropout = dropout
        weights = [matrix.tolist() for matrix in network()[1]]
        super().__init__(layers=list(LAYERS), weights=weights, **traits)
        self._update()
        self.observe(self._update, names=["rate", "seed", "training"])

    @traitlets.validate("rate")
    def _known(self, proposal: Any) -> float:
        rate: float = proposal["value"]
        if not 0 <= rate <= HIGHEST:
            raise traitlets.TraitError(f"rate must be from 0 to {HIGHEST}. Received: {rate!r}")
        return rate

    @traitlets.validate("seed")
    def _whole(self, proposal: Any) -> int:
        seed: int = proposal["value"]
        if seed < 0:
            raise traitlets.TraitError(f"seed must be 0 or more. Received: {seed!r}")
        return seed

    def _update(self, change: Any = None) -> None:
        shown = answer(self._dropout, self.rate, self.seed, self.training)
        with self.hold_sync():  # one message, so that the page never mixes old and new
            self.full, self.thinned, self.kept = shown.full, shown.thinned, shown.kept
            self.outputs, self.edges = shown.outputs, shown.edges
            self.learners, self.message = shown.learners, shown.message

    def still(self) -> tuple[str, list[Panel]]:
        names = {"full": "full network", "scaled": "dropout", "unscaled": "mask alone"}
        full = self.outputs["full"] or 1.0
        rows = [
            (names[key], 0.5 * value / full, colour)
            for (key, value), colour in zip(
                self.outputs.items(), (palette.INPUT, palette.KERNEL, palette.WINDOW), strict=True
            )
        ]
        kept = [f"{sum(nodes)} of {len(nodes)}" for nodes in self.kept]
        nodes = [
            (f"layer {n}: {text} nodes", sum(nodes) / 8, palette.OUTPUT)
            for n, (text, nodes) in enumerate(zip(kept, self.kept, strict=True))
        ]
        return "How many nodes dropout leaves, and what then arrives at the output.", [
            bars("nodes that are left", nodes, 160),
            bars("what arrives at the output", rows, 240),
        ]


def demo(dropout: Dropout) -> DropoutDemo:
    """The demo of chapter 7, with the learner's own function.

    Parameters
    ----------
    dropout : callable, (x, rate, rng, training) → (out, mask)
    """
    return DropoutDemo(dropout)
