"""Cards and texts: what they say, that they are safe, and that they are well-formed."""

from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from cnnlab.autograder.display import picture
from cnnlab.autograder.display.card import note, overview_html, to_html
from cnnlab.autograder.display.message import STATUS_WORDS
from cnnlab.autograder.display.text import to_text
from cnnlab.autograder.judging.answerkey import AnswerKey
from cnnlab.autograder.judging.exercise import Probe, load_chapter
from cnnlab.autograder.judging.judge import judge
from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.judging.results import EXERCISE_STATUSES, ExerciseResult, RungResult, to_dict
from cnnlab.autograder.kernel_judge import judged
from cnnlab.autograder.sandbox.calls import Outcome, invoke
from cnnlab.course import ops, palette

CHAPTER = load_chapter("ch01_convolution")
TWISTED = [
    pytest.param(exercise.name, twist, id=f"{exercise.name}-{i}-{twist.name}")
    for exercise in CHAPTER.exercises
    for i, twist in enumerate(exercise.twists)
]


class Page(HTMLParser):
    """Checks that every tag is closed in order; collects tags, attributes and text."""

    def __init__(self, html):
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def result_of(name, function):
    return judged(function, recorded("ch01_convolution")[name]).result


def twisted(name, twist_name):
    exercise = CHAPTER[name]
    twist = next(t for t in exercise.twists if t.name == twist_name)
    return result_of(name, twist.apply(exercise.numpy_op))


def key_of(name, probes):
    """An answer key whose probes are written down here, and so don't change with the grader's."""
    points = dict.fromkeys((probe.rung for probe in probes), 1.0)
    exercise = replace(CHAPTER[name], points=points)
    return AnswerKey(exercise, probes, [exercise.numpy_op(*probe.args) for probe in probes])


@pytest.fixture(scope="module")
def flipped():
    """What a flipped kernel gives on probes whose numbers are written down here."""
    image = np.array([[3.0, 3, -4, -1], [-4, 4, 2, -3]])
    kernel = np.array([[-1.0, 3]])
    probes = [
        Probe("shape", (image, kernel)),
        Probe("by-hand", (image, kernel), title="a flat kernel"),
        Probe("by-hand", (np.tile(image, (2, 2)), kernel.T)),
    ]
    key = key_of("correlate2d", probes)
    return judged(key.exercise.twists[0].apply(ops.correlate2d), key).result


@pytest.mark.parametrize(("name", "twist"), TWISTED)
def test_every_mistake_has_a_well_formed_card(name, twist):
    result = result_of(name, twist.apply(CHAPTER[name].numpy_op))
    page = Page(to_html(result))
    assert not {"script", "style", "link", "img", "iframe"} & set(page.tags)
    assert {key for key, _ in page.attributes} <= {
        "style",
        "aria-label",
        "aria-hidden",
        "role",
        "title",
    }
    text = to_text(result)
    for said in (twist.says, f"{result.score:g} / {result.max_score:g}", f"hint({name})"):
        assert said in page.text
        assert said in " ".join(text.split())
    later = [rung.message for rung in result.rungs if not rung.passed][1:]
    assert not any(message in page.text for message in later if message)


FLIPPED = """\
correlate2d: 1 / 2 points, not there yet
  ✓ runs
  ✓ shape (1 of 1 points)
  ✗ a case you can check by hand (0 of 1 points)

You flipped the kernel: that is convolution as mathematicians write it. Networks slide
the kernel as it is. Which number should meet the window's top left corner?

A case you can check by hand, 2 of 2 cases fail (a flat kernel):
  correlate2d(image = [[3, 3, -4, -1], [-4, 4, 2, -3]], kernel = [-1, 3] of shape (1, 2))
5 of 6 numbers differ. The first is at [0, 1]: expected -15, received 13.

expected:
     6  [-15]    1
    16     2   -11

received:
     6   [13]  -11
   -16    10     9

The first wrong number is result[0, 1]. It should use image[0, 1] and image[0, 2]. Yours
uses the same, but with other weights.

image: weights it should have:
    0   -1    3    0
    0    0    0    0

weights in yours:
    0    3   -1    0
    0    0    0    0

A weight says how much result[0, 1] changes for each unit that this number of image
grows.

hint(correlate2d) tells you more."""


