"""Chapter 15's features and heads in Keras as learners write them, right and wrong."""

import numpy as np
import pytest

from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.quality.proof import judge_function
from cnnlab.course.networks.heads import frozen_features, whole_model
from cnnlab.course.networks.vgg import vgg_preprocess

KEYS = recorded("ch15_your_photographs")


# frozen_features


def by_predict(base, images, batch=32):
    if batch < 1:
        raise ValueError("batch must be 1 or more")
    return base.predict(vgg_preprocess(images), batch_size=batch, verbose=0).mean(axis=(1, 2))


def by_a_pooling_model(base, images, batch=32):
    import keras

    if batch < 1:
        raise ValueError("batch must be 1 or more")
    base.trainable = False
    out = keras.layers.GlobalAveragePooling2D()(base(base.input, training=False))
    model = keras.Model(base.input, out)
    parts = np.array_split(images, -(-len(images) // batch))
    return np.vstack([model(vgg_preprocess(part)) for part in parts])


@pytest.mark.parametrize("function", [by_predict, by_a_pooling_model, frozen_features])
def test_features_are_computed_in_many_ways(function):
    result = judge_function(KEYS["frozen_features"], function)
    assert (result.passed, result.score) == (True, result.max_score), result.message


def in_training(base, images, batch=32):
    found = [
        np.mean(base(vgg_preprocess(images[i : i + batch]), training=True), axis=(1, 2))
        for i in range(0, len(images), batch)
    ]
    return np.concatenate(found)


def with_keras_twice(base, images, batch=32):
    from keras.applications.vgg16 import preprocess_input

    return by_predict(base, preprocess_input(images.astype(np.float32)), batch)


def whole_batches(base, images, batch=32):
    full = [images[i * batch : (i + 1) * batch] for i in range(len(images) // batch)]
    return np.concatenate([by_predict(base, each) for each in full])


def maps(base, images, batch=32):
    return base.predict(vgg_preprocess(images), verbose=0)


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (in_training, "training-mode"),
        (whole_batches, "last-batch-dropped"),
        (maps, "not-pooled"),
        (lambda base, images, batch=32: by_predict(base, images / 255), "divides-by-255"),
    ],
)
def test_mistakes_with_features_are_named(function, name):
    result = judge_function(KEYS["frozen_features"], function)
    assert (result.diagnosis, result.passed) == ([name], False)


def test_pictures_that_are_prepared_twice_lose_points():
    """Twice by Keras and by ours: the same numbers as twice by ours."""
    result = judge_function(KEYS["frozen_features"], with_keras_twice)
    assert (result.diagnosis, result.passed) == (["preprocessed-twice"], False)


# fit_head


def head(
    scale="adapt", ending="softmax", loss="sparse_categorical_crossentropy", epochs=25, l2=0.01
):
    """A head with one thing of the learner's own."""

    def fit_head(features, labels, classes, rng):
        import keras

        if len(labels) != len(features):
            raise ValueError("labels must be as many as features")
        keras.utils.set_random_seed(int(rng.integers(1 << 31)))
        x = out = keras.Input(features.shape[1:])
        if scale == "adapt":
            norm = keras.layers.Normalization(axis=-1)
            norm.adapt(features)
            out = norm(out)
        elif scale == "given":
            mean, variance = features.mean(axis=0), features.var(axis=0)
            out = keras.layers.Normalization(mean=mean, variance=variance)(out)
        elif scale == "batch":
            out = keras.layers.BatchNormalization()(out)
        penalty = keras.regularizers.L2(l2) if l2 else None
        own = ending if ending in ("softmax", "sigmoid") else None
        out = keras.layers.Dense(classes, activation=own, kernel_regularizer=penalty)(out)
        if ending == "layer":
            out = keras.layers.Softmax()(out)
        model = keras.Model(x, out)
        model.compile(keras.optimizers.Adam(0.02), loss=loss, metrics=["accuracy"])
        y = np.eye(classes)[labels] if loss == "categorical_crossentropy" else labels
        model.fit(features, y, epochs=epochs, batch_size=16, verbose=0)
        return model

    return fit_head


@pytest.mark.slow
@pytest.mark.parametrize(
    "function",
    [head(), head("given", "layer"), head(loss="categorical_crossentropy")],
    ids=["functional", "given moments", "one-hot"],
)
def test_heads_are_trained_in_many_ways(function):
    result = judge_function(KEYS["fit_head"], function)
    assert (result.passed, result.score) == (True, result.max_score), result.message


def whole_numbers_refused(features, labels, classes, rng):
    """Categorical cross-entropy, and labels as they are: Keras refuses them."""
    import keras

    scale = keras.layers.Normalization()
    scale.adapt(features)
    last = keras.layers.Dense(classes, "softmax", kernel_regularizer="l2")
    model = keras.Sequential([scale, last])
    model.compile("adam", "categorical_crossentropy")
    model.fit(features, labels, epochs=1, verbose=0)
    return model


@pytest.mark.slow
@pytest.mark.parametrize(
    ("function", "name"),
    [
        (head("none"), "not-normalised"),
        (head("batch"), "not-normalised"),
        (head(ending="sigmoid"), "wrong-activation"),
        (head(epochs=0), "untrained"),
        (head(l2=0), "no-penalty"),
        (whole_numbers_refused, "labels-not-encoded"),
    ],
)
def test_mistakes_with_heads_are_named(function, name):
    result = judge_function(KEYS["fit_head"], function)
    assert (result.diagnosis, result.passed) == ([name], False), result.message


def test_base_and_head_are_one_model():
    import keras

    rng = np.random.default_rng(0)
    picture = keras.Input((None, None, 3))
    maps = keras.layers.Conv2D(4, 3, padding="same", activation="relu", name="last")(picture)
    base = keras.Model(picture, maps)
    images = rng.integers(0, 256, (5, 8, 6, 3), dtype=np.uint8)
    features = frozen_features(base, images)
    scale = keras.layers.Normalization()
    scale.adapt(features)
    own = keras.Sequential([scale, keras.layers.Dense(3, activation="softmax")])
    said = np.asarray(own(features))
    whole = whole_model(base, own)
    np.testing.assert_allclose(whole(vgg_preprocess(images)), said, atol=1e-5)
    assert isinstance(whole.layers[-1], keras.layers.Softmax)
    with pytest.raises(ValueError, match="head must end in a dense layer"):
        whole_model(base, keras.Sequential([scale]))
