# right: a matrix product over the last axis
# names: -
def conv1x1(x, kernels, bias):
    return x @ kernels[0, 0] + bias
