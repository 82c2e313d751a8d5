"""A classifier for tests of explanations: VGG's layers, next to no filters, random weights."""

from cnnlab.course.networks.pretrained import Classifier, ending_in_softmax

NAMES = [f"class {i}" for i in range(7)]


def small_classifier() -> Classifier:
    import keras

    from cnnlab.course.networks.vgg import build_vgg

    keras.utils.set_random_seed(0)
    model = build_vgg((32, 32, 3), (4, 5, 6, 7, 8), units=9, classes=len(NAMES), logits=True)
    return Classifier(ending_in_softmax(model), NAMES, "small VGG", (32, 32))
