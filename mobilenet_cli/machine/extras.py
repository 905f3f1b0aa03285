"""Installing the package's optional dependencies."""

from __future__ import annotations

import shlex
import sys

from mobilenet_cli.errors import OutputError


def install_command(extra: str) -> str:
    """Return the command that installs one of the package's extras into the current environment."""
    return f"{shlex.quote(sys.executable)} -m pip install 'mobilenet-cli[{extra}]'"


def check_pyarrow() -> None:
    """Raise an OutputError that gives the command to install pyarrow, if it is not installed."""
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError as error:
        raise OutputError(f"Parquet is written with pyarrow: {install_command('parquet')}") from error
