"""A small web server on this machine, which can break off as a weak line does."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cnnlab.datasets.download import Remote


class Served:
    """What the server does, and what it was asked.

    Parameters
    ----------
    content : bytes
        The file.
    breaks : int
        So many replies end after ``after`` bytes.
    after : int
    ranges : bool
        Whether it answers a request for a part with that part.
    """

    def __init__(self, content: bytes, breaks: int = 0, after: int = 1000, ranges: bool = True):
        self.content, self.breaks, self.after, self.ranges = content, breaks, after, ranges
        self.asked: list[str | None] = []
        self.url = ""

    def remote(self, **changes: object) -> Remote:
        right = Remote(self.url, hashlib.sha256(self.content).hexdigest(), len(self.content))
        return right._replace(**changes)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        self.asked.append(handler.headers["Range"])
        if handler.path != "/file.zip":
            handler.send_error(404)
            return
        asked = handler.headers["Range"] if self.ranges else None
        first = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        body = self.content[first:]
        handler.send_response(206 if asked else 200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if self.breaks:
            self.breaks -= 1
            body = body[: self.after]
        handler.wfile.write(body)


@contextmanager
def serving(served: Served) -> Iterator[Served]:
    """Serve on the loopback until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.answer(self)

        def log_message(self, *_: object) -> None:
            """Tests read what was asked, not a log."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        served.url = f"http://127.0.0.1:{server.server_port}/file.zip"
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield served
        server.shutdown()
