# right: multiplied by the mask of what is positive
# names: -
def relu(z):
    return z * (z > 0)
