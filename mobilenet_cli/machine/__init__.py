"""The machine and its system: cores, paths, the model store's folder, optional packages, native logs."""
