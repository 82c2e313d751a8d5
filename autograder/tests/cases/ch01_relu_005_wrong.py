# wrong: sets the negative numbers to 0 in the caller's own array
# names: changes-input
def relu(z):
    z[z < 0] = 0
    return z
