"""The chapters: the only hand-written source of each; `cnnlab build` makes the notebooks."""
