"""A new head on frozen features."""
