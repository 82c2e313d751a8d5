"""Photographs, trained weights and histories, and how they are loaded."""
