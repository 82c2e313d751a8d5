"""Which mistakes a class makes."""

import numpy as np
import pytest

from cnnlab.autograder.judging.exercise import chapter_names, load_chapter
from cnnlab.autograder.judging.results import ExerciseResult
from cnnlab.autograder.judging.twists import CHANGES_INPUT
from cnnlab.autograder.report.classbook import class_book
from cnnlab.autograder.report.examples import example
from cnnlab.autograder.report.mistakes import fingerprint, named, over_time, said_twists, unnamed
from cnnlab.autograder.tests.report.classes import CHAPTER, answer, batch, halves, hand_in


def halves_otherwise(z):
    """The same wrong function, written in another way."""
    z = np.asarray(z)
    return 0.5 * np.maximum(z, 0)


def fails(z):
    return undefined + z  # noqa: F821


def fails_elsewhere(values):
    doubled = 2 * values
    return doubled * undefined  # noqa: F821


def changes(z):
    z[z < 0] = 0
    return z


def everybody(*files):
    return class_book([("r", batch(*files))]).of_chapter(CHAPTER)


def test_named_mistakes_say_who_makes_them():
    found = named(
        everybody(
            hand_in("ada", correlate2d="kernel-flipped", relu="absolute-value"),
            hand_in("bob", correlate2d="kernel-flipped"),
            hand_in("eve"),
        )
    )
    said = [(m.exercise, m.name, [learner.name for learner in m.learners]) for m in found]
    assert said == [
        ("correlate2d", "kernel-flipped", ["ada", "bob"]),
        ("relu", "absolute-value", ["ada"]),
    ]
    assert all(m.says and m.says in m.made_by[0][1].message for m in found)


def test_a_mistake_has_a_case_with_pictures_that_is_the_mistake_itself():
    (mistake,) = named(everybody(hand_in("ada", correlate2d="kernel-flipped")))
    case = example(CHAPTER, mistake.exercise, mistake.twists)
    assert case.count("<table") >= 4  # the image, the kernel, expected, received
    assert "weights in yours" in case


CHAPTERS = [
    pytest.param(name, marks=[pytest.mark.slow] if name != CHAPTER else [])
    for name in chapter_names()
]
WITHOUT_CASE = {CHANGES_INPUT, "ties-reversed"}
"""What no answer shows: a changed argument, and a remark that costs nothing."""
ENDS_IN_ERROR = {
    "pool-missing",
    "shift-in-percent",
    "rotation-in-degrees",
    "input-shape-ignored",
    "not-rgb",
}


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_mistake_that_has_a_name_has_a_case(chapter):
    shown: dict[tuple[str, str], bool] = {}
    for exercise in load_chapter(chapter).exercises:
        for twist in exercise.twists:
            case = example(chapter, exercise.name, (twist,))
            assert " raised " not in case
            name = exercise.name, twist.name
            shown[name] = shown.get(name, False) or bool(case)
    without = {name for name, has_case in shown.items() if not has_case}
    assert {name for _, name in without} <= WITHOUT_CASE | ENDS_IN_ERROR


def test_a_case_shows_a_pair_of_mistakes_as_one_function():
    twists = {twist.name: twist for twist in load_chapter(CHAPTER)["conv2d"].twists}
    pair = twists["kernel-flipped"], twists["bias-forgotten"]
    cases = {example(CHAPTER, "conv2d", chosen) for chosen in (pair, pair[:1], pair[1:])}
    assert len(cases) == 3
    assert "" not in cases


def test_of_twists_with_one_name_the_one_that_spoke_is_shown():
    result = answer("design_kernel", "responds-to-flat")
    (twist,) = said_twists(CHAPTER, result)
    assert twist.says in result.message.splitlines()


def test_what_this_version_does_not_know_has_no_case():
    unknown = ExerciseResult("relu", "failed", diagnosis=["of-the-future"])
    assert said_twists(CHAPTER, unknown) == ()
    assert said_twists("ch99_other", unknown) == ()
    assert example(CHAPTER, "relu", ()) == ""


def test_equal_wrong_answers_are_one_group_however_they_are_written():
    groups = unnamed(
        everybody(
            hand_in("ada", relu=halves),
            hand_in("bob", relu=halves_otherwise),
            hand_in("eve", relu="leaky"),
            hand_in("dan", relu=lambda z: np.maximum(z, 0) / 3),
            hand_in("zoe", relu="stub"),
        )
    )
    assert [[learner.name for learner in g.learners] for g in groups] == [["ada", "bob"], ["dan"]]
    assert groups[0].path == "submitted/ada/ch01_convolution/ch01_convolution.ipynb"


def test_errors_are_equal_wherever_they_come_up():
    (group,) = unnamed(everybody(hand_in("ada", relu=fails), hand_in("bob", relu=fails_elsewhere)))
    assert [learner.name for learner in group.learners] == ["ada", "bob"]
    assert group.status == "error"


def test_a_changed_input_alone_is_a_name_and_with_wrong_numbers_it_is_none():
    def changes_and_halves(z):
        return changes(z) / 2

    alone, both = hand_in("ada", relu=changes), hand_in("bob", relu=changes_and_halves)
    assert [e.diagnosis for s in (alone, both) for e in s.exercises if e.diagnosis] == [
        ["changes-input"],
        ["changes-input"],
    ]
    groups = unnamed(everybody(alone, both))
    assert [[learner.name for learner in g.learners] for g in groups] == [["bob"]]


def test_answers_of_two_runs_are_not_compared():
    book = class_book(
        [("a", batch(hand_in("ada", relu=halves))), ("b", batch(hand_in("bob", relu=halves)))]
    )
    assert [len(g.learners) for g in unnamed(book.of_chapter(CHAPTER))] == [1, 1]


def test_a_fingerprint_ignores_what_earns_nothing():
    def without_lists(z):
        return np.where(z.copy() > 0, z / 2, 0 * z)

    one, other = answer("relu", halves), answer("relu", without_lists)
    robust = [[r.message for r in e.rungs if r.id == "robust"] for e in (one, other)]
    assert robust[0] != robust[1]
    assert fingerprint(one) == fingerprint(other)


def test_over_time_counts_run_by_run():
    first = batch(
        hand_in("ada", correlate2d="kernel-flipped"),
        hand_in("bob", correlate2d="kernel-flipped", relu="leaky"),
    )
    second = batch(hand_in("ada", correlate2d="kernel-flipped"), hand_in("bob"))
    trends = over_time(class_book([("week1", first), ("week2", second)]))
    assert [(t.exercise, t.name, t.counts) for t in trends] == [
        ("correlate2d", "kernel-flipped", [(2, 2), (1, 2)]),
        ("relu", "leaky", [(1, 2), (0, 2)]),
    ]
    assert over_time(class_book([("week1", first)])) == []
