"""What README's figures come from: mnclassify beside what people would use instead, on the same files in one run.

`python -m benchmarks --help` tells the options; docs/speed.md, what came of it.
"""
