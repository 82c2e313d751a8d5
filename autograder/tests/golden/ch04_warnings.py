# Chapter 4: right numbers with NumPy's warnings, and errors that tell the mistake.
import numpy as np


def flatten(x):
    return np.asarray(x, float).reshape(-1)


def sigmoid(z):
    z = 1.0 * np.asarray(z)
    return 1 / (1 + np.exp(-z))


def softmax(z):
    z = 1.0 * np.asarray(z)
    powers = np.exp(z)
    return powers / powers.sum(axis=-1, keepdims=True)


def dense(x, weights, bias, activation=None):
    x, weights, bias = 1.0 * np.asarray(x), 1.0 * np.asarray(weights), 1.0 * np.asarray(bias)
    if x.shape[1] != weights.shape[0]:
        raise ValueError("weights does not fit")
    if bias.shape != weights.shape[1:]:
        raise ValueError("bias does not fit")
    sums = x @ weights
    if activation == "relu":
        return np.maximum(sums, 0)
    if activation == "sigmoid":
        return sigmoid(sums)
    if activation == "softmax":
        return softmax(sums)
    if activation is not None:
        raise ValueError("activation is unknown")
    return sums


def count_parameters(input_shape, layers):
    return [0 for _ in layers]


def predict(x, weights):
    for i in (0, 2, 4):
        x = np.maximum(x @ weights[i][0, 0] + weights[i + 1], 0)
    return sigmoid(dense(flatten(x), weights[8], weights[9]))
