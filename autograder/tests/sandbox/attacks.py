"""Hostile submissions: what each one tries, its source, and what its author may hear for it.

Every source defines ``task(x)``, which the test calls with ``numpy.arange(3)``. A source may
use ``WITNESS`` (a path outside, where nothing may ever be written) and ``SECRETS`` (paths outside
that exist and must not be readable); both are defined before it.
"""

from __future__ import annotations

from typing import NamedTuple

from cnnlab.autograder.sandbox.calls import Outcome, outcome_to_frame
from cnnlab.autograder.sandbox.frames import pack

RETURNED, RAISED, TIMEOUT = "returned", "raised", "timeout"
MEMORY, CRASHED, FORBIDDEN, UNSUPPORTED = "memory", "crashed", "forbidden", "unsupported"
MISSING = "missing"


class Attack(NamedTuple):
    """``status`` lists what the call may come to; ``error`` is the type of error that the cell
    itself ends with (``""``: the cell runs through, None: not looked at)."""

    name: str
    status: tuple[str, ...]
    source: str
    error: str | None = ""
    value: object = None
    """Where given, what a returned value must equal."""


def _call(body: str) -> str:
    """``task`` with this body, indented here."""
    lines = body.strip("\n").splitlines()
    return "import os\n\ndef task(x):\n" + "".join(f"    {line}\n" for line in lines)


def _forged(number: int) -> str:
    """A well-formed answer under a number, in hexadecimal digits."""
    return pack([outcome_to_frame(Outcome("returned", "forged"), number)]).hex()


FIRST_CALL = 4
"""The number of the test's first call: the prelude and two cells come before it."""

TIME = [
    Attack("loop at import", (MISSING,), "while True: pass", "Timeout"),
    Attack("loop in the call", (TIMEOUT,), _call("while True: pass")),
    Attack("sleep", (TIMEOUT,), _call("import time\ntime.sleep(1000)")),
    Attack("sleep at import", (MISSING,), "import time\ntime.sleep(1000)", "Timeout"),
    Attack(
        "loop that catches everything",
        (TIMEOUT,),
        _call("while True:\n    try:\n        while True: pass\n    except BaseException: pass"),
    ),
    Attack(
        "signals ignored, then a loop",
        (TIMEOUT,),
        _call(
            "import signal\n"
            "for number in range(1, 65):\n"
            "    try: signal.signal(number, signal.SIG_IGN)\n"
            "    except (OSError, ValueError): pass\n"
            "while True: pass"
        ),
    ),
    Attack("a loop in C", (TIMEOUT,), _call("return len(range(10**18)) + sum(range(10**15))")),
    Attack("regular expression that explodes", (TIMEOUT,), _call(
        "import re\nreturn re.match(r'(a+)+$', 'a' * 60 + 'b')")),
    Attack("a number too large to compute", (TIMEOUT, MEMORY), _call("return 9 ** 9 ** 9")),
    Attack("stops itself", (TIMEOUT, RETURNED), _call(
        "import signal\nos.kill(os.getpid(), signal.SIGSTOP)\nwhile True: pass")),
]  # fmt: skip