def test_a_flipped_kernel_as_text(flipped):
    assert to_text(flipped) == FLIPPED


def test_a_flipped_kernel_as_a_card(flipped):
    page = Page(to_html(flipped))
    labels = [value for key, value in page.attributes if key == "aria-label"]
    assert labels[1:4] == ["passed", "passed", "failed"]
    assert "image, 2×4" in labels
    assert "expected, 2×3, outlined is row 0, column 1: -15" in labels
    assert "received, 2×3, outlined is row 0, column 1: 13" in labels
    assert labels[-2:] == ["image: weights it should have, 2×4", "weights in yours, 2×4"]
    assert "correlate2d(image, kernel)" in page.text
    assert sum("outline:3px" in value for key, value in page.attributes if key == "style") == 2


def test_a_slice_of_a_large_result_holds_the_first_difference():
    rng = np.random.default_rng(0)
    args = rng.normal(size=(2, 9, 7, 3)), rng.normal(size=(3, 2, 3, 4)), rng.normal(size=4)

    def one_cell_off(x, kernels, bias):
        y = ops.conv2d(x, kernels, bias)
        y[1, 4, 3, 2] += 0.5
        return y

    key = key_of("conv2d", [Probe("reference", args)])
    page = Page(to_html(judge(key, [invoke(one_cell_off, args)])))
    labels = [value for name, value in page.attributes if name == "aria-label"]
    (expected,) = (label for label in labels if label.startswith("expected"))
    assert expected.startswith("expected, 7×6, image 1, filter 2, outlined is row 4, column 3: ")
    assert "image 1, filter 2" in page.text
    for shown in ("x, 9×7, image 1, channel 2", "kernels, 3×2, channel 1, filter 2", "bias, 1×4"):
        assert shown in labels


def test_what_a_learner_says_is_escaped():
    attack = '<script>alert(1)</script><b onclick="x">&'

    def relu(z):
        raise ValueError(attack)

    result = result_of("relu", relu)
    html = to_html(result, printed=attack)
    page = Page(html)
    assert page.text.count(attack) == 2
    assert not {"script", "b"} & set(page.tags)
    loose = ExerciseResult(attack, "error", message=attack, hint=attack)
    loose.rungs = [RungResult(attack, False, 1.0, attack)]
    for html in (to_html(loose), overview_html([loose]), note(attack, attack)):
        assert not {"script", "b"} & set(Page(html).tags)
        assert attack in Page(html).text


def test_an_error_shows_where_it_happened():
    def conv2d(x, kernels, bias):
        return np.asarray(x)[1000]

    text = " ".join(to_text(result_of("conv2d", conv2d)).split())
    assert text.startswith("conv2d: 0 / 8 points, stops with an error ✗ runs")
    assert "The call raised IndexError: index 1000 is out of bounds" in text
    assert "`return np.asarray(x)[1000]`." in text
    html = to_html(result_of("conv2d", conv2d))
    assert ">return np.asarray(x)[1000]</code>." in html
    assert "`" not in html


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda z: None, "Expected a NumPy array, received None (is the return missing?)."),
        (lambda z: np.maximum(z, 0).tolist(), "Expected a NumPy array, received a list."),
        (lambda z: 1.0 * np.ravel(z)[:1], "received (1,)."),
        (lambda z: np.full_like(1.0 * np.asarray(z), np.nan), "received nan"),
        (lambda z: np.full_like(1.0 * np.asarray(z), np.inf), "received inf"),
        (lambda z: np.zeros((0, 3)), "received (0, 3)"),
        (lambda z: np.zeros(np.shape(z), complex), "dtype complex128"),
        (lambda z: {"a": 1}, "received a dict"),
    ],
)
def test_strange_results_are_shown_all_the_same(function, said):
    result = result_of("relu", function)
    assert said in Page(to_html(result)).text
    assert said in " ".join(to_text(result).split())


