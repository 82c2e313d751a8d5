"""What a person sees of a result: cards, tables of numbers, text."""
