"""What may be missing here: the package's extras, and TensorFlow, which a small install leaves out."""

from __future__ import annotations

import contextlib
import re
import shlex
import sys
from importlib.util import find_spec

from mobilenet_cli.errors import NoTensorFlowError, OutputError


def install_command(extra: str) -> str:
    """Return the command that installs one of the package's extras into the current environment.

    Without TensorFlow, it installs the extra's own packages: all of the package's would bring TensorFlow.
    """
    wanted = ["mobilenet-cli[" + extra + "]"]
    if not has_tensorflow():
        from importlib.metadata import PackageNotFoundError, requires

        with contextlib.suppress(PackageNotFoundError):
            listed = [line.partition(";") for line in requires("mobilenet-cli") or ()]
            marker = re.compile(rf"extra\s*==\s*['\"]{re.escape(extra)}['\"]")
            wanted = [package.strip() for package, _, condition in listed if marker.search(condition)] or wanted
    return f"{shlex.quote(sys.executable)} -m pip install {' '.join(map(shlex.quote, wanted))}"


def has_tensorflow() -> bool:
    """Return whether TensorFlow is installed. It is not imported."""
    return find_spec("tensorflow") is not None


def without_tensorflow(what: str, *, may_be_copied: bool = False) -> NoTensorFlowError:
    """Return the error that something needs TensorFlow, with the command that installs it and what goes with it.

    Args:
        what: What needs it, such as "training".
        may_be_copied: Whether it makes a model, which another machine can make instead.
    """
    command = f"{shlex.quote(sys.executable)} -m pip install mobilenet-cli"
    copying = "; or copy the model from a machine that has it: `mnclassify models export` there, `models import` here"
    return NoTensorFlowError(
        f"{what} needs TensorFlow, which is not installed: `{command}` installs it (2.5 GB)"
        f"{copying if may_be_copied else ''}"
    )


def check_pyarrow() -> None:
    """Raise an OutputError that gives the command to install pyarrow, if it is not installed."""
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError as error:
        raise OutputError(f"Parquet is written with pyarrow: {install_command('parquet')}") from error
