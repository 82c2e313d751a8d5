"""A learner's way through chapter 1 in a real JupyterLab; screenshots go to $ARTIFACTS."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from cnnlab.autograder.judging.exercise import load_chapter
from cnnlab.course import ops
from cnnlab.course.demos import ch01_convolution as ch01
from cnnlab.course.tests.chromium import MARKS
from cnnlab.course.tests.lab import Notebook, running

pytestmark = MARKS

ROOT = Path(__file__).parents[2]
ARTIFACTS = Path(os.environ.get("ARTIFACTS", ROOT / "artifacts"))
CH01 = "ch01_convolution"
FLIPPED = "    kernels = np.asarray(kernels)[::-1, ::-1]\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("course")
    with running(folder, tmp_path_factory.mktemp("jupyter")) as server:
        yield server


@pytest.fixture
def opened(server, browser):
    """Path inside the server's folder → the notebook in a page of its own."""
    contexts = []

    def open_notebook(path, sharp=1):
        context = browser.new_context(
            viewport={"width": 1280, "height": 1100}, device_scale_factor=sharp
        )
        contexts.append(context)
        return Notebook(context.new_page(), server, path)

    yield open_notebook
    for context in contexts:
        context.close()
    server.stop_kernels()


@pytest.fixture
def copied(server, request):
    """(exercises or solutions, chapter) → path of a fresh copy, in a folder of the test's own."""

    def copy(kind, chapter):
        path = f"{request.node.originalname}/{chapter}/{chapter}.ipynb"
        place = server.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / kind / chapter / f"{chapter}.ipynb", place)
        return path

    return copy


def keep(name, png):
    """Keep a screenshot, for people to look at."""
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    (ARTIFACTS / f"{name}.png").write_bytes(png)


def solution_cell(chapter, exercise):
    """The solved cell as nbgrader has it, with its markers."""
    notebook = nbformat.read(ROOT / "solutions" / chapter / f"{chapter}.ipynb", 4)
    return next(
        cell.source
        for cell in notebook.cells
        if cell.metadata.get("nbgrader", {}).get("grade_id") == exercise
    )


def points(text):
    """What is earned and what there is, from ``3 / 8`` in a text."""
    earned, most = re.search(r"([\d.]+) / ([\d.]+)", text).groups()
    return float(earned), float(most)


def test_an_untouched_notebook_runs_to_its_end(opened):
    notebook = opened(f"{CH01}/{CH01}.ipynb")  # cnnlab lab has put it there
    notebook.run_all()
    assert notebook.errors() == []
    cells = notebook.cells()
    code = [cell for cell in cells if cell["count"] is not None]
    assert [cell["count"] for cell in code] == list(range(1, len(code) + 1))
    checks = [cell["name"] for cell in cells if cell["name"].startswith("check-")]
    assert checks == [f"check-{exercise.name}" for exercise in load_chapter(CH01).exercises]
    for name in checks:
        card = notebook.card(name.removeprefix("check-"))
        assert "not written yet" in card.inner_text()
        assert points(card.inner_text())[0] == 0
    keep(f"{CH01}-untouched", notebook.card("conv2d").screenshot())


