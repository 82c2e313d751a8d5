"""Judging: probes, twists and recorded answers in; points, a diagnosis and a sentence out."""
