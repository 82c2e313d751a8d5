"""The learner's own modules: ``helper.py``, handed in beside the notebook that imports it.

They become code that is executed first, so that ``from helper import *`` works where learner code
runs, and where there are no files. Nothing is executed here.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path

from cnnlab.autograder.submission.cells import Unreadable, decode, read_bytes
from cnnlab.autograder.submission.code import MAX_PARSED, imports, shown

Beside = Callable[[str], str | None]
"""The source of a module that was handed in beside a file; None where there is none."""

MAX_MODULES = 20
"""So many of them are read."""
_ASKED = re.compile(r"^[ \t]*(?:from|import)[ \t]+([A-Za-z_]\w*)", re.MULTILINE | re.ASCII)
_ANSWER = re.compile(r"ch\d\d(?!\d)", re.IGNORECASE)
_LOAD = """\
def _load(name, source):
    import linecache, sys, types
    module, file = types.ModuleType(name), f"<{name}.py>"
    linecache.cache[file] = (len(source), None, source.splitlines(True), file)
    sys.modules[name] = module
    try:
        exec(compile(source, file, "exec", dont_inherit=True), module.__dict__)
    except BaseException:
        del sys.modules[name]
        raise
"""


def nothing_beside(name: str) -> str | None:
    """There are no files: text that is in memory."""
    return None


def files_beside(path: str) -> Beside:
    """The modules in a submitted file's folder.

    Where it is not one student's, a file that names its chapter is somebody's answer, and no module
    of others.
    """
    folder = Path(path).absolute().parent
    own = "submitted" in folder.parts[:-1]

    def source(name: str) -> str | None:
        file = folder / f"{name}.py"
        if _ANSWER.match(name) and not own:
            return None
        try:
            if file == Path(path).absolute() or not file.is_file():
                return None
            return decode(read_bytes(str(file)))[0]
        except (Unreadable, OSError, ValueError):
            return None

    return source


def own_modules(sources: Iterable[str], beside: Beside, known: Collection[str]) -> dict[str, str]:
    """The modules of the learner's own that some code imports, those first that others need.

    Parameters
    ----------
    sources : iterable of str
        Learner code.
    beside : callable
        See `Beside`.
    known : collection of str
        Modules that are there anyway.
    """
    found: dict[str, str] = {}
    tried = set(known)

    def follow(source: str) -> None:
        for name in _ASKED.findall(source):
            if name in tried or len(tried) - len(known) > MAX_MODULES:
                continue
            tried.add(name)
            text = beside(name)
            if text is not None and len(text) <= MAX_PARSED:
                follow(text)
                found[name] = text

    for source in sources:
        follow(source)
    return found


def loading(modules: Mapping[str, str], allowed: Collection[str]) -> Iterator[tuple[str, str]]:
    """What is executed for own modules, in order: (name, source).

    Parameters
    ----------
    allowed : collection of str
        Modules that these may import, beside one another.
    """
    for name, source in modules.items():
        bad = _forbidden(source, {*allowed, *modules})
        if bad:
            said = f"{name}.py imports {shown(bad, 40)}, which may not be imported in this chapter"
            source = f"raise ImportError({said!r})\n"
        yield f"{name}.py", f"{_LOAD}_load({name!r}, {source!r})\ndel _load\n"


def _forbidden(source: str, allowed: Collection[str]) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""  # executing it says what is wrong
    found = [i.module for i in imports(tree) if not i.guarded and i.module not in allowed]
    return found[0] if found else ""
