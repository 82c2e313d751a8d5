"""What stands in the sandbox for things that are not there: plots, and the course's own objects.

A plot inside a function does no harm and shows nothing. Anything else that the course's cells
made may be named, and says what it is when it is used. Needs the standard library alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, ClassVar, NoReturn

DISPLAYS = frozenset({"IPython", "matplotlib"})
"""Modules that only show things; learner code may import them in every chapter."""
_PARTS = {"subplots": 2, "hist": 3}
"""Functions of pyplot whose result is usually taken apart."""


class Nothing:
    """What a plot gives back: it may be called, searched and drawn on, and does nothing."""

    def __init__(self, name: str = "") -> None:
        self._name = name

    def __getattr__(self, name: str) -> Nothing:
        if name.startswith("__"):  # NumPy and others ask what an object can do
            raise AttributeError(name)
        return Nothing(name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        parts = _PARTS.get(self._name)
        return tuple(Nothing() for _ in range(parts)) if parts else Nothing()

    def __getitem__(self, key: Any) -> Nothing:
        return Nothing()

    def __setitem__(self, key: Any, value: Any) -> None:
        pass

    def __iter__(self) -> Iterator[Nothing]:
        return iter(())

    def __enter__(self) -> Nothing:
        return self

    def __exit__(self, *_: object) -> None:
        pass


class _Display(ModuleType):
    """A module that shows nothing, with every name in it."""

    __path__: ClassVar[list[str]] = []  # type: ignore[misc]

    def __getattr__(self, name: str) -> Nothing:
        if name.startswith("__"):
            raise AttributeError(name)
        return Nothing(name)


class DisplayLoader:
    """Makes such modules, as an import hook's loader."""

    @staticmethod
    def spec(fullname: str) -> ModuleSpec:
        return ModuleSpec(fullname, DisplayLoader(), is_package=True)  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Display(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        pass


def _says_so(self: Absent, *args: Any, **kwargs: Any) -> NoReturn:
    name = object.__getattribute__(self, "name")
    raise NameError(
        f"{name} comes from the course's own cells, and grading does not have it. "
        "Write what you need of it into your own cell"
    )


class Absent:
    """Something of the course's cells that cannot be sent; any use of it says so."""

    def __init__(self, name: str) -> None:
        self.name = name

    __getattribute__ = _says_so
    __setattr__ = object.__setattr__


_USES = """
    call getitem setitem delitem len iter next contains bool enter exit array index int float
    add radd sub rsub mul rmul truediv rtruediv floordiv rfloordiv mod rmod pow rpow matmul rmatmul
    neg pos abs and rand or ror xor rxor lt le gt ge eq ne
"""
for _name in _USES.split():
    setattr(Absent, f"__{_name}__", _says_so)
Absent.__hash__ = object.__hash__  # type: ignore[method-assign]


def define_displays(namespace: dict[str, Any]) -> None:
    """What a notebook has without any import."""
    namespace["display"] = namespace["get_ipython"] = Nothing()
