"""A submission of many cells that each sleep just below the limit, all needed by one function.

``python make_sleeping_cells.py CELLS SECONDS FILE`` writes it.
"""

import sys
from pathlib import Path


def source(cells: int, seconds: float) -> str:
    """A ``.py`` file of chapter 1 whose ``conv2d`` is wrong, and sleeps, too."""
    naps = [f"nap{i}" for i in range(cells)]
    pieces = [
        "import time\nimport numpy as np\n",
        *(f"{nap} = time.sleep({seconds})\n" for nap in naps),
        "def conv2d(x, kernels, bias):\n"
        f"    time.sleep({seconds})\n"
        f"    ({', '.join(naps)})\n"
        "    return np.ones((1, 2, 2, 1), np.float32)\n",
    ]
    return "".join(f"# %%\n{piece}" for piece in pieces)


if __name__ == "__main__":
    Path(sys.argv[3]).write_text(source(int(sys.argv[1]), float(sys.argv[2])))
