"""Photographs of one's own or from the net: the good ones are kept, the bad ones are named."""

from __future__ import annotations

import importlib.util
import io
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from cnnlab.course import cli
from cnnlab.datasets import download, load, photographs
from cnnlab.datasets.photographs import belongs, cut, fault, install
from cnnlab.datasets.pictures import load_cats_dogs

spec = importlib.util.spec_from_file_location("server", Path(__file__).parent / "server.py")
server = importlib.util.module_from_spec(spec)
spec.loader.exec_module(server)
Served, serving = server.Served, server.serving

REAL = load.FOLDER.parent.parent / "shared" / "data" / "cats_and_dogs_small"
COLOURS = {"Cat": (200, 30, 30), "Dog": (30, 30, 200)}


def encoded(colour, mode="RGB", kind="JPEG", size=(60, 40)):
    picture = Image.new("RGB", size, colour).convert(mode)
    out = io.BytesIO()
    picture.save(out, kind)
    return out.getvalue()


def truncated():
    noise = np.random.default_rng(0).integers(0, 256, (40, 60, 3)).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(noise).save(out, "JPEG")
    return out.getvalue()[:-600]


BAD = {
    "PetImages/Cat/666.jpg": (b"", "empty"),
    "PetImages/Dog/11702.jpg": (truncated(), "corrupt"),
    "PetImages/Dog/3.jpg": (encoded((9, 9, 9), "P", "GIF"), "not a JPEG but GIF"),
    "PetImages/Cat/4.jpg": (encoded((9, 9, 9), "CMYK"), "not RGB but CMYK"),
    "PetImages/Cat/2.jpg": (encoded((9, 9, 9), "L"), "not RGB but L"),
    "PetImages/Dog/9.jpg": (b"<html>no such page</html>", "not a picture"),
    "PetImages/../../../Cat/1.jpg": (encoded((9, 9, 9)), "leads out"),
}
OTHER = {"readme[1].txt": b"hello", "PetImages/Cat/Thumbs.db": b"x", "PetImages/Cat/._5.jpg": b"x"}


