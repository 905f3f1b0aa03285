"""Installing the package's optional dependencies."""

from __future__ import annotations

import shlex
import sys


def install_command(extra: str) -> str:
    """Return the command that installs one of the package's extras into the current environment."""
    return f"{shlex.quote(sys.executable)} -m pip install 'mobilenet-cli[{extra}]'"
