"""Training a whole network: what runs in the TensorFlow process, and nowhere else."""
