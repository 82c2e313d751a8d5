"""Equal and nearly equal code of different learners: where to look, never a verdict.

A learner's code becomes a set of fingerprints: short runs of tokens, of which *winnowing* keeps
some in each window (Schleimer, Wilkerson and Aiken, 2003). Names that the code itself gives,
layout, comments and texts do not count. What everybody has is subtracted: the heads of the
functions and the course's solution. What is left counts by its rarity in the class, because short
functions are often equal by nature.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from hashlib import blake2b
from itertools import combinations
from keyword import iskeyword
from math import log2, sqrt

from cnnlab.autograder.submission import Submission, read
from cnnlab.autograder.submission.solutions import SOLUTIONS

RUN = 10
"""Tokens of one fingerprint."""
WINDOW = 5
"""Of so many runs in a row one is kept at least, so `RUN` + `WINDOW` - 1 equal tokens are seen."""
SHARE = 0.7
"""How much of their rare code two learners must have in common, to be shown."""
STRENGTH = 15.0
"""How much rare code that must be, in bits as `Pair.strength` counts them."""
COMMON = 10
"""What more learners have than this is no sign of anything; of a large class, 2 % of it."""


@dataclass(frozen=True)
class Token:
    """A token of Python, and the line on which it starts, from 1."""

    text: str
    line: int
    free: bool = False
    """Whether it is a name that the code gives itself, and could be any other."""


@dataclass
class Code:
    """What one or more learners handed in: the same, but for names and layout.

    Parameters
    ----------
    pieces : dict of str to list of (str, str)
        Learner → name and source of each piece of code, as `Submission.cells` gives them.
    prints : dict of int to set of (int, int)
        Fingerprint → the lines where it is, of the first learner: (number of the piece, line).
    """

    pieces: dict[str, list[tuple[str, str]]] = field(repr=False)
    prints: dict[int, set[tuple[int, int]]] = field(repr=False)

    @property
    def learners(self) -> list[str]:
        return list(self.pieces)


@dataclass(frozen=True)
class Pair:
    """Two codes, or one that several learners handed in; ``one is other`` then.

    Parameters
    ----------
    one, other : Code
    share : float
        From 0 to 1: how much of their rare code both have; the mean (geometric) of two shares.
    strength : float
        The bits of that code: for each fingerprint in common, the logarithm of how rare it is.
    shared : frozenset of int
        The fingerprints in common.
    """

    one: Code
    other: Code
    share: float
    strength: float
    shared: frozenset[int] = field(repr=False)

    def names(self) -> list[str]:
        """The pieces of `one` with code in common."""
        pieces = self.one.pieces[self.one.learners[0]]
        found = {piece for mark in self.shared for piece, _ in self.one.prints[mark]}
        return list(dict.fromkeys(pieces[piece][0] for piece in sorted(found)))


# A class


def compare(
    submissions: Sequence[Submission], share: float = SHARE, strength: float = STRENGTH
) -> list[Pair]:
    """The pairs of one chapter's submissions that are worth a look, the most alike first.

    Parameters
    ----------
    submissions : sequence of Submission
        Of one chapter; what could not be read is left out.
    share, strength : float
        What a `Pair` must have at least.
    """
    codes = list(_codes(submissions))
    learners: dict[int, set[str]] = defaultdict(set)
    for code in codes:
        for mark in code.prints:
            learners[mark].update(code.learners)
    size = len({name for code in codes for name in code.learners})
    most = max(COMMON, size // 50)
    weight = {
        mark: log2((size + 1) / max(len(who) - 1, 1)) if len(who) <= most else 0.0
        for mark, who in learners.items()
    }
    own = [sum(weight[mark] for mark in code.prints) for code in codes]
    found = [
        Pair(code, code, 1.0, bits, frozenset(code.prints))
        for code, bits in zip(codes, own, strict=True)
        if len(code.learners) > 1 and bits >= strength
    ]
    for (a, b), bits in _in_common(codes, weight).items():
        part = bits / sqrt(own[a] * own[b])
        if part >= share and bits >= strength:
            shared = frozenset(codes[a].prints.keys() & codes[b].prints.keys())
            found.append(Pair(codes[a], codes[b], min(part, 1.0), bits, shared))
    return sorted(found, key=lambda pair: (-pair.share, -pair.strength))


def _in_common(codes: Sequence[Code], weight: dict[int, float]) -> dict[tuple[int, int], float]:
    """The bits that each two codes have in common, of different learners."""
    having: dict[int, list[int]] = defaultdict(list)
    for number, code in enumerate(codes):
        for mark in code.prints:
            having[mark].append(number)
    bits: dict[tuple[int, int], float] = defaultdict(float)
    for mark, numbers in having.items():
        if weight[mark]:
            for pair in combinations(numbers, 2):
                bits[pair] += weight[mark]
    return {
        (a, b): found for (a, b), found in bits.items() if codes[a].learners != codes[b].learners
    }


def _codes(submissions: Iterable[Submission]) -> Iterator[Code]:
    """Each different code once, without what everybody was given."""
    same: dict[frozenset[int], Code] = {}
    for submission in submissions:
        if submission.problem or submission.chapter is None:
            continue
        given = handed_out(submission.chapter)
        pieces = submission.cells()
        prints = {m: at for m, at in fingerprints(pieces).items() if m not in given}
        learner = submission.student or submission.path
        code = same.setdefault(frozenset(prints), Code({}, prints))
        code.pieces.setdefault(learner, pieces)
    return (code for marks, code in same.items() if marks)


@cache
def handed_out(chapter: str) -> frozenset[int]:
    """All runs of tokens in what everybody has: the course's solutions, their heads included."""
    solved = read(SOLUTIONS / chapter / f"{chapter}.ipynb", chapter)
    return frozenset(mark for _, source in _tokenized(solved.cells()) for mark, _ in _runs(source))


