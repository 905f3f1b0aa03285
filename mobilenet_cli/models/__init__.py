"""What models are, where they come from and where they live."""

AUTO = "auto"
"""The name that stands for the main model or, where that is unavailable, for the embedded one."""
