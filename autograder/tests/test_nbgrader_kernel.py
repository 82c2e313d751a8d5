"""Whole notebooks in the sandbox: what they can do, what they cannot, and that they end."""

from __future__ import annotations

import asyncio
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from jupyter_core.utils import ensure_event_loop
from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from cnnlab.autograder.nbgrader_bridge import JudgeError, execute
from cnnlab.autograder.nbgrader_bridge.execute import SandboxedExecute
from cnnlab.autograder.sandbox import notebook_kernel
from cnnlab.autograder.sandbox.processes import available
from cnnlab.autograder.submission.solutions import SOLUTIONS
from cnnlab.course import cli

pytestmark = [
    pytest.mark.skipif(available() is not None, reason="there is no sandbox on this machine")
]
LAST = "'a test that is silent'"


def executed(folder: Path, *sources: str, kernel: str = "python3", **settings) -> NotebookNode:
    """A notebook of these cells, executed as nbgrader would, in a submission's folder."""
    cells = [new_code_cell(source) for source in sources]
    spec = {"name": kernel, "display_name": kernel}
    nb = new_notebook(cells=cells, metadata={"kernelspec": spec})
    runner = SandboxedExecute(parent=NotebookExporter(), **settings)
    return runner(nb, {"metadata": {"path": str(folder)}})[0]


def said(cell: NotebookNode) -> str:
    """What a cell shows, in words."""
    texts = []
    for output in cell.outputs:
        if output.output_type == "stream":
            texts.append(output.text)
        elif output.output_type == "error":
            texts.append(f"{output.ename}: {output.evalue}")
        else:
            texts.append(output.data["text/plain"])
    return "".join(texts)


def gone(token: str) -> bool:
    """Whether no process with this word in its command line is left, soon."""
    for _ in range(50):
        own = {str(os.getpid()), "self", "thread-self"}
        lines = [p / "cmdline" for p in Path("/proc").iterdir() if p.name not in own]
        if not any(token.encode() in _read(line) for line in lines if line.exists()):
            return True
        time.sleep(0.1)
    return False


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_a_notebook_works_in_its_folder_and_keeps_what_it_shows(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "points.csv").write_text("1,2")
    (tmp_path / "helper.py").write_text("answer = 42")
    (tmp_path / "taken").write_text("what a symbolic link led to")

    nb = executed(
        tmp_path,
        "from helper import answer\nopen('data/points.csv').read(), answer",
        "open('new.txt', 'w').write('x'); print(len(open('taken').read()))",
        "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()",
        "!echo a command",
        "import multiprocessing as m\nwith m.Pool(2) as pool: print(pool.map(abs, [-1, 2]))",
        "from cnnlab.autograder import check, start\nstart('ch01')",
        "def relu(z):\n    return z * (z > 0)\ncheck(relu)",
        "1 / 0",
        "1.5",
        hidden=["taken", "folder-that-is-not-there"],
    )

    words = [said(cell) for cell in nb.cells]
    assert words[0] == "('1,2', 42)"
    assert words[1] == "0\n"
    assert "image/png" in nb.cells[2].outputs[0].data
    assert words[3].strip() == "a command"
    assert words[4] == "[1, 2]\n"
    assert words[6] == "2.0"  # a judge is at work: this is what `check` says
    assert words[7].startswith("ZeroDivisionError")
    assert words[8] == "1.5"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["data", "helper.py", "taken"]


def test_a_notebook_reaches_nothing_outside(tmp_path):
    gradebook = tmp_path / "gradebook.db"
    gradebook.write_text("grades")
    own = tmp_path / "autograded"
    own.mkdir()
    token = f"left-behind-{os.getpid()}"
    daemon = "import time\\nwhile 1: time.sleep(1)"
    home = Path.home()
    root = Path(cli.__file__).parents[2]

    nb = executed(
        own,
        f"""import os
places = {[str(p) for p in (gradebook, SOLUTIONS, root / "solutions", Path("/etc/passwd"))]}
[place for place in places if os.path.exists(place) and os.listdir(place)]""",
        f"sorted(os.listdir({str(home)!r})) if os.path.exists({str(home)!r}) else []",
        "[os.readlink(f'/proc/self/fd/{n}') for n in os.listdir('/proc/self/fd') if n != '3']",
        """import socket
def reached(family, address):
    try:
        with socket.socket(family, socket.SOCK_STREAM) as s:
            s.settimeout(3)
            s.connect(address)
        return True
    except OSError:
        return False
reached(socket.AF_INET, ('1.1.1.1', 53)), reached(socket.AF_UNIX, '/run/dbus/system_bus_socket')""",
        """import ctypes, re
rights = re.findall('Cap(?:Inh|Prm|Eff|Amb):\\t0+\\n', open('/proc/self/status').read())
print(len(rights))
libc = ctypes.CDLL(None, use_errno=True)
[libc.unshare(0x10000000), libc.mount(b'x', b'/tmp', b'tmpfs', 0, None), libc.socket(16, 3, 0)]""",
        """import numpy, pathlib
def writable(place):
    try:
        (pathlib.Path(place) / 'x').write_text('x')
        return True
    except OSError:
        return False
[writable(p) for p in (pathlib.Path(numpy.__file__).parent, '/', '/handed-in', '/dev', '/tmp')]""",
        f"""import subprocess, sys
subprocess.Popen([sys.executable, '-c', '{daemon}', '{token}'], start_new_session=True).poll()""",
    )

    words = [said(cell) for cell in nb.cells]
    assert words[0] == "[]"
    shown_of_home = {Path(sys_path).relative_to(home).parts[0] for sys_path in below(home)}
    assert set(ast_literal(words[1])) <= shown_of_home
    assert str(tmp_path) not in words[2]
    assert "cnnlab-" not in words[2]
    assert words[3] == "(False, False)"
    assert words[4] == "4\n[-1, -1, -1]"
    assert words[5] == "[False, False, False, False, True]"
    assert nb.cells[6].outputs == []
    assert gone(token)
    assert gradebook.read_text() == "grades"


