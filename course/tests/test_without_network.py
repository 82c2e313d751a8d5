"""Solved notebooks that want trained weights run to their end where nothing can be reached."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PRETRAINED = [
    source.stem
    for source in sorted((ROOT / "course" / "chapters").glob("ch[0-9][0-9]_*.py"))
    if "cnnlab.course.networks.pretrained" in source.read_text(encoding="utf-8")
]
NOWHERE = "http://127.0.0.1:9"  # nobody listens on the port for discarding
SECONDS = 300.0
"""So long may a cell take: what hangs ends here, and nothing is timed."""


@pytest.fixture
def no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing in any cache, and every way out of this machine is closed."""
    for name in ("CNNLAB_CACHE", "KERAS_HOME"):
        (tmp_path / name).mkdir()
        monkeypatch.setenv(name, str(tmp_path / name))
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, NOWHERE)
    for name, value in {"NO_INDEX": "1", "FIND_LINKS": "", "CONFIG_FILE": "/dev/null"}.items():
        monkeypatch.setenv(f"PIP_{name}", value)


def printed(notebook: nbformat.NotebookNode) -> str:
    """All that the cells print."""
    outputs = [out for cell in notebook.cells for out in cell.get("outputs", [])]
    return "\n".join(out.text for out in outputs if out.output_type == "stream")


def test_some_chapters_want_trained_weights() -> None:
    assert "ch10_feature_maps" in PRETRAINED


@pytest.mark.parametrize("chapter", PRETRAINED)
def test_a_solved_chapter_runs_without_a_network(
    chapter: str, no_network: None, tmp_path: Path
) -> None:
    notebook = nbformat.read(ROOT / "solutions" / chapter / f"{chapter}.ipynb", as_version=4)
    client = NotebookClient(notebook, timeout=SECONDS, resources={"metadata": {"path": tmp_path}})
    client.execute()  # raises where a cell does
    said = printed(notebook)
    assert 1 <= said.count("Three ways out") == said.count("No harm done") <= 2  # not in every cell
    outputs = [out for cell in notebook.cells for out in cell.get("outputs", [])]
    assert not [out for out in outputs if out.get("name") == "stderr"]
