"""HTML pages, each a self-contained file that makes no requests."""
