# wrong: the text-book formula with minus signs, so the kernel is turned around
# names: kernel-flipped
import numpy as np


def correlate2d(image, kernel):
    image = np.asarray(image, dtype=float)
    kernel = np.asarray(kernel, dtype=float)
    H, W = image.shape
    m, n = kernel.shape
    out = np.empty((H - m + 1, W - n + 1))
    for y in range(H - m + 1):
        for x in range(W - n + 1):
            total = 0.0
            for i in range(m):
                for j in range(n):
                    total += image[y + m - 1 - i, x + n - 1 - j] * kernel[i, j]
            out[y, x] = total
    return out
