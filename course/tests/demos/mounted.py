"""A demo in a real page: its script drives the real widget, without Jupyter between."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import anywidget

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PATIENCE = 60.0
"""Seconds that a page may take for anything, on a machine that is busy."""

MOUNT = """async ({script, state}) => {
  const listeners = new Set();
  const tell = () => listeners.forEach((listener) => listener());
  const take = (news) => {
    for (const [name, value] of Object.entries(news)) {
      const bytes = value?.bytes; // as Jupyter hands them over
      state[name] = bytes ? new DataView(Uint8Array.from(bytes).buffer) : value;
    }
  };
  take(state);
  let changed = {};
  let sends = 0;
  const newest = {}; // name -> the last send that carried it
  const model = {
    get: (name) => state[name],
    set: (name, value) => {
      state[name] = value;
      changed[name] = value;
      tell();
    },
    save_changes: async () => {
      const sent = changed;
      const send = ++sends;
      changed = {};
      Object.keys(sent).forEach((name) => { newest[name] = send; });
      const answer = Object.entries(await window.toPython(sent));
      // An answer never undoes what the page has changed since, as in Jupyter.
      take(Object.fromEntries(answer.filter(([name]) => !(name in changed)
        && !(newest[name] > send))));
      tell();
    },
    on: (_, listener) => listeners.add(listener),
    off: (_, listener) => listeners.delete(listener),
  };
  const url = URL.createObjectURL(new Blob([script], {type: "text/javascript"}));
  const widget = (await import(url)).default;
  const remove = widget.render({model, el: document.querySelector("#demo")});
  window.listening = () => listeners.size;
  window.removeDemo = remove;
}"""


def _state(widget: Any) -> dict[str, Any]:
    """The demo's own synced traits, as JSON has them."""
    common = set(anywidget.AnyWidget.class_traits())
    names = [n for n in widget.traits(sync=True) if n not in common and not n.startswith("_")]
    values = {name: getattr(widget, name) for name in names}
    return {k: {"bytes": list(v)} if isinstance(v, bytes) else v for k, v in values.items()}


@contextmanager
def mounted(browser: Browser, widget: Any, look: str = "") -> Iterator[Page]:
    """A page that shows the widget; what is changed there reaches it.

    Parameters
    ----------
    browser : playwright Browser
    widget : anywidget.AnyWidget
        With ``_esm`` and ``_css`` as texts.
    look : str
        CSS for the page around it, such as a theme's colours.
    """

    def to_python(changes: dict[str, Any]) -> dict[str, Any]:
        for name, value in changes.items():
            setattr(widget, name, value)
        return _state(widget)

    page = browser.new_page()
    page.set_default_timeout(1000 * PATIENCE)
    page.expose_function("toPython", to_python)
    page.set_content(
        f"<!doctype html><html lang=en><title>A demo</title><style>{widget._css}{look}</style>"
        "<div id=demo></div>"
    )
    page.evaluate(MOUNT, {"script": widget._esm, "state": _state(widget)})
    yield page
    page.close()


def until(page: Page, holds: Callable[[], bool]) -> None:
    """Wait until something holds on Python's side, while the page goes on."""
    deadline = time.monotonic() + PATIENCE
    while not holds() and time.monotonic() < deadline:
        page.wait_for_timeout(20)
    assert holds()


def settle(page: Page) -> None:
    """Wait until everything that the page has sent so far has reached Python."""
    page.evaluate("() => window.toPython({})")
