"""What code finds inside the sandbox."""

from __future__ import annotations

from cnnlab.autograder.sandbox.session import Session


def value(session: Session, body: str) -> object:
    """What a function with this body returns in the sandbox."""
    lines = "".join(f"    {line}\n" for line in body.strip().splitlines())
    assert session.define([("f", f"def f():\n{lines}")]) == {}
    (outcome,) = session.call("f", [((), {})])
    assert outcome.error is None
    return outcome.value
