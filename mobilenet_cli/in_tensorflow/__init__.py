"""The TensorFlow process, and everything that runs in it."""
