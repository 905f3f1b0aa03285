"""The optional packages, and the command that installs them."""

from __future__ import annotations

import shlex
import sys


def install_command(extra: str) -> str:
    """Return the command that installs one of the package's extras into the environment that runs it."""
    return f"{shlex.quote(sys.executable)} -m pip install 'mobilenet-cli[{extra}]'"
