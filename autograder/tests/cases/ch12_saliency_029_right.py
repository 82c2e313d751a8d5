# right: a tape on the logits, the largest size over the channels with NumPy
# names: -
import keras
import numpy as np
import tensorflow as tf


def saliency(model, image, index):
    logits = keras.Model(model.input, model.layers[-1].input)
    photo = tf.Variable(np.expand_dims(image, 0), dtype=tf.float32)
    with tf.GradientTape() as tape:
        logit = logits(photo)[0][index]
    gradient = tape.gradient(logit, photo).numpy()
    return np.max(np.abs(gradient[0]), axis=2)