def good(count):
    """``count`` of each class; each number is brighter by 5, so that the order shows."""
    return {
        f"PetImages/{kind}/{n}.jpg": encoded(tuple(c + 5 * (n - 10) for c in colour))
        for kind, colour in COLOURS.items()
        for n in range(10, 10 + count)
    }


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setenv("CNNLAB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def archive(tmp_path):
    """An archive as Microsoft's, with every fault, in no particular order."""
    files = {**good(8), **{name: data for name, (data, _) in BAD.items()}, **OTHER}
    names = np.random.default_rng(1).permutation(list(files))
    path = tmp_path / "pets.zip"
    with zipfile.ZipFile(path, "w") as out:
        for name in names:
            out.writestr(str(name), files[name])
    return path


def test_the_bad_ones_are_counted_named_and_left_out(archive, cache, tmp_path):
    report = install(archive)
    assert report.kept == {"cat": 8, "dog": 8}
    assert report.skipped.keys() == BAD.keys()
    for name, (_, reason) in BAD.items():
        assert reason in report.skipped[name], name
    files = {path.relative_to(cache).as_posix() for path in cache.rglob("*") if path.is_file()}
    assert len(files) == 17
    assert "cats_dogs/about.json" in files
    assert all(Image.open(cache / name).mode == "RGB" for name in files if name.endswith("jpg"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cache", "pets.zip"]


def test_they_are_split_in_the_order_of_their_numbers(archive):
    install(archive)
    data = load_cats_dogs(20, "photographs")
    shapes = [part.x.shape for part in (data.train, data.validation, data.test)]
    assert shapes == [(8, 20, 20, 3), (4, 20, 20, 3), (4, 20, 20, 3)]
    assert data.test.y.tolist() == [0, 1, 0, 1]
    reds = [int(picture[10, 10, 0]) for picture in np.concatenate([data.train.x, data.test.x])[::2]]
    assert reds == pytest.approx([200, 205, 210, 215, 230, 235], abs=2)


def test_auto_takes_them_for_large_pictures_alone(archive):
    assert load_cats_dogs(40).train.x.shape == (2800, 40, 40, 3)
    install(archive)
    assert load_cats_dogs(40).train.x.shape == (8, 40, 40, 3)
    assert load_cats_dogs().train.x.shape == (2800, 32, 32, 3)
    assert load_cats_dogs(source="photographs").test.x.shape == (4, 150, 150, 3)


def test_a_folder_is_read_where_it_is_with_a_warning_about_the_bad_ones(archive, tmp_path, cache):
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(tmp_path / "mine", [*good(8), *list(BAD)[:-1]])
    with pytest.warns(UserWarning, match=r"6 pictures.*666\.jpg \(empty\)"):
        data = load_cats_dogs(20, tmp_path / "mine" / "PetImages")
    install(archive)
    installed = load_cats_dogs(20, "photographs")
    np.testing.assert_array_equal(data.train.x[:4], installed.train.x[:4])
    with pytest.warns(UserWarning, match="7 pictures"):
        np.testing.assert_array_equal(load_cats_dogs(20, archive).test.x, installed.test.x)


def test_a_source_with_its_own_split_keeps_it(tmp_path, cache):
    counts = {"train": 3, "validation": 2, "test": 1}
    for part, count in counts.items():
        for kind, more in (("cats", 1), ("dogs", 0)):
            folder = tmp_path / "mine" / part / kind
            folder.mkdir(parents=True)
            for n in range(count + more):
                (folder / f"{n}.jpg").write_bytes(encoded((n, 0, 0)))
    assert install(tmp_path / "mine").kept == {"cat": 9, "dog": 6}
    for source in (tmp_path / "mine", "photographs"):
        data = load_cats_dogs(16, source)
        assert [len(getattr(data, part).x) for part in counts] == [6, 4, 2]


def test_kaggles_own_names_tell_the_class():
    assert belongs("train/cat.0.jpg") == ("all", "cat")
    assert belongs(r"PetImages\Dog\7.JPG") == ("all", "dog")
    assert belongs("validation/cats/cat.1.jpeg") == ("validation", "cat")
    assert belongs("test1/5.jpg") is None


def test_the_split_is_the_articles_or_in_proportion():
    assert cut(2000) == [(0, 1000), (1000, 1500), (1500, 2000)]
    assert cut(2001) == cut(2000)
    for count in range(4, 30):
        parts = cut(count)
        assert parts[0][0] == 0
        assert parts[-1][1] == count
        assert all(first < last for first, last in parts)


def test_very_large_files_and_pictures_are_left_out(monkeypatch):
    assert fault(encoded((1, 2, 3))) == ""
    monkeypatch.setattr(photographs, "MOST_PIXELS", 2399)
    assert "pixels" in fault(encoded((1, 2, 3)))
    monkeypatch.setattr(photographs, "MOST_BYTES", 100)
    assert "larger" in fault(encoded((1, 2, 3)))
    monkeypatch.setattr(photographs, "MOST_FILES", 1)
    with pytest.raises(ValueError, match=r"1 files at most\. Received: 2"):
        photographs._sorted({"a": bytes, "b": bytes})


def test_a_damaged_entry_is_left_out(archive):
    content = archive.read_bytes()
    with zipfile.ZipFile(archive) as packed:
        place = packed.getinfo("PetImages/Cat/12.jpg").header_offset + 60
    archive.write_bytes(content[:place] + bytes([content[place] ^ 255]) + content[place + 1 :])
    report = install(archive)
    assert "cannot be read: Bad CRC" in report.skipped["PetImages/Cat/12.jpg"]
    assert report.kept == {"cat": 7, "dog": 8}


@pytest.mark.parametrize("stop", [KeyboardInterrupt, OSError("disk full")])
def test_an_interrupted_installation_leaves_what_was_there(archive, cache, stop):
    install(archive)
    before = {path: path.read_bytes() for path in cache.rglob("*") if path.is_file()}

    def tell(what, done, total):
        if done == 5:
            raise stop

    with pytest.raises(type(stop) if isinstance(stop, OSError) else stop):
        install(archive, tell)
    assert {path: path.read_bytes() for path in cache.rglob("*") if path.is_file()} == before
    assert install(archive).kept == {"cat": 8, "dog": 8}  # and it can take the old one's place
    assert [path.name for path in cache.iterdir()] == ["cats_dogs"]


def test_too_few_pictures_are_said(tmp_path, cache):
    (tmp_path / "mine" / "cat").mkdir(parents=True)
    for n in range(4):
        (tmp_path / "mine" / "cat" / f"{n}.jpg").write_bytes(encoded((n, 0, 0)))
    for read in (install, lambda source: load_cats_dogs(16, source)):
        with pytest.raises(ValueError, match=r"4 good pictures of a dog.*Received: 0"):
            read(tmp_path / "mine")
    assert list(cache.iterdir()) == []


def test_what_is_no_source_is_said(tmp_path):
    (tmp_path / "pets.zip").write_bytes(b"<html>")
    with pytest.raises(ValueError, match=r"folder or a zip archive.*pets\.zip"):
        install(tmp_path / "pets.zip")
    with pytest.raises(FileNotFoundError, match="cnnlab data cats-dogs"):
        load_cats_dogs(source="photographs")


# From the net, and as people type it


def test_fetched_sifted_and_the_archive_is_gone(archive, cache, monkeypatch):
    monkeypatch.setattr(download, "CHUNK", 500)
    heard = set()
    with serving(Served(archive.read_bytes(), breaks=1)) as served:
        report = install(None, lambda what, *_: heard.add(what), served.remote())
    assert served.asked == ["bytes=0-", "bytes=1000-"]
    assert report.kept == {"cat": 8, "dog": 8}
    assert heard == {"downloading", "checking every picture"}
    assert [path.name for path in cache.iterdir()] == ["cats_dogs"]


def test_the_command_says_what_was_left_out(archive, cache):
    run = CliRunner().invoke
    assert "not here yet" in run(cli.app, ["data"]).output
    result = run(cli.app, ["data", "cats-dogs", "--from", str(archive)])
    assert result.exit_code == 0, result.output
    said = " ".join(result.output.split())
    assert "left out PetImages/Cat/666.jpg: empty" in said
    assert "8 cats and 8 dogs are in" in said
    assert "left out: 7." in said
    assert "the photographs are in" in run(cli.app, ["data"]).output


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["dogs"], 2, "must be cats-dogs"),
        (["--from", "x.zip"], 2, "must be cats-dogs"),
        (["cats-dogs", "--from", "nowhere.zip"], 1, "folder or a zip archive"),
    ],
)
def test_the_command_refuses_what_it_cannot_do(arguments, code, said):
    result = CliRunner().invoke(cli.app, ["data", *arguments])
    assert result.exit_code == code
    assert said in " ".join(result.output.split())


