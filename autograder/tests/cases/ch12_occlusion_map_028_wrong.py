# wrong: hides the square with black instead of the mean colour
# names: black-occluder
import keras
import numpy as np


def occlusion_map(model, image, index, size, stride):
    logits = keras.Model(model.input, model.layers[-1].input)

    def score(picture):
        return float(logits(picture[None])[0, index])

    whole = score(image)
    rows = range(0, image.shape[0] - size + 1, stride)
    columns = range(0, image.shape[1] - size + 1, stride)
    drops = np.zeros((len(rows), len(columns)))
    for i, top in enumerate(rows):
        for j, left in enumerate(columns):
            hidden = image.copy()
            hidden[top : top + size, left : left + size] = 0
            drops[i, j] = whole - score(hidden)
    return drops
