"""Copies in a class: found under other names and comments, and honest learners left alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cnnlab.autograder.quality.planted_copies import named, planted_class
from cnnlab.autograder.report.similar_page import page
from cnnlab.autograder.report.similarity import compare, fingerprints
from cnnlab.autograder.submission import Submission, read_text
from cnnlab.autograder.tests.handins import CHAPTER, hand_in
from cnnlab.course import cli

OWN = """\
def correlate2d(x, k):
    rows, cols = x.shape[0] - k.shape[0] + 1, x.shape[1] - k.shape[1] + 1
    flat = [float(np.vdot(x[r:r + k.shape[0], c:c + k.shape[1]], k))
            for r in range(rows) for c in range(cols)]
    table = {}
    for place, number in enumerate(flat):
        table.setdefault(place // cols, []).append(number)
    return np.array([table[key] for key in sorted(table)]).reshape(rows, cols)
"""
COPY = '''\
def correlate2d(x, k):
    """My own work."""
    # how large it gets
    n, m = x.shape[0] - k.shape[0] + 1, x.shape[1] - k.shape[1] + 1

    all_of_it = [
        float(np.vdot(x[i:i + k.shape[0], j:j + k.shape[1]], k)) for i in range(n) for j in range(m)
    ]
    found = {}
    for t, value in enumerate(all_of_it):  # row by row
        found.setdefault(t // m, []).append(value)
    return np.array([found[row] for row in sorted(found)]).reshape(n, m)
'''
OTHER = """\
def correlate2d(x, k):
    windows = np.lib.stride_tricks.sliding_window_view(x, k.shape)
    return np.einsum("ijkl,kl->ij", windows, k)
"""


def handed_in(student: str, **cells: str) -> Submission:
    return read_text(hand_in(**cells), f"submitted/{student}/{CHAPTER}/{CHAPTER}.ipynb")


def test_names_comments_and_layout_leave_no_trace() -> None:
    one, other = (set(fingerprints([("correlate2d", source)])) for source in (OWN, COPY))
    assert len(one) > 20
    assert one == other
    changed = OWN.replace("table[key]", "table[place]")  # the same words, another variable
    assert set(fingerprints([("correlate2d", changed)])) != one


def test_a_copy_is_found_and_what_everybody_has_is_not() -> None:
    honest = [handed_in(f"student{number}") for number in range(8)]
    copies = [handed_in("ada", correlate2d=OWN), handed_in("eve", correlate2d=COPY)]
    (pair,) = compare([*honest, *copies, handed_in("bob", correlate2d=OTHER)])
    assert pair.one is pair.other  # they are equal, but for names
    assert pair.one.learners == ["ada", "eve"]
    assert pair.names() == ["correlate2d"]
    assert compare(honest) == []
    twice = handed_in("ada", correlate2d=COPY)
    assert compare([*honest, copies[0], twice]) == []  # two files of one learner


def test_a_copy_with_a_part_of_its_own_is_shown_side_by_side() -> None:
    relu = "def relu(z):\n    return [[c if c > 0 else 0 * c for c in r] for r in z]"
    other = [handed_in("<b>ada", correlate2d=OWN), handed_in("eve", correlate2d=COPY, relu=relu)]
    pairs = compare([*(handed_in(f"s{number}") for number in range(8)), *other])
    assert [(p.one.learners, p.other.learners) for p in pairs] == [(["<b>ada"], ["eve"])]
    assert 0.8 < pairs[0].share < 1.0
    text = page({CHAPTER: pairs}, {CHAPTER: 10})
    assert "&lt;b&gt;ada" in text
    assert "<script" not in text
    assert "<mark>    found = {}</mark>" in text
    assert "<mark>    table = {}</mark>" in text
    assert "def relu" not in text  # only what they have in common
    assert "This is no verdict" in text


def test_the_command_writes_a_page_and_says_that_it_is_no_verdict(tmp_path: Path) -> None:
    for student, cells in {"ada": OWN, "eve": COPY, "bob": OTHER}.items():
        place = tmp_path / "submitted" / student / CHAPTER
        place.mkdir(parents=True)
        (place / f"{CHAPTER}.ipynb").write_text(hand_in(correlate2d=cells))
    target = tmp_path / "similar.html"
    ran = CliRunner().invoke(
        cli.app, ["similar", str(tmp_path / "submitted"), "-o", str(target)], env={"COLUMNS": "120"}
    )
    assert ran.exit_code == 0, ran.output
    assert "ada, eve" in ran.output
    assert "bob" not in ran.output
    assert "no verdicts" in ran.output
    assert "Look here" in target.read_text(encoding="utf-8")
    nothing = CliRunner().invoke(cli.app, ["similar", str(target)])
    assert nothing.exit_code == 2
    alone = CliRunner().invoke(cli.app, ["similar", str(tmp_path / "submitted" / "bob")])
    said = f"{CHAPTER}: 1 submission, no pair with rare code in common."
    assert alone.output.split() == said.split()


@pytest.mark.slow
def test_planted_copies_are_found_among_learners_with_a_style_of_their_own() -> None:
    drawn = planted_class(CHAPTER, 100, 12, seed=1)
    found = named(compare(drawn.submissions))
    hits = len(found & drawn.planted)
    assert hits / len(drawn.planted) >= 0.8
    assert hits / len(found) >= 0.7
