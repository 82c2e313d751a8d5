"""``python -m cnnlab.course.cli``."""

from cnnlab.course.cli import app

app()
