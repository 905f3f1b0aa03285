"""Labels as keywords in XMP sidecars, the files in which photo libraries keep metadata beside the photographs.

`packet` parses and serialises a sidecar, `properties` reads and edits its properties, `keywords` adds and removes
our keywords, and `files` finds and replaces the sidecar of an image.
"""
