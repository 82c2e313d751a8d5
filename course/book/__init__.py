"""The course as a book: solved notebooks are run, prepared, and rendered by Sphinx with MyST-NB.

`execution` runs notebooks and keeps what they gave, `cells` says what a reader sees of each cell,
`terms` links terms to the glossary, `site` writes pages and lets Sphinx render them.
"""

from __future__ import annotations


class BookError(ValueError):
    """No book was made and nothing was replaced; the message says what to put right."""
