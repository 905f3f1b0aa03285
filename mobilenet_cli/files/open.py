"""Where records go: standard output, or a file that appears under its name only when it is complete.

Nothing is buffered: each record is handed to the system by the call that writes it. So a reader gets it as
soon as it is ready, and a killed run has lost none. (A write costs a few microseconds, an image a thousand.)
A kill or a full disk can leave at most one torn record, at the end of FILE.part.
"""

from __future__ import annotations

import io
import os
import re
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import BinaryIO

from mobilenet_cli.errors import OutputError
from mobilenet_cli.files.stream import OutputStream, explained
from mobilenet_cli.machine.native_logs import standard_descriptor
from mobilenet_cli.remote.urls import is_url
from mobilenet_cli.text import printable

# Opening these names again would truncate a file that the shell opened to append to.
_OPEN_ALREADY = re.compile(r"/dev/(?:(?P<name>stdout|stderr)|fd/(?P<number>\d+))|/proc/self/fd/(?P<proc>\d+)")


def open_output(
    path: str | None,
    *,
    overwrite: bool = False,
    resume: bool = False,
    resumable: bool = True,
    addable: bool = True,
) -> AbstractContextManager[BinaryIO]:
    """Open the place where records go.

    Each write() passes all of its bytes on before it returns. A file is written as FILE.part beside it and
    renamed when the block ends. If the block is left by an exception, FILE.part stays with what was written,
    or is removed if that is nothing. Devices, FIFOs and /dev/fd/N are written directly.

    Args:
        path: A file's name; None or "-" is standard output.
        overwrite: Replace FILE and FILE.part where they exist.
        resume: Keep them where they exist: the stream is a PartFile, for `resume.resume_run`.
        resumable: Whether the caller has a --resume, which an error may advise to give for FILE.part.
        addable: Whether it may do so for FILE.

    Raises:
        OutputError: On opening, writing or completing, with the reason: FILE or FILE.part exists, another run
            is writing it, its folder is missing, the disk is full.
        BrokenPipeError: On writing, where the reader of a pipe has left. It is no failure of the output.
    """
    if path is None or path == "-":
        return _standard_output()
    if is_url(path):
        raise OutputError(f"cannot write {printable(path)}: it goes to a file of this machine; copy that there")
    with explained(path):
        if path.endswith("/") or Path(path).is_dir():
            raise OutputError(f"cannot write {printable(path)}: it is a folder; give a file's name in it")
        match = _OPEN_ALREADY.fullmatch(path)
        direct = match or (Path(path).exists() and not Path(path).is_file())
        if direct and resume:
            raise OutputError(f"cannot resume {printable(path)}: it is not a regular file; leave --resume out")
        if match:
            number = {"stdout": 1, "stderr": 2}.get(match["name"]) or int(match["number"] or match["proc"])
            return OutputStream(os.dup(standard_descriptor(number)), path)
        if direct:
            return OutputStream(os.open(path, os.O_WRONLY), path)
    from mobilenet_cli.files.part_file import open_part

    return open_part(path, overwrite=overwrite, resume=resume, resumable=resumable, addable=addable)


def _standard_output() -> AbstractContextManager[BinaryIO]:
    if sys.stdout is None:
        raise OutputError("cannot write the results: standard output is closed; give a file with --output")
    sys.stdout.flush()
    try:
        descriptor = sys.stdout.fileno()
    except io.UnsupportedOperation:  # replaced by an object in memory, as test runners do
        return nullcontext(sys.stdout.buffer)
    return OutputStream(descriptor, "standard output", closefd=False)
