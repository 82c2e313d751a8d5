"""The probes that every fresh batch asks again, because there is nothing about them to vary."""

from __future__ import annotations

from collections.abc import Sequence

from cnnlab.autograder.judging.exercise import Exercise, Probe

FIXED = {
    ("design_kernel", "identity"): "it takes one of five words",
    ("design_kernel", "box_blur"): "it takes one of five words",
    ("design_kernel", "sharpen"): "it takes one of five words",
    ("design_kernel", "vertical_edges"): "it takes one of five words",
    ("design_kernel", "horizontal_edges"): "it takes one of five words",
    ("vgg16_layers", "the names of the layers"): "it takes nothing: there is one VGG16",
    ("vgg16_layers", "the kinds of the layers"): "it takes nothing: there is one VGG16",
    ("vgg16_layers", "the units of the layers"): "it takes nothing: there is one VGG16",
    ("build_vgg16", "the full network"): "without arguments, it builds the one VGG16",
    ("receptive_field", "no layer at all"): "there is one empty list",
    ("sparsity", "no layer at all"): "there is one empty dictionary",
}
"""Exercise and the probe's title, or its rung where it has none → why."""


def label(probe: Probe) -> str:
    """How `FIXED` names a probe."""
    return probe.title or probe.rung


def learnable(exercise: Exercise, probes: Sequence[Probe]) -> float:
    """The points that can be learnt by heart: the share of fixed properties on each rung."""
    points = 0.0
    for rung, worth in exercise.points.items():
        labels = [p.title or str(i) for i, p in enumerate(probes) if p.rung == rung]
        fixed = {label(p) for p in probes if p.rung == rung and (exercise.name, label(p)) in FIXED}
        points += worth * len(fixed) / max(len(set(labels)), 1)
    return points
