"""The shared pictures: they draw what they are given, and say it in words."""

import io

import numpy as np
import pytest
from PIL import Image

from cnnlab.course import figures

TABLE = np.array([[1.0, -2.0], [0.0, 0.125]])


def drawn(picture):
    """The picture's pixels, shape (H, W, 3)."""
    return np.asarray(Image.open(io.BytesIO(picture.png())).convert("RGB"))


def texts(picture):
    """Every word in the figure: in its axes and between them."""
    found = [t.get_text() for ax in picture.figure.axes for t in ax.texts]
    return found + [t.get_text() for t in picture.figure.texts]


def test_each_number_is_written_in_its_cell_and_read_out():
    picture = figures.numbers(TABLE, titles=["weights"])
    assert texts(picture) == ["1", "−2", "0", "0.12"]
    assert picture.alt == "weights: 1 −2; 0 0.12."
    assert texts(figures.numbers([[-0.0, -0.001]])) == ["0", "0"]


def test_large_tables_are_described_by_their_size():
    assert figures.numbers(np.zeros((11, 12))).alt == "11 rows of 12 numbers."


def test_signs_stand_between_the_tables():
    picture = figures.numbers(TABLE, TABLE, TABLE, signs="∗=")
    assert [t.get_text() for t in picture.figure.texts] == ["∗", "="]


def test_negative_is_red_positive_is_blue_and_zero_is_neither():
    image = figures.numbers([[-1.0, 0.0, 1.0]]).figure.axes[0].images[0].get_array()[0]
    assert image[0, 0] > image[0, 2] + 0.3
    assert image[2, 2] > image[2, 0] + 0.3
    assert abs(image[1, 0] - image[1, 2]) < 0.01


@pytest.mark.parametrize("shade", ["signs", "gray"])
def test_numbers_stand_out_from_their_cells(shade):
    values = np.linspace(0, 100, 30).reshape(5, 6)
    ax = figures.numbers(values, shades=shade).figure.axes[0]
    colours = ax.images[0].get_array().reshape(-1, 3)
    for text, cell in zip(ax.texts, colours, strict=True):
        ink = luminance(np.ones(3) if text.get_color() == "white" else np.zeros(3))
        low, high = sorted([ink, luminance(cell)])
        assert (high + 0.05) / (low + 0.05) >= 4.5  # WCAG 2 AA


def luminance(rgb):
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return linear @ (0.2126, 0.7152, 0.0722)


def test_a_step_shows_products_and_sum():
    picture = figures.step([[1, 2], [3, 4]], [[1, 0], [0, -1]])
    assert texts(picture)[8:12] == ["1", "0", "0", "−4"]
    assert texts(picture)[-1] == "sum −3"
    assert picture.alt.endswith("products: 1 0; 0 −4. sum −3.")
    assert texts(figures.step([[2]], [[3]], bias=-1))[-1] == "sum 6 − bias 1 = 5"


def test_a_map_with_negatives_gets_signs_around_zero():
    gray, signed = figures.photos(np.ones((3, 4)), np.array([[-0.5, 2.0]]), alt="two").figure.axes[
        :2
    ]
    assert gray.images[0].get_cmap().name == "gray"
    assert signed.images[0].get_cmap().name == "RdBu"
    assert signed.images[0].get_clim() == (-2, 2)


def test_shades_can_be_chosen_for_each_picture():
    one, two = figures.photos(-TABLE, TABLE**2, alt="", shades=["gray", "signs"]).figure.axes[:2]
    assert [ax.images[0].get_cmap().name for ax in (one, two)] == ["gray", "RdBu"]


def test_axes_are_labelled_with_rows_and_columns():
    ax = figures.photos(np.zeros((5, 9, 3)), alt="black").figure.axes[0]
    assert (ax.get_ylabel(), ax.get_xlabel()) == ("row", "column")
    assert (list(ax.get_yticks()), list(ax.get_xticks())) == ([0, 4], [0, 8])


def test_kernels_and_spectra_have_no_rows_to_count():
    plain = figures.photos(np.zeros((3, 3)), alt="black", counted=False).figure.axes[0]
    assert (list(plain.get_xticks()), list(plain.get_yticks())) == ([], [])
    assert (plain.get_xlabel(), plain.get_ylabel()) == ("", "")
    counted = figures.photos(np.zeros((3, 3)), alt="black").figure.axes[0]
    assert (counted.get_xlabel(), counted.get_ylabel()) == ("column", "row")


def test_blocks_are_drawn_to_scale_one_for_each_filter():
    picture = figures.blocks(
        [(32, 32, 3), (5, 5, 3, 10), (28, 28, 10)], labels=["a", "b", "c"], signs="∗="
    )
    faces = picture.figure.axes[0].patches[::3]  # white, colour, outline: three for each face
    assert len(faces) == (1 + 10 + 1) * 3
    heights = [np.ptp(face.get_xy()[:, 1]) for face in faces[::3]]
    np.testing.assert_allclose(heights, [32] + [5] * 10 + [28])
    assert "10 of 5 × 5 × 3" in "".join(texts(picture))


def test_a_curve_names_its_axes():
    picture = figures.curve([0, 1], [0, 2], xlabel="z", ylabel="relu(z)")
    assert picture.figure.axes[0].get_xlabel() == "z"
    assert drawn(picture).min() < 200


def test_the_notebook_gets_an_image_with_its_description():
    bundle = figures.photos(np.zeros((2, 2)), alt='a "black" square')._repr_mimebundle_()
    assert 'alt="a &quot;black&quot; square"' in bundle["text/html"]
    assert bundle["image/png"] in bundle["text/html"]
    assert bundle["text/plain"] == 'a "black" square'


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (lambda: figures.numbers([1, 2]), "arrays"),
        (lambda: figures.photos(np.zeros((2, 2, 4)), alt=""), "images"),
    ],
)
def test_other_shapes_are_refused(call, word):
    with pytest.raises(ValueError, match=rf"^{word} must.*Received"):
        call()
