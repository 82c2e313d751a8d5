"""What is inside the sandbox, and what its names give away."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from cnnlab.autograder.sandbox import contents
from cnnlab.autograder.sandbox.processes import available
from cnnlab.autograder.sandbox.session import Session, open_workers
from cnnlab.autograder.tests.sandbox.inside import value

linux = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox needs Linux")
sandboxed = pytest.mark.skipif(available() is not None, reason=str(available()))


def binds(keras: bool) -> dict[str, str]:
    """Name inside → path outside."""
    command = contents.command(keras, 3)
    at = [place for place, word in enumerate(command) if word == "--ro-bind"]
    return {command[place + 2]: command[place + 1] for place in at}


@linux
@pytest.mark.parametrize("keras", [False, True])
def test_only_what_is_listed_is_inside(keras: bool) -> None:
    shown = set(binds(keras).values())
    packages = Path(np.__file__).parent.parent
    assert str(packages / "numpy") in shown
    for package in ("keras", "PIL"):
        assert (str(packages / package) in shown) == keras
    assert not any(packages.is_relative_to(path) for path in shown)  # never as a whole
    ours = Path(contents.__file__).parent
    assert {Path(path) for path in shown if ours.parent in Path(path).parents} <= {
        *(ours / name for name in contents._FILES),
        *(Path(path) for path in shown if packages in Path(path).parents),
    }


@linux
@pytest.mark.parametrize("keras", [False, True])
def test_names_inside_say_nothing_about_this_machine(keras: bool) -> None:
    tops = {Path(name).parts[1] for name in binds(keras)}
    assert tops <= {"cnnlab", "python", "packages", "lib", "lib64", "usr"}


@linux
@pytest.mark.skipif(contents.libraries(False) is None, reason="the loader does not list libraries")
@pytest.mark.parametrize("keras", [False, True])
def test_the_systems_libraries_are_listed_one_by_one(keras: bool) -> None:
    found = contents.libraries(keras)
    assert found is not None
    names = {Path(inside).name for _, inside in found}
    assert {"libc.so.6", "libm.so.6", "libgcc_s.so.1"} <= names
    assert any(name.startswith("ld-") for name in names)
    assert not any(name.startswith(("libtk", "libX", "libpam", "libnss")) for name in names)
    assert all(Path(path).is_file() for path, _ in found)
    assert len({inside for _, inside in found}) == len(found)


LISTING = """\
\tlinux-vdso.so.1 (0x00007fce45457000)
\t./numpy/_core/_umath.so (0x00007fce45400000)
\tlibgcc_s.so.1 => /lib/x86_64-linux-gnu/libgcc_s.so.1 (0x00007fce45426000)
\tlibpython3.11.so.1.0 => /home/Jörg Groß/py (new)/libpython3.11.so.1.0 (0x00007fce44800000)
\tlibcblas.so.3 => ./numpy/_core/../../../../libcblas.so.3 (0x00007fce44800000)
\tlibtk8.6.so => not found
\t/lib64/ld-linux-x86-64.so.2 (0x00007fce45459000)
"""


@linux
def test_what_the_loader_says_is_understood(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = SimpleNamespace(stdout=os.fsencode(LISTING))
    monkeypatch.setattr(contents.subprocess, "run", lambda *args, **kwargs: run)
    assert list(contents._loaded(tmp_path, [])) == [
        ("", "linux-vdso.so.1"),
        ("", "./numpy/_core/_umath.so"),
        ("libgcc_s.so.1", "/lib/x86_64-linux-gnu/libgcc_s.so.1"),
        ("libpython3.11.so.1.0", "/home/Jörg Groß/py (new)/libpython3.11.so.1.0"),
        ("libcblas.so.3", "./numpy/_core/../../../../libcblas.so.3"),
        ("", "/lib64/ld-linux-x86-64.so.2"),
    ]


@linux
def test_a_loader_that_lists_nothing_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        contents.subprocess, "run", lambda *args, **kwargs: SimpleNamespace(stdout=b"")
    )
    assert contents.libraries.__wrapped__(False) is None


# From inside


@pytest.fixture(scope="module", params=["one by one", "as a whole"])
def session(request: pytest.FixtureRequest) -> Iterator[Session]:
    """A sandbox with the system's libraries one by one, and one where they could not be listed."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "as a whole":
            patch.setattr(contents, "libraries", lambda keras: None)
        with open_workers() as workers, workers.session() as session:
            yield session


KNOWN = """
import gc, os, re, sys, types
said = [*sys.path, *sys.argv, sys.executable, sys.prefix, sys.base_prefix, os.getcwd()]
said += [f"{name}={text}" for name, text in os.environ.items()]
said += [str(getattr(module, "__file__", "")) for module in list(sys.modules.values())]
for thing in gc.get_objects():
    if isinstance(thing, types.FunctionType):
        said.append(thing.__code__.co_filename)
for folder, folders, files in os.walk("/"):
    if folder == "/": folders[:] = set(folders) - {"usr", "lib", "lib64"}  # the system's own
    said += [os.path.join(folder, name) for name in folders + files]
shown = "/packages/0/numpy/__init__.py" in said
return [shown, [each for each in said if re.search(PATTERN, each)]]
"""


@sandboxed
def test_nothing_inside_names_who_grades(session: Session) -> None:
    project = Path(contents.__file__).parents[2]
    # a home called "python" or "root" is no finding: those are words of every machine
    names = {str(project), str(Path.home()), sys.prefix, sys.base_prefix, project.name}
    names |= {Path.home().name} - {"root", "python", "lib", "packages"}
    names -= {"/usr", "/", "cnnlab"}
    pattern = "|".join(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])" for name in names)
    assert re.search(pattern, contents.__file__)
    assert value(session, KNOWN.replace("PATTERN", repr(pattern))) == [True, []]


@sandboxed
def test_neither_mounts_nor_processes_can_be_listed(session: Session) -> None:
    body = (
        "import os\n"
        "found = []\n"
        "for name in ('mountinfo', 'mounts', 'maps', 'environ', 'status', 'cgroup'):\n"
        "    for top in ('/proc/self', '/proc/1', '/proc/thread-self'):\n"
        "        if os.path.exists(f'{top}/{name}'): found.append(f'{top}/{name}')\n"
        "return found + [name for name in ('/sys', '/etc', '/run') if os.path.exists(name)]"
    )
    assert value(session, body) == []
