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


def demand_dask() -> None:
    """Raise `ValueError`, which says how to install it, where `dask.distributed` is missing."""
    if find_spec("distributed") is None:
        raise ValueError(NO_DASK)


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
