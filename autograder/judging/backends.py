"""Keras on a backend and a device of one's choice, for processes that compute references.

Keras takes its backend when it is imported. So a process is started with `Engine.environment`,
and calls `Engine.prepare` before it computes anything. Whatever is set on a machine for other
work, float32 is float32 there (a GPU's TF32 is off), and float64 is float64.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from cnnlab.course.light import REMEDY, keras_missing

BACKENDS = ("tensorflow", "jax", "torch")
DEVICES = ("cpu", "gpu")
_REMEDIES = {
    "jax": "JAX is not installed here: run `uv sync --extra backends` in a clone, or else "
    '`pip install "cnnlab[backends]"`.',
    "torch": "PyTorch is not installed here: run `uv pip install torch` in a clone, or else "
    "`pip install torch`.",
}


class NotAvailable(RuntimeError):
    """This machine lacks a backend's package or the device; the message says what to do."""


@dataclass(frozen=True)
class Engine:
    """A backend of Keras on a kind of device: what answers one record's questions.

    Parameters
    ----------
    backend : {"tensorflow", "jax", "torch"}
    device : {"cpu", "gpu"}
    tf32 : bool
        Whether a GPU may round to TF32: only to measure what that costs, never to record.

    Examples
    --------
    >>> str(Engine("jax"))
    'jax-cpu'
    >>> Engine.named("torch-gpu").device
    'gpu'
    """

    backend: str = "tensorflow"
    device: str = "cpu"
    tf32: bool = False

    def __post_init__(self) -> None:
        for name, given, known in (
            ("backend", self.backend, BACKENDS),
            ("device", self.device, DEVICES),
        ):
            if given not in known:
                raise ValueError(f"{name} must be one of {', '.join(known)}. Received: {given!r}")

    @classmethod
    def named(cls, reference: str) -> Engine:
        """The engine of a record such as ``"jax-cpu"``.

        Raises
        ------
        ValueError
            The name is not made of a backend and a device.
        """
        return cls(*reference.partition("-")[::2])

    def __str__(self) -> str:
        return f"{self.backend}-{self.device}"

    def missing(self) -> str | None:
        """What to do about it where Keras or the backend is not installed; None where both are.

        Imports neither.
        """
        if self.backend == "tensorflow":
            return keras_missing()
        if find_spec("keras") is None:
            return REMEDY
        return None if find_spec(self.backend) else _REMEDIES[self.backend]

    def environment(self) -> dict[str, str]:
        """What a process is started with that is to be this engine."""
        chosen = {
            "KERAS_BACKEND": self.backend,
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "JAX_ENABLE_X64": "1",
            "JAX_DEFAULT_MATMUL_PRECISION": "tensorfloat32" if self.tf32 else "highest",
            "NVIDIA_TF32_OVERRIDE": "1" if self.tf32 else "0",
        }
        if self.device == "cpu":
            chosen |= {"CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu"}
            chosen |= {"KERAS_TORCH_DEVICE": "cpu"}
        return os.environ | chosen

    def prepare(self) -> str:
        """Make this process ready to compute references; returns the device's name.

        Raises
        ------
        NotAvailable
            There is no GPU that the backend can use.
        """
        from keras.src.backend.common import dtypes

        # Keras turns float64 into float32 on the way through mean, matmul and others, on every
        # backend but TensorFlow, and has no setting for it. References keep what they are given.
        dtypes.BIT64_TO_BIT32_DTYPE["float64"] = "float64"
        gpu = _GPUS[self.backend]()
        if self.device == "cpu":
            return processor()
        if gpu is None:
            raise NotAvailable(f"{self.backend} finds no GPU on this machine.")
        return gpu

    def versions(self) -> dict[str, str]:
        """The versions that an answer may depend on, read without importing anything."""
        packages = ["numpy", "keras", self.backend, *(["jaxlib"] if self.backend == "jax" else [])]
        return {"python": platform.python_version()} | {name: version(name) for name in packages}


DEFAULT_ENGINE = Engine()


def processor() -> str:
    """The processor's name, as far as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


# The name of the first GPU, None where there is none; TF32 is switched off.


def _tensorflow_gpu() -> str | None:
    import tensorflow as tf

    tf.config.experimental.enable_tensor_float_32_execution(False)
    gpus = tf.config.list_physical_devices("GPU")
    details = tf.config.experimental.get_device_details(gpus[0]) if gpus else {}
    return details.get("device_name", "GPU") if gpus else None


def _jax_gpu() -> str | None:
    import jax

    first = jax.devices()[0]
    return str(first.device_kind) if first.platform == "gpu" else None


def _torch_gpu() -> str | None:
    import torch

    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    return torch.cuda.get_device_name(0) if torch.cuda.is_available() else None


_GPUS: dict[str, Callable[[], str | None]] = {
    "tensorflow": _tensorflow_gpu,
    "jax": _jax_gpu,
    "torch": _torch_gpu,
}
