"""The machine and the system: cores, paths, the home folder, optional packages, native logs."""
