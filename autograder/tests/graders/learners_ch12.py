"""What the tests of chapter 12's graders share: checks, and one classifier for many calls."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.sandbox.drivers import models

KEYS = recorded("ch12_explanations")


@contextmanager
def one_model_for_many_calls() -> Iterator[None]:
    """A learner's process builds a new classifier for each call. No function here changes one."""
    built, build = {}, models.stack

    def once(weights, **network):
        key = repr(network), *(np.asarray(w).tobytes() for w in weights)
        if key not in built:
            built[key] = build(weights=weights, **network)
        return built[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(models, "stack", once)
        yield


def demand(good, name, value):
    if not good:
        raise ValueError(f"{name} does not fit. Received: {value!r}")


def check(model, image, index):
    demand(image.ndim == 3 and image.shape[2] == model.input.shape[3], "image", image.shape)
    demand(0 <= index < model.output.shape[-1], "index", index)
