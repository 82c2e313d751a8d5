# wrong: counts as zero what is only small
# names: ?
import numpy as np


def sparsity(maps):
    return {name: float(np.isclose(values, 0, atol=0.1).mean()) for name, values in maps.items()}
