"""Finished functions of earlier chapters that a later chapter gives its learners, one file each.

A notebook imports them, so that no solution of an earlier exercise stands in it. The judge sends
their source along with a learner's code (`cnnlab.autograder.graders.shared.prelude`): so a file
here needs nothing but NumPy, or Keras.
"""
