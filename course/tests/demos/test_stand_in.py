"""What a saved notebook shows in a demo's place."""

import base64
import io
from html import escape

import nbformat
import pytest
from nbconvert import HTMLExporter
from PIL import Image

from cnnlab.course.demos import stand_in
from cnnlab.course.guesses import guess
from cnnlab.course.tests.demos.calls import BY_HAND, cell

WIDGET = "application/vnd.jupyter.widget-view+json"
LARGEST = 40_000  # bytes of a picture


def called(name):
    """A demo, as its cell in a notebook makes it."""
    *imports, call = cell(name).splitlines()
    names = {}
    exec("\n".join(imports), names)
    return eval(call, names)


def outputs(widget, monkeypatch):
    """The MIME bundles that a cell gets."""
    found = []
    monkeypatch.setattr("IPython.display.display", lambda data, **_: found.append(data))
    widget._ipython_display_()
    return found


@pytest.mark.parametrize("name", BY_HAND)
def test_every_demo_has_a_small_still_picture(name, monkeypatch):
    alive, still = outputs(called(name), monkeypatch)
    assert alive[WIDGET]["model_id"]
    assert alive["text/html"] == alive["text/plain"] == ""
    png = base64.b64decode(still["image/png"])
    assert len(png) <= LARGEST
    image = Image.open(io.BytesIO(png))
    assert len(image.getcolors()) > 3  # something is drawn
    assert still["text/plain"].endswith(stand_in.PLAY)
    alt = still["text/plain"].removesuffix(f" {stand_in.PLAY}")
    assert f'alt="{escape(alt)}"' in still["text/html"]
    # GitHub, VS Code and nbconvert take HTML first, and all of them show a PNG in it.
    assert f'src="data:image/png;base64,{still["image/png"]}"' in still["text/html"]


def test_an_exported_page_holds_picture_and_question_alone(monkeypatch):
    """As JupyterLab saves a notebook: it leaves the widgets' states out."""
    cells = []
    for widget in (called("ch01_convolution"), guess("first_step")):
        shown = outputs(widget, monkeypatch)
        bundles = [nbformat.v4.new_output("display_data", data=data) for data in shown]
        cells.append(nbformat.v4.new_code_cell(outputs=bundles))
    page, _ = HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(cells=cells))
    assert page.count(stand_in.PLAY) == 1
    assert page.count("<summary>The answer</summary>") == 1
    assert "Demo(" not in page
