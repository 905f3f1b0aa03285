"""The benchmarks behind docs/speed.md's figures: mnclassify and its alternatives on the same files in one run.

`python -m benchmarks --help` lists the options. docs/speed.md has the results.
"""
