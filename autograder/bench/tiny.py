"""``--tiny``, which every bench understands: a run that shows only that the bench works."""

from __future__ import annotations

import argparse
from typing import Any


def arguments(parser: argparse.ArgumentParser, **tiny: Any) -> argparse.Namespace:
    """The options of a bench; with ``--tiny``, the given values in place of its usual ones.

    A bench that is tiny fills every row of its table, and demands no target.
    """
    parser.add_argument(
        "--tiny", action="store_true", help="as few rounds as fill the table; demands no target"
    )
    given = parser.parse_args()
    if given.tiny:
        vars(given).update(tiny)
    return given
