"""What the graders of several chapters share."""
