"""The TensorFlow process, and everything that runs in it."""

LABELS = "labels.txt"
"""The name of the file of labels, one a line, beside or in a model."""