def below(home: Path) -> list[str]:
    """What is shown of a home folder: an interpreter, packages, the cache; nothing else."""
    from cnnlab.autograder.nbgrader_bridge.kernel_manager import _shown

    return [str(path) for path in _shown(()) if path.is_relative_to(home)]


def ast_literal(text: str) -> list[str]:
    import ast

    found: list[str] = ast.literal_eval(text)
    return found


ENDS = {
    "exits": ("import os; os._exit(0)", "ended here"),
    "is killed": ("import os; os.kill(os.getpid(), 9)", "ended here"),
    "says much": ("print('x' * 3_000_000)", "showed more than 1 MiB"),
    # Ended by what it shows; by its time, where a message is too long to be taken.
    "floods": ("while True: print('x' * 10000)", "was not executed to its end"),
    "sleeps": (
        "import time\nwhile True:\n    try: time.sleep(9)\n    except: pass",
        "did not stop",
    ),
    "forks": ("import os\nwhile True:\n    try: os.fork()\n    except OSError: pass", ""),
    "lies": (
        "k = get_ipython().kernel\nfor kind in ('stream', 'display_data', 'status', 'comm_open'):\n"
        "    k.session.send(k.iopub_socket, kind, content={'data': 5}, parent=k.get_parent())",
        "",
    ),
}


@pytest.fixture(scope="module")
def ended(tmp_path_factory) -> dict[str, NotebookNode]:
    """Each way's notebook. They run side by side: most of their time, they wait for a limit."""

    def run(way: str) -> NotebookNode:
        source, _ = ENDS[way]
        folder = tmp_path_factory.mktemp("end")
        nb = executed(folder, "'before'", source, "pass", seconds=10, timeout=5)
        ensure_event_loop().run_until_complete(asyncio.sleep(0))  # nbclient's last task ends
        return nb

    begin = time.monotonic()
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(len(ENDS)) as pool:
        patch.setattr(execute, "OUTPUT", 1 << 20)
        found = dict(zip(ENDS, pool.map(run, ENDS), strict=True))
    assert time.monotonic() - begin < 120  # some need a minute where others have the cores
    return found


@pytest.mark.parametrize("way", ENDS)
def test_whatever_a_cell_does_the_run_ends_and_a_silent_test_earns_nothing(way, ended):
    nb, (_, reason) = ended[way], ENDS[way]
    assert said(nb.cells[0]) == "'before'"
    assert reason in said(nb.cells[2])
    assert nb.cells[2].outputs[-1].output_type == "error" or way == "lies"


def test_a_kernel_that_does_not_start_is_never_the_learners_fault(tmp_path, monkeypatch):
    monkeypatch.setattr(notebook_kernel, "__file__", "/nowhere.py")

    with pytest.raises(JudgeError, match=r"(?s)did not start in the sandbox.*/nowhere.py"):
        executed(tmp_path, "1")


def test_another_language_is_refused_in_words(tmp_path, monkeypatch):
    kernel = tmp_path / "kernels" / "other"
    kernel.mkdir(parents=True)
    spec = '{"argv": ["/opt/other/bin/python"], "display_name": "Other", "language": "python"}'
    (kernel / "kernel.json").write_text(spec)
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))

    with pytest.raises(JudgeError, match=r"asks for the kernel 'other'.*sandboxed_kernel = False"):
        executed(tmp_path, "1", kernel="other")


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_forbids_by_number_and_argument(machine):
    program = notebook_kernel.filter_program(machine)
    column = ["x86_64", "aarch64"].index(machine)
    arch = notebook_kernel._ARCHITECTURES[machine]

    def answer(number: int, argument: int = 0, arch: int = arch) -> int:
        data, loaded, at = {0: number, 4: arch, 16: argument}, 0, 0
        while True:
            code, yes, no, operand = program[at]
            at += 1
            if code == notebook_kernel._RETURN:
                return operand
            if code == notebook_kernel._LOAD:
                loaded = data[operand]
                continue
            holds = {
                notebook_kernel._JUMP_IF_EQUAL: loaded == operand,
                notebook_kernel._JUMP_IF_SET: bool(loaded & operand),
                notebook_kernel._JUMP_IF_AT_LEAST: loaded >= operand,
            }[code]
            at += yes if holds else no

    allow, errno = notebook_kernel._ALLOW, notebook_kernel._ERRNO
    forbidden = [n for pair in notebook_kernel._FORBIDDEN.values() if (n := pair[column])]
    assert {answer(number) for number in forbidden} == {errno | 1}
    clone, socket = notebook_kernel._CLONE[column], notebook_kernel._SOCKET[column]
    assert answer(clone, 0x003D0F00) == allow  # a thread
    assert answer(clone, 17) == allow  # a process
    assert answer(clone, 0x10000011) == errno | 1  # a user namespace
    assert [answer(socket, family) == allow for family in (1, 2, 10, 16, 17, 40)] == [
        *(True, True, True),
        *(False, False, False),
    ]
    assert answer(435) == errno | 38
    assert answer(0) == allow
    assert answer(0, arch=0x40000003) == notebook_kernel._KILL
