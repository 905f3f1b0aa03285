"""Models: where they come from, their form, and the store that keeps them."""

AUTO = "auto"
"""The name that stands for the main model or, where that is unavailable, for the embedded one."""

STORES_OWN = ("hub-", "local-")
"""How the names begin that the store gives to models that are not known by a name."""
