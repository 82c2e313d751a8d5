"""The course: chapter sources, NumPy ops, figures, demos, and the command line."""

from cnnlab.course import _moved

_moved.install()
