"""JupyterLab as a learner has it: the server that ``cnnlab lab`` starts, and a notebook in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from playwright.sync_api import Locator, Page, expect

STARTED_WITHIN = 240.0  # seconds; the first start of a fresh installation compiles every module
PATIENCE = 120.0  # seconds for one thing to happen on the page, on a machine that is busy


@dataclass(frozen=True)
class Server:
    """A running JupyterLab.

    Parameters
    ----------
    folder : Path
        Where it works.
    url : str
        Ends with a slash.
    token : str
    """

    folder: Path
    url: str
    token: str

    def ask(self, method: str, path: str) -> Any:
        """What the server's REST interface answers; None where it answers nothing."""
        headers = {"Authorization": f"token {self.token}"}
        with urlopen(Request(self.url + path, method=method, headers=headers), timeout=30) as said:
            body = said.read()
        return json.loads(body) if body else None

    def stop_kernels(self) -> None:
        """End every kernel, so that the next notebook has the machine for itself."""
        for kernel in self.ask("GET", "api/kernels"):
            self.ask("DELETE", f"api/kernels/{kernel['id']}")


@contextmanager
def running(folder: Path, scratch: Path, program: Sequence[str] = ()) -> Iterator[Server]:
    """``cnnlab lab`` on a folder: on loopback, on a free port, ended at the end.

    Parameters
    ----------
    folder : Path
        Where the chapters go.
    scratch : Path
        For Jupyter's own files and its log, so that nobody's settings are read or changed.
    program : sequence of str
        Another module to run, with its arguments.

    Raises
    ------
    RuntimeError
        It does not start; the message holds the log.
    """
    environment = os.environ | _own_places(scratch)
    options = ["--ip=127.0.0.1", "--port=0", "--allow-root"]
    options += ["--LabApp.expose_app_in_browser=True"]  # to see what a cell gave, see `Notebook`
    usual = ("cnnlab.course.cli", "lab", str(folder), "--no-browser", "--")
    command = [sys.executable, "-m", *(program or usual)]
    with (
        open(scratch / "log.txt", "w") as log,
        subprocess.Popen(command + options, env=environment, stdout=log, stderr=log) as process,
    ):
        try:
            yield _started(folder, scratch, process)
        finally:
            process.terminate()  # JupyterLab then ends its kernels
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


def _own_places(scratch: Path) -> dict[str, str]:
    """Environment variables that keep Jupyter and IPython in one folder."""
    names = ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR")
    places = {f"JUPYTER_{name}": str(scratch / name.lower()) for name in names}
    for name in ("SETTINGS_DIR", "WORKSPACES_DIR"):
        places[f"JUPYTERLAB_{name}"] = str(scratch / name.lower())
    return {**places, "IPYTHONDIR": str(scratch / "ipython")}


def _started(folder: Path, scratch: Path, process: subprocess.Popen[bytes]) -> Server:
    """Wait for the file in which a server says where it is."""
    deadline = time.monotonic() + STARTED_WITHIN
    while process.poll() is None and time.monotonic() < deadline:
        for file in (scratch / "runtime_dir").glob("jpserver-*.json"):
            about = json.loads(file.read_text() or "{}")
            if about:
                return Server(folder, about["url"], about["token"])
        time.sleep(0.1)
    raise RuntimeError(f"JupyterLab did not start:\n{(scratch / 'log.txt').read_text()}")


CONTROLS = ":is(input, select, button, [tabindex]):not([disabled])"
"""What a demo can be played with."""
LOOKS = """(demo) => [demo.innerText,
  ...[...demo.querySelectorAll("canvas")].map((canvas) => canvas.toDataURL()),
  ...[...demo.querySelectorAll("svg")].map((svg) => svg.outerHTML)].join()"""
"""All that is to be seen of a demo, its menus' and sliders' own values aside."""
CHANGED = f"""([demo, before]) =>
  demo.getAttribute("aria-busy") !== "true" && ({LOOKS})(demo) !== before"""

CELLS = """() => jupyterapp.shell.currentWidget.content.widgets.map((cell) => ({
  name: cell.model.getMetadata("nbgrader")?.grade_id ?? "",
  source: cell.model.sharedModel.getSource(),
  count: cell.model.executionCount ?? null,
  outputs: cell.model.outputs?.toJSON() ?? [],
}))"""
OPENED = """() => {
  const widget = window.jupyterapp?.shell.currentWidget;
  return widget?.content?.model && widget.context.isReady && widget.sessionContext.isReady
    && widget.sessionContext.session?.kernel?.connectionStatus === "connected";
}"""
FILL = """(sources) => jupyterapp.shell.currentWidget.content.widgets.forEach(({ model }) => {
  const source = sources[model.getMetadata("nbgrader")?.grade_id];
  if (source !== undefined) model.sharedModel.setSource(source);
})"""
COMMAND = """(name) => {
  window.done = null;
  jupyterapp.commands.execute(name).then(
    (answer) => { window.done = [answer]; }, (error) => { window.done = [String(error)]; });
}"""


