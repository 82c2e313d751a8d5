"""Stock ``nbgrader autograde`` against ``cnnlab grade``, on the same submissions, in one run.

    python autograder/bench/bench_nbgrader.py [--few 2] [--many 6] [--tiny]

Each tool grades a small and a larger class of solved, untouched and flipped notebooks. What one
submission costs is the difference over the additional submissions: starting up is not counted
for either. nbgrader runs with its own preprocessors and a kernel; ours in the sandbox, with
recorded references, on one process.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from cnnlab.autograder.bench.tiny import arguments
from cnnlab.autograder.tests.handins import CHAPTER, NOTEBOOK, flipped, hand_in, stub

ROOT = Path(__file__).parents[2]
STOCK = """
c = get_config()
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "release"
c.CourseDirectory.db_url = "sqlite:///gradebook.db"
"""


@dataclass
class Cost:
    """Seconds on the clock and on the processors, child processes included."""

    wall: float
    cpu: float

    def __sub__(self, other: Cost) -> Cost:
        return Cost(self.wall - other.wall, self.cpu - other.cpu)


def run(folder: Path, *command: str) -> Cost:
    """Run a command to its end in a folder."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}\n{done.stderr}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(perf_counter() - start, cpu)


def new_course(folder: Path) -> None:
    """A course with stock nbgrader; its assignment is in the gradebook."""
    shutil.copytree(ROOT / "solutions" / CHAPTER, folder / "solutions" / CHAPTER)
    (folder / "nbgrader_config.py").write_text(STOCK)
    run(folder, "nbgrader", "generate_assignment", CHAPTER)


def hand_in_all(folder: Path, size: int) -> None:
    """``size`` submissions, in a course."""
    kinds = [hand_in(), hand_in(conv2d=flipped()), hand_in(relu=stub("relu"))]
    for i in range(size):
        place = folder / "submitted" / f"student{i:04}" / CHAPTER
        place.mkdir(parents=True)
        (place / NOTEBOOK).write_text(kinds[i % len(kinds)])


def per_submission(course: Path, few: int, many: int, *command: str) -> Cost:
    """What one more submission costs."""
    costs = []
    for size in (few, many):
        with tempfile.TemporaryDirectory() as name:
            shutil.copytree(course, name, dirs_exist_ok=True)
            hand_in_all(Path(name), size)
            costs.append(run(Path(name), *command))
    more = costs[1] - costs[0]
    return Cost(more.wall / (many - few), more.cpu / (many - few))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--few", type=int, default=2, help="nbgrader's small class (default 2)")
    parser.add_argument("--many", type=int, default=6, help="nbgrader's larger class (default 6)")
    given = arguments(parser, few=1, many=2)
    sizes = (1, 2) if given.tiny else (12, 132)
    grade = "cnnlab.course.cli", "grade", "submitted", "--recorded", "--workers", "1"
    with tempfile.TemporaryDirectory() as name:
        new_course(Path(name))
        ours = per_submission(Path(name), *sizes, *grade)
        stock = per_submission(Path(name), given.few, given.many, "nbgrader", "autograde", CHAPTER)
    print(f"{'one submission':28}{'wall':>10}{'CPU':>10}")
    print(f"{'nbgrader autograde':28}{stock.wall:9.3f}s{stock.cpu:9.3f}s")
    print(f"{'cnnlab grade, one process':28}{ours.wall:9.3f}s{ours.cpu:9.3f}s")
    print(f"{'ratio':28}{stock.wall / ours.wall:9.1f}×{stock.cpu / ours.cpu:9.1f}×")


if __name__ == "__main__":
    main()
