"""Whatever a worker sends, the judge answers with an outcome: thousands of malformed frames."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cnnlab.autograder.sandbox.calls import STATUSES, ErrorInfo, Outcome, outcome_from_frame
from cnnlab.autograder.sandbox.calls import outcome_to_frame as framed
from cnnlab.autograder.sandbox.connection import SocketConnection
from cnnlab.autograder.sandbox.frames import Broken, FrameBuffer, pack
from cnnlab.autograder.sandbox.processes import Limits
from cnnlab.autograder.sandbox.session import Session
from cnnlab.autograder.sandbox.values import MAX_DEPTH, ProtocolError
from cnnlab.autograder.sandbox.wire import decode, encode
from cnnlab.autograder.tests.sandbox.test_wire import trees

pytestmark = pytest.mark.fuzz


def fuzz(examples: int) -> Callable[[Any], Any]:
    """So many examples, none of which may hang."""
    return settings(
        max_examples=examples,
        deadline=timedelta(seconds=60),
        suppress_health_check=[HealthCheck.too_slow],
        database=None,
    )


EXAMPLES = pytest.mark.parametrize(
    "examples", [100, pytest.param(4000, marks=pytest.mark.slow)], ids=["few", "thousands"]
)

# fmt: off
WORDS = st.sampled_from([
    "array", "scalar", "tuple", "dict", "text", "complex", "seed", "named", "<f4", "<f8", "|b1",
    "|u1", ">i8", "<U4", "|O", "<c16", "<f2", "returned", "raised", "missing", "memory", "sum",
    "__class__", "\x00", "é", "",
])
# fmt: on
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-2, 5)
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | WORDS
)
HEADERS = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=7)
        | st.dictionaries(WORDS, st.lists(inner, max_size=4), min_size=1, max_size=1)
        | st.dictionaries(WORDS, inner, max_size=2)
    ),
    max_leaves=14,
)


def body(header: Any, blobs: bytes, announced: int = 0) -> bytes:
    raw = json.dumps(header).encode()
    return struct.pack(">I", max(0, len(raw) + announced)) + raw + blobs


BODIES = st.builds(body, HEADERS, st.binary(max_size=48), st.sampled_from([0, 0, 0, 0, 1, -1]))
ANSWERS = st.builds(
    Outcome,
    st.sampled_from(STATUSES),
    trees,
    st.none() | st.builds(ErrorInfo, WORDS, st.text(max_size=9), WORDS, st.integers(), WORDS),
    st.none() | st.lists(trees, max_size=2).map(tuple),
)
"""Some contradict themselves."""


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A frame with some bytes changed, gone or come."""
    raw = bytearray(framed(draw(ANSWERS), draw(st.integers(0, 3))))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(0, len(raw) - 1)))
        raw[at : at + draw(st.integers(0, 3))] = draw(st.binary(max_size=3))
    return bytes(raw)


@EXAMPLES
def test_a_frame_is_a_tree_or_refused(examples: int) -> None:
    @fuzz(examples)
    @given(BODIES | damaged() | st.binary(max_size=60))
    def check(raw: bytes) -> None:
        try:
            tree = decode(raw)
        except ProtocolError:
            return
        assert depth(tree) <= MAX_DEPTH
        again = encode(tree)  # what is accepted can be sent on
        assert encode(decode(again)) == again

    check()


def depth(tree: Any) -> int:
    """How many lists, tuples and dictionaries stand inside one another, less one."""
    if isinstance(tree, dict):
        tree = list(tree.values())
    if not isinstance(tree, list | tuple):
        return 0
    return max((1 + depth(item) for item in tree), default=0)


@EXAMPLES
def test_an_answer_is_an_outcome_or_refused(examples: int) -> None:
    @fuzz(examples)
    @given(ANSWERS.map(framed) | damaged() | BODIES)
    def check(raw: bytes) -> None:
        with contextlib.suppress(ProtocolError):
            outcome = outcome_from_frame(raw, 0, 0.5)
            assert outcome.status in STATUSES
            assert (outcome.status == "returned") == (outcome.error is None)
            assert outcome.seconds == 0.5

    check()


@EXAMPLES
def test_a_stream_is_cut_into_frames_or_given_up(examples: int) -> None:
    @fuzz(examples)
    @given(st.lists(st.binary(max_size=40) | st.just(b"\x00\x00\x00\x02ab"), max_size=8))
    def check(chunks: list[bytes]) -> None:
        frames, taken = FrameBuffer(), 0
        with contextlib.suppress(Broken):
            for chunk in chunks:
                frames.feed(chunk)
                while (found := frames.next()) is not None:
                    taken += 4 + len(found)
        assert taken <= sum(map(len, chunks))

    check()


class Scripted:
    """A sandbox whose children say what they are told to, and leave."""

    keras = False
    limits = Limits()

    def __init__(self, said: bytes) -> None:
        self.said = said
        self.open: list[socket.socket] = []

    def connect(self) -> SocketConnection:
        ours, theirs = socket.socketpair()
        control, supervisor = socket.socketpair()
        supervisor.close()
        theirs.sendall(self.said)
        theirs.shutdown(socket.SHUT_WR)
        self.open.append(theirs)  # it takes orders, and does not care
        return SocketConnection(ours, control)

    def close(self) -> None:
        for each in self.open:
            each.close()


PRELUDE = framed(Outcome("returned"), 1)
"""No learner code has run yet when this is said."""


@EXAMPLES
def test_a_session_ends_in_outcomes(examples: int) -> None:
    answers = st.builds(framed, ANSWERS, st.integers(0, 7))
    frames = st.lists(answers | damaged() | BODIES, max_size=6).map(pack)

    @fuzz(examples)
    @given(frames | st.binary(max_size=60))
    def check(said: bytes) -> None:
        sandbox = Scripted(pack([PRELUDE]) + said)
        session = Session(sandbox)
        errors = session.define([("f", "def f(): ..."), ("g", "def g(): ...")], seconds=1.0)
        assert set(errors) <= {"f", "g"}
        outcomes = session.call("f", [((), {})] * 3, seconds=1.0)
        assert len(outcomes) == 3
        assert all(outcome.status in STATUSES for outcome in outcomes)
        session.close()
        sandbox.close()

    check()
