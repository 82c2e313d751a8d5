"""The page about one's own network: what stands in it, and what does not."""

import dataclasses
import re

import numpy as np
import pytest

from cnnlab.course.figures.showcase import Showcase, advice, between, data_uri, page
from cnnlab.course.ops.calibration import calibration, worst_mistakes


@pytest.fixture
def show():
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 3, 30)
    p = rng.dirichlet([1, 1, 1], 30)
    images = rng.integers(0, 256, (30, 40, 40, 3), dtype=np.uint8)
    worst = worst_mistakes(labels, p, 4)
    return Showcase(
        title="A <b>title</b>",
        names=["Müll", "a & b", "c"],
        images=images,
        labels=labels,
        probabilities=p,
        scenes=np.arange(30) // 3,
        worst=worst,
        overlays=[images[place] for place in worst],
        calibration=calibration(labels, p),
        facts=["30 pictures."],
        remark="What I found <script>alert(1)</script>",
    )


def test_everything_is_in_the_page_and_nothing_is_fetched(show):
    html = page(show)
    right = int(np.sum(show.probabilities.argmax(axis=1) == show.labels))
    assert f"{right} of 30 test pictures" in html
    assert "They show 10 scenes" in html
    assert html.count("<figure>") == len(show.worst) == 4
    assert html.count("data:image/jpeg;base64,") == 8
    assert not re.search(r"(src|href)=\"(?!data:)", html)
    assert "<script" not in html
    assert "A &lt;b&gt;title&lt;/b&gt;" in html
    assert "a &amp; b" in html


def test_without_mistakes_it_says_so(show):
    p = np.eye(3)[show.labels]
    nothing = np.array([], int)
    perfect = dataclasses.replace(
        show, probabilities=p, worst=nothing, overlays=[], calibration=calibration(show.labels, p)
    )
    html = page(perfect)
    assert "There is none in this test." in html
    assert "Ask for harder pictures" in html


def test_advice_names_what_is_confused_most_and_what_is_rare():
    table = np.array([[50, 9], [2, 5]])
    said = advice(table, ["cat", "owl"], error=0.2)
    assert "“cat” was taken for “owl” most often, 9 times" in said[0]
    assert "only 7 pictures of “owl”" in said[1]
    assert "20 points apart" in said[2]


@pytest.mark.parametrize(("share", "count"), [(0.5, 10), (1.0, 4), (0.0, 4), (0.9, 400)])
def test_the_interval_holds_the_share_and_shrinks(share, count):
    low, high = between(share, count)
    assert 0 <= low <= share + 1e-9
    assert share - 1e-9 <= high <= 1
    wide = between(share, count // 2)
    assert high - low < wide[1] - wide[0]


def test_a_thumbnail_is_a_small_jpeg_without_exif():
    import base64
    import io

    from PIL import Image

    uri = data_uri(np.zeros((400, 400, 3), np.uint8))
    with Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))) as image:
        assert (image.format, image.size, dict(image.getexif())) == ("JPEG", (160, 160), {})
