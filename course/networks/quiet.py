"""Keras without what TensorFlow writes on loading.

Chapters write ``from cnnlab.course.networks.quiet import keras``.

TensorFlow greets whoever imports it with a dozen lines on drivers and processors, from C++ and past
Python's own standard error. In a notebook they would stand below the first cell, in red.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from cnnlab.course.light import require_keras

__all__ = ["keras", "tensorflow"]

STANDARD_ERROR = 2


@contextmanager
def silence() -> Iterator[None]:
    """Nothing that is written to the process's standard error meanwhile is seen.

    An exception passes, with its own message.
    """
    kept, null = os.dup(STANDARD_ERROR), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null, STANDARD_ERROR)
        yield
    finally:
        os.dup2(kept, STANDARD_ERROR)
        os.close(kept)
        os.close(null)


require_keras()
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
with silence():
    import keras
    import tensorflow

    tensorflow.config.list_physical_devices("GPU")  # it complains at the first look for one
