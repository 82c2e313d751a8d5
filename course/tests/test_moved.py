"""Notebooks of version 0.1 go on working: their imports, under the old names."""

import importlib
import subprocess
import sys

import pytest

from cnnlab.course._moved import MODULES

LINES = """
from cnnlab.course import curves, diagrams, figures
from cnnlab.course import curves, diagrams, figures, mistakes
from cnnlab.course import curves, figures, thinning, uncertainty
from cnnlab.course import diagrams, figures
from cnnlab.course import diagrams, figures, ops, windows
from cnnlab.course import diagrams, figures, transfer, vgg_figures
from cnnlab.course import explaining, figures, heat
from cnnlab.course import figures, slopes
from cnnlab.course import figures, speed
from cnnlab.course import figures, vgg_figures
from cnnlab.course import figures, walks
from cnnlab.course import quiet
from cnnlab.course.ascent import enlarged
from cnnlab.course.augmentation import cut_patches, scattered
from cnnlab.course.blobs import pictures as spots
from cnnlab.course.blobs import recover
from cnnlab.course.emerging import class_network, emerging, show_gallery, shown
from cnnlab.course.histories import gain, headline, load_histories
from cnnlab.course.histories import gain, headline_table, load_histories, recorded_experiments
from cnnlab.course.histories import headline, load_histories
from cnnlab.course.layers import count_macs, count_parameters, trace_shapes
from cnnlab.course.lookup import class_index
from cnnlab.course.models import compile_cnn
from cnnlab.course.models import small_cnn
from cnnlab.course.network import predict
from cnnlab.course.pretrained import as_batch
from cnnlab.course.pretrained import as_batch, load_vgg
from cnnlab.course.pretrained import load_any_classifier, load_vgg16
from cnnlab.course.pretrained import load_vgg
from cnnlab.course.quiet import keras
from cnnlab.course.quiet import tensorflow as tf
from cnnlab.course.train_by_hand import Recipe, keras_curve, start_params, train
from cnnlab.course.training import Settings, live_run, train, within
from cnnlab.course.training import live_run
from cnnlab.course.vgg import conv_names
from cnnlab.course.vgg import named_layers
from cnnlab.course.walks import walk
"""
"""What notebooks of version 0.1 import of the course, where it has moved."""


@pytest.mark.parametrize("old", [old for old in MODULES if old != "quiet"])
def test_an_old_name_gives_the_module_itself(old):
    sys.modules.pop(f"cnnlab.course.{old}", None)
    with pytest.warns(DeprecationWarning, match=f"cnnlab.course.{old} is now"):
        found = importlib.import_module(f"cnnlab.course.{old}")
    assert found is importlib.import_module(f"cnnlab.course.{MODULES[old]}")
    assert found.__name__ == found.__spec__.name == f"cnnlab.course.{MODULES[old]}"


def test_a_name_that_never_was_is_still_an_error():
    with pytest.raises(ModuleNotFoundError, match="nowhere"):
        importlib.import_module("cnnlab.course.nowhere")
    with pytest.raises(ImportError, match="nothing"):
        exec("from cnnlab.course.training import nothing")


@pytest.mark.slow
def test_every_old_line_runs_and_warns_where_it_stands(tmp_path):
    script = tmp_path / "old.py"
    script.write_text(LINES, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "always::DeprecationWarning:__main__", script],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    silent = [
        number
        for number, line in enumerate(LINES.splitlines(), 1)
        if line and f"old.py:{number}: DeprecationWarning" not in done.stderr
    ]
    repeated = [n for n in silent if _modules(LINES.splitlines()[n - 1]) <= _seen_before(n)]
    assert silent == repeated


def _modules(line: str) -> set[str]:
    """The old modules that an import line names."""
    words = line.replace(",", " ").replace(".", " ").split()
    return set(words) & set(MODULES)


def _seen_before(number: int) -> set[str]:
    return {m for line in LINES.splitlines()[: number - 1] for m in _modules(line)}
