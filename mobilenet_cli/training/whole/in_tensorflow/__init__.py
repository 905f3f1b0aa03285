"""Training a whole network: the modules that run in the TensorFlow process, and only there."""