MEMORY_AND_FLOODS = [
    Attack("a list without end", (MEMORY,), _call(
        "big = []\nwhile True: big.append(bytearray(1 << 24))")),
    Attack("a huge array", (MEMORY,), _call("import numpy as np\nreturn np.ones(10**11)")),
    Attack("memory at import", (MISSING,), "x = bytearray(1 << 40)", "MemoryError"),
    Attack("a huge broadcast result", (UNSUPPORTED,), _call(
        "import numpy as np\nreturn np.broadcast_to(np.zeros(1), (10**15,))")),
    Attack("a result of a hundred megabytes", (UNSUPPORTED,), _call(
        "import numpy as np\nreturn np.zeros(100 * 2**20, np.uint8)")),
    Attack("a list of a million numbers", (UNSUPPORTED,), _call("return [0.5] * 10**6")),
    Attack("nested lists that double", (UNSUPPORTED,), _call(
        "tree = []\nfor _ in range(30): tree = [tree, tree]\nreturn tree")),
    Attack("a list that holds itself", (UNSUPPORTED,), _call(
        "tree = []\ntree.append(tree)\nreturn tree")),
    Attack("an endless recursion", (RAISED,), _call("return task(x)")),
    Attack("an endless recursion without limit", (MEMORY, CRASHED, RAISED, TIMEOUT), _call(
        "import sys\nsys.setrecursionlimit(10**9)\nreturn task(x)")),
    Attack("output flood", (RETURNED,), _call(
        "import sys\n"
        "for _ in range(2000):\n"
        "    print('x' * 10000)\n"
        "    sys.stderr.write('y' * 10000)\n"
        "return 1"), value=1),
    Attack("output flood on the bare descriptors", (RETURNED,), _call(
        "for _ in range(200):\n"
        "    os.write(1, b'z' * 100000)\n"
        "    os.write(2, b'z' * 100000)\n"
        "return 1"), value=1),
    Attack("huge files in /tmp", (RETURNED,), _call(
        "written = 0\n"
        "try:\n"
        "    for n in range(100):\n"
        "        with open(f'/tmp/{n}', 'wb') as file:\n"
        "            written += file.write(bytes(8 << 20))\n"
        "except OSError: pass\n"
        "return written <= 64 << 20"), value=True),
    Attack("a file larger than the limit", (RAISED, CRASHED), _call(
        "with open('/tmp/x', 'wb') as file:\n"
        "    while True: file.write(bytes(1 << 20))")),
    Attack("files without number", (RAISED,), _call(
        "for n in range(10**6): open(f'/tmp/{n}', 'w').close()")),
    Attack("descriptors without number", (RAISED,), _call(
        "while True: os.dup(3)")),
    Attack("a zip bomb", (RAISED, MEMORY, TIMEOUT), _call(
        "import zlib\n"
        "packed = zlib.compress(bytes(1 << 26))\n"
        "big = b''\n"
        "while True: big += zlib.decompress(packed)")),
    Attack("an error message of a gigabyte", (RAISED,), _call("raise ValueError('x' * 10**8)")),
    Attack("a text of half a character", (UNSUPPORTED,), _call(r"return '\ud800'")),
]  # fmt: skip

PROCESSES = [
    Attack("fork", (RAISED,), _call("return os.fork()")),
    Attack("fork bomb", (RAISED,), _call("while True: os.fork()")),
    Attack("fork bomb at import", (MISSING,), "import os\nwhile 1: os.fork()", "PermissionError"),
    Attack("fork through ctypes", (RETURNED,), _call(
        "import ctypes\n"
        "libc = ctypes.CDLL(None)\n"
        "return [libc.fork(), libc.vfork()]"),
        value=[-1, -1]),
    Attack("clone without the thread flag", (RETURNED,), _call(
        "import ctypes, platform\n"
        "number = {'x86_64': 56, 'aarch64': 220}[platform.machine()]\n"
        "return ctypes.CDLL(None).syscall(number, 17, 0, 0, 0, 0)"), value=-1),
    Attack("a subprocess", (RAISED,), _call(
        "import subprocess\nreturn subprocess.run(['/bin/true']).returncode")),
    Attack("os.system", (RETURNED,), _call("return os.system('true') == 0"), value=False),
    Attack("exec", (RAISED,), _call("import sys\nos.execv(sys.executable, ['python'])")),
    Attack("multiprocessing", (RAISED,), _call(
        "import multiprocessing\n"
        "process = multiprocessing.get_context('fork').Process(target=print)\n"
        "process.start()")),
    Attack("daemon by double fork", (RAISED,), _call(
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    if os.fork() == 0:\n"
        "        while True: pass\n"
        "return 1")),
    Attack("threads without number", (RAISED, MEMORY, CRASHED, TIMEOUT), _call(
        "import threading, time\n"
        "threading.stack_size(65536)\n"
        "while True: threading.Thread(target=time.sleep, args=(1000,)).start()")),
    Attack("a thread that stays behind", (RETURNED,), _call(
        "import threading, time\n"
        "threading.Thread(target=time.sleep, args=(1000,)).start()\n"
        "return 1"), value=1),
]  # fmt: skip

