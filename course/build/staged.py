"""Is what git has as it must be? Notebooks, graders, references, and the twist proof.

Judged is what is staged, whole: every file of git's index is written to a folder, and processes
check there that import CNN Lab from that folder alone (``from_tree.py``). So a staged change in
anything that a chapter depends on shows, and an edit that is not staged does not.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cnnlab.autograder.judging import record
from cnnlab.autograder.judging.exercise import load_chapter
from cnnlab.autograder.quality.proof import prove
from cnnlab.autograder.settings import usable_cores
from cnnlab.course.build import (
    MANIFEST,
    BuildError,
    Notebooks,
    convert,
    digest,
    grader,
    graders,
    inspection,
    manifest,
    read,
    release_path,
    solution_path,
    sources,
)
from cnnlab.course.build.pages import pages

NO_CHAPTER = "git has no chapter source. Write course/chapters/chNN_name.py and `git add` it."


# Outside: git's files in a folder, and processes that check there


def check(root: Path | str, *, proof: bool = True, pairs: bool = False) -> list[str]:
    """What is wrong with what git has; an empty list means nothing.

    Parameters
    ----------
    root : path
        The repository, or the folder in it that holds ``course/`` and the others.
    proof : bool
        Run the twist proof of every chapter, too; the longer part.
    pairs : bool
        Prove every pair of twists, too: minutes.

    Raises
    ------
    BuildError
        The root is not in a git checkout, or git cannot be run.
    """
    with tempfile.TemporaryDirectory(prefix="cnnlab-check-") as folder:
        tree = write_index(Path(root), Path(folder))
        names = sources(tree)
        if not names:
            return [NO_CHAPTER]
        options = ["--pairs"] if pairs else []
        jobs = [["release"], *(["proof", name, *options] for name in names if proof)]
        with ThreadPoolExecutor(usable_cores()) as threads:
            found = threads.map(lambda job: _in_own_process(tree, job), jobs)
            return list(dict.fromkeys(problem for problems in found for problem in problems))


def not_staged(root: Path) -> list[str]:
    """Files of the working copy that git does not have as they are, so that no check sees them."""
    listed = _git(root, "ls-files", "-z", "--modified", "--others", "--exclude-standard")
    return sorted({name for name in listed.split("\0") if name})


def write_index(root: Path, folder: Path) -> Path:
    """Write every staged file of the repository below a folder; returns the root's place there."""
    _git(root, "checkout-index", "--all", f"--prefix={folder.as_posix()}/")
    return folder / _git(root, "rev-parse", "--show-prefix").strip()


def _git(root: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, check=True, text=True
        )
    except OSError as error:
        raise BuildError(f"git cannot be run ({error}). Install git to check a build.") from error
    except subprocess.CalledProcessError as error:
        raise BuildError(
            f"{root} must be a git checkout without unmerged files, because what git has is "
            f"checked, never your working copy. git says: {error.stderr.strip()}"
        ) from error
    return done.stdout


def _in_own_process(tree: Path, job: list[str]) -> list[str]:
    """What one job finds wrong; that it fails is a finding, too."""
    script = Path(__file__).with_name("from_tree.py")
    done = subprocess.run(
        [sys.executable, "-P", str(script), str(tree), "cnnlab.course.build.staged", *job],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONUTF8": "1"},
    )
    if done.returncode == 0:
        problems: list[str] = json.loads(done.stdout)
        return problems
    said = "\n".join(done.stderr.strip().splitlines()[-3:])  # where, and why
    return [f"What git has could not be checked: {said or 'the process of the check died'}"]


# Inside such a process


def main(job: list[str]) -> None:
    """Do one job on the files that this module was imported from, and write what is wrong."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a library prints must not end up among the problems
    if job == ["release"]:
        tree = Path(__file__).parent.parent.parent
        problems = [*release(tree), *references(tree)]
    else:
        _, name, *options = job
        problems = list(twists(name, pairs="--pairs" in options))
    json.dump(problems, out)
    out.close()


def release(tree: Path) -> list[str]:
    """What is wrong with the sources, graders and notebooks below a folder."""
    names = sources(tree)
    problems = []
    for name in names:
        try:
            chapter = grader(tree, name)
            fresh = convert(tree, [name])[name]
        except BuildError as error:
            problems.append(str(error))
            continue
        problems += inspection.of_grader(chapter)
        problems += _drift(tree, f"course/chapters/{name}.py", _files(name, fresh))
        problems += inspection.of_release(
            chapter, fresh.solution, read(tree / release_path(name)) or fresh.release
        )
    return problems + _drift(tree, "course/pages", pages(tree)) + _strays(tree, names)


def _files(name: str, fresh: Notebooks) -> dict[str, bytes]:
    return {solution_path(name): fresh.solution, release_path(name): fresh.release}


def _drift(tree: Path, source: str, files: dict[str, bytes]) -> list[str]:
    problems = []
    for path, new in files.items():
        found = read(tree / path)
        if found is None:
            problems.append(f"{path} is not in git. Run `cnnlab build` and `git add` it.")
        elif digest(found) != digest(new):
            problems.append(
                f"{path} is not what {source} builds. Run `cnnlab build` and `git add` the result."
            )
        released = path.startswith("exercises/")
        if released and found is not None and manifest(tree).get(path) != digest(found):
            problems.append(
                f"{MANIFEST} does not record {path}. Run `cnnlab build` and `git add` both."
            )
    return problems


def _strays(tree: Path, names: list[str]) -> list[str]:
    """Graders without a source, and files that no chapter builds."""
    problems = [
        f"autograder/graders/{name} has no chapter. Write course/chapters/{name}.py, or delete it."
        for name in graders(tree)
        if name not in names
    ]
    expected = {MANIFEST, *map(solution_path, names), *map(release_path, names), *pages(tree)}
    for folder in ("exercises", "solutions"):
        for path in sorted((tree / folder).rglob("*")):
            relative = path.relative_to(tree).as_posix()
            if path.is_file() and relative not in expected and path.name != "README.md":
                problems.append(
                    f"{relative} is built from no chapter. Take it out of git: git rm {relative}"
                )
    return problems


def references(tree: Path) -> Iterator[str]:
    """Chapters whose references are missing, or answer other questions than the grader asks."""
    for name in sources(tree):
        if not _loads(name):
            continue
        try:
            record.recorded(name)
            changed = record.stale(name)
        except record.StaleReferences as error:
            yield str(error)
            continue
        if changed:
            yield (
                f"The references of {name} answer other questions than its grader draws "
                f"({changed}). Run `cnnlab record {name}` and `git add` autograder/references."
            )


def twists(name: str, pairs: bool) -> Iterator[str]:
    """The twist proof of one chapter, on its recorded probes."""
    if _loads(name):
        with contextlib.suppress(record.StaleReferences):  # the job `release` says so
            yield from (f"{name}: {p}" for p in prove(record.recorded(name), pairs))


def _loads(name: str) -> bool:
    """Whether a chapter's grader can be imported; where it cannot, the job `release` says why."""
    try:
        return load_chapter(name).name == name
    except Exception:
        return False


if __name__ == "__main__":
    main(sys.argv[1:])
