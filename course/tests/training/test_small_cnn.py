"""The training script: its pieces, and a run of it on a few pictures."""

from __future__ import annotations

import json

import numpy as np
import pytest

from cnnlab.course.training import small_cnn
from cnnlab.course.training.small_cnn import Recipe, varied
from cnnlab.datasets.pictures import CatsDogs, Part, load_cats_dogs


def test_varied_pictures_are_shifted_and_mirrored_and_nothing_else():
    rng = np.random.default_rng(0)
    x = rng.random((200, 6, 7, 3)).astype(np.float32)
    before = x.copy()
    out = varied(x, 1, rng)
    np.testing.assert_array_equal(x, before)
    assert (out.shape, out.dtype) == (x.shape, x.dtype)
    # The middle of a varied picture is the original's middle, at most one cell away.
    found = []
    for picture, original in zip(out, x, strict=True):
        places = {
            (down, right, mirror)
            for down in (-1, 0, 1)
            for right in (-1, 0, 1)
            for mirror in (False, True)
            if np.array_equal(
                (picture[:, ::-1] if mirror else picture)[1:-1, 1:-1],
                original[1 + down : 5 + down, 1 + right : 6 + right],
            )
        }
        assert len(places) == 1
        found.append(places.pop())
    assert len(set(found)) == 18  # every shift, mirrored or not
    assert 60 < sum(mirror for _, _, mirror in found) < 140


@pytest.mark.slow
def test_a_short_training_is_reproducible_and_learns(tmp_path):
    whole = load_cats_dogs()
    parts = [
        Part(part.x[:count], part.y[:count])
        for part, count in ((whole.train, 400), (whole.validation, 100), (whole.test, 100))
    ]
    data = CatsDogs(*parts)
    recipe = Recipe(epochs=3, filters=(4, 4, 4), units=8)
    runs = [[now for _, now in small_cnn.train(data, recipe)] for _ in range(2)]
    assert runs[0] == runs[1]
    model, epoch = small_cnn.best(data, recipe)
    assert 1 <= epoch <= 3
    assert small_cnn.measure(model, data.validation)[0] == pytest.approx(
        min(now["loss"] for now in runs[0]), abs=1e-6
    )
    card = small_cnn.describe(model, data, recipe)
    files = small_cnn.save(model, data, card, tmp_path)
    assert [path.suffix for path in files] == [".npz", ".json"]
    assert json.loads(files[1].read_text())["recipe"]["seed"] == 0
    with np.load(files[0]) as stored:
        kept = [stored[f"weight_{i}"] for i in range(10)]
        predictions = stored["keras"]
    for array, weight in zip(kept, model.get_weights(), strict=True):
        np.testing.assert_array_equal(array, weight)
    assert predictions.shape == (16, 1)
