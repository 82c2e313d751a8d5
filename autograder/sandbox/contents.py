"""What is inside the sandbox: the files that bubblewrap shows there, and under which names.

It is an allow-list: the interpreter, the shared libraries that it needs, NumPy (for Keras chapters
all that TensorFlow needs, and Pillow), and the files of ours that run beside learner code. Inside,
they have names that say nothing about this machine, the project or whoever grades.
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

_FILES = (
    *("values.py", "wire.py", "frames.py", "calls.py", "stand_ins.py", "usage.py"),
    *("child.py", "isolation.py", "system_calls.py", "zygote.py", "drivers"),
)
_HOME, _PYTHON, _PACKAGES, _LIBRARIES = "/cnnlab", "/python", "/packages", "/lib"
_DEVICES = ("null", "zero", "urandom", "random")
_TMP_SIZE = 2**20
"""Of the zygote's /tmp, in bytes; children have their own."""

ARITHMETIC = (
    "NPY_DISABLE_CPU_FEATURES",
    "OPENBLAS_CORETYPE",
    "OPENBLAS_NUM_THREADS",
    "TF_ENABLE_ONEDNN_OPTS",
)
"""What ``.ci/arithmetic`` changes, in the judge's process and in the learner's."""

Bind = tuple[str, str]
"""A path outside, and its name inside."""


def _arithmetic() -> dict[str, str]:
    """The judge's own arithmetic, where maintainers ask for it with ``CNNLAB_ARITHMETIC=1``."""
    if os.environ.get("CNNLAB_ARITHMETIC") != "1":
        return {}
    return {name: os.environ[name] for name in ARITHMETIC if name in os.environ}


def environment() -> dict[str, str]:
    """The environment of every process that runs learner code; nothing of ours is in it."""
    threads = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": "/tmp",
        "LANG": "C.UTF-8",
        "PYTHONHASHSEED": "0",
        "PYTHONUTF8": "1",
        "CUDA_VISIBLE_DEVICES": "-1",
        "KERAS_BACKEND": "tensorflow",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "MALLOC_ARENA_MAX": "4",  # each may take 64 MiB of address space; the default is 8 a core
        **dict.fromkeys(threads, "1"),
        **_arithmetic(),
    }


# The interpreter and packages


def _python() -> Path:
    return Path(os.path.realpath(sys.executable))


def _interpreter() -> tuple[list[Bind], list[str]]:
    """The base interpreter, and the folders inside it to cover: packages, and how it was built."""
    stdlib = Path(sysconfig.get_path("stdlib"))
    inside = Path(_PYTHON, stdlib.relative_to(sys.base_prefix))
    binds = [(str(_python()), f"{_PYTHON}/bin/{_python().name}"), (str(stdlib), str(inside))]
    covered = [*stdlib.glob("*-packages"), *stdlib.glob("config-*")]
    return binds, sorted(str(inside / path.name) for path in covered if path.is_dir())


@cache
def closure(names: tuple[str, ...]) -> frozenset[Path]:
    """Files and folders of distributions and of all that they require, recursively."""
    found: dict[str, list[Path]] = {}
    waiting = list(names)
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in found:
            continue
        found[name] = []
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # an optional requirement that is not installed
        tops = {file.parts[0] for file in distribution.files or ()} - {"..", "__pycache__"}
        found[name] = [Path(str(distribution.locate_file(top))) for top in tops]
        required = [r for r in distribution.requires or () if "extra ==" not in r]
        waiting += [re.split(r"[^A-Za-z0-9._-]", text, maxsplit=1)[0] for text in required]
    return frozenset(path for paths in found.values() for path in paths if path.exists())


def _packages(keras: bool) -> dict[Path, list[Path]]:
    """Package files to show, by the folder that they are in."""
    folders: dict[Path, list[Path]] = {}
    for path in sorted(closure(("tensorflow", "keras", "pillow") if keras else ("numpy",))):
        folders.setdefault(path.parent, []).append(path)
    return folders


# Shared libraries

_SYSTEM = ("/lib", "/lib64", "/usr/lib", "/usr/lib64")
_NEEDS = re.compile(r"^\s+(?:(\S+) => )?(\S.*) \(0x[0-9a-f]+\)$")


def _loaded(folder: Path, modules: Sequence[str]) -> Iterator[tuple[str, str]]:
    """What the dynamic loader finds for modules in a folder: (name or "", path).

    With this variable the loader lists what it would load, and starts nothing: its own search
    counts, with every ``RUNPATH`` and the system's cache. Names are relative to the folder, since
    ``LD_PRELOAD`` cannot hold a space, which folders may have.
    """
    listing = {"LD_TRACE_LOADED_OBJECTS": "1", "LD_PRELOAD": " ".join(modules)}
    if search := os.environ.get("LD_LIBRARY_PATH"):
        listing["LD_LIBRARY_PATH"] = search
    run = subprocess.run(
        [_python(), "-c", ""],
        cwd=folder,
        env=listing,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=True,
    )
    for line in os.fsdecode(run.stdout).splitlines():
        if found := _NEEDS.match(line):
            yield found[1] or "", found[2]


