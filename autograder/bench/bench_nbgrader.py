"""Stock ``nbgrader autograde`` against our two ways, on the same submissions, in one run.

    python autograder/bench/bench_nbgrader.py [--few 2] [--many 6] [--tiny]

Each tool grades a small and a larger class of solved, untouched and flipped notebooks. What one
submission costs is the difference over the additional submissions: starting up is not counted
for either. Stock nbgrader runs with its own preprocessors and a kernel; ours in the sandbox, with
recorded references, on one process: ``cnnlab grade``, the same with a gradebook, and ``nbgrader
autograde`` with our judge.
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


JUDGED = """
c.Autograde.exporter_class = "cnnlab.autograder.nbgrader_bridge.GradingExporter"
c.Judge.fresh = False
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


def per_submission(
    course: Path, sizes: tuple[int, int], command: tuple[str, ...], settings: str = ""
) -> Cost:
    """What one more submission costs, in a course with these further settings."""
    few, many = sizes
    costs = []
    for size in sizes:
        with tempfile.TemporaryDirectory() as name:
            shutil.copytree(course, name, dirs_exist_ok=True)
            with Path(name, "nbgrader_config.py").open("a") as file:
                file.write(settings)
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
    judged = (1, 2) if given.tiny else (4, 24)
    grade = "cnnlab.course.cli", "grade", "submitted", "--recorded", "--workers", "1"
    autograde = "nbgrader", "autograde", CHAPTER
    with tempfile.TemporaryDirectory() as name:
        new_course(Path(name))
        costs = {
            "nbgrader autograde": per_submission(Path(name), (given.few, given.many), autograde),
            "the same with our judge": per_submission(Path(name), judged, autograde, JUDGED),
            "cnnlab grade, one process": per_submission(Path(name), sizes, grade),
            "the same with --gradebook": per_submission(
                Path(name), sizes, (*grade, "--gradebook", "gradebook.db")
            ),
        }
    stock = costs["nbgrader autograde"]
    print(f"{'one submission':28}{'wall':>10}{'CPU':>10}{'ratio: wall':>14}{'CPU':>8}")
    for name, cost in costs.items():
        ratios = f"{stock.wall / cost.wall:13.1f}×{stock.cpu / cost.cpu:7.1f}×"
        print(f"{name:28}{cost.wall:9.3f}s{cost.cpu:9.3f}s{ratios}")


if __name__ == "__main__":
    main()
