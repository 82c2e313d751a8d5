"""How long a learner waits in JupyterLab: for a check's card, and for the demo's new map.

    python autograder/bench/bench_jupyterlab.py [--rounds 10 | --tiny]

Runs chapter 1's solved notebook in headless Chromium. A check is timed from the command to the
card on the page, the demo from a menu's choice to other pixels. Nothing is demanded: both depend
on what else the machine does.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
from pathlib import Path

import numpy as np

from cnnlab.autograder.bench.tiny import arguments
from cnnlab.course.tests.chromium import chromium
from cnnlab.course.tests.lab import Notebook, running

CHAPTER = "ch01_convolution"
SOLVED = Path(__file__).parents[2] / "solutions" / CHAPTER / f"{CHAPTER}.ipynb"
KERNELS = ["sharpen", "outline", "vertical edges", "horizontal edges"]

CHECK_TIMES = """async ([number, rounds]) => {
  const { content } = jupyterapp.shell.currentWidget;
  const cell = content.widgets[number];
  const times = [];
  for (let n = 0; n < rounds; n++) {
    const before = cell.node.querySelector("section");
    content.activeCellIndex = number;
    const start = performance.now();
    await jupyterapp.commands.execute("notebook:run-cell");
    for (;;) {
      const card = cell.node.querySelector("section");
      if (card && card !== before) break;
      await new Promise(requestAnimationFrame);
    }
    times.push(performance.now() - start);
  }
  return times;
}"""
DRAW_TIMES = """async ([demo, kernels]) => {
  const menu = demo.querySelector("select[aria-label=Kernel]");
  const map = demo.querySelectorAll("canvas")[1];
  const pixels = () =>
    map.getContext("2d").getImageData(0, 0, map.width, map.height).data.join();
  const times = [];
  for (const kernel of kernels) {
    const before = pixels();
    menu.value = kernel;
    const start = performance.now();
    const drawn = new Promise((resolve) => {
      const watch = new MutationObserver(() => {
        const now = performance.now();
        if (pixels() === before) return;
        watch.disconnect();
        resolve(now);
      });
      watch.observe(map, { attributes: true });
    });
    menu.dispatchEvent(new Event("change"));
    times.push(await drawn - start);
  }
  return times;
}"""


def waits(notebook: Notebook, rounds: int) -> tuple[list[float], list[float]]:
    """Milliseconds of checks and of the demo's drawings, after all cells have run."""
    notebook.run_all()
    cells = enumerate(notebook.cells())
    numbers = [number for number, cell in cells if cell["name"].startswith("check-")]
    checks = [notebook.page.evaluate(CHECK_TIMES, [number, rounds]) for number in numbers]
    demo = notebook.page.locator(".cnnlab-demo")
    demo.get_by_role("button", name="Fill all").click()
    draws = notebook.page.evaluate(DRAW_TIMES, [demo.element_handle(), KERNELS * rounds])
    return [ms for times in checks for ms in times], draws


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=10)
    given = arguments(parser, rounds=1)
    with tempfile.TemporaryDirectory() as place, chromium() as browser:
        folder, scratch = Path(place, "course"), Path(place, "jupyter")
        (folder / "solved").mkdir(parents=True)
        scratch.mkdir()
        shutil.copyfile(SOLVED, folder / "solved" / SOLVED.name)
        with running(folder, scratch) as server:
            page = browser.new_page(viewport={"width": 1280, "height": 1100})
            times = waits(Notebook(page, server, f"solved/{SOLVED.name}"), given.rounds)
    for name, found in zip(("check", "demo"), times, strict=True):
        middle, late = statistics.median(found), np.percentile(found, 95)
        print(f"{name:6} p50 {middle:7.1f} ms, p95 {late:7.1f} ms, slowest {max(found):7.1f} ms")


if __name__ == "__main__":
    main()
