"""Pages that people look at: each one self-contained file, which asks no network for anything."""
