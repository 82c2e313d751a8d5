# wrong: turns the channels around after the means, so each mean meets the wrong colour
# names: means-in-rgb-order
import numpy as np

MEANS = np.array([103.939, 116.779, 123.68], dtype="float32")


def vgg_preprocess(rgb):
    picture = rgb.astype("float32") - MEANS
    return picture[..., ::-1]
