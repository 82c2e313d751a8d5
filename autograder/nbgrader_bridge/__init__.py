"""nbgrader's autograding, by our judge.

``nbgrader autograde`` goes on as ever: it sanitizes a notebook, reads the grades from the outputs
of the grade cells, and keeps its database, formgrader and feedback. `GradingExporter` takes the
place of the exporter that nbgrader hands each notebook to. It repairs what nbgrader stumbles over
(`repair`), and where nbgrader would execute the notebook, `Judge` fills in the outputs.

``nbgrader_config.json`` in this folder names the exporter. It is installed where nbgrader looks
for settings of an environment, so that installing the package is enough.
"""

from cnnlab.autograder.nbgrader_bridge.exporter import GradingExporter
from cnnlab.autograder.nbgrader_bridge.gradebook import JudgeError
from cnnlab.autograder.nbgrader_bridge.judge import Judge

__all__ = ["GradingExporter", "Judge", "JudgeError"]
