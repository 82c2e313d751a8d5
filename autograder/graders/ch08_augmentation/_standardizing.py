"""What chapter 8's two exercises on standardizing share."""

from __future__ import annotations

EVERYTHING = (0, 1, 2)

PER_IMAGE = "Every picture gets numbers of its own. A dark photograph and a bright one then look alike: brightness is information, too. Which axes does one channel's mean run over?"

WRAPS = (
    "Bytes go from 0 to 255 and then begin again: 16² is 0 in uint8, and 10 − 20 is 246. Turn "
    "them into floats before you compute."
)
