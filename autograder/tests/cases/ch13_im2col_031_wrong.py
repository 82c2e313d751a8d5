# wrong: the channels come first in a row, and then the places of the window
# names: flatten-order
import numpy as np


def im2col(x, size, strides=(1, 1), padding="valid"):
    kh, kw = size
    sh, sw = strides
    n, h, w, c = x.shape
    if padding == "same":
        oh, ow = int(np.ceil(h / sh)), int(np.ceil(w / sw))
        ph, pw = max((oh - 1) * sh + kh - h, 0), max((ow - 1) * sw + kw - w, 0)
        frame = ((0, 0), (ph // 2, ph - ph // 2), (pw // 2, pw - pw // 2), (0, 0))
        x = np.pad(x, frame)
    else:
        oh, ow = (h - kh) // sh + 1, (w - kw) // sw + 1
    rows = []
    for p in range(n):
        for i in range(oh):
            for j in range(ow):
                patch = x[p, i * sh : i * sh + kh, j * sw : j * sw + kw, :]
                rows.append(patch.transpose(2, 0, 1).ravel())
    return np.array(rows)
