"""Pictures inside of pages, made a tenth as large: WebP in place of PNG."""

from __future__ import annotations

import base64
import io
import re

from PIL import Image

QUALITY = 90
SMALL = 4_000
"""Up to so many letters a picture stays as it is."""
_PNG = re.compile(r"data:image/png;base64,(?P<data>[A-Za-z0-9+/=]+)")


def lighter(html: str) -> str:
    """A page's text in which every larger PNG has become a WebP, if that is smaller.

    Drawings stay as they are to the pixel; photographs lose what nobody sees.
    """
    return _PNG.sub(_as_webp, html)


def _as_webp(found: re.Match[str]) -> str:
    old = found["data"]
    if len(old) <= SMALL:
        return found[0]
    picture = Image.open(io.BytesIO(base64.b64decode(old)))
    exact, near = io.BytesIO(), io.BytesIO()
    picture.save(exact, "WEBP", lossless=True, method=2)
    picture.save(near, "WEBP", quality=QUALITY)
    new = base64.b64encode(min(exact.getvalue(), near.getvalue(), key=len)).decode("ascii")
    return f"data:image/webp;base64,{new}" if len(new) < len(old) else found[0]
