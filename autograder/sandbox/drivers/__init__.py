"""How a learner's function is called where a plain call is not enough.

A driver, ``driver(function, args, kwargs, given) → tree``, runs in the worker, beside learner
code: it builds what the judge described (a Keras model, from its layers and a seed), calls the
learner's function, and returns the result as nested dicts, arrays and text. So a Keras model
crosses as its layers and its outputs for weights that the judge chose.

A driver does not judge: every number that earns points is compared outside. These
files also go inside the sandbox, so they know no expected value, need only the standard library
and NumPy, and import Keras in functions alone.
"""
