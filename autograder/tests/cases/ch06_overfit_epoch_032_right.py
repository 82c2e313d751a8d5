# right: the place of the smallest smoothed loss
# names: -
def overfit_epoch(val_loss):
    curve = list(smooth(val_loss))
    return curve.index(min(curve))
