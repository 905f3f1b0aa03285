"""Teaching a network new classes."""