EXITS = [
    Attack("sys.exit", (RAISED,), _call("import sys\nsys.exit(0)")),
    Attack("sys.exit at import", (MISSING,), "import sys\nsys.exit(0)", "SystemExit"),
    Attack("raise SystemExit", (RAISED,), _call("raise SystemExit")),
    Attack("raise KeyboardInterrupt", (RAISED,), _call("raise KeyboardInterrupt")),
    Attack("raise GeneratorExit", (RAISED,), _call("raise GeneratorExit")),
    Attack("os._exit", (CRASHED,), _call("os._exit(0)")),
    Attack("os._exit at import", (MISSING,), "import os\nos._exit(0)", "Crash"),
    Attack("os.abort", (CRASHED,), _call("os.abort()")),
    Attack("a segfault through ctypes", (CRASHED,), _call("import ctypes\nctypes.string_at(0)")),
    Attack("atexit", (RETURNED,), _call(
        "import atexit\natexit.register(lambda: open(WITNESS, 'w').close())\nreturn 1"), value=1),
    Attack("an exception whose text raises", (RAISED,), _call(
        "class Bad(Exception):\n"
        "    def __str__(self): raise SystemExit\n"
        "raise Bad")),
    Attack("an exception whose class lies", (RAISED,), _call(
        "class Meta(type):\n"
        "    __qualname__ = property(lambda self: 1 / 0)\n"
        "    __module__ = property(lambda self: 1 / 0)\n"
        "Bad = Meta('Bad', (Exception,), {})\n"
        "raise Bad")),
    Attack("kill the parent", (RAISED, RETURNED), _call("os.kill(os.getppid() or 99999, 9)")),
    Attack("kill everything", (RAISED,), _call("os.kill(-1, 9)")),
    Attack("kill process 1", (RETURNED,), _call("os.kill(1, 9)\nreturn 1"), value=1),
    Attack("kill many by number", (RETURNED,), _call(
        "hit = []\n"
        "for pid in range(2, 5000):\n"
        "    try: os.kill(pid, 9)\n"
        "    except ProcessLookupError: continue\n"
        "    hit.append(pid)\n"
        "return hit"), value=[]),
    Attack("kill the group", (RETURNED, RAISED, CRASHED), _call(
        "import signal\nos.killpg(0, signal.SIGTERM)\nreturn 1")),
]  # fmt: skip

FORGERY = [
    Attack("patched NumPy", (RETURNED,), (
        "import numpy as np\n"
        "np.allclose = np.array_equal = lambda *a, **k: True\n"
        "def task(x): return x + 1\n"), value=[1, 2, 3]),
    Attack("a subclass that equals everything", (UNSUPPORTED,), _call(
        "import numpy as np\n"
        "class Yes(np.ndarray):\n"
        "    __eq__ = lambda self, other: np.True_\n"
        "    __array_ufunc__ = lambda self, *a, **k: np.True_\n"
        "return x.view(Yes)")),
    Attack("a number that equals everything", (UNSUPPORTED,), _call(
        "class Yes(float):\n"
        "    __eq__ = lambda self, other: True\n"
        "return Yes(0)")),
    Attack("an array of objects with __reduce__", (UNSUPPORTED,), _call(
        "import numpy as np\n"
        "class Bomb:\n"
        "    def __reduce__(self): return (open, (WITNESS, 'w'))\n"
        "return np.array([Bomb()] * 3, dtype=object)")),
    Attack("an object with __reduce__", (UNSUPPORTED,), _call(
        "class Bomb:\n"
        "    def __reduce__(self): return (open, (WITNESS, 'w'))\n"
        "return Bomb()")),
    Attack("an instance whose class is a lie", (UNSUPPORTED,), _call(
        "class Liar:\n"
        "    __class__ = property(lambda self: dict)\n"
        "return Liar()")),
    Attack("garbage on every descriptor", (CRASHED,), _call(
        "for fd in range(64):\n"
        "    try: os.write(fd, b'\\xff' * 4096)\n"
        "    except OSError: pass\n"
        "return 1")),
    Attack("a forged answer on every descriptor", (CRASHED, RETURNED), _call(
        f"forged = bytes.fromhex({''.join(_forged(n) for n in range(100))!r})\n"
        "for fd in range(64):\n"
        "    try: os.write(fd, forged)\n"
        "    except OSError: pass\n"
        "return 1")),
    Attack("a forged answer in place of one's own", (RETURNED,), _call(
        f"os.write(3, bytes.fromhex({_forged(FIRST_CALL)!r}))\nos._exit(0)"), value="forged"),
    Attack("a frame that announces four gigabytes", (CRASHED,), _call(
        "os.write(3, b'\\xff\\xff\\xff\\xff')\nreturn 1")),
    Attack("half a frame, then silence", (TIMEOUT,), _call(
        "import time\nos.write(3, b'\\x00\\x00\\x10\\x00abc')\ntime.sleep(1000)")),
    Attack("a deep frame", (CRASHED,), _call(
        "import struct\n"
        "head = b'[' * 10**5 + b']' * 10**5\n"
        "body = struct.pack('>I', len(head)) + head\n"
        "os.write(3, struct.pack('>I', len(body)) + body)\n"
        "return 1")),
    Attack("a frame that names one blob twice", (CRASHED,), _call(
        "import struct\n"
        "head = b'[' + b','.join([b'{\"text\":[100]}'] * 1000) + b']'\n"
        "body = struct.pack('>I', len(head)) + head + bytes(100)\n"
        "os.write(3, struct.pack('>I', len(body)) + body)\n"
        "return 1")),
    Attack("the descriptor closed", (CRASHED, TIMEOUT), _call("os.close(3)\nreturn 1")),
    Attack("the worker's own functions replaced", (RETURNED, RAISED, CRASHED), (
        "import gc\n"
        "for thing in gc.get_objects():\n"
        "    if getattr(thing, '__name__', '') == 'perform' and hasattr(thing, '__code__'):\n"
        "        thing.__code__ = (lambda f, r: None).__code__\n"
        "def task(x): return 1\n")),
    Attack("time turned back", (TIMEOUT,), _call(
        "import time\n"
        "time.perf_counter = time.monotonic = lambda: 0.0\n"
        "while True: pass")),
]  # fmt: skip

