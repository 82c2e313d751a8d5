# Chapter 10: a list where a dictionary was asked for, and a dictionary with other names.
import numpy as np


def feature_maps(model, image, names):
    return [model.get_layer(name).output for name in names]


def sparsity(maps):
    return {name.upper(): 0.5 for name in maps}
