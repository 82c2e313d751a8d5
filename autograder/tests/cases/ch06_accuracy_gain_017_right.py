# right: points are the difference, percent is what that is of the old accuracy
# names: -
def accuracy_gain(before, after):
    gained = 100 * (after - before)
    return gained, gained / before
