"""What chapter 8 gives its learners: the network of chapter 6."""

from cnnlab.course.networks.quiet import keras


def build_cnn(input_shape):
    """Chapter 6: the cats-and-dogs network, not compiled; it takes pixels from 0 to 1."""
    layers = [keras.Input(input_shape)]
    for filters in (32, 64, 128, 128):
        layers.append(keras.layers.Conv2D(filters, 3, padding="same", activation="relu"))
        layers.append(keras.layers.MaxPooling2D(2))
    layers += [keras.layers.Flatten(), keras.layers.Dropout(0.5)]
    layers += [keras.layers.Dense(units, activation="relu") for units in (512, 256)]
    return keras.Sequential([*layers, keras.layers.Dense(1, activation="sigmoid")])