def use_theme(page: Page, name: str) -> None:
    """Have JupyterLab look ``"Light"`` or ``"Dark"``."""
    page.evaluate(
        "(theme) => jupyterapp.commands.execute('apputils:change-theme', { theme })",
        f"JupyterLab {name}",
    )
    page.locator(f'body[data-jp-theme-name="JupyterLab {name}"]').wait_for(state="attached")
    expect(page.locator("#jupyterlab-splash")).to_have_count(0)  # it lies above while it loads


class Notebook:
    """A notebook in a page of JupyterLab.

    Hands and eyes are the browser's: keys, clicks, what stands on the page. What a cell gave is
    read from JupyterLab's model of the notebook, because it also knows what is out of sight.

    Parameters
    ----------
    page : Page
        A fresh page.
    server : Server
    path : str
        Of the notebook, inside the server's folder.
    """

    def __init__(self, page: Page, server: Server, path: str) -> None:
        self.page, self.server, self.path = page, server, path
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        workspace = path.removesuffix(".ipynb").replace(
            "/", "-"
        )  # of its own: JupyterLab reopens what it remembers
        page.set_default_timeout(1000 * PATIENCE)
        page.goto(f"{server.url}lab/workspaces/{workspace}/tree/{path}?token={server.token}")
        page.wait_for_function(OPENED)

    def cells(self) -> list[dict[str, Any]]:
        """Every cell's name (nbgrader's ``grade_id``), source, execution count and outputs."""
        cells: list[dict[str, Any]] = self.page.evaluate(CELLS)
        return cells

    def index(self, name: str) -> int:
        """The number of the cell of this name."""
        return next(i for i, cell in enumerate(self.cells()) if cell["name"] == name)

    def cell(self, name: str | int) -> Locator:
        """A cell on the page, by name or number."""
        number = self.index(name) if isinstance(name, str) else name
        return self.page.locator(f'.jp-Notebook .jp-Cell[data-windowed-list-index="{number}"]')

    def card(self, name: str) -> Locator:
        """The card that an exercise's check cell shows, brought into sight."""
        card = self.cell(f"check-{name}").locator(".jp-OutputArea section")
        card.scroll_into_view_if_needed()
        drawn = expect(card)  # by JupyterLab
        drawn.to_contain_text("points", use_inner_text=True, timeout=1000 * PATIENCE)
        return card

    def card_text(self, name: str) -> str:
        """What a card says. JupyterLab may hide it again, while cells above it still grow."""
        for _ in range(10):
            if text := self.card(name).inner_text():
                return text
        raise AssertionError(f"the card of {name} does not stay in sight")

    def command(self, name: str, timeout: float = PATIENCE) -> Any:
        """Run one of JupyterLab's commands, and wait for it; ``timeout`` in seconds."""
        self.page.evaluate(COMMAND, name)
        self.page.wait_for_function("() => window.done", timeout=1000 * timeout)
        return self.page.evaluate("() => window.done[0]")

    def run_all(self, timeout: float = 600.0) -> None:
        """Run every cell; ``timeout`` in seconds."""
        self.command("notebook:run-all-cells", timeout)

    def run(self, name: str | int) -> None:
        """Click a cell and press Shift+Enter; returns when its run has ended."""
        number = self.index(name) if isinstance(name, str) else name
        self.cell(number).locator(".jp-InputArea-editor").click()
        before = self.cells()[number]["count"]
        self.page.keyboard.press("Shift+Enter")
        self.page.wait_for_function(
            """([number, before]) => {
              const { content, sessionContext } = jupyterapp.shell.currentWidget;
              const { executionCount, executionState } = content.widgets[number].model;
              return executionCount && executionCount !== before && executionState === "idle"
                && sessionContext.session.kernel.status === "idle";
            }""",
            arg=[number, before],
        )

    def write(self, name: str, source: str) -> None:
        """Replace a cell's text at the keyboard."""
        self.cell(name).locator(".cm-content").click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(source)

    def fill(self, sources: dict[str, str]) -> None:
        """Replace the texts of cells, by name, all at once and without the keyboard."""
        self.page.evaluate(FILL, sources)

    def unsaved(self) -> bool:
        """Whether JupyterLab would ask before it closes the notebook."""
        return bool(self.page.evaluate("() => jupyterapp.shell.currentWidget.context.model.dirty"))

    def save(self) -> None:
        """Press Ctrl+S, and wait until nothing is unsaved."""
        self.page.keyboard.press("Control+s")
        clean = "() => !jupyterapp.shell.currentWidget.context.model.dirty"
        self.page.wait_for_function(clean)

    def errors(self) -> list[str]:
        """What went wrong: cells that ended in an error, and errors of the page."""
        found = list(self.complaints)
        for number, cell in enumerate(self.cells()):
            for output in cell["outputs"]:
                if output["output_type"] == "error":
                    found.append(f"cell {number}: {output['ename']}: {output['evalue']}")
        return found
