"""What maintainers run: the twist proof and the mutation score."""
