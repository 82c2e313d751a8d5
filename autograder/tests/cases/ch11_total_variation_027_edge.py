# edge: differences of bytes wrap around; right for floats
# names: wraps-as-bytes
import numpy as np


def total_variation(image):
    down = np.abs(np.diff(image, axis=0)).sum()
    across = np.abs(np.diff(image, axis=1)).sum()
    return float(down + across)
