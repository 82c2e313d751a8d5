"""nbgrader's configuration: solutions/ is the source, release/ (never exercises/) the release."""

import os

ROOT = os.path.dirname(os.path.abspath(__file__))

c = get_config()  # noqa: F821 (nbgrader puts it there)
c.CourseDirectory.root = ROOT
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "release"
c.CourseDirectory.submitted_directory = "submitted"
c.CourseDirectory.autograded_directory = "autograded"
c.CourseDirectory.feedback_directory = "feedback"
c.CourseDirectory.db_url = "sqlite:///" + os.path.join(ROOT, "gradebook.db")
c.CourseDirectory.ignore = [
    ".ipynb_checkpoints",
    "*.pyc",
    "__pycache__",
    "feedback",
    ".released.json",
]
