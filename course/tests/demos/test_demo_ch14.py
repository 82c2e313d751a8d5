"""Chapter 14's demo without a browser: trainings, the learner's functions, five to tell apart."""

import numpy as np
import pytest
import traitlets

from cnnlab.course.demos.ch14_training import (
    MENUS,
    PATIENTS,
    SIGNS,
    START,
    TICKS,
    answer,
    demo,
    patients,
    setting_of,
    usable,
    verdicts,
)
from cnnlab.course.ops import training as ops
from cnnlab.course.training.dense_stack import Setting, Tools, train

OURS = (ops.he_normal, ops.batch_norm, ops.adam_step)


def later(*args):
    raise NotImplementedError()


def raises(*args):
    return args[99]


def test_every_choice_is_a_setting():
    assert setting_of({}) == Setting(rate=0.1, steps=30)
    for name, choices in MENUS.items():
        found = {str(setting_of({name: choice})) for choice in choices}
        assert len(found) == len(choices)
    for name, field in TICKS.items():
        assert getattr(setting_of({name: True}), field) is True


@pytest.mark.parametrize("chosen", [{"rate": "7"}, {"batch norm": 1}, {"colour": "red"}])
def test_what_is_no_choice_is_refused(chosen):
    with pytest.raises(ValueError, match=next(iter(chosen))):
        setting_of(chosen)


def test_the_learners_functions_train_and_others_are_named():
    assert usable(*OURS) == (Tools(*OURS), [])
    tools, said = usable(later, raises, ops.adam_step)
    assert tools == Tools()
    assert said[0] == "Your he_normal is not written yet. You see the course's."
    assert said[1].startswith("Your batch_norm raised IndexError")
    assert usable(lambda s, rng: np.ones(3), *OURS[1:])[1] == [
        "Your he_normal gives something else than was asked for. You see the course's."
    ]


def test_a_function_that_fails_later_is_named_and_the_courses_shown():
    def sometimes(x, gamma, beta, eps=1e-3):
        if len(x) > 4:
            raise ZeroDivisionError("no")
        return ops.batch_norm(x, gamma, beta, eps)

    run, said = answer({"batch norm": True}, usable(OURS[0], sometimes, OURS[2])[0])
    assert "ZeroDivisionError: no. You see the course's." in said
    assert run == train(setting_of({"batch norm": True}))


def test_zeros_as_first_weights_never_learn_and_one_batch_is_overfitted():
    zeros, _ = answer({"first weights": "zeros"}, Tools())
    assert zeros.gradients == [0.0] * 4
    assert zeros.losses[-1] > 0.6
    one, _ = answer({"one batch": True, "rate": "0.3"}, Tools())
    assert one.losses[-1] < 0.1


def test_a_tenth_of_he_vanishes_and_both_remedies_help():
    deep = {"first weights": "a tenth of He", "hidden layers": "8"}
    assert answer(deep, Tools())[0].gradients[0] < 1e-8
    for remedy in ("batch norm", "shortcuts"):
        assert answer({**deep, remedy: True}, Tools())[0].gradients[0] > 1e-3


def test_some_rate_suits_adam_and_not_plain_steps_and_one_the_other_way():
    def end(rate, step):
        losses = answer({"rate": rate, "step": step}, Tools())[0].losses
        return losses[-1]

    assert end("0.01", "Adam") < 0.05 < 0.4 < end("0.01", "plain")
    assert end("0.3", "plain") < 0.1
    assert not end("1", "Adam") < 0.5


def test_each_of_the_five_shows_the_signs_that_are_told():
    runs = {name: run for _, name, run in patients()}
    assert set(runs) == set(PATIENTS) == set(SIGNS)
    guessing = np.log(2)
    well, dead = runs["all is well"], runs["dead ReLUs"]
    assert well.losses[-1] < 0.05
    assert well.new_losses[-1] < 0.05
    assert np.ptp(dead.new_losses) < 0.05
    assert dead.silent == 1
    assert not np.isfinite(runs["exploded"].losses[-1])
    shuffled = runs["labels shuffled"]
    assert shuffled.losses[-1] < 0.5
    assert shuffled.new_losses[-1] > guessing
    raw = runs["pixels not rescaled"]
    assert raw.losses[0] > 5
    for name, run in runs.items():
        assert name == "pixels not rescaled" or abs(run.losses[0] - guessing) < 0.1


def test_a_name_is_judged_and_its_signs_are_told():
    for letter, name, _ in patients():
        assert verdicts({letter: name})[letter] == {"right": True, "text": f"Yes: {SIGNS[name]}"}
        other = next(each for each in PATIENTS if each != name)
        assert verdicts({letter: other})[letter]["text"] == f"No. With “{other}”, {SIGNS[other]}"


def test_the_widget_follows_its_choices_and_names():
    widget = demo(*OURS)
    assert widget.chosen == START
    assert len(widget.run["losses"]) == 30
    before = widget.run
    widget.chosen = {**widget.chosen, "rate": "0.3"}
    assert widget.run != before
    widget.chosen = {**widget.chosen, "rate": "3", "hidden layers": "8"}
    assert all(loss is None or np.isfinite(loss) for loss in widget.run["losses"])
    letter, name, _ = patients()[0]
    widget.named = {letter: name}
    assert widget.verdicts[letter]["right"] is True
    assert "all is well" not in str(widget.patients)


@pytest.mark.parametrize(
    ("trait", "value"),
    [("chosen", {"rate": "x"}), ("named", {"Z": "exploded"}), ("named", {"A": "x"})],
)
def test_values_that_make_no_sense_are_refused(trait, value):
    with pytest.raises(traitlets.TraitError):
        setattr(demo(*OURS), trait, value)
