"""The exit codes of every command. docs/records.md and the help list them."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit code of a command. Scripts rely on these numbers, so none changes its meaning."""

    OK = 0
    """Every image was processed."""
    FAILED = 1
    """Some images failed, or none was found or matched."""
    USAGE = 2
    """The arguments are wrong."""
    NO_MODEL = 3
    """The model is unavailable or unfit."""
    NOT_WRITTEN = 4
    """The output or a sidecar cannot be written."""
    INTERNAL = 70
    """A bug (EX_SOFTWARE in sysexits.h)."""
    INTERRUPTED = 130
    """Ended by Ctrl-C: 128 + SIGINT, as shells report it. SIGTERM gives 143 and SIGHUP 129 in the same way."""
