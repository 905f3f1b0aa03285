"""An archive that is read: which of its members are wanted, and what its Sources look like."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mobilenet_cli.errors import ImageError, MnclassifyError
from mobilenet_cli.images.formats import HEAD_BYTES, IMAGE_ENDINGS, format_of
from mobilenet_cli.inputs.archives import is_archive
from mobilenet_cli.inputs.flat_folder import FlatFolder
from mobilenet_cli.inputs.walk import Rules
from mobilenet_cli.records import Source
from mobilenet_cli.remote.pieces import MAX_BYTES
from mobilenet_cli.remote.urls import is_url
from mobilenet_cli.text import counted

MAX_MEMBERS = 10_000_000
"""Members of an archive that are looked at: what has more is no collection of images but a trap."""
_LONGEST_NAME = 4096
"""Bytes, about, of a member's name: the longest path of a file."""
TOO_LARGE = f"too large: the limit is {MAX_BYTES >> 20} MiB"
CUT_OFF = "the archive is cut off within it"


class ArchiveError(MnclassifyError):
    """An archive cannot be read, or not to its end. The message is one line for its record."""


@contextmanager
def explained() -> Iterator[None]:
    """Turn what opening or reading a file raises into an ArchiveError."""
    try:
        yield
    except ImageError as error:  # of what it is fetched from
        raise ArchiveError(str(error)) from error
    except OSError as error:
        raise ArchiveError(f"cannot be read: {error.strerror or error}") from error


class Archive:
    """An archive's name, and the rules for its members.

    Attributes:
        path: Its path or URL.
        is_remote: Whether that is a URL.
        rules: Which of its members are wanted.
    """

    def __init__(self, path: str, rules: Rules) -> None:
        self.path, self.rules = path, rules
        self.is_remote = is_url(path)
        self._root = f"{path}/"
        self._folder = FlatFolder(self._root, rules)
        self._members = 0

    def failure(self, reason: str) -> Source:
        """Return the Source that stands for the archive where it cannot be read."""
        return Source(self.path, error=reason, archive=self.path)

    def member(self, name: str, size: int, problem: str | None = None) -> Source | None:
        """Return the Source of a member, without its content; None if it is no image or the rules leave it out.

        Args:
            name: The name that the archive has for it. "./" and "/" before it mean nothing, as when it is unpacked.
            size: Its size in bytes, unpacked.
            problem: Why it cannot be read, if that is known: then it is a Source with an error.

        Raises:
            ArchiveError: The archive has more members than MAX_MEMBERS.
        """
        self._members += 1
        if self._members > MAX_MEMBERS:
            raise ArchiveError(f"it has more than {counted(MAX_MEMBERS, 'member')}: the others are left out")
        while name.startswith(("/", "./")):
            name = name.lstrip("/").removeprefix("./")
        if (trick := _trick(name)) is not None:
            shown = name if len(name) <= _LONGEST_NAME else f"{name[:200]}…{name[-10:]}"
            return Source(self._root + shown, error=trick, archive=self.path) if _is_image(name) else None
        path = self._root + name
        if is_archive(name):
            problem = "an archive in an archive, which is not opened: unpack it"
        if not (self._folder.has(path) if _is_image(name) else self._may_be_image(name) and self._folder.admits(path)):
            return None
        if problem is None and size > MAX_BYTES:
            problem = TOO_LARGE
        return Source(path, error=problem, archive=self.path)

    def takes_by_content(self, name: str) -> bool:
        """Return whether a member of this name is an image only if it `begins_as_image`."""
        return self.rules.any_ending and not _is_image(name) and not is_archive(name)

    def _may_be_image(self, name: str) -> bool:
        return self.rules.any_ending or is_archive(name)

    @contextmanager
    def opened(self) -> Iterator[io.BufferedReader[Any]]:
        """Open the file, to be read from its beginning to its end.

        Raises:
            ArchiveError: It cannot be opened, or reading it in the block fails.
        """
        with explained():
            if self.is_remote:
                from mobilenet_cli.remote.stream import RemoteStream

                stream: io.BufferedReader[Any] = io.BufferedReader(RemoteStream(self.path), 1 << 20)
            else:
                stream = open(self.path, "rb")  # noqa: PTH123, SIM115
            with stream:
                yield stream

    def with_random_access(self) -> io.RawIOBase:
        """Open the file, to be read anywhere.

        Raises:
            ImageError, OSError: It cannot be opened; of a URL, an ImageError.
        """
        if self.is_remote:
            from mobilenet_cli.remote.random_access import RemoteFile

            return RemoteFile(self.path)
        return io.FileIO(self.path)


def _is_image(name: str) -> bool:
    return name.lower().endswith(IMAGE_ENDINGS)


def _trick(name: str) -> str | None:
    """Return why a member's name is refused."""
    if len(name) > _LONGEST_NAME:
        return "its name is too long"
    return "its name leads out of the archive" if ".." in name.split("/") else None


def begins_as_image(data: bytes) -> bool:
    """Return whether the first bytes of a member are those of an image."""
    return format_of(data[:HEAD_BYTES]) is not None


def damage(error: BaseException) -> str:
    """Return why something is damaged, as a library says it, on one line."""
    words = " ".join(str(error).split()) or type(error).__name__
    return "".join(letter if letter.isprintable() else "?" for letter in words)[:120]