def test_properties_are_listed():
    page = Page(to_html(twisted("design_kernel", "responds-to-flat")))
    assert "sums to 0" in page.text
    assert page.tags.count("ul") == 2


@pytest.mark.parametrize("status", ["timeout", "memory", "crashed", "missing"])
def test_a_wall_that_was_hit(status):
    key = recorded("ch01_convolution")["conv2d"]
    result = judge(key, [Outcome(status)] * len(key.probes))
    assert STATUS_WORDS[status] in Page(to_html(result)).text
    assert STATUS_WORDS[status] in to_text(result).splitlines()[0]


def test_every_status_has_words_and_a_card():
    assert set(STATUS_WORDS) == set(EXERCISE_STATUSES)
    for status, words in STATUS_WORDS.items():
        page = Page(to_html(ExerciseResult("relu", status, message="So it is.")))
        assert words in page.text
        assert "So it is." in page.text


def test_a_result_read_from_a_file_tells_the_same_story(flipped):
    raw = to_dict(flipped) | {"rungs": flipped.rungs}
    page = Page(to_html(ExerciseResult(**raw)))
    assert "You flipped the kernel" in page.text
    assert "5 of 6 numbers differ" in page.text


def test_feedback_gives_the_hint_itself(flipped):
    page = Page(to_html(flipped, live=False))
    assert f"Hint: {flipped.hint}" in page.text
    assert "hint(correlate2d)" not in page.text


# Pictures


def test_a_large_array_is_cut_around_the_cell_in_focus():
    array = np.zeros((2, 100, 60, 3))
    names = picture.axes("x", 4)
    (plane,) = picture.planes(array, names, picture.focus(names, (1, 70, 5, 2)), marked=True)
    assert plane.values.shape == (24, 24)
    assert plane.mark == (12, 5)
    assert plane.caption == "image 1, channel 2, rows 58 to 81 and columns 0 to 23 of 100×60"
    html = picture.grid(plane, "expected", 1.0)
    assert Page(html).text == ""
    assert html.count("<td") == 24 * 24


def test_free_axes_show_their_first_places():
    array = np.arange(24.0).reshape(2, 3, 1, 4)
    shown = picture.planes(array, picture.axes("kernels", 4), picture.Focus(), marked=False)
    assert [plane.caption for plane in shown] == ["filter 0", "filter 1", "filter 2"]
    np.testing.assert_array_equal(shown[1].values, array[:, :, 0, 1])


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 3, 4), (1, 2, 3, 4), (2, 2, 2, 2, 2)])
def test_any_number_of_axes_gives_planes_with_the_marked_number(shape):
    array = np.arange(float(np.prod(shape, dtype=int))).reshape(shape)
    index = tuple(n - 1 for n in shape)
    names = picture.axes("", array.ndim)
    shown = picture.planes(array, names, picture.focus(names, index), marked=True)
    assert any(plane.values[plane.mark] == array[index] for plane in shown)


def test_no_cells_no_picture():
    assert picture.planes(np.zeros((0, 3)), ("", ""), picture.Focus(), marked=False) == []


def test_numbers_get_as_many_digits_as_tell_them_apart():
    a, b = np.float32(1.0), np.float32(1.00004)
    n = picture.digits(a, b)
    assert picture.number(a, n) != picture.number(b, n)
    assert picture.digits(2.0, 5.0) == 3


def test_colours_end_at_the_largest_finite_number_and_text_stays_readable():
    assert picture.scale(np.array([1.0, -7.0, np.inf]), np.array([np.nan, 3.0])) == 7.0
    assert picture.scale(np.zeros(3)) == 1.0
    for share in np.linspace(-1, 1, 41):
        back, front = (_luminance(c) for c in picture.colours(share))
        contrast = (max(back, front) + 0.05) / (min(back, front) + 0.05)
        assert contrast >= 4.5, share


def _luminance(colour):
    named = {"black": "#000000", "white": "#ffffff"}.get(colour, colour)
    channels = np.array(palette.rgb(named)) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])