SNOOPING = [
    Attack("secrets by path", (RETURNED,), _call(
        "found = []\n"
        "for path in SECRETS:\n"
        "    try: os.stat(path)\n"
        "    except OSError: continue\n"
        "    found.append(path)\n"
        "return found"), value=[]),
    Attack("what can be listed", (RETURNED,), _call(
        "names = set()\n"
        "for top in ('/', '/home', '/root', '/etc', '/var', '/work', '/srv', '/mnt', '/run'):\n"
        "    try: names |= {os.path.join(top, name) for name in os.listdir(top)}\n"
        "    except OSError: pass\n"
        "return any('shadow' in name or 'gradebook' in name for name in names)"), value=False),
    Attack("the judge's frames", (RETURNED,), _call(
        "import sys\n"
        "names, frame = [], sys._getframe()\n"
        "while frame: names.append(frame.f_code.co_filename); frame = frame.f_back\n"
        "return any(word in name for name in names\n"
        "           for word in ('judge', 'grading', 'session'))"), value=False),
    Attack("expected values in memory", (RETURNED,), _call(
        "import gc\n"
        "for thing in gc.get_objects():\n"
        "    if type(thing).__name__ in ('AnswerKey', 'Exercise', 'Chapter', 'Session'):\n"
        "        return True\n"
        "return False"), value=False),
    Attack("expected values in modules", (RETURNED,), _call(
        "import sys\n"
        "return [name for name in sys.modules if 'cnnlab' in name]"), value=[]),
    Attack("the graders by import", (FORBIDDEN,), _call(
        "from cnnlab.autograder.graders import ch01_convolution")),
    Attack("a forbidden package", (FORBIDDEN,), _call("import torch")),
    Attack("a forbidden package at import", (MISSING,), "import torch", "ForbiddenImport"),
    Attack("a package outside, by path", (RAISED, FORBIDDEN), _call(
        "import sys\nsys.meta_path.pop(0)\nsys.path[:0] = SECRETS\nimport cnnlab.course.ops")),
    Attack("the environment", (RETURNED,), _call(
        "return any('CANARY' in name for name in os.environ)"), value=False),
    Attack("/proc", (RETURNED,), _call(
        "return sorted(os.listdir('/proc') + os.listdir('/proc/self'))"),
        value=["cmdline", "exe", "self"]),
    Attack("write to /proc", (RAISED,), _call("open('/proc/self/maps', 'w').close()")),
    Attack("/proc mounted again", (RETURNED,), _call(
        "import ctypes\n"
        "libc = ctypes.CDLL(None)\n"
        "return [libc.mount(b'proc', b'/tmp', b'proc', 0, None), libc.umount2(b'/proc', 2)]"),
        value=[-1, -1]),
    Attack("new namespaces", (RETURNED,), _call(
        "import ctypes\nreturn ctypes.CDLL(None).unshare(0x10000000 | 0x20000)"), value=-1),
    Attack("ptrace", (RETURNED,), _call(
        "import ctypes\n"
        "libc = ctypes.CDLL(None)\n"
        "return [libc.ptrace(16, pid, 0, 0) for pid in range(1, 50)] == [-1] * 49"), value=True),
    Attack("another process's memory", (RETURNED,), _call(
        "import ctypes\n"
        "return ctypes.CDLL(None).process_vm_readv(1, None, 0, None, 0, 0)"), value=-1),
    Attack("open descriptors", (RETURNED,), _call(
        "found = []\n"
        "for fd in range(64):\n"
        "    try: os.fstat(fd)\n"
        "    except OSError: continue\n"
        "    found.append(fd)\n"
        "return found"), value=[0, 1, 2, 3]),
    Attack("capabilities regained", (RETURNED,), _call(
        "import ctypes\n"
        "libc = ctypes.CDLL(None)\n"
        "held = [n for n in range(41) if libc.prctl(23, n, 0, 0, 0) == 1]\n"
        "return [held, libc.setuid(0), libc.prctl(39, 0, 0, 0, 0)]"), value=[[], -1, 1]),
    Attack("limits raised", (RAISED,), _call(
        "import resource\nresource.setrlimit(resource.RLIMIT_AS, (2**62, 2**62))")),
    Attack("network", (RAISED,), _call(
        "import socket\nsocket.create_connection(('127.0.0.1', 22), 1)")),
    Attack("network through urllib", (RAISED,), _call(
        "import urllib.request\nurllib.request.urlopen('http://192.0.2.1/', timeout=1)")),
    Attack("an abstract socket to a neighbour", (RAISED,), _call(
        "import socket\n"
        "socket.socket(socket.AF_UNIX).bind('\\0meeting')")),
    Attack("shared memory with a neighbour", (RETURNED,), _call(
        "import ctypes\nreturn ctypes.CDLL(None).shmget(1234, 4096, 0o1666)"), value=-1),
    Attack("a file for a neighbour", (RETURNED,), _call(
        "seen = os.path.exists('/tmp/meeting')\n"
        "open('/tmp/meeting', 'w').close()\n"
        "return seen"), value=False),
]  # fmt: skip

