"""A notebook that holds cells of the instructor's own, executed in the sandbox and within bounds.

Learner code can do here what it can in any kernel of nbgrader's: change what later cells show, an
instructor's tests included. It cannot reach anything outside, and it ends with its notebook.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from time import monotonic
from typing import Any

from jupyter_client.manager import KernelManager
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_output
from nbgrader.preprocessors import Execute
from traitlets import Integer, List, Unicode

from cnnlab.autograder.nbgrader_bridge.gradebook import JudgeError
from cnnlab.autograder.nbgrader_bridge.kernel_manager import SandboxedKernelManager, connection
from cnnlab.autograder.nbgrader_bridge.repair import is_valid

OUTPUT = 32 << 20
"""About as many bytes may all outputs of a notebook have."""
_END = {
    DeadKernelError: "The kernel ended here.",
    CellTimeoutError: "The kernel did not stop when a cell's time was over.",
}
_OUTPUTS = ("stream", "display_data", "execute_result", "error", "update_display_data")


class SandboxedExecute(Execute):
    """nbgrader's ``Execute``, with a kernel in the sandbox; whatever happens, it comes to an end.

    A cell that was not executed gets an error as its output, because nbgrader gives full marks
    to a test that is silent.
    """

    seconds = Integer(600, help="How long all cells of one notebook may take together.").tag(
        config=True
    )
    startup_timeout = Integer(
        300, help="How long the kernel may take to start, on a machine that is busy."
    ).tag(config=True)
    visible = List(
        Unicode(), help="Further files and folders that notebooks may read in the sandbox."
    ).tag(config=True)
    hidden = List(Unicode(), help="Files of the submission that are not shown to its notebook.")

    def __init__(self, **kw: Any) -> None:
        super().__init__(shutdown_kernel="immediate", **kw)

    def preprocess(
        self, nb: NotebookNode, resources: Mapping[str, Any], km: KernelManager | None = None
    ) -> tuple[NotebookNode, Mapping[str, Any]]:
        """Execute a notebook's cells, in their order.

        Raises
        ------
        JudgeError
            The kernel does not start; that is not the learner's fault.
        """
        self._ended, self._said, self._begun = "", 0, False
        self._manager: SandboxedKernelManager | None = None
        self.timeout_func = self._cell_seconds
        with tempfile.TemporaryDirectory(prefix="cnnlab-") as folder:
            self._shared = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                super().preprocess(nb, resources)
            except JudgeError:
                raise
            except Exception as error:
                if not self._begun:
                    said = self._manager.last_output() if self._manager else "nothing"
                    raise JudgeError(
                        f"The kernel did not start in the sandbox: {error}. Its last output: {said}"
                    ) from error
                self.log.warning("The kernel's end: %s: %s", type(error).__name__, error)
            finally:
                if self._manager:
                    self._manager.close()
                os.close(self._shared)
        for cell in nb.cells:
            if cell.cell_type == "code" and not is_valid(cell, "code_cell"):
                refuse(cell, "What this cell showed is no valid output.", keep=False)
        return nb, resources

    def create_kernel_manager(self) -> KernelManager:
        """A manager whose kernel sees the submission's folder and the packages, no more."""
        name = self.nb.metadata.get("kernelspec", {}).get("name") or "python3"
        handed_in = Path(self.resources["metadata"]["path"]).absolute()
        self.km = self._manager = SandboxedKernelManager(
            config=self.config,
            kernel_name=name,
            handed_in=str(handed_in),
            hidden=[each for each in self.hidden if (handed_in / each).is_file()],
            visible=self.visible,
            **connection(self._shared),
        )
        assert self.km.kernel_spec  # it is said now, and not under a traceback, if it is another's
        return self.km

    def preprocess_cell(
        self, cell: NotebookNode, resources: Mapping[str, Any], index: int
    ) -> tuple[NotebookNode, Mapping[str, Any]]:
        """Execute a cell, unless the notebook has had its time or its kernel is gone."""
        if not self._begun:  # what the kernel's start took is not the learner's
            self._begun, self._deadline = True, monotonic() + self.seconds
        if cell.cell_type != "code":
            return cell, resources
        if monotonic() >= self._deadline:
            self._ended = self._ended or f"The notebook ran for more than {self.seconds} seconds."
        if not self._ended:
            try:
                cell, resources = super().preprocess_cell(cell, resources, index)
            except Exception as error:  # the kernel died, or said what no kernel says
                self.log.warning("Cell %d: %s: %s", index + 1, type(error).__name__, error)
                self._ended = _END.get(type(error), "The kernel cannot be understood any more.")
        if self._ended:
            refuse(cell, f"{self._ended} This cell was not executed to its end.")
        return cell, resources

    def process_message(self, msg: dict[str, Any], cell: NotebookNode, cell_index: int) -> Any:
        """Take a message of the kernel's; outputs up to a limit."""
        self._said += _weight([msg["content"], msg.get("buffers")])
        if self._said > OUTPUT:
            self._ended = f"The notebook showed more than {OUTPUT >> 20} MiB."
            if msg["msg_type"] in _OUTPUTS or msg["msg_type"].startswith("comm"):
                return None
        return super().process_message(msg, cell, cell_index)

    def _cell_seconds(self, cell: NotebookNode) -> float:
        left = self._deadline - monotonic()
        return max(1.0, min(left, self.timeout or left))


def refuse(cell: NotebookNode, why: str, keep: bool = True) -> None:
    """Let a cell end in an error, so that nbgrader gives it no points."""
    error = new_output("error", ename="NotExecuted", evalue=why, traceback=[why])
    cell.outputs = [*(cell.outputs if keep else []), error]


def _weight(value: Any) -> int:
    """About the bytes of a value that JSON made."""
    if isinstance(value, (str, bytes, memoryview)):
        return len(value)
    if isinstance(value, Mapping):
        return sum(_weight(key) + _weight(item) for key, item in value.items())
    if isinstance(value, Iterable):
        return sum(map(_weight, value))
    return 8
