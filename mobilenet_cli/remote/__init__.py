"""Files in object stores and on the web: listed, fetched ahead of the workers, and their failures explained."""
