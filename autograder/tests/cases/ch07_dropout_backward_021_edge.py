# edge: the formula as it stands, which divides 0 by 0 at rate 1
# names: nan-at-rate-one
def dropout_backward(dout, mask, rate):
    return dout * mask / (1 - rate)
