"""Keras on other backends and devices: what is chosen, what is missing, what is answered."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from cnnlab.autograder.judging import backends
from cnnlab.autograder.judging.backends import BACKENDS, Engine, NotAvailable
from cnnlab.autograder.judging.compare import shape_difference, value_difference
from cnnlab.autograder.judging.keras_process import KerasProcess
from cnnlab.autograder.judging.questions import as_tree
from cnnlab.autograder.judging.record import recorded


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("device", ["cpu", "gpu"])
def test_a_record_is_named_after_backend_and_device(backend, device):
    engine = Engine(backend, device)
    assert Engine.named(str(engine)) == engine


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("numpy-cpu", "backend must be one of tensorflow, jax, torch. Received: 'numpy'"),
        ("jax-tpu", "device must be one of cpu, gpu. Received: 'tpu'"),
        ("jax", "device must be one of cpu, gpu. Received: ''"),
        ("", "backend must be one of"),
    ],
)
def test_an_unknown_name_is_refused_with_those_that_are_known(name, said):
    with pytest.raises(ValueError, match=said):
        Engine.named(name)


def test_the_process_is_set_up_for_backend_and_device(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3")
    on_cpu, on_gpu = Engine("jax").environment(), Engine("jax", "gpu").environment()
    assert on_cpu["KERAS_BACKEND"] == on_gpu["KERAS_BACKEND"] == "jax"
    assert (on_cpu["CUDA_VISIBLE_DEVICES"], on_gpu["CUDA_VISIBLE_DEVICES"]) == ("-1", "3")
    assert on_gpu["NVIDIA_TF32_OVERRIDE"] == "0"


def test_a_missing_package_is_named_with_what_installs_it(monkeypatch):
    monkeypatch.setattr(backends, "find_spec", lambda package: package != "jax" or None)
    with pytest.raises(NotAvailable, match=r"JAX is not installed.*uv sync --extra backends"):
        KerasProcess(Engine("jax"))


CARE = {
    "ch05_backprop": ("numerical_gradient", "relu_backward", "max_pool2d_backward"),
    "ch09_vgg": ("top_k",),
    "ch10_feature_maps": ("to_picture", "sparsity", "strongest"),
}
"""Float64, ties and percentiles: where backends would differ if nobody took care."""


@pytest.mark.slow
@pytest.mark.skipif(find_spec("jax") is None, reason="needs `uv sync --extra backends`")
def test_jax_answers_as_it_is_recorded_and_in_the_same_types():
    with KerasProcess(Engine("jax")) as keras:
        for chapter, names in CARE.items():
            keys = recorded(chapter)
            asked = {name: [as_tree(probe) for probe in keys[name].probes] for name in names}
            device, found = keras.answers(chapter, asked)
            assert device == backends.processor()
            for name in names:
                answered = zip(keys[name].probes, keys[name].expected, found[name], strict=True)
                for probe, expected, received in answered:
                    where = f"{name}, {probe.title}"
                    assert value_difference(expected, received, probe.rounding) is None, where
                    assert shape_difference(expected, received) is None, where
