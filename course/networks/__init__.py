"""The networks of the course, and what chapters do with trained ones."""
