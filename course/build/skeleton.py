"""New exercises and chapters, as skeletons: small and complete, to be written over.

A skeleton's exercise asks for twice a number. It has everything that an exercise needs, so the
build, the record, the twist proof and the learners' test hold before the first word is changed,
and each of them says what breaks when one is.
"""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Mapping
from pathlib import Path

from cnnlab.course.build import sources
from cnnlab.course.build.skeleton_texts import CELLS, CHAPTER, GRADER, SOURCE, TEST

GRADERS = "cnnlab.autograder.graders"
LAST_PACKAGE = f'    "{GRADERS}.shared",\n'
"""The line of pyproject.toml before which the packages of chapters stand."""


class SkeletonError(ValueError):
    """Nothing was written; the message names the argument and what to do."""


def new_exercise(root: Path, name: str, chapter: str) -> list[str]:
    """Write an exercise's skeleton into a chapter, after the exercises that it has.

    Parameters
    ----------
    root : Path
        The repository.
    name : str
        The function that learners are to write.
    chapter : str
        Its chapter, or the beginning of its name, such as ``ch01``.

    Returns
    -------
    list of str
        The files that were written or changed, relative to the root.

    Raises
    ------
    SkeletonError
        The name is none, or is taken, or there is no such chapter.
    """
    chapter = _find(root, chapter)
    _demand_name(name)
    source, register = f"course/chapters/{chapter}.py", f"autograder/graders/{chapter}/__init__.py"
    own = f"autograder/graders/{chapter}/{name}.py"
    test = f"autograder/tests/graders/test_{chapter[:4]}_{name}.py"
    for path in own, test:
        if (root / path).exists():
            raise SkeletonError(f"NAME must be new. Received: {name!r}, and {path} is there.")
    words = {"NAME": name, "CHAPTER": chapter, "NUMBER": str(int(chapter[2:4]))}
    return _write(
        root,
        {
            source: add_cells(_read(root, source), name),
            own: _filled(GRADER, words),
            register: add_to_list(_read(root, register), name, f"{GRADERS}.{chapter}"),
            test: _filled(TEST, words),
        },
    )


def new_chapter(root: Path, name: str, title: str) -> list[str]:
    """Write a chapter's skeleton, without exercises.

    Parameters
    ----------
    root : Path
        The repository.
    name : str
        ``chNN_`` and a word or two: the name of its files.
    title : str
        What people read.

    Returns
    -------
    list of str
        The files that were written or changed, relative to the root.

    Raises
    ------
    SkeletonError
        The name is none, or its number is taken.
    """
    if not re.fullmatch(r"ch[0-9]{2}_[a-z][a-z0-9_]*", name):
        raise SkeletonError(f"NAME must look like ch14_residual_blocks. Received: {name!r}")
    if not title.strip() or set(title) & set('"\\\n'):
        raise SkeletonError(f"--title must be one line without quotes. Received: {title!r}")
    taken = [other for other in sources(root) if other[:4] == name[:4]]
    if taken:
        raise SkeletonError(f"NAME must have a number of its own. {taken[0]} has {name[:4]}.")
    packages = _read(root, "pyproject.toml")
    if LAST_PACKAGE not in packages:
        raise SkeletonError(f"pyproject.toml must list {LAST_PACKAGE.strip()} among its packages.")
    line = f'    "{GRADERS}.{name}",\n'
    words = {"CHAPTER": name, "TITLE": title.strip(), "NUMBER": str(int(name[2:4]))}
    return _write(
        root,
        {
            f"course/chapters/{name}.py": _filled(SOURCE, words),
            f"autograder/graders/{name}/__init__.py": _filled(CHAPTER, words),
            "pyproject.toml": packages.replace(LAST_PACKAGE, line + LAST_PACKAGE),
        },
    )


