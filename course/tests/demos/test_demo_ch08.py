"""Chapter 8's demo, without a browser: what the sliders draw, and what is said of it."""

import numpy as np
import pytest
import traitlets

from cnnlab.course.demos import ch08_augmentation as ch08
from cnnlab.course.demos.ch08_augmentation import Setting, applied, changes, checked, scene
from cnnlab.course.ops import augmentation

OURS = {name: getattr(augmentation, name) for name in ch08.STEPS}


def stub(x, *args):
    raise NotImplementedError()


def test_with_every_slider_at_zero_all_variants_are_the_picture():
    shown = scene(OURS, Setting("a six", mirror=False, shift=0, degrees=0, contrast=0))
    picture = np.rint(255 * ch08.pictures()["a six"]).astype(np.uint8)
    assert np.array_equal(shown.pictures, np.stack([picture] * 12))
    assert shown.words == ["as it is"] * 12
    assert (shown.learners, shown.message) == (True, "")


def test_sliders_stretch_the_same_draws_and_a_new_draw_makes_others():
    few, many = (changes(Setting(degrees=d)) for d in (10, 40))
    np.testing.assert_allclose([4 * c.degrees for c in few], [c.degrees for c in many])
    assert [c.mirror for c in few] == [c.mirror for c in many]
    other = changes(Setting(degrees=10, draw=1))
    assert all(a.degrees != b.degrees for a, b in zip(few, other, strict=True))


@pytest.mark.parametrize("draw", range(5))
def test_no_change_is_stronger_than_its_slider(draw):
    drawn = changes(Setting(shift=25, degrees=90, zoom=30, contrast=50, draw=draw))
    for change in drawn:
        assert max(abs(change.down), abs(change.right)) <= 12
        assert abs(change.degrees) <= 90
        assert 0.7 <= change.zoom <= 1.3
        assert 0.5 <= change.factor <= 1.5
    assert len({c.words() for c in drawn}) == 12


def test_changes_are_made_one_after_another():
    change = ch08.Change(True, 2, -3, 20.0, 1.5, 0.5)
    x = ch08.pictures()["a dog"][None]
    expected = augmentation.shift(augmentation.hflip(x), 2, -3)
    expected = augmentation.adjust_contrast(augmentation.affine(expected, 20, 1.5), 0.5)
    for name, args in change.calls():
        x, _ = applied(name, OURS[name], x, args)
    np.testing.assert_array_equal(x, expected)
    assert change.words() == "mirrored, 2 down, 3 left, turned by 20°, zoom × 1.50, contrast × 0.50"


def test_the_letter_and_the_arrow_are_not_their_own_mirror_images():
    for name in ("the letter b", "to the left", "a six"):
        picture = ch08.pictures()[name]
        assert np.abs(picture - picture[:, ::-1]).mean() > 0.03, name


# the learner's functions


def test_the_learner_s_functions_are_used_and_may_be_wrong():
    white = scene({**OURS, "hflip": lambda x: np.ones_like(x)}, Setting("a cat"))
    assert white.message == "Your hflip(x) differs from the course's. You see your result."
    assert white.learners
    mirrored = [c.mirror for c in changes(Setting("a cat"))]
    assert [bool(p[24, 24].min() > 240) for p in white.pictures] == mirrored


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (stub, "Your shift is not written yet."),
        (lambda x, dy, dx: None, "Your shift gave no array of shape (1, 48, 48, 3)."),
        (lambda x, dy, dx: x[0], "Your shift gave no array of shape"),
        (lambda x, dy, dx: x * np.nan, "Your shift gave no array of shape"),
        (lambda x, dy, dx: x[9], "Your shift raised IndexError: index 9 is out of bounds"),
    ],
)
def test_where_a_function_fails_the_course_s_is_shown(function, said):
    shown = scene({**OURS, "shift": function}, Setting())
    assert shown.message.startswith(said)
    assert shown.message.endswith("You see the course's.")
    assert not shown.learners
    assert np.array_equal(shown.pictures, scene(OURS, Setting()).pictures)


def test_a_function_that_changes_its_input_changes_only_a_copy():
    def hflip(x):
        x[...] = x[:, :, ::-1].copy()
        return x

    before = {name: picture.copy() for name, picture in ch08.pictures().items()}
    scene({**OURS, "hflip": hflip}, Setting())
    for name, picture in ch08.pictures().items():
        assert np.array_equal(picture, before[name])


# settings and the widget


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"picture": "a horse"}, "picture"),
        ({"degrees": 181}, "degrees"),
        ({"shift": -1}, "shift"),
        ({"zoom": 1.5}, "zoom"),
        ({"mirror": 1}, "mirror"),
        ({"blur": 1}, "blur"),
    ],
)
def test_settings_that_no_control_can_make_are_refused(values, named):
    with pytest.raises(ValueError, match=named):
        checked(values)


def test_the_widget_follows_its_setting():
    widget = ch08.demo(
        augmentation.hflip, augmentation.shift, augmentation.adjust_contrast, augmentation.affine
    )
    assert len(widget.variants) == 12 * 48 * 48 * 3
    assert len(widget.original) == 48 * 48 * 3
    before, words = widget.variants, widget.words
    widget.setting = {**widget.setting, "draw": 1}
    assert widget.variants != before
    assert widget.words != words
    assert (widget.learners, widget.message) == (True, "")
    with pytest.raises(traitlets.TraitError, match="contrast"):
        widget.setting = {**widget.setting, "contrast": 500}
