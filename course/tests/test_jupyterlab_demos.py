"""Every control of every demo in a real JupyterLab, by key and by pointer."""

import nbformat
import pytest

from cnnlab.course.tests.chromium import MARKS, chromium
from cnnlab.course.tests.demos.calls import BY_HAND, BY_KERAS, cell
from cnnlab.course.tests.lab import CHANGED, CONTROLS, LOOKS, Notebook, running

pytestmark = MARKS

KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
MOVES = ("ArrowRight", "ArrowDown", "Home", "End", "ArrowLeft")
ENDS = {"Home": "min", "End": "max"}
REACHED = "([it, end]) => Number(it.value) === Number(it.getAttribute(end))"
LETTERS = "xbdd"  # cut the cell, insert one, delete one
VALUED = ("range", "select-one")
CELLS = """() => {
  const { widgets, activeCellIndex } = jupyterapp.shell.currentWidget.content;
  return [widgets.map((cell) => cell.model.id), activeCellIndex];
}"""
KIND = "(it) => it.type ?? it.getAttribute('role')"
POINTED_AT = "(it) => !['auto', 'default'].includes(getComputedStyle(it).cursor)"


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Texts of cells → a notebook of them, open."""
    folder = tmp_path_factory.mktemp("course")
    with running(folder, tmp_path_factory.mktemp("jupyter")) as server, chromium() as browser:
        context = browser.new_context(viewport={"width": 1280, "height": 800})

        def opened(*sources):
            cells = [nbformat.v4.new_code_cell(source) for source in sources]
            path = folder / f"demos-{len(sources)}.ipynb"
            nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=KERNEL), path)
            return Notebook(context.new_page(), server, path.name)

        yield opened


def by_keys(page, control, kind):
    """Keys that JupyterLab would take as well; what a control that has a value makes of them."""
    control.focus()
    values = {}
    for key in MOVES[:1] if kind == "button" else MOVES:
        page.keyboard.press(key)
        if kind == "range" and key in ENDS:  # Python may still answer to the key before
            page.wait_for_function(REACHED, arg=[control.element_handle(), ENDS[key]])
        if kind in VALUED:
            values[key] = control.evaluate("(it) => it.value")
    page.keyboard.type(LETTERS)
    if kind == "range":
        assert values["ArrowLeft"] != values["End"]
    elif kind == "select-one":
        assert len(set(values.values())) > 1
    elif kind == "text":
        assert LETTERS in control.evaluate("(it) => it.value")


def by_pointer(control, kind, x):
    """A click on one place; it moves a slider."""
    box = control.bounding_box()
    before = control.evaluate("(it) => it.value")
    control.click(position={"x": x * box["width"], "y": box["height"] / 3})
    if kind == "range":
        assert control.evaluate("(it) => it.value") != before


def everything_answers(notebook, demo):
    """Each control takes its keys and clicks, and the notebook none of them."""
    page = notebook.page
    demo.scroll_into_view_if_needed()
    demo.click(position={"x": 1, "y": 1})
    before = page.evaluate(CELLS)
    controls = demo.locator(CONTROLS)
    for n in range(controls.count()):
        control = controls.nth(n)
        if not control.is_visible():
            continue
        kind, looks = control.evaluate(KIND), demo.evaluate(LOOKS)
        by_keys(page, control, kind)
        drawn = kind == "application"
        if drawn:
            looks = changed(page, demo, looks)
        if drawn and control.evaluate(POINTED_AT):
            by_pointer(control, kind, 0.1)
            by_pointer(control, kind, 0.9)
            changed(page, demo, looks)
        if kind in ("range", "checkbox", "radio", "number", "text"):
            by_pointer(control, kind, 0.3)
        assert page.evaluate(CELLS) == before, (n, kind)


def changed(page, demo, looks):
    """Wait until a demo looks unlike before; returns how it looks."""
    page.wait_for_function(CHANGED, arg=[demo.element_handle(), looks])
    return demo.evaluate(LOOKS)


def left_by_escape(notebook, demo):
    """After Escape, keys are the notebook's again."""
    demo.locator(CONTROLS).first.focus()
    before = len(notebook.cells())
    notebook.page.keyboard.press("Escape")
    notebook.page.keyboard.press("b")
    assert len(notebook.cells()) == before + 1


def next_day(notebook, count):
    """Saved, and opened again when the kernel is gone: still pictures, and no complaint."""
    stills = notebook.page.locator("[data-cnnlab-still]")
    assert stills.count() == count
    assert not any(still.is_visible() for still in stills.all())
    notebook.save()
    notebook.server.stop_kernels()
    again = Notebook(notebook.page.context.new_page(), notebook.server, notebook.path)
    complaint = again.page.get_by_text("Error displaying widget: model not found")
    complaint.nth(count - 1).wait_for(state="attached")
    assert not any(one.is_visible() for one in complaint.all())
    stills = again.page.locator("[data-cnnlab-still]")
    assert stills.count() == count
    assert all(still.is_visible() for still in stills.all())
    return again


def test_keys_and_pointer_are_the_demos(lab):
    question = 'from cnnlab.course.guesses import guess\nguess("weights_of_one_neuron")'
    notebook = lab(*map(cell, BY_HAND), question)
    notebook.run_all()
    assert notebook.errors() == []
    for n in range(len(BY_HAND)):
        everything_answers(notebook, notebook.cell(n).locator(".cnnlab-demo"))
    everything_answers(notebook, notebook.cell(len(BY_HAND)).locator(".cnnlab-guess"))
    left_by_escape(notebook, notebook.cell(0).locator(".cnnlab-demo"))
    assert notebook.errors() == []
    next_day(notebook, len(BY_HAND) + 1)


@pytest.mark.long
def test_demos_with_networks_keep_their_keys(lab):
    notebook = lab(*map(cell, BY_KERAS))
    notebook.run_all()
    assert notebook.errors() == []
    for n in range(len(BY_KERAS)):
        everything_answers(notebook, notebook.cell(n).locator(".cnnlab-demo"))
    assert notebook.errors() == []
