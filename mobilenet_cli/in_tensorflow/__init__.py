"""What runs in the TensorFlow process, and the process itself."""
