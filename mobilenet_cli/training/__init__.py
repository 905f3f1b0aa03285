"""Teaching a network the classes of the user's images."""
