"""Names → Sources: files, folders, patterns, lists, tables, URLs and standard input."""
