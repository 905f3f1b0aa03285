"""Downloading models from where they are published, in the TensorFlow process."""
