"""The limits within which models that somebody else made are built and checked: time, memory and no internet.

A child process takes them for good (`confine`). What it may not do then is left to the operating system, so that it
holds whatever a model makes TensorFlow or LiteRT do.
"""

from __future__ import annotations

import contextlib
import os
import sys
from dataclasses import dataclass

from mobilenet_cli.errors import InputError

VARIABLE = "MNCLASSIFY_MODEL_SECONDS"
"""The environment variable with another time limit in seconds, for both kinds of work."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What work on a model may use.

    Attributes:
        seconds: How long it may take.
        memory_share: Which part of this machine's memory, greater than 0 and at most 1.
    """

    seconds: float
    memory_share: float

    @property
    def time_limit(self) -> float:
        """The seconds that it may take: those that the user sets, or `seconds`.

        Raises:
            InputError: The user has set no number above 0.
        """
        text = os.environ.get(VARIABLE, "")
        try:
            seconds = float(text) if text else self.seconds
        except ValueError:
            seconds = 0.0
        if not seconds > 0:
            raise InputError(f"{VARIABLE} is a number of seconds above 0, not {text!r}")
        return min(seconds, 1e6)


CHECKING = Limits(seconds=25.0, memory_share=0.5)
"""For running a compiled file on a few images."""
BUILDING = Limits(seconds=900.0, memory_share=0.75)
"""For converting, compiling and rounding."""


def confine(limits: Limits) -> None:
    """In the child: take the memory limit and lose the internet, for good and in every thread.

    Where the operating system has no such limit (macOS has neither), it is left out.
    """
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        most = int(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") * limits.memory_share)
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        soft = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
    _without_internet()


# linux/seccomp.h, linux/filter.h, linux/audit.h, and the tables of system calls.
_NO_NEW_PRIVILEGES, _SET_FILTER, _IN_ALL_THREADS = 38, 1, 1
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | 13  # EACCES
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # where struct seccomp_data has them
_UNIX_DOMAIN = 1
_OF_X32 = 0x40000000
_IO_URING_SETUP = 425  # by which sockets could be opened too
_CALLS = {"x86_64": (0xC000003E, 317, 41), "aarch64": (0xC00000B7, 277, 198)}
"""For each kind of processor its audit architecture, and the numbers of seccomp(2) and socket(2)."""


def _without_internet() -> None:
    """Have the kernel refuse every new socket but those between processes of this machine."""
    import ctypes
    import platform
    import struct

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))

    if sys.platform != "linux" or (calls := _CALLS.get(platform.machine())) is None or struct.calcsize("P") != 8:
        return
    architecture, seccomp, socket = calls
    instructions = (
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 0, 6, architecture),  # a call of another table: refused
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 4, 0, _OF_X32),  # the same
        (_EQUAL, 3, 0, _IO_URING_SETUP),
        (_EQUAL, 0, 3, socket),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_EQUAL, 1, 0, _UNIX_DOMAIN),
        (_RETURN, 0, 0, _REFUSE),
        (_RETURN, 0, 0, _ALLOW),
    )
    code = b"".join(struct.pack("HBBI", *each) for each in instructions)
    program = Program(len(instructions), code)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) == 0:
        libc.syscall(seccomp, _SET_FILTER, _IN_ALL_THREADS, ctypes.byref(program))
