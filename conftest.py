"""How this project's own tests run: side by side, one process for each core.

``pytest`` and ``pytest course/tests`` are spread over processes, and so is ``pytest -m slow``. A
file, a single test and the learner's own ``pytest exercises`` run in one, which starts sooner.
``-n 0`` and ``-n 4`` overrule both.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

MEMORY = 2 << 30
"""Bytes of memory that a process may need: TensorFlow, and a network or two."""
ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "TF_NUM_INTEROP_THREADS",
    "TF_NUM_INTRAOP_THREADS",
)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Choose the number of processes, before xdist reads it."""
    option = config.option
    if not config.pluginmanager.hasplugin("xdist") or hasattr(config, "workerinput"):
        return  # alone, or one of the processes
    if option.numprocesses is not None or option.usepdb or not _is_much(config):
        return
    if (processes := _processes()) > 1:
        option.numprocesses, option.dist = processes, "worksteal"
        for name in ONE_THREAD:  # the processes are as many as the cores already
            os.environ.setdefault(name, "1")


def _is_much(config: pytest.Config) -> bool:
    """Whether every argument is a folder of tests, or holds one."""
    ours = [config.rootpath / Path(name).parts[0] for name in config.getini("testpaths")]
    paths = [Path(argument).resolve() for argument in config.args]
    return all(p.is_dir() and any(p.is_relative_to(folder) for folder in ours) for p in paths)


def _processes() -> int:
    """As many as there are cores for us, and memory."""
    import psutil

    from cnnlab.autograder.settings import usable_cores

    return min(usable_cores(), psutil.virtual_memory().total // MEMORY)


LONG = (
    "test_golden.py::test_the_solved_course",
    "test_junk.py::test_random_wrong_functions_are_judged_and_shown[ch1",
    "test_junk.py::test_junk_is_judged_and_shown[ch1",
    "test_junk_graded.py::test_nbgrader_grades_junk[ch02",
    "test_junk_graded.py::test_nbgrader_grades_junk[ch03",
    "test_junk_graded.py::test_nbgrader_grades_junk[ch05",
    "test_junk_graded.py::test_nbgrader_grades_junk[ch07",
    "test_junk_graded.py::test_nbgrader_grades_junk[ch1",
    "test_junk_graded.py::test_the_command_grades_junk[ch05",
    "test_junk_graded.py::test_the_command_grades_junk[ch07",
    "test_junk_graded.py::test_the_command_grades_junk[ch1",
    "test_without_network.py::test_a_solved_chapter_runs_without_a_network[ch1",
    "test_without_network.py::test_a_solved_chapter_runs_without_a_network[ch09",
    "test_benches.py::test_a_bench_in_its_tiny_form_fills_its_table[nbgrader",
    "test_benches.py::test_a_bench_in_its_tiny_form_fills_its_table[jupyterlab",
    "test_benches.py::test_a_bench_in_its_tiny_form_fills_its_table[cluster",
    "test_benches.py::test_a_bench_in_its_tiny_form_fills_its_table[vgg",
    "test_protocol_fuzz.py::test_a_frame_is_a_tree_or_refused[thousands",
    "test_language.py::test_the_hint_belongs_to_the_rung_that_failed[ch07",
    "test_numbers.py::test_a_printed_number_is_printed[ch09",
    "test_experiments.py::test_a_live_run_lands_on_the_recorded_curves",
    "test_proof.py::test_the_proof_holds_for_fresh_probes[ch07",
    "test_by_hand.py::test_the_whole_run_ends_where_keras_ends",
    "test_mistakes.py::test_every_mistake_that_has_a_name_has_a_case[ch15",
    "test_ch08_chance.py::test_the_right_solution_passes_with_many_seeds",
    "test_editors.py::test_every_import_of_the_working_copy_is_resolved",
    "test_synthetic_class.py::test_the_judge_finds_what_was_put_in",
    "test_control.py::test_no_wrong_name_in_other_chapters[ch05",
    "test_stopped.py::test_a_class_killed_five_times_at_random",
    "test_protocol_fuzz.py::test_a_session_ends_in_outcomes[thousands",
    "test_protocol_fuzz.py::test_an_answer_is_an_outcome_or_refused[thousands",
    "test_proof.py::test_the_proof_holds_for_fresh_probes[ch15",
    "test_attack_sources.py::test_answers_learnt_by_heart_earn_nothing_where_several_are_graded[w",
    "test_ch15_learners.py::test_folders_are_read_in_many_ways[read_by_keras",
    "test_cluster.py::test_a_run_whose_scheduler_dies",
    "test_answer_fuzz.py::test_a_damaged_answer_is_judged[hundreds",
)
"""Slow tests of which `.ci/run` has no time for more than a part: ``-m long`` runs them."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark them, before pytest chooses by marks."""
    for item in items:
        name = item.nodeid[item.nodeid.find("test_") :]
        if item.get_closest_marker("slow") and name.startswith(LONG):
            item.add_marker("long")
