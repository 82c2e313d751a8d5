"""Grading on the workers of a `dask.distributed` cluster, as `cnnlab.autograder.pool` does here.

Submissions and answers travel in memory, so no disk is shared. The reading of files and the
journal stay in the process that started the batch. Learner code stays in the sandbox of a worker.
"""

from __future__ import annotations

from contextlib import suppress
from importlib.util import find_spec
from ipaddress import ip_address
from urllib.parse import urlsplit

NO_DASK = (
    'Grading on a cluster needs dask.distributed: pip install "cnnlab[cluster]", or in a clone '
    "uv sync --extra cluster."
)


def demand_dask(address: str) -> None:
    """Raise `ValueError` where `dask.distributed` is missing, or the address has no port."""
    if find_spec("distributed") is None:
        raise ValueError(NO_DASK)
    parts = urlsplit(address if "://" in address else f"tcp://{address}")
    if parts.scheme in ("tcp", "tls") and parts.port is None:
        raise ValueError(f"dask must be as in tcp://grader:8786. Received: {address!r}")


def listening(address: str) -> str:
    """A sentence where others on the way can read what is sent; else ``""``.

    Examples
    --------
    >>> listening("tls://grader:8786"), listening("127.0.0.1:8786")
    ('', '')
    >>> listening("tcp://grader:8786")
    'What is sent to tcp://grader:8786 is not encrypted, answers of fresh probes too; see tls://.'
    """
    parts = urlsplit(address if "://" in address else f"tcp://{address}")
    host = parts.hostname or ""
    with suppress(ValueError):
        if host == "localhost" or ip_address(host).is_loopback:
            return ""
    if parts.scheme == "tls":
        return ""
    return f"What is sent to {address} is not encrypted, answers of fresh probes too; see tls://."