@pytest.mark.slow
@pytest.mark.skipif(not REAL.exists(), reason="the real photographs are not on this machine")
def test_all_real_photographs_by_the_command(cache):
    result = CliRunner().invoke(cli.app, ["data", "cats-dogs", "--from", str(REAL)])
    assert result.exit_code == 0, result.output
    said = " ".join(result.output.split())
    assert "2000 cats and 2000 dogs are in" in said
    assert [path.name for path in cache.iterdir()] == ["cats_dogs"]
    data = load_cats_dogs(source="photographs")
    for part, count in zip(
        (data.train, data.validation, data.test), (2000, 1000, 1000), strict=True
    ):
        assert part.x.shape == (count, 150, 150, 3)
        assert part.y.mean() == 0.5
    assert next(iter(data.train.as_tf(20)))[0].shape == (20, 150, 150, 3)


@pytest.mark.skipif(not REAL.exists(), reason="the real photographs are not on this machine")
def test_real_photographs(tmp_path):
    for part in photographs.PARTS:
        for kind in ("cats", "dogs"):
            folder = tmp_path / "mine" / part / kind
            folder.mkdir(parents=True)
            for path in sorted((REAL / part / kind).iterdir())[:20]:
                shutil.copy(path, folder)
    report = install(tmp_path / "mine")
    assert report.kept == {"cat": 60, "dog": 60}
    assert report.skipped == {}
    data = load_cats_dogs(64, "photographs")
    assert data.train.x.shape == (40, 64, 64, 3)
    assert data.train.x.std() > 40
    assert np.abs(np.diff(data.train.x.astype(int), axis=2)).mean() < data.train.x.std() / 3
