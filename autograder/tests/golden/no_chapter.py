# No name of a chapter, in the file or in its name.
def conv2d(x, kernels, bias):
    return x
