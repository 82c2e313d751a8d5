# right: everything by its name
# names: -
def compile_cnn(model):
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
