"""Downloading: whole and verified or not at all, and on from where it broke off."""

from __future__ import annotations

import hashlib
import importlib.util
import socket
from pathlib import Path

import pytest

from cnnlab.datasets import download
from cnnlab.datasets.download import Remote, fetch

spec = importlib.util.spec_from_file_location("server", Path(__file__).parent / "server.py")
server = importlib.util.module_from_spec(spec)
spec.loader.exec_module(server)
Served, serving = server.Served, server.serving

CONTENT = bytes(range(256)) * 40


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(download, "CHUNK", 1024)


def test_a_file_comes_whole_and_is_not_fetched_twice(tmp_path):
    heard = []
    with serving(Served(CONTENT)) as served:
        for _ in range(2):
            got = fetch(served.remote(), tmp_path / "f.zip", lambda *said: heard.append(said))
    assert got.read_bytes() == CONTENT
    assert served.asked == ["bytes=0-"]
    done = [there for _, there, _ in heard]
    assert done == sorted(done)
    assert set(range(1024, len(CONTENT) + 1, 1024)) == set(done)
    assert heard[-1] == ("downloading", len(CONTENT), len(CONTENT))
    assert [path.name for path in tmp_path.iterdir()] == ["f.zip"]


def test_it_goes_on_where_the_line_broke(tmp_path):
    with serving(Served(CONTENT, breaks=2, after=3000)) as served:
        assert fetch(served.remote(), tmp_path / "f.zip").read_bytes() == CONTENT
    assert served.asked == ["bytes=0-", "bytes=2048-", "bytes=4096-"]  # whole pieces were kept


def test_a_later_call_goes_on_too(tmp_path):
    (tmp_path / "f.zip.part").write_bytes(CONTENT[:5000])
    with serving(Served(CONTENT)) as served:
        assert fetch(served.remote(), tmp_path / "f.zip").read_bytes() == CONTENT
    assert served.asked == ["bytes=5000-"]


def test_a_server_without_ranges_begins_again(tmp_path):
    with serving(Served(CONTENT, breaks=1, after=3000, ranges=False)) as served:
        assert fetch(served.remote(), tmp_path / "f.zip").read_bytes() == CONTENT
    assert served.asked == ["bytes=0-", "bytes=2048-"]


def test_a_line_that_breaks_again_and_again_is_given_up_and_its_bytes_are_kept(tmp_path):
    with serving(Served(CONTENT, breaks=99, after=0)) as served:
        (tmp_path / "f.zip.part").write_bytes(CONTENT[:200])
        with pytest.raises(OSError, match=r"200 of 10,240 bytes.*goes on from there"):
            fetch(served.remote(), tmp_path / "f.zip")
    assert len(served.asked) == download.FRUITLESS
    assert (tmp_path / "f.zip.part").read_bytes() == CONTENT[:200]
    assert not (tmp_path / "f.zip").exists()


@pytest.mark.parametrize("start", [b"", b"x" * 5000])
def test_a_wrong_checksum_leaves_nothing(tmp_path, start):
    """The file on the server is another one, or what was there before was."""
    (tmp_path / "f.zip.part").write_bytes(start)
    with serving(Served(CONTENT)) as served:
        remote = served.remote() if start else served.remote(sha256="0" * 64)
        with pytest.raises(OSError, match=r"file\.zip: SHA256 .*Deleted"):
            fetch(remote, tmp_path / "f.zip")
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_sends_too_much_is_cut_off(tmp_path):
    heard = []
    with serving(Served(CONTENT + 500 * CONTENT)) as served:
        right = Remote(served.url, hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))
        got = fetch(right, tmp_path / "f.zip", lambda *said: heard.append(said))
    assert got.read_bytes() == CONTENT
    assert len(heard) == len(CONTENT) / 1024
    assert len(served.asked) == 1


def test_a_damaged_file_is_fetched_again(tmp_path):
    (tmp_path / "f.zip").write_bytes(CONTENT[:-1])
    with serving(Served(CONTENT)) as served:
        assert fetch(served.remote(), tmp_path / "f.zip").read_bytes() == CONTENT
    assert [path.name for path in tmp_path.iterdir()] == ["f.zip"]


def test_a_missing_page_is_not_asked_for_again(tmp_path):
    with serving(Served(CONTENT)) as served:
        remote = served.remote()
        with pytest.raises(OSError, match="404"):
            fetch(remote._replace(url=remote.url + "x"), tmp_path / "f.zip")
    assert len(served.asked) == 1


def test_no_server_at_all_is_said_at_once(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: every connection is refused
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/f.zip"
        with pytest.raises(OSError, match="0 of 10 bytes"):
            fetch(Remote(url, "0" * 64, 10), tmp_path / "f.zip")