# Code


def fingerprints(pieces: Sequence[tuple[str, str]]) -> dict[int, set[tuple[int, int]]]:
    """The fingerprints of some sources, and where each is, as in `Code`."""
    found: dict[int, set[tuple[int, int]]] = defaultdict(set)
    for number, tokens in _tokenized(pieces):
        for mark, at in _winnowed(list(_runs(tokens))):
            found[mark].update((number, token.line) for token in tokens[at : at + RUN])
    return dict(found)


def _tokenized(pieces: Sequence[tuple[str, str]]) -> Iterator[tuple[int, list[Token]]]:
    given = {name for _, source in pieces for name in _named_in(source)}
    return ((number, tokens(source, given)) for number, (_, source) in enumerate(pieces))


def _runs(found: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """A number for each run of tokens, and where it starts.

    Names of the code's own count by their order in the run: ``a[i] + b[i]`` is ``x[k] + y[k]``,
    and not ``x[k] + y[j]``.
    """
    for at in range(len(found) - RUN + 1):
        order: dict[str, str] = {}
        words = [
            order.setdefault(token.text, f"\0{len(order)}") if token.free else token.text
            for token in found[at : at + RUN]
        ]
        digest = blake2b("\1".join(words).encode("utf-8", "replace"), digest_size=8)
        yield int.from_bytes(digest.digest(), "big"), at


def _winnowed(runs: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The smallest of each window of runs, the last one of equals; each once."""
    last = -1
    for start in range(max(len(runs) - WINDOW + 1, min(len(runs), 1))):
        mark, at = min(runs[start : start + WINDOW], key=lambda run: (run[0], -run[1]))
        if at != last:
            last = at
            yield mark, at


def tokens(source: str, given: Iterable[str] = ()) -> list[Token]:
    """What counts of a source: no comments, no layout, no docstrings; texts are all the same.

    Parameters
    ----------
    source : str
    given : iterable of str
        The names that the code gives itself.

    Examples
    --------
    >>> [token.text for token in tokens("y = np.sum(x)  # all", {"x", "y"})]
    ['y', '=', 'np', '.', 'sum', '(', 'x', ')']
    """
    given = frozenset(given)
    found: list[Token] = []
    raw = list(_raw(source))
    for number, token in enumerate(raw):
        if token.type in _LAYOUT:
            continue
        if token.type == tokenize.STRING or token.type in _F_STRINGS:
            if not _stands_alone(raw, number):
                found.append(Token("''", token.start[0]))
            continue
        after_dot = bool(found) and found[-1].text == "."
        free = token.string in given and not after_dot and not iskeyword(token.string)
        found.append(Token(token.string, token.start[0], free))
    return found


_LAYOUT = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}
_F_STRINGS = {getattr(tokenize, f"FSTRING_{part}", -1) for part in ("START", "MIDDLE", "END")}


def _raw(source: str) -> Iterator[tokenize.TokenInfo]:
    """The tokens, as far as the source can be cut into any."""
    try:
        yield from tokenize.generate_tokens(io.StringIO(source).readline)
    except (tokenize.TokenError, SyntaxError):
        return


def _stands_alone(raw: Sequence[tokenize.TokenInfo], number: int) -> bool:
    """Whether a text is a statement, such as a docstring."""
    before = raw[number - 1].type if number else tokenize.NEWLINE
    after = raw[number + 1].type if number + 1 < len(raw) else tokenize.NEWLINE
    return before in _LAYOUT and after in (tokenize.NEWLINE, tokenize.COMMENT, tokenize.ENDMARKER)


def _named_in(source: str) -> Iterator[str]:
    """The names that a source gives to what it makes: variables, parameters, functions, modules."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.alias):
            yield node.asname or ""
        elif isinstance(node, ast.ExceptHandler):
            yield node.name or ""
