# wrong: the same half on both sides, also when the total is odd
# names: symmetric-padding
def same_padding(n, k, stride=1, dilation=1):
    places = -(-n // stride)
    extent = dilation * (k - 1) + 1
    needed = max((places - 1) * stride + extent - n, 0)
    return needed // 2, needed // 2
