"""A little network of dense layers that trains in a blink, to show how training fails.

It tells stripes that lean to the left from stripes that lean to the right. Everything that chapter
14 asks of a learner has its place in it: first weights, batch normalization and Adam's step come as
`Tools`, and a learner's own functions may be among them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cnnlab.course.ops import training as ops

Floats = NDArray[np.float64]

SIDE = 8
"""Height and width of a picture."""
WIDTH = 24
"""Units of a hidden layer."""
BATCH = 32
TRAIN, VALIDATION = 256, 128
EVERY = 5
"""After so many steps the loss on new pictures is measured."""
LOST = 2.0
"""So many times its first loss, and a sweep is over."""
MOMENTUM = 0.9
"""Of batch norm's moving averages: Keras's 0.99 would need several hundred steps."""


class Tools(NamedTuple):
    """The functions that do the work; the course's own where nothing else is given.

    Parameters
    ----------
    he_normal, batch_norm, adam_step : callable
        As in `cnnlab.course.ops.training`.
    """

    he_normal: Callable[..., Any] = ops.he_normal
    batch_norm: Callable[..., Any] = ops.batch_norm
    adam_step: Callable[..., Any] = ops.adam_step


class Data(NamedTuple):
    """Pictures, shape (N, 64), from 0 to 255, and labels, shape (N,); 0 leans left, 1 right."""

    x: Floats
    y: NDArray[np.intp]
    new_x: Floats
    new_y: NDArray[np.intp]


@dataclass(frozen=True)
class Setting:
    """How a network is built and trained.

    Parameters
    ----------
    rate : float
        The learning rate.
    init : float
        What He's standard deviation is multiplied by; 0 begins with zeros.
    bias : float
        With what the biases of the hidden layers begin.
    depth : int
        How many hidden layers there are.
    batch_norm, shortcut, adam : bool
        Shortcuts lead around every hidden layer but the first.
    one_batch : bool
        Whether every step sees the same 32 pictures.
    rescaled : bool
        Whether pixels go from −1 to 1, and not from 0 to 255.
    shuffled : bool
        Whether the training labels are dealt out anew, by accident.
    steps : int
    """

    rate: float = 0.05
    init: float = 1.0
    bias: float = 0.0
    depth: int = 4
    batch_norm: bool = False
    shortcut: bool = False
    adam: bool = False
    one_batch: bool = False
    rescaled: bool = True
    shuffled: bool = False
    steps: int = 60


@dataclass(frozen=True)
class Run:
    """What can be seen of a training.

    Parameters
    ----------
    losses : list of float
        Of each step's batch, before the step; nan where the numbers overflowed.
    new_losses : list of float
        On new pictures, before every fifth step; empty where each step sees the same batch.
    gradients : list of float
        Before the first step: the root mean square of the loss's gradient with respect to what
        each hidden layer hands on.
    silent : float
        The share of hidden units that hand on 0 for every picture of the last batch.
    right : float
        The share of right answers at the end: on new pictures, or on the batch.
    """

    losses: list[float]
    new_losses: list[float]
    gradients: list[float]
    silent: float
    right: float


@cache
def stripes(seed: int = 0) -> Data:
    """Pictures of stripes with noise, always the same for a seed.

    Parameters
    ----------
    seed : int

    Returns
    -------
    Data

    Examples
    --------
    >>> data = stripes()
    >>> data.x.shape, float(data.x.min()) >= 0, float(data.x.max()) <= 255
    ((256, 64), True, True)
    """
    rng = np.random.default_rng(seed)
    count = TRAIN + VALIDATION
    labels = rng.permutation(np.arange(count) % 2)
    rows, columns = np.indices((SIDE, SIDE))
    lean = np.where(labels == 1, -1, 1)[:, None, None]
    wave = rng.uniform(0.9, 1.3, (count, 1, 1)) * (columns + lean * rows)
    light = 127.5 + 80 * np.sin(wave + rng.uniform(0, 2 * np.pi, (count, 1, 1)))
    noisy = np.clip(light + rng.normal(0, 30, light.shape), 0, 255).reshape(count, -1)
    return Data(noisy[:TRAIN], labels[:TRAIN], noisy[TRAIN:], labels[TRAIN:])


@dataclass
class _Layer:
    """A dense layer with its batch norm, as views of one array of parameters and of gradients."""

    weights: Floats
    bias: Floats
    gamma: Floats
    beta: Floats
    kept: dict[str, Floats] = field(default_factory=dict)


class Network:
    """The network: hidden layers with ReLU, and two logits.

    Parameters
    ----------
    setting : Setting
    tools : Tools
    seed : int
    """

    def __init__(self, setting: Setting, tools: Tools | None = None, seed: int = 0) -> None:
        self.setting, self.tools = setting, tools or Tools()
        sizes = [SIDE * SIDE, *[WIDTH] * setting.depth, 2]
        shapes = [s for n, u in pairwise(sizes) for s in ((n, u), *[(u,)] * 3)]
        count = sum(int(np.prod(shape)) for shape in shapes)
        self.params, self.grads = np.zeros(count), np.zeros(count)
        self.layers = list(_views(self.params, shapes))
        self._slopes = list(_views(self.grads, shapes))
        self._m, self._v, self._t = np.zeros(count), np.zeros(count), 0
        self._moving: list[tuple[Floats, Floats]] = [(np.zeros(u), np.ones(u)) for u in sizes[1:]]
        rng = np.random.default_rng(seed)
        for layer in self.layers:
            layer.gamma[:] = 1
            drawn = np.asarray(self.tools.he_normal(layer.weights.shape, rng), float)
            layer.weights[:] = setting.init * drawn
        for layer in self.layers[:-1]:
            layer.bias[:] = setting.bias

    def forward(self, x: Floats, training: bool = True) -> Floats:
        """The logits, shape (N, 2), of pictures of shape (N, 64)."""
        for i, layer in enumerate(self.layers):
            layer.kept["x"] = x
            z = x @ layer.weights + layer.bias
            if i == len(self.layers) - 1:
                return z
            if self.setting.batch_norm:
                z = self._normalize(i, z, training)
            if self._around(i):
                z = z + x
            layer.kept["z"] = z
            x = np.maximum(z, 0)
        raise AssertionError("a network has a last layer")

    def _around(self, i: int) -> bool:
        return self.setting.shortcut and 0 < i < len(self.layers) - 1

    def _normalize(self, i: int, z: Floats, training: bool) -> Floats:
        layer, batch = self.layers[i], z[:, None, None]
        if not training:
            mean, variance = self._moving[i]
            return ops.batch_norm_at_test(batch, layer.gamma, layer.beta, mean, variance)[:, 0, 0]
        out, mean, variance = self.tools.batch_norm(batch, layer.gamma, layer.beta)
        mean, variance = np.asarray(mean, float), np.asarray(variance, float)
        old_mean, old_variance = self._moving[i]
        self._moving[i] = (
            MOMENTUM * old_mean + (1 - MOMENTUM) * mean,
            MOMENTUM * old_variance + (1 - MOMENTUM) * variance,
        )
        root = np.sqrt(variance + ops.EPS)
        layer.kept |= {"normal": (z - mean) / root, "root": root}
        return np.asarray(out, float)[:, 0, 0]

    def backward(self, dout: Floats) -> list[float]:
        """Gradients of all parameters; how large that of each hidden layer's answers is."""
        sizes, count = [], len(dout)
        for i in reversed(range(len(self.layers))):
            layer, slope = self.layers[i], self._slopes[i]
            hidden = i < len(self.layers) - 1
            if hidden:
                sizes.append(float(np.sqrt(np.mean(dout**2)) * count))
                dout = dout * (layer.kept["z"] > 0)
            straight = dout if self._around(i) else 0
            if hidden and self.setting.batch_norm:
                normal = layer.kept["normal"]
                slope.gamma[:], slope.beta[:] = (dout * normal).sum(0), dout.sum(0)
                inner = dout * layer.gamma
                inner = inner - inner.mean(0) - normal * (inner * normal).mean(0)
                dout = inner / layer.kept["root"]
            slope.weights[:] = layer.kept["x"].T @ dout
            slope.bias[:] = dout.sum(0)
            dout = dout @ layer.weights.T + straight
        return sizes[::-1]

    def step(self) -> None:
        """One step downhill along the last gradients."""
        if self.setting.adam:
            self._t += 1
            new = self.tools.adam_step(
                self.params.copy(), self.grads, self._m, self._v, self._t, self.setting.rate
            )
            self.params[:], self._m, self._v = (np.array(each, float) for each in new)
        else:
            self.params -= self.setting.rate * self.grads


