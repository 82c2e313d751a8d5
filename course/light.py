"""The light installation leaves Keras and TensorFlow out; who needs them says what to install."""

from __future__ import annotations

from importlib.util import find_spec

REMEDY = (
    "Keras and TensorFlow are not installed here: run `uv sync` in a clone, or else "
    '`pip install "cnnlab[keras]"`, and start again.'
)


class KerasMissing(ModuleNotFoundError):
    """Something needs Keras, and this is a light installation."""

    def __init__(self) -> None:
        super().__init__(REMEDY, name="keras")

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows: the sentence alone, for there is no mistake to look for."""
        return [REMEDY]


def keras_missing() -> str | None:
    """What to do about it where Keras or TensorFlow is not installed; None where both are.

    Imports neither.
    """
    return None if find_spec("keras") and find_spec("tensorflow") else REMEDY


def require_keras() -> None:
    """Raises `KerasMissing` where `keras_missing` has something to say."""
    if keras_missing():
        raise KerasMissing
