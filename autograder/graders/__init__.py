"""One package per chapter, found by globbing, one file per exercise; see `cnnlab.autograder.judging.exercise`."""