WRITING = [
    Attack("write outside", (RAISED,), _call("open(WITNESS, 'w').write('here')")),
    Attack("make the way, then write outside", (RAISED, RETURNED), _call(
        "os.makedirs(os.path.dirname(WITNESS))\nopen(WITNESS, 'w').write('here')")),
    Attack("write where the interpreter is", (RETURNED,), _call(
        "import sys\n"
        "written = []\n"
        "for top in ['/', '/dev', '/cnnlab', '/usr/lib', *sys.path]:\n"
        "    path = os.path.join(top, 'left-behind')\n"
        "    try: open(path, 'w').close()\n"
        "    except OSError: continue\n"
        "    written.append(path)\n"
        "return written"), value=[]),
    Attack("remove NumPy", (RAISED,), _call(
        "import shutil\nimport numpy as np\nshutil.rmtree(os.path.dirname(np.__file__))")),
    Attack("change the worker", (RAISED,), _call(
        "open('/cnnlab/cnnlab/autograder/worker.py', 'a').write('x')")),
    Attack("a device of one's own", (RAISED,), _call("os.mknod('/tmp/disk', 0o60666, 0x800)")),
    Attack("a way out by chroot", (RAISED,), _call("os.chroot('/tmp')")),
    Attack("links to the outside", (RAISED,), _call(
        "os.symlink(WITNESS, '/tmp/link')\nopen('/tmp/link', 'w').write('here')")),
]  # fmt: skip

ATTACKS = [*TIME, *MEMORY_AND_FLOODS, *PROCESSES, *EXITS, *FORGERY, *SNOOPING, *WRITING]
