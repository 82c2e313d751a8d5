"""The first page: what the course is, what a check says, and the map of chapters."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode

TEXT = Path(__file__).with_name("front.md")
ATTEMPT = """\
def conv2d(x, kernels, bias):
    n, height, width, _ = x.shape
    kh, kw, _, filters = kernels.shape
    turned = kernels[::-1, ::-1]
    out = np.zeros((n, height - kh + 1, width - kw + 1, filters))
    for i, j in np.ndindex(out.shape[1:3]):
        patch = x[:, i : i + kh, j : j + kw]
        out[:, i, j] = np.tensordot(patch, turned, axes=3) + bias
    return out
"""
"""As learners write it who take the word convolution as mathematics has it."""


def front_page(chapters: Mapping[str, NotebookNode], pages: Sequence[str]) -> NotebookNode:
    """The first page as a notebook, to be executed.

    Parameters
    ----------
    chapters : mapping of str to NotebookNode
        Those of the book, in order.
    pages : sequence of str
        Further pages, such as ``pages/glossary``.
    """
    texts = re.split(r"^<!-- (\w+) -->\n", TEXT.read_text(encoding="utf-8"), flags=re.M)
    makers = {"diagnosis": _diagnosis, "network": _network}
    cells = [nbformat.v4.new_markdown_cell(texts[0])]
    for name, text in zip(texts[1::2], texts[2::2], strict=True):
        cells += [*makers[name](), nbformat.v4.new_markdown_cell(text)]
    cells.append(nbformat.v4.new_markdown_cell(_map(chapters, pages)))
    for place, cell in enumerate(cells):
        cell.id = f"front-{place}"  # the same for every build
    book = nbformat.v4.new_notebook(cells=cells)
    book.metadata = next(iter(chapters.values())).metadata
    return book


def _network() -> list[NotebookNode]:
    source = (
        "from cnnlab.course.figures import architecture\n"
        "from cnnlab.datasets.load import photo\n\n"
        'architecture.network(photo("chelsea", size=64)).show()'
    )
    return [nbformat.v4.new_code_cell(source)]


def _diagnosis() -> list[NotebookNode]:
    begin = 'import numpy as np\nfrom cnnlab.autograder import check, start\n\nstart("ch01")'
    return [
        nbformat.v4.new_code_cell(begin, metadata={"tags": ["remove-cell"]}),
        nbformat.v4.new_code_cell(ATTEMPT),
        nbformat.v4.new_code_cell("check(conv2d)"),
    ]


def _map(chapters: Mapping[str, NotebookNode], pages: Sequence[str]) -> str:
    """The chapters with their first question, and for Sphinx the order of all pages."""
    rows = []
    for name, notebook in chapters.items():
        beginning = next(cell for cell in notebook.cells if cell.source.startswith("# "))
        title, first = beginning.source.split("\n\n")[:2]
        number, _, called = title.removeprefix("# Chapter ").partition(": ")
        rows.append(f"| {number} | [{called}]({name}/{name}.ipynb) | {' '.join(first.split())} |")
    table = "\n".join(
        ["## The chapters", "", "| | chapter | how it begins |", "|---|---|---|", *rows]
    )
    return "\n\n".join(
        [table, _contents("Chapters", [f"{n}/{n}" for n in chapters]), _contents("Look up", pages)]
    )


def _contents(caption: str, documents: Sequence[str]) -> str:
    return "\n".join(["```{toctree}", ":hidden:", f":caption: {caption}", "", *documents, "```"])
