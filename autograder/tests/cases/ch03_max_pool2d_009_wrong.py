# wrong: the running maximum starts at 0, so windows of negative numbers give 0
# names: zero-initialised
import numpy as np


def max_pool2d(x, size=(2, 2), strides=None, padding="valid"):
    if strides is None:
        strides = size
    kh, kw = size
    sh, sw = strides
    N, H, W, C = x.shape
    if padding == "same":
        oh, ow = -(-H // sh), -(-W // sw)
        top = max((oh - 1) * sh + kh - H, 0) // 2
        left = max((ow - 1) * sw + kw - W, 0) // 2
    else:
        oh, ow, top, left = (H - kh) // sh + 1, (W - kw) // sw + 1, 0, 0
    out = np.zeros((N, oh, ow, C), x.dtype)
    for i in range(oh):
        for j in range(ow):
            for a in range(kh):
                for b in range(kw):
                    r, c = i * sh + a - top, j * sw + b - left
                    if 0 <= r < H and 0 <= c < W:
                        out[:, i, j] = np.maximum(out[:, i, j], x[:, r, c])
    return out
