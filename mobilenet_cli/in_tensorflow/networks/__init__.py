"""Network architectures, and the published weights that are loaded into them."""