def add_cells(source: str, name: str) -> str:
    """A chapter's source with the cells of one more exercise behind its last one.

    Examples
    --------
    >>> text = '# %% exercise="relu"' + chr(10) + "def relu(z): ..." + chr(10)
    >>> [line for line in add_cells(text, "leaky").splitlines() if line.startswith("# %%")]
    ['# %% exercise="relu"', '# %% [markdown]', '# %% exercise="leaky"']
    """
    marks = [(m.start(), m[1]) for m in re.finditer(r"^# %%(.*)$", source, re.MULTILINE)]
    exercises = [i for i, (_, role) in enumerate(marks) if "exercise=" in role]
    if any(f'exercise="{name}"' in marks[i][1] for i in exercises):
        raise SkeletonError(f"NAME must be new. Received: {name!r}, an exercise of this chapter.")
    after = exercises[-1] + 1 if exercises else len(marks)
    end = marks[after][0] if after < len(marks) else len(source)
    cells = _filled(CELLS, {"NAME": name, "COUNT": str(len(exercises) + 1)})
    rest = source[end:]
    gap = "\n\n\n" if exercises else "\n\n"  # as after a function, or after prose
    return source[:end].rstrip("\n") + gap + cells + (f"\n\n{rest}" if rest else "")


def add_to_list(source: str, name: str, package: str) -> str:
    """A chapter's ``__init__.py`` with one more exercise in its list, imported from its file.

    Examples
    --------
    >>> print(add_to_list("CHAPTER = Chapter(exercises=(a.EXERCISE,))", "b", "graders.ch01"))
    from graders.ch01 import (
        b,
    )
    CHAPTER = Chapter(exercises=(
            a.EXERCISE,
            b.EXERCISE,
        ))
    """
    tree = ast.parse(source)
    listed = next(
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword) and node.arg == "exercises"
    )
    if not isinstance(listed, ast.Tuple):
        raise SkeletonError(f"The exercises of {package} must be a tuple. Write it out first.")
    items = [*map(ast.unparse, listed.elts), f"{name}.EXERCISE"]
    rows = "".join(f"\n        {item}," for item in items) + "\n    "
    source = _replaced(source, listed, f"({rows if len(items) > 1 else f'{items[0]},'})")
    imports = [
        node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == package
    ]
    names = {ast.unparse(alias) for node in imports for alias in node.names} | {name}
    new = f"from {package} import (\n{''.join(f'    {n},{chr(10)}' for n in sorted(names))})"
    if imports:
        return _replaced(source, imports[0], new)
    first = next(
        node for node in tree.body if getattr(node, "module", None) != "__future__"
        and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
    )  # fmt: skip
    lines = source.splitlines(keepends=True)
    return "".join([*lines[: first.lineno - 1], f"{new}\n", *lines[first.lineno - 1 :]])


def _replaced(source: str, node: ast.expr | ast.stmt, text: str) -> str:
    """The source with something else in the place of a node."""
    lines = source.splitlines(keepends=True)
    first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    # Columns of `ast` count bytes.
    before = lines[first].encode()[: node.col_offset].decode()
    after = lines[last].encode()[node.end_col_offset :].decode()
    return "".join([*lines[:first], before + text + after, *lines[last + 1 :]])


def _find(root: Path, chapter: str) -> str:
    names = sources(root)
    found = [n for n in names if n == chapter] or [n for n in names if n.startswith(chapter)]
    if len(found) != 1 or not chapter:
        raise SkeletonError(
            f"--chapter must be one of {', '.join(names)}. Received: {chapter!r}. "
            "`cnnlab new chapter` writes a new one."
        )
    return found[0]


def _demand_name(name: str) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or keyword.iskeyword(name):
        raise SkeletonError(
            f"NAME must be a function's name in small letters, such as leaky_relu. "
            f"Received: {name!r}"
        )


def _read(root: Path, path: str) -> str:
    try:
        return (root / path).read_text(encoding="utf-8")
    except OSError as error:
        raise SkeletonError(f"{path} cannot be read ({error}). Restore it first.") from None


def _write(root: Path, files: Mapping[str, str]) -> list[str]:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return list(files)


def _filled(template: str, words: Mapping[str, str]) -> str:
    for word, value in words.items():
        template = template.replace(f"«{word}»", value)
    return template
