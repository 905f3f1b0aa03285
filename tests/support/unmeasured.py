"""The environment of processes that a test kills or interrupts: what they run is not measured.

A process that is killed writes no measurement. One that is interrupted can stop for ever: where Ctrl-C arrives while
coverage notes a new file, its lock is never released, and the next line waits for it.
"""

from __future__ import annotations

import os


def unmeasured(**variables: str) -> dict[str, str]:
    """Return this process's environment with some other variables and without coverage."""
    environment = os.environ | variables
    environment.pop("COVERAGE_PROCESS_CONFIG", None)
    return environment
