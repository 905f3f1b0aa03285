"""A network's outputs → records: top-k predictions, feature vectors, filters."""
