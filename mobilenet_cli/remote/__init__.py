"""Sources in object stores and on the web: how they are found, fetched ahead of the workers, and explained."""
