"""One grader per chapter, found by globbing; see `cnnlab.autograder.exercise`."""
