"""The journal in the destination: one run at a time writes there what it is about to do, and what it has done."""
# A path stays the string that was typed, and may hold bytes that are no text.
# ruff: noqa: PTH102, PTH104, PTH106, PTH108, PTH112, PTH116, PTH118, PTH120, PTH208

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from mobilenet_cli.errors import InputError, OutputError
from mobilenet_cli.sorting.history import VERSION, History, Unit
from mobilenet_cli.text import printable

NAME = ".mnclassify-sort.jsonl"


class Journal:
    """An open and locked journal.

    Attributes:
        into: The destination, absolute and without symbolic links.
        history: What the journal says.
    """

    def __init__(self, into: str, descriptor: int, *, made: bool) -> None:
        """Read the journal; where it is new, begin it.

        Args:
            into: The destination, which may get its name later.
            descriptor: The journal, open for reading and writing, and locked.
            made: Whether the destination was made for a new journal.

        Raises:
            OutputError: It is damaged.
            OSError: It cannot be read or written.
        """
        self.into = into
        self._descriptor = descriptor
        self.history = _read(into, descriptor, cut=True)
        if not os.fstat(descriptor).st_size:
            self._append({"sort": VERSION, "made": made}, durable=True)

    def folder(self, name: str) -> None:
        """Write down that a folder of this name is about to be made."""
        self._append({"folder": name})

    def begin(self, unit: Unit) -> None:
        """Write down what is about to be done; on the disk before this returns, where a file is to be moved."""
        self._append(unit.line(), durable=any(deed.how == "move" for deed in unit.deeds))

    def finish(self, unit: Unit, digests: Sequence[str]) -> None:
        """Write down that a unit is done, with what `perform` returned for each deed."""
        self._append({"done": unit.number, "digests": list(digests)})

    def undone(self, unit: Unit) -> None:
        """Write down that a unit was put back."""
        self._append({"undone": unit.number})

    def undoing(self, begins: bool) -> None:
        """Write down that all is about to be put back, or that this has ended."""
        self._append({"undoing": begins}, durable=True)

    def _append(self, line: dict[str, Any], *, durable: bool = False) -> None:
        data = memoryview(json.dumps(line).encode() + b"\n")
        with _explained(self.into):
            before = os.fstat(self._descriptor).st_size
            try:
                while data:
                    data = data[os.write(self._descriptor, data) :]
            except OSError:  # a full disk: the next line must not follow half of this one
                os.ftruncate(self._descriptor, before)
                raise
            if durable:
                os.fsync(self._descriptor)
        self.history.add(line)

    def remove(self) -> None:
        """Remove the journal and, if it was made for it and holds nothing else, the destination."""
        with _explained(self.into):
            if not self.history.made or os.listdir(self.into) != [NAME]:
                os.unlink(os.path.join(self.into, NAME))
                return
            # In one step, so that no kill leaves an empty folder which nobody knows to be ours.
            os.rename(self.into, _aside(self.into))
            _empty_aside(self.into)


@contextmanager
def open_journal(into: str, *, create: bool) -> Iterator[Journal]:
    """Open the journal of the destination `into`, with a lock that the system lifts when this process ends.

    Args:
        into: The destination. It may not exist; the folder that it is in does.
        create: Whether to make the destination and the journal where they are missing.

    Raises:
        InputError: There is no journal, and none is to be made; or the destination cannot be a folder.
        OutputError: Another run has it; it is damaged; it cannot be written.
    """
    into = os.path.realpath(into)
    with _explained(into):
        descriptor, made = _open(into, create)
    try:
        with _explained(into):
            journal = Journal(into, descriptor, made=made)
            if made:
                os.rename(_aside(into), into)
        yield journal
    finally:
        os.close(descriptor)


@contextmanager
def _explained(into: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(f"cannot write to {printable(into)}: {error.strerror or error}") from error


def finish_removal(into: str) -> bool:
    """Remove what an undo of the destination `into` left that was killed at its last step; return whether there was.

    Raises:
        OutputError: It cannot be removed, or another run is at work there.
    """
    into = os.path.realpath(into)
    with _explained(into):
        return not os.path.lexists(into) and _remove_aside(into)


def read_history(into: str) -> History:
    """Return what the journal of the destination `into` says now, with no lock; an empty one where there is none.

    Raises:
        OutputError: It cannot be read, or is damaged.
    """
    try:
        descriptor = os.open(os.path.join(into, NAME), os.O_RDONLY)
    except (FileNotFoundError, NotADirectoryError):
        return History()
    except OSError as error:
        raise OutputError(f"cannot read the journal in {printable(into)}: {error.strerror}") from error
    try:
        return _read(into, descriptor, cut=False)
    finally:
        os.close(descriptor)


def _open(into: str, create: bool) -> tuple[int, bool]:
    """Return the locked journal, and whether its folder is still aside."""
    path = os.path.join(into, NAME)
    if os.path.isdir(into):
        _remove_aside(into)
        if create or os.path.lexists(path):
            return _locked(path, into), False
    elif os.path.lexists(into):
        raise InputError(f"{printable(into)} is no folder")
    elif create and not os.path.isdir(os.path.dirname(into)):
        raise InputError(f"there is no folder {printable(os.path.dirname(into))} to make {printable(into)} in")
    elif create:
        with contextlib.suppress(FileExistsError):
            os.mkdir(_aside(into))
        return _locked(os.path.join(_aside(into), NAME), into), True
    raise InputError(f"nothing to undo: {printable(into)} has no journal of `mnclassify sort`")


def _aside(into: str) -> str:
    """Return where the destination is put together and taken apart: it appears and goes with its journal."""
    folder, name = os.path.split(into)
    return os.path.join(folder, f".{name}.mnclassify-sort")


def _remove_aside(into: str) -> bool:
    """Remove what a kill left aside, a folder with a journal of nothing; return whether there was one."""
    if not os.path.isdir(_aside(into)):
        return False
    descriptor = _locked(os.path.join(_aside(into), NAME), into)
    try:
        _empty_aside(into)
    finally:
        os.close(descriptor)
    return True


def _empty_aside(into: str) -> None:
    os.unlink(os.path.join(_aside(into), NAME))
    with contextlib.suppress(OSError):  # another's file is in it
        os.rmdir(_aside(into))


def _locked(path: str, into: str) -> int:
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise OutputError(f"another run is sorting into {printable(into)}; wait for it to end") from None
        except OSError:  # a file system without locks
            return descriptor
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(descriptor), os.stat(path)):
                return descriptor
        os.close(descriptor)  # an undo removed it after this run opened it


def _read(into: str, descriptor: int, *, cut: bool) -> History:
    with open(descriptor, "rb", closefd=False) as file:
        content = file.read()
    # What a kill left of the last line was never acted upon.
    end = content.rfind(b"\n") + 1
    if cut and end < len(content):
        os.ftruncate(descriptor, end)
    try:
        return History.read(content[:end].splitlines())
    except ValueError as error:
        raise OutputError(f"the journal in {printable(into)} cannot be used: {error}") from error
