"""Drivers: Keras models described, and called in the sandbox."""

import numpy as np
import pytest

from cnnlab.autograder.sandbox.calls import invoke, load_driver
from cnnlab.autograder.sandbox.drivers import models
from cnnlab.autograder.sandbox.processes import available
from cnnlab.autograder.sandbox.session import open_workers
from cnnlab.autograder.sandbox.values import Unsupported

LAYERS = [
    ("Conv2D", {"filters": 2, "kernel_size": 3, "padding": "same", "activation": "relu"}),
    ("Flatten", {}),
    ("Dropout", {"rate": 0.5}),
    ("Dense", {"units": 1, "activation": "sigmoid"}),
]
X = np.linspace(0, 1, 2 * 4 * 5 * 3, dtype=np.float32).reshape(2, 4, 5, 3)


def small(input_shape):
    return models.stack(LAYERS, input_shape)


def by_hand(x: np.ndarray, weights: list[np.ndarray]) -> np.ndarray:
    kernels, b, w, c = (each.astype(np.float64) for each in weights)
    padded = np.pad(x.astype(np.float64), ((0, 0), (1, 1), (1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
    maps = np.maximum(np.einsum("nhwcij,ijcf->nhwf", windows, kernels) + b, 0)
    return 1 / (1 + np.exp(-(maps.reshape(len(x), -1) @ w + c)))


def test_a_model_crosses_as_its_layers_and_its_outputs_for_weights_of_ours() -> None:
    given = {"x": X, "seed": 0, "training": True}  # weights of which few units are silent
    outcome = invoke(small, ((4, 5, 3),), None, load_driver("models.built"), given)
    tree = outcome.value
    assert [layer["class"] for layer in tree["layers"]] == [kind for kind, _ in LAYERS]
    assert tree["weights"] == [[3, 3, 3, 2], [2], [40, 1], [1]]
    assert (tree["inputs"], tree["outputs"], tree["trainable"]) == ([4, 5, 3], [1], 97)
    like = [np.zeros(shape, np.float32) for shape in tree["weights"]]
    np.testing.assert_allclose(tree["y"], by_hand(X, models.weights_like(like, 0)), rtol=1e-5)
    assert not np.array_equal(*tree["training"])


@pytest.mark.parametrize("wrong", [None, 3, lambda: None])
def test_what_is_no_model_is_said_to_be_none(wrong: object) -> None:
    outcome = invoke(lambda: wrong, (), None, load_driver("models.built"), {})
    assert outcome.status == "unsupported"
    assert outcome.error is not None
    assert "where a Keras model was expected" in outcome.error.message


def test_errors_of_the_learner_are_told_as_in_a_plain_call() -> None:
    def broken(shape):
        return shape[9]

    outcome = invoke(broken, ((4, 5, 3),), None, load_driver("models.built"), {})
    assert (outcome.status, outcome.error.type) == ("raised", "IndexError")
    assert outcome.error.function == "broken"


@pytest.mark.parametrize("returns", ["", "return model"])
def test_how_a_model_was_compiled(returns: str) -> None:
    space: dict = {}
    source = f"def f(model):\n    model.compile('adam', 'mse', metrics=['mae'])\n    {returns}"
    exec(source, space)
    given = {"layers": LAYERS, "input_shape": (4, 5, 3)}
    config = invoke(space["f"], (), None, load_driver("models.compiled"), given).value["compiled"]
    assert (config["optimizer"], config["loss"], config["metrics"]) == ("adam", "mse", ["mae"])
    assert config["learning_rate"] == pytest.approx(1e-3)
    assert not config["from_logits"]


def test_a_function_that_compiles_nothing() -> None:
    given = {"layers": LAYERS, "input_shape": (4, 5, 3)}
    driver = load_driver("models.compiled")
    assert invoke(lambda model: model, (), None, driver, given).value == {
        "compiled": None,
        "returned": True,
    }


def test_random_state_is_not_overwritten() -> None:
    kernel, state = np.zeros((2, 3), np.float32), np.array([1, 2], np.uint32)
    drawn = models.weights_like([kernel, state], 0)
    assert drawn[1] is state
    assert drawn[0].any()


def test_a_driver_says_no_in_words() -> None:
    with pytest.raises(Unsupported, match="int where a Keras model"):
        models.describe(3)


@pytest.mark.slow
@pytest.mark.skipif(available() is not None, reason="needs bubblewrap")
def test_the_same_tree_comes_from_the_sandbox() -> None:
    source = (
        "import keras\n"
        "def build(input_shape):\n"
        "    layers = keras.layers\n"
        "    return keras.Sequential([keras.Input(input_shape),\n"
        "        layers.Conv2D(2, 3, padding='same', activation='relu'), layers.Flatten(),\n"
        "        layers.Dropout(0.5), layers.Dense(1, activation='sigmoid')])\n"
    )
    call = ((4, 5, 3),), {}
    given = {"x": X, "seed": 7}
    ours = invoke(small, *call, load_driver("models.built"), given).value
    with open_workers(keras=True) as workers, workers.session() as session:
        cells = [("build", source)]
        assert not session.define(cells, "import keras\n", ["numpy", "keras"], 60, ["models.built"])
        (outcome,) = session.call("build", [(*call, given)], 60, "models.built")
    np.testing.assert_allclose(outcome.value["y"], ours["y"], rtol=1e-6)
    assert outcome.value["weights"] == ours["weights"]
