"""Labels as keywords in XMP sidecars, the files beside photographs in which photo libraries keep what they know.

`packet` is a sidecar as a tree, `properties` finds and edits what is in it, `keywords` knows which keywords are
ours, and `files` knows which file is whose.
"""
