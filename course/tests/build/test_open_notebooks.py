"""Which notebooks are open: what every JupyterLab that runs here says of itself."""

from __future__ import annotations

import json
import os
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from cnnlab.course.build import work

CHAPTER = "ch01_convolution"


class _Jupyter(BaseHTTPRequestHandler):
    """Answers as Jupyter's REST interface does."""

    def do_GET(self) -> None:
        right = self.path == "/api/sessions?token=se%20cret"
        self.send_response(200 if right else 403)
        self.end_headers()
        if right:
            self.wfile.write(json.dumps([{"path": f"{CHAPTER}/{CHAPTER}.ipynb"}]).encode())

    def log_message(self, *about: object) -> None:
        pass


@pytest.mark.parametrize(("token", "found"), [("se cret", 1), ("another", 0)])
def test_what_is_open_is_asked_of_every_server(tmp_path, monkeypatch, token, found):
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    server = HTTPServer(("127.0.0.1", 0), _Jupyter)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    about = {
        "pid": os.getpid(),
        "url": f"http://127.0.0.1:{server.server_port}/",
        "token": token,
        "root_dir": str(tmp_path / "course"),
    }
    (tmp_path / "jpserver-1.json").write_text(json.dumps(about))
    (tmp_path / "jpserver-2.json").write_text(json.dumps(about | {"url": "http://127.0.0.1:9/"}))
    try:
        opened = work.open_notebooks()
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert len(opened) == found
    assert opened <= {(tmp_path / "course" / CHAPTER / f"{CHAPTER}.ipynb").resolve()}
