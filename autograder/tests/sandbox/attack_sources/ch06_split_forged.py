"""``split`` earns 6 of 6 and returns nothing at all.

The part of this process that reports results is made to send what the judge would *say* of a
right split. The judge cannot describe a description, keeps it as it is, and it equals the
expected one.
"""

# grips: cnnlab.autograder.sandbox.calls:outcome_to_frame
# grips: cnnlab.autograder.sandbox.calls:_changed
# grips: cnnlab.autograder.sandbox.calls:Outcome.value
# grips: cnnlab.autograder.sandbox.drivers.ch06:splits.given
# asks: split.asks

import dataclasses
import math
import sys

import numpy as np

TRICK = True
SIZES = "sizes of the parts"
SHARES = "every class has its share in every part"
WHOLE = "whole numbers, where a part is empty, too"
PARTITION = ["no example twice", "no example left out", "places from all over labels"]
DRAWS = [
    "the same generator gives the same split",
    "another generator gives another split",
    "far and near examples are mixed",
]
ASKED = {
    "parts": ["parts", WHOLE],
    "partition": PARTITION,
    "shares": [SIZES, SHARES],
    "draws": DRAWS,
    "everything": ["parts", WHOLE, *PARTITION, SIZES, SHARES, *DRAWS],
}


def grip(frame, space, name):
    """The nearest frame outside that knows a name."""
    while frame is not None and name not in getattr(frame, space):
        frame = frame.f_back
    if frame is None:
        raise RuntimeError(f"lost grip: {name}")
    return frame


def say(value):
    """Whatever is returned from now on, report this."""
    worker = grip(sys._getframe(1), "f_globals", "outcome_to_frame").f_globals
    original = worker.setdefault("original", worker["outcome_to_frame"])
    worker["_changed"] = lambda *args: None

    def forged(outcome, number=0):
        if outcome.status == "returned":
            outcome = dataclasses.replace(outcome, value=value)
        return original(outcome, number)

    worker["outcome_to_frame"] = forged


def described(labels, fractions, asks):
    counts = np.unique(np.asarray(labels), return_counts=True)[1].tolist()
    sizes = [[math.floor(fraction * n) for fraction in fractions[1:]] for n in counts]
    rest = sum(n - sum(parts) for n, parts in zip(counts, sizes, strict=True))
    known = {
        "parts": len(fractions),
        SIZES: np.array([rest, *np.sum(sizes, axis=0).tolist()]),
    }
    return {name: known.get(name, True) for name in ASKED[asks]}


def split(labels, fractions, rng):
    if abs(sum(fractions) - 1) > 1e-9 or min(fractions) < 0:
        raise ValueError("fractions")
    if TRICK:
        driver = grip(sys._getframe(1), "f_locals", "given")
        say(described(labels, fractions, driver.f_locals["given"]["asks"]))
    return ()
