"""nbgrader's configuration: solutions/ is the source, release/ (never exercises/) the release."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent

c = get_config()
c.CourseDirectory.root = str(ROOT)
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "release"
c.CourseDirectory.submitted_directory = "submitted"
c.CourseDirectory.autograded_directory = "autograded"
c.CourseDirectory.feedback_directory = "feedback"
c.CourseDirectory.db_url = f"sqlite:///{ROOT / 'gradebook.db'}"
c.CourseDirectory.ignore = [
    ".ipynb_checkpoints",
    "*.pyc",
    "__pycache__",
    "feedback",
    ".released.json",
]
c.Autograde.exporter_class = "cnnlab.autograder.nbgrader_bridge.GradingExporter"
