# wrong: multiplies the brightness instead of stretching around the mean
# names: around-a-fixed-gray
def adjust_contrast(x, factor):
    return x * factor
