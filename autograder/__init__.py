"""The course: chapter sources, NumPy ops, figures, demos, and the command line."""
