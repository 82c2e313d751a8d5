"""Modules of the course that were called otherwise in version 0.1.

A notebook that a learner has worked in is never replaced, so its imports go on working, with a
warning. The table goes in version 0.3.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

PACKAGE = __name__.rpartition(".")[0]
MODULES = {
    "ascent": "ops.ascent",
    "augmentation": "ops.augmentation",
    "blobs": "ops.blobs",
    "curves": "figures.curves",
    "diagrams": "figures.diagrams",
    "emerging": "figures.gradient_ascent",
    "explaining": "networks.explain",
    "heat": "figures.heatmaps",
    "histories": "training.histories",
    "layers": "ops.layers",
    "lookup": "networks.lookup",
    "mistakes": "figures.mistakes",
    "models": "networks.cnn",
    "network": "ops.network",
    "pretrained": "networks.pretrained",
    "quiet": "networks.quiet",
    "slopes": "figures.gradients",
    "speed": "figures.speed",
    "thinning": "networks.split_cnn",
    "train_by_hand": "training.by_hand",
    "transfer": "training.transfer",
    "uncertainty": "figures.uncertainty",
    "vgg": "networks.vgg",
    "vgg_figures": "figures.vgg",
    "walks": "figures.sliding_window",
    "windows": "figures.pooling_windows",
}
"""Old name → new name, both below this package."""


class Finder(MetaPathFinder, Loader):
    """Finds a module under its old name, where there is none of that name."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        package, _, old = name.rpartition(".")
        return ModuleSpec(name, self) if package == PACKAGE and old in MODULES else None

    def create_module(self, spec: ModuleSpec) -> None:
        """Nothing of its own: `exec_module` puts the module itself in its place."""

    def exec_module(self, module: ModuleType) -> None:
        old = module.__name__
        new = f"{PACKAGE}.{MODULES[old.rpartition('.')[2]]}"
        _warn(old, new)
        sys.modules[old] = import_module(new)


def install() -> None:
    """Find old names from now on, after everything that really is there."""
    if not any(isinstance(finder, Finder) for finder in sys.meta_path):
        sys.meta_path.append(Finder())


def names_from(module: str, *names: str) -> Callable[[str], Any]:
    """A package's ``__getattr__``: names that stood in it when it was a module.

    Parameters
    ----------
    module : str
        Where they stand now.
    """
    package = module.rpartition(".")[0]

    def getattr_(name: str) -> Any:
        if name not in names:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        _warn(f"{package}.{name}", f"{module}.{name}")
        return getattr(import_module(module), name)

    return getattr_


def _warn(old: str, new: str) -> None:
    warnings.warn(f"{old} is now {new}", DeprecationWarning, stacklevel=3)
