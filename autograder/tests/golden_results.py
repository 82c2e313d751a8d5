"""Golden results: what is left out of a result before it is compared, and how it is written.

A golden file ``golden/NAME.json`` is what ``cnnlab grade --recorded --json`` says of the
submission ``golden/NAME.py`` or ``.ipynb``, without what may differ from machine to machine:

* ``seconds``, ``seed``, ``grader`` and ``versions`` are left out;
* of the submission's ``path`` only the file's name is kept;
* a number with a decimal point or an exponent keeps three digits, and one below 0.00001 is 0:
  the last digits depend on the processor;
* of a traceback only the error at its end is kept.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

GOLDEN = Path(__file__).parent / "golden"
LEFT_OUT = ("seconds", "seed", "grader", "versions")
NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+(?:e[+-]?\d+)?|e[+-]?\d+)(?!\w)")
RUNG = re.compile(r'\{\n\s+"id": [^\n]*(?:\n\s+"[^\n]*)*\n\s+\}')
TRACEBACK = re.compile(r"Traceback \(most recent call last\):\n(?:[ ]+.*\n)*(?=\S)")


def normalised(tree: Any) -> Any:
    """A result's tree without what may differ from machine to machine.

    >>> normalised({"seconds": 0.1, "path": "/home/ada/ch01.py", "message": "received -0.33333"})
    {'path': 'ch01.py', 'message': 'received -0.333'}
    """
    if isinstance(tree, dict):
        found = {key: normalised(value) for key, value in tree.items() if key not in LEFT_OUT}
        if "path" in found:
            found["path"] = found["path"].rpartition("/")[2]
        return found
    if isinstance(tree, list):
        return [normalised(item) for item in tree]
    return said(tree) if isinstance(tree, str) else tree


def said(message: str) -> str:
    """A message with three digits of each number, and no traceback.

    >>> said("received 3.00001, expected 12, off by 2.5e-08, at [0, 1]")
    'received 3, expected 12, off by 0, at [0, 1]'
    """
    return NUMBER.sub(_rounded, TRACEBACK.sub("", message))


def _rounded(match: re.Match[str]) -> str:
    number = float(match[0])
    return "0" if abs(number) < 1e-5 else f"{number:.3g}"


def as_text(tree: Any) -> str:
    """A golden file's text; each rung takes one line."""
    text = json.dumps(tree, indent=1, ensure_ascii=False)
    fields = ("id", "passed", "points", "message", "earned")
    rung = re.compile(r"\{\s+" + r"\s+".join(rf'("{name}": .*)' for name in fields) + r"\s+\}")
    return rung.sub(r"{\1 \2 \3 \4 \5}", text) + "\n"


def as_lines(chapters: dict[str, dict[str, Any]]) -> str:
    """Results by chapter and exercise, one line for each exercise."""
    blocks = []
    for chapter, exercises in chapters.items():
        lines = [f'  "{name}": {json.dumps(result)}' for name, result in exercises.items()]
        blocks.append(f' "{chapter}": {{\n' + ",\n".join(lines) + "\n }")
    return "{\n" + ",\n".join(blocks) + "\n}\n"


def compare(found: str, path: Path, update: bool) -> None:
    """Compares with a golden file, or writes it anew."""
    if update:
        path.write_text(found, encoding="utf-8")
    golden = path.read_text(encoding="utf-8") if path.exists() else ""
    assert found == golden, f"{path.name} differs; --update-golden writes it anew"
