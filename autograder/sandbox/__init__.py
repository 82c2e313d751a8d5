"""Where learner code runs: the processes, their isolation, and what crosses between them."""
