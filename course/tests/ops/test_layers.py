"""Layer tuples and the shapes of a stack, against Keras."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlab.course.ops.layers import Layer, normalise, trace_shapes

size = st.integers(1, 4) | st.tuples(st.integers(1, 4), st.integers(1, 4))
count = st.integers(1, 9)
plain = st.tuples(st.just("conv"), count, size)
strided = st.tuples(st.just("conv"), count, size, size)
padded = st.tuples(st.just("conv"), count, size, size, st.sampled_from(["valid", "same"]))
dilated = st.tuples(
    st.just("conv"), count, size, st.just(1), st.sampled_from(["valid", "same"]), size
)
pools = st.tuples(st.just("max_pool"), size) | st.tuples(st.just("max_pool"), size, size)
others = st.sampled_from([("dropout", 0.3), ("dense", 5)])
ends = st.sampled_from([(), (("flatten",), ("dense", 3)), (("global_average_pool",), ("dense", 1))])


def keras_shapes(input_shape, layers):
    """Every output shape of the Keras model that the tuples describe."""
    import keras

    def conv(filters, k, strides=1, padding="same", dilation=1):
        return keras.layers.Conv2D(filters, k, strides, padding, dilation_rate=dilation)

    make = {
        "conv": conv,
        "max_pool": keras.layers.MaxPooling2D,
        "global_average_pool": keras.layers.GlobalAveragePooling2D,
        "flatten": keras.layers.Flatten,
        "dropout": keras.layers.Dropout,
        "dense": keras.layers.Dense,
    }
    tensor, shapes = keras.Input(input_shape), []
    for kind, *given_ in layers:
        tensor = make[kind](*given_)(tensor)
        shapes.append(tuple(tensor.shape[1:]))
    return shapes


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    st.tuples(st.integers(20, 60), st.integers(20, 60), count),
    st.lists(plain | strided | padded | dilated | pools | others, max_size=3),
    ends,
)
def test_shapes_are_keras_s_or_the_stack_does_not_fit(input_shape, middle, end):
    layers = [*middle, *end]
    try:
        expected = keras_shapes(input_shape, layers)
    except ValueError:
        with pytest.raises(ValueError, match="layers must have windows that fit"):
            trace_shapes(input_shape, layers)
    else:
        assert trace_shapes(input_shape, layers) == expected


def test_what_is_left_out_is_put_in():
    conv = Layer("conv", 8, (3, 3), (1, 1), "same", (1, 1))
    assert normalise(("conv", 8, 3)) == conv
    assert normalise(["conv", 8, [3, 3], 1, "same", (1, 1)]) == conv
    assert normalise(("max_pool", (2, 3))) == Layer("max_pool", 0, (2, 3), (2, 3))
    assert normalise(("max_pool", 3, 2)) == Layer("max_pool", 0, (3, 3), (2, 2))
    assert normalise(("dropout", 0.5)) == Layer("dropout", rate=0.5)


@pytest.mark.parametrize(
    "layer",
    [
        ("pool", 2),
        (),
        None,
        ([1], 2),
        ("conv", 8),
        ("conv", 8, 3, 1, "same", 1, 1),
        ("flatten", 1),
        ("conv", 0, 3),
        ("conv", 8, 2.5),
        ("conv", 8, (3, 0)),
        ("conv", 8, 3, 1, "full"),
        ("max_pool", (2, 2, 2)),
        ("dense", -1),
        ("dropout", 1.5),
        ("dropout", "half"),
    ],
)
def test_what_is_no_layer_is_refused(layer):
    with pytest.raises(ValueError, match=r"^layers must .* Received: "):
        normalise(layer)


@pytest.mark.parametrize(
    ("shape", "layers"),
    [
        ((6, 9, 3), [("max_pool", 2), ("conv", 2, 4, 1, "valid")]),
        ((9, 9, 3), [("conv", 2, 3, 1, "valid", 5)]),
        ((9, 9, 3), [("flatten",), ("max_pool", 2)]),
        ((9,), [("global_average_pool",)]),
    ],
)
def test_what_does_not_fit_names_the_layers(shape, layers):
    with pytest.raises(ValueError, match=r"^layers must "):
        trace_shapes(shape, layers)


def test_an_input_that_is_no_picture_names_the_input():
    for shape in ((3, 3), (0, 3, 3), ()):
        with pytest.raises(ValueError, match=r"^input_shape must "):
            trace_shapes(shape, [])
