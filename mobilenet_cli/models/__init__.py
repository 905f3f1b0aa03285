"""What models are, where they come from and where they live."""
