"""Tables in a text that a command writes anew, between two comments."""

from __future__ import annotations

END = "<!-- end -->"


def between(text: str, start: str, table: str) -> str:
    """``text`` with ``table`` in the place of what stands between ``start`` and the next end.

    Raises
    ------
    ValueError
        The text does not have both markers, in order.

    Examples
    --------
    >>> between("<!-- sum --> 3 <!-- end -->", "<!-- sum -->", "4").split()
    ['<!--', 'sum', '-->', '4', '<!--', 'end', '-->']
    """
    before, found, rest = text.partition(start)
    _, end, after = rest.partition(END)
    if not found or not end:
        raise ValueError(f"text must hold {start} and then {END}. Received: {text[:40]!r} …")
    return f"{before}{start}\n\n{table}\n\n{end}{after}"