def test_a_mistake_is_named_and_a_solution_earns_everything(opened, copied, server):
    path = copied("exercises", CH01)
    notebook = opened(path, sharp=2)
    notebook.run(next(i for i, c in enumerate(notebook.cells()) if "start(" in c["source"]))
    right = solution_cell(CH01, "conv2d")
    flipped = right.replace("### BEGIN SOLUTION\n", f"### BEGIN SOLUTION\n{FLIPPED}")
    assert flipped != right

    notebook.write("conv2d", flipped)
    notebook.run("conv2d")
    notebook.run("check-conv2d")
    card = notebook.card("conv2d")
    assert "flip" in card.inner_text()
    card.get_by_text("expected", exact=True).first.wait_for()
    assert 0 < points(card.inner_text())[0] < points(card.inner_text())[1]
    assert standing(server.folder / path, notebook) == points(card.inner_text())
    keep("check-in-lab", notebook.card("conv2d").screenshot())

    notebook.write("conv2d", right)
    notebook.run("conv2d")
    notebook.run("check-conv2d")
    earned, most = points(card.inner_text())
    assert earned == most
    assert standing(server.folder / path, notebook) == (earned, most)
    assert notebook.errors() == []


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_a_question_says_what_a_guess_shows(opened, theme):
    notebook = opened(f"{CH01}/{CH01}.ipynb")
    change = "(theme) => jupyterapp.commands.execute('apputils:change-theme', { theme })"
    notebook.page.evaluate(change, f"JupyterLab {theme}")
    themed = notebook.page.locator(f'body[data-jp-theme-name="JupyterLab {theme}"]')
    themed.wait_for(state="attached")
    sources = [cell["source"] for cell in notebook.cells()]
    notebook.run(next(i for i, source in enumerate(sources) if "start(" in source))
    asked = sources.index('guess("weights_of_one_neuron")')
    notebook.run(asked)
    form = notebook.cell(asked).locator(".cnnlab-guess")
    form.get_by_label("Your guess").fill("22500")
    form.get_by_label("Your guess").press("Enter")
    form.get_by_text("You counted pixels.").wait_for()
    keep(f"guess-in-lab-{theme.lower()}", form.screenshot())
    form.get_by_role("button", name="Show the answer").click()
    form.get_by_text("That is one single neuron.").wait_for()
    assert notebook.errors() == []


def standing(path, notebook):
    """The points for conv2d that ``cnnlab check`` sees in the saved notebook."""
    notebook.save()
    command = [sys.executable, "-m", "cnnlab.course.cli", "check", "--dir", path.parents[1]]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return points(next(line for line in said.splitlines() if "conv2d" in line))


CONTRADICTIONS = """(sentence) => {
  const said = [];
  new MutationObserver(() => { if (sentence.textContent) said.push(sentence.textContent); })
    .observe(sentence, { childList: true });
  return said;
}"""


def test_the_demo_answers_keys_pointer_and_menus(opened, copied):
    notebook = opened(copied("solutions", CH01))
    notebook.run_all()
    page, demo = notebook.page, notebook.page.locator(".cnnlab-demo")
    canvas = demo.get_by_label("Picture with the receptive field")
    canvas.scroll_into_view_if_needed()
    image, edges = ch01.pictures()["chelsea"], ch01.PRESETS["vertical edges"]

    def shown(row, column, kernel):
        value = f"{ops.correlate2d(image, kernel)[row, column]:.2f}".replace("-", "−")
        demo.get_by_text(f"Row {row}, column {column} of the feature map: {value}.").wait_for()

    canvas.focus()
    for key in ("Shift+ArrowDown", "ArrowDown", "Shift+ArrowRight", "ArrowLeft", "ArrowUp"):
        page.keyboard.press(key)
    shown(5, 4, edges)
    box = canvas.bounding_box()  # 6 pixels a cell, and the kernel's middle follows the pointer
    page.mouse.move(box["x"] + 6 * 10 + 3, box["y"] + 6 * 10 + 3)
    page.mouse.down()
    page.mouse.move(box["x"] + 6 * 30 + 3, box["y"] + 6 * 20 + 3, steps=5)
    page.mouse.up()
    shown(19, 29, edges)
    demo.get_by_role("button", name="Fill all").click()
    contradicted = demo.locator("strong").evaluate_handle(CONTRADICTIONS)
    demo.get_by_label("Kernel", exact=True).select_option("outline")
    shown(19, 29, ch01.PRESETS["outline"])
    assert contradicted.json_value() == []
    assert "by your function" in demo.inner_text()
    keep(f"{CH01}-demo-moved", demo.screenshot())
    assert notebook.errors() == []
