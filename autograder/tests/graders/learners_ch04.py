"""What the tests of chapter 4's graders share: the chapter with every exercise solved."""

from __future__ import annotations

from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.quality.proof import judge_function

CHAPTER = "ch04_network"


def judged(name, function):
    return judge_function(recorded(CHAPTER)[name], function)