def _modules(path: Path) -> list[Path]:
    """The extension modules and shared libraries of a file or folder."""
    return sorted(path.rglob("*.so*")) if path.is_dir() else [path] if ".so" in path.name else []


@cache
def libraries(keras: bool) -> tuple[Bind, ...] | None:
    """The shared libraries that the interpreter and its packages need, and no other.

    None where the loader does not list them (musl's); then the system's folders are shown.
    """
    stdlib = Path(sysconfig.get_path("stdlib"))
    dynload = [path for path in _modules(stdlib / "lib-dynload") if "tkinter" not in path.name]
    wanted, shown = {stdlib: dynload}, [os.path.realpath(stdlib)]
    for folder, paths in _packages(keras).items():
        wanted[folder] = [each for path in paths for each in _modules(path)]
        shown += map(os.path.realpath, paths)
    binds: dict[str, str] = {}
    try:
        for folder, modules in wanted.items():
            names = [f"./{path.relative_to(folder)}" for path in modules]
            if any(re.search(r"[\s:$]", name) for name in names):
                return None
            # The C library loads libgcc_s by itself, when a thread ends.
            for name, found in _loaded(folder, ["libgcc_s.so.1", *names]):
                path = os.path.realpath(folder / found)
                if not name and found.startswith("/"):
                    binds[found] = path  # the loader itself, whose name programs have in them
                elif name and not any(Path(path).is_relative_to(each) for each in shown):
                    binds.setdefault(f"{_LIBRARIES}/{name}", path)
    except (OSError, subprocess.SubprocessError):
        return None
    has_c_library = any(Path(inside).name.startswith("libc.so") for inside in binds)
    return tuple((path, inside) for inside, path in binds.items()) if has_c_library else None


def _system_folders() -> tuple[list[Bind], list[str]]:
    """The system's libraries as a whole, and the packages among them to cover."""
    folders = [path for path in _SYSTEM if Path(path).is_dir()]
    packages = [
        Path("/usr/lib/python3/dist-packages"),
        *Path("/usr/lib").glob("python3*/*-packages"),
    ]
    # What Python was built with may be elsewhere than where it is.
    built = {Path(sys.base_prefix) / "lib", Path(sysconfig.get_config_var("LIBDIR") or "/")}
    pythons = [
        (str(path), f"{_PYTHON}/lib/{path.name}")
        for folder in built
        if os.access(folder, os.R_OK | os.X_OK)
        for path in folder.glob("libpython3*.so*")
    ]
    binds = [*((path, path) for path in folders), *dict.fromkeys(pythons)]
    return binds, sorted(str(path) for path in packages if path.is_dir())


# bubblewrap's arguments


def command(keras: bool, fd: int) -> list[str]:
    """How a zygote is started in bubblewrap, with a socket under this descriptor."""
    binds, covered = _interpreter()
    listed = libraries(keras)
    if listed is None:
        system, packages = _system_folders()
        binds, covered = binds + system, covered + packages
    else:
        binds += listed
    folders = _packages(keras)
    for number, paths in enumerate(folders.values()):
        binds += [(str(path), f"{_PACKAGES}/{number}/{path.name}") for path in paths]
    here = Path(__file__).parent
    binds += [(str(here / name), f"{_HOME}/cnnlab/autograder/sandbox/{name}") for name in _FILES]
    return [
        shutil.which("bwrap") or "bwrap",
        *("--unshare-all", "--unshare-user", "--die-with-parent", "--new-session"),
        *("--uid", "1000", "--gid", "1000", "--hostname", "cnnlab", "--clearenv"),
        *("--proc", "/proc", "--size", str(_TMP_SIZE), "--tmpfs", "/tmp"),
        *_each("--dev-bind", ((f"/dev/{name}",) * 2 for name in _DEVICES)),
        *_each("--ro-bind", binds),
        *_each("--tmpfs", ((path,) for path in covered)),
        *_each("--remount-ro", ((path,) for path in [*covered, "/"])),
        *("--chdir", "/tmp"),
        *_each("--setenv", _zygote_environment(len(folders)).items()),
        *_zygote(keras, fd),
    ]


def _each(option: str, arguments: Iterable[Sequence[str]]) -> list[str]:
    return [word for each in arguments for word in (option, *each)]


def _zygote_environment(folders: int) -> dict[str, str]:
    packages = [f"{_PACKAGES}/{number}" for number in range(folders)]
    return environment() | {
        "PYTHONHOME": _PYTHON,
        "PYTHONPATH": ":".join([_HOME, *packages]),
        "LD_LIBRARY_PATH": f"{_LIBRARIES}:{_PYTHON}/lib",
    }


def _zygote(keras: bool, fd: int) -> list[str]:
    flags = ["-P", "-S", "-B", "-s"]  # no site: nothing but what is named here can be imported
    module = "cnnlab.autograder.sandbox.zygote"
    python = f"{_PYTHON}/bin/{_python().name}"
    return [python, *flags, "-m", module, str(fd), "keras" if keras else "numpy"]
