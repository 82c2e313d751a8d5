"""Write the book's pages, let Sphinx render them, and put the site in place of an older one."""

from __future__ import annotations

import io
import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import nbformat

from cnnlab.course.book import BookError
from cnnlab.course.book.cells import is_navigation, prepared, without_dead_links
from cnnlab.course.book.execution import executed
from cnnlab.course.book.front import front_page
from cnnlab.course.book.terms import linked, marked, terms
from cnnlab.datasets.pretrained import cache_folder

STYLE, SCRIPT = (Path(__file__).with_name(name) for name in ("book.css", "book.js"))
GLOSSARY = "glossary"
SERVICES = {
    "colab_url": "https://colab.research.google.com",
    "binderhub_url": "https://mybinder.org",
    "notebook_interface": "jupyterlab",
}
"""Who opens a notebook of a public repository; linked only where the package names one."""

Tell = Callable[[str], None]
"""Hears of each notebook that is done, and then what Sphinx begins."""


def build_book(
    root: Path, target: Path, chapters: Sequence[str], jobs: int, tell: Tell
) -> list[str]:
    """Write the site to a folder, in place of an older book there.

    Parameters
    ----------
    root : Path
        Holds ``solutions`` and ``exercises``: a clone, or the installed package.
    target : Path
    chapters : sequence of str
        Full names.
    jobs : int
        How many notebooks run at a time.
    tell : callable, str → None

    Returns
    -------
    list of str
        What Sphinx complains of; empty where all links lead somewhere.

    Raises
    ------
    BookError
        A notebook fails, or ``target`` holds something else.
    """
    _refuse_other_things(target)
    with tempfile.TemporaryDirectory(prefix="cnnlab-book-") as scratch:
        pages, site = Path(scratch) / "pages", Path(scratch) / "site"
        _write_pages(root, pages, chapters, jobs, tell)
        tell("pages")
        complaints = _render(pages, site, Path(scratch) / "state")
        _put(site, target)
    return complaints


def _refuse_other_things(target: Path) -> None:
    if target.exists() and not target.is_dir():
        raise BookError(f"{target} is a file. Name a folder for the book.")
    if target.is_dir() and any(target.iterdir()) and not (target / "searchindex.js").exists():
        raise BookError(f"{target} holds something that is no book. Name another folder.")


def _put(site: Path, target: Path) -> None:
    for needless in (".buildinfo", "objects.inv", "_static/*macros.html", "_static/**/*.map"):
        for path in site.glob(needless):
            path.unlink()
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(site, target)


# What Sphinx reads


def _write_pages(root: Path, pages: Path, chapters: Sequence[str], jobs: int, tell: Tell) -> None:
    (pages / "_static").mkdir(parents=True)
    for file in (STYLE, SCRIPT):
        shutil.copyfile(file, pages / "_static" / file.name)
    extras = {path.stem: _read(path) for path in sorted((root / "exercises/pages").glob("*.ipynb"))}
    books = {name: _read(root / "solutions" / name / f"{name}.ipynb") for name in chapters}
    there = {*books, *extras}
    known = [term for cell in extras[GLOSSARY].cells for term in terms(cell.source)]
    for name, page in extras.items():
        page.cells = [cell for cell in page.cells if not is_navigation(cell)]
        _prose(page, lambda text: marked(without_dead_links(text, there)))
        _save(page, pages / "pages" / f"{name}.ipynb")

    def make(name: str) -> None:
        page = prepared(executed(name, books[name], cache_folder() / "book"))
        address = f"../pages/{GLOSSARY}.html"
        _prose(page, lambda text: linked(without_dead_links(text, there), known, address))
        if repository := _repository():
            page.cells.insert(1, nbformat.v4.new_markdown_cell(elsewhere(repository)))
        _save(page, pages / name / f"{name}.ipynb")
        tell(name)

    def make_front(name: str) -> None:
        front = front_page(books, [f"pages/{extra}" for extra in extras])
        _save(prepared(executed(name, front, cache_folder() / "book")), pages / "index.ipynb")

    with ThreadPoolExecutor(jobs) as pool:
        works = [pool.submit(make, name) for name in reversed(chapters)]
        works.append(pool.submit(make_front, "front"))
        try:
            for work in works:
                work.result()
        except BookError:
            pool.shutdown(cancel_futures=True)
            raise


def _read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def _prose(page: nbformat.NotebookNode, change: Callable[[str], str]) -> None:
    for cell in page.cells:
        if cell.cell_type == "markdown":
            cell.source = change(cell.source)


def _save(notebook: nbformat.NotebookNode, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, place)


# Sphinx


def _render(pages: Path, site: Path, state: Path) -> list[str]:
    from sphinx.application import Sphinx  # slow to import

    said = io.StringIO()
    app = Sphinx(
        srcdir=pages,
        confdir=None,
        outdir=site,
        doctreedir=state,
        buildername="html",
        confoverrides=_settings(),
        status=None,
        warning=said,
        freshenv=True,
    )
    app.build()
    return [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in said.getvalue().splitlines()]


def _settings() -> dict[str, Any]:
    return {
        "project": "CNN Lab",
        "html_title": "CNN Lab",
        "language": "en",
        "extensions": ["myst_nb", "cnnlab.course.book.mathml"],
        "exclude_patterns": ["_static"],
        "nb_execution_mode": "off",
        "nb_output_stderr": "remove",
        "myst_enable_extensions": ["dollarmath", "amsmath"],
        "myst_heading_anchors": 3,
        "html_theme": "sphinx_book_theme",
        "html_theme_options": _theme(_repository()),
        "html_math_renderer": "mathml",
        "html_static_path": ["_static"],
        "html_css_files": [STYLE.name],
        "html_js_files": [SCRIPT.name],
        "html_copy_source": False,
        "html_use_index": False,
        "html_show_copyright": False,
        "html_show_sphinx": False,
        "html_show_search_summary": False,  # it would be fetched, which a page from disk may not
    }


def _theme(repository: str | None) -> dict[str, Any]:
    """The theme's options; without a public repository there is nothing to lead to."""
    options: dict[str, Any] = {
        "logo": {"text": "CNN Lab"},
        "home_page_in_toc": True,
        "show_toc_level": 2,
        "footer_content_items": [],
        "use_download_button": False,
        "use_fullscreen_button": False,
        "navigation_with_keys": False,
    }
    if repository:
        options |= {
            "repository_url": repository,
            "repository_branch": "main",
            "path_to_docs": "exercises",  # the pages have the names of the notebooks there
            "use_repository_button": True,
            "launch_buttons": SERVICES,
        }
    return options


def elsewhere(repository: str) -> str:
    """What to run first where a chapter is opened outside of the course, as Markdown.

    Examples
    --------
    >>> print(elsewhere("https://github.com/someone/course"))
    ```{admonition} To run this chapter in Colab or Binder
    :class: dropdown
    Choose it under the rocket at the top. In Colab, first run this in a cell of its own:
    `%pip install -q "cnnlab @ git+https://github.com/someone/course"`
    ```
    """
    return (
        "```{admonition} To run this chapter in Colab or Binder\n:class: dropdown\n"
        "Choose it under the rocket at the top. In Colab, first run this in a cell of its own:\n"
        f'`%pip install -q "cnnlab @ git+{repository}"`\n```'
    )


def _repository() -> str | None:
    """Where the package says that its sources are, if Colab and Binder can open them there."""
    for line in metadata.metadata("cnnlab").get_all("Project-URL") or []:
        address = line.partition(", ")[2].strip().removesuffix(".git")
        if urlsplit(address).netloc in ("github.com", "gitlab.com"):
            return address
    return None