def _views(flat: Floats, shapes: list[tuple[int, ...]]) -> Iterator[_Layer]:
    """Layers whose four arrays are parts of one: a step changes them all at once."""
    parts, at = [], 0
    for shape in shapes:
        size = int(np.prod(shape))
        parts.append(flat[at : at + size].reshape(shape))
        at += size
    for i in range(0, len(parts), 4):
        weights, bias, gamma, beta = parts[i : i + 4]
        yield _Layer(weights, bias, gamma, beta)


def loss_of(logits: Floats, labels: NDArray[np.intp]) -> tuple[float, Floats]:
    """Cross-entropy, and its gradient with respect to the logits.

    Parameters
    ----------
    logits : ndarray, shape (N, 2)
    labels : ndarray of int, shape (N,)

    Returns
    -------
    (float, ndarray of shape (N, 2))

    Examples
    --------
    >>> loss_of(np.zeros((1, 2)), np.array([1]))[1]
    array([[ 0.5, -0.5]])
    """
    shifted = logits - logits.max(axis=1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    truth = np.eye(2)[labels]
    return float(-np.mean(np.sum(logs * truth, axis=1))), (np.exp(logs) - truth) / len(labels)


def train(setting: Setting, tools: Tools | None = None, seed: int = 0) -> Run:
    """Train a network from its first step to its last.

    Parameters
    ----------
    setting : Setting
    tools : Tools, optional
    seed : int
        Of the weights and of the order of the pictures.

    Returns
    -------
    Run

    Examples
    --------
    >>> run = train(Setting(one_batch=True))
    >>> run.losses[-1] < run.losses[0]
    True
    """
    data = stripes()
    x, new = ((p / 127.5 - 1 if setting.rescaled else p) for p in (data.x, data.new_x))
    rng = np.random.default_rng(seed + 1)
    y = rng.permutation(data.y) if setting.shuffled else data.y
    network = Network(setting, tools, seed)
    losses: list[float] = []
    new_losses: list[float] = []
    gradients: list[float] = []
    with np.errstate(all="ignore"):  # overflow is what some settings are there to show
        for step, chosen in enumerate(_batches(setting, rng)):
            loss, dout = loss_of(network.forward(x[chosen]), y[chosen])
            losses.append(loss)
            sizes = network.backward(dout)
            gradients = gradients or sizes
            if not setting.one_batch and step % EVERY == 0:
                new_losses.append(loss_of(network.forward(new, False), data.new_y)[0])
            network.step()
        asked, truth = (x[chosen], y[chosen]) if setting.one_batch else (new, data.new_y)
        right = np.mean(network.forward(asked, setting.one_batch).argmax(1) == truth)
        network.forward(x[chosen])
        shut = [np.all(~(layer.kept["z"] > 0), axis=0) for layer in network.layers[:-1]]
    return Run(losses, new_losses, gradients, float(np.mean(shut)), float(right))


def _batches(setting: Setting, rng: np.random.Generator) -> Iterator[NDArray[np.intp]]:
    """The places of each step's pictures: all of them once, then again in another order."""
    order: list[NDArray[np.intp]] = []
    for _ in range(setting.steps):
        if setting.one_batch:
            yield np.arange(BATCH)
            continue
        order = order or list(rng.permutation(TRAIN).reshape(-1, BATCH))
        yield order.pop()


def sweep(rates: Floats, setting: Setting, tools: Tools | None = None, seed: int = 0) -> Floats:
    """The loss of each step of one training whose rate grows from step to step.

    Parameters
    ----------
    rates : ndarray, shape (n,)
    setting : Setting
        Its rate and its number of steps are left aside.
    tools : Tools, optional
    seed : int

    Returns
    -------
    ndarray, shape (n,)
        Shorter where the loss grows to `LOST` times its first value: from there on it jumps up
        and down, and its slopes say nothing.

    Examples
    --------
    >>> len(sweep(np.geomspace(1e-4, 100, 60), Setting())) < 60
    True
    """
    data, rng = stripes(), np.random.default_rng(seed + 1)
    x = data.x / 127.5 - 1
    losses: list[float] = []
    batches = _batches(Setting(steps=len(rates)), rng)
    network = Network(setting, tools, seed)
    with np.errstate(all="ignore"):
        for rate, chosen in zip(rates, batches, strict=True):
            loss, dout = loss_of(network.forward(x[chosen]), data.y[chosen])
            if losses and not loss <= LOST * losses[0]:  # nan is not
                break
            losses.append(loss)
            network.backward(dout)
            network.setting = Setting(**{**vars(setting), "rate": float(rate)})
            network.step()
    return np.array(losses)
