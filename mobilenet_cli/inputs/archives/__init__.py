"""Archives: files whose members are images. KINDS is the one table of their kinds.

Nothing is unpacked to the disk. In a file of this machine, the members of a `.zip` and of a `.tar` are read where they
lie, by the workers. What is compressed as a whole, Parquet, and every archive at a URL is read once, in order, as the
Sources are iterated, which then come with their data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

from mobilenet_cli.errors import InputError
from mobilenet_cli.machine.extras import install_command
from mobilenet_cli.records import Source
from mobilenet_cli.remote.urls import is_url, is_web

if TYPE_CHECKING:
    from mobilenet_cli.inputs.archives.archive import Archive
    from mobilenet_cli.inputs.walk import Rules

STREAMED = "an archive that can only be read from its beginning to its end, once: unpack it"
"""The error of an archive whose members would have to be read again, or later."""


@dataclass(frozen=True, slots=True)
class ArchiveKind:
    """A kind of archive.

    Attributes:
        endings: What names of its files end in, lower case and with the dot.
        module: The module here that reads it, by its function `sources`: called with the Archive, it yields the
            Sources in it, and may raise an ArchiveError.
        in_place: Whether the members are read where they lie, in a file of this machine.
        library: The module of the extra "parquet" that it needs, if it does.
    """

    endings: tuple[str, ...]
    module: str
    in_place: bool = False
    library: str | None = None

    def check_installed(self) -> None:
        """Check that what reads this kind is installed.

        Raises:
            InputError: It is not; with the command that installs it.
        """
        if self.library is not None and find_spec(self.library) is None:
            raise InputError(f"{self.endings[0]} files need an extra: {install_command('parquet')}")


ZSTD = ArchiveKind((".tar.zst", ".tzst"), "tars", library="pyarrow")
KINDS = (
    ArchiveKind((".zip",), "zips", in_place=True),
    ArchiveKind((".tar",), "tars", in_place=True),
    ArchiveKind((".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz"), "tars"),
    ZSTD,
    ArchiveKind((".parquet",), "tables", library="pyarrow"),
)


def kind_of(path: str) -> ArchiveKind | None:
    """Return the kind that the ending of a path or URL means; None where it is no archive's."""
    lower = (path.partition("?")[0].partition("#")[0] if is_web(path) else path).lower()
    for kind in KINDS:
        if lower.endswith(kind.endings):
            return kind
    return None


def is_archive(path: str) -> bool:
    """Return whether a path or URL is an archive's, by its ending."""
    return kind_of(path) is not None


def is_table(path: str) -> bool:
    """Return whether a path or URL is that of a Parquet table, by its ending."""
    kind = kind_of(path)
    return kind is not None and kind.module == "tables"


def is_counted_fast(path: str) -> bool:
    """Return whether the images in an archive can be counted without reading them."""
    kind = kind_of(path)
    return kind is not None and kind.in_place and not is_url(path)


def check_installed(path: str) -> None:
    """Check that what reads a path is installed, if it is an archive's. Raises as ArchiveKind.check_installed does."""
    if (kind := kind_of(path)) is not None:
        kind.check_installed()


def find_in_archive(path: str, rules: Rules) -> Iterator[Source]:
    """Yield the images in an archive, in the order of the file, by the rules of a folder.

    Their paths are the archive's, "/" and the member's name, or for the rows of Parquet "#" and a number from 0. What
    cannot be read of it is a Source with an error; nothing is raised.

    Args:
        path: The archive's path or URL. Its ending says what kind it is.
        rules: Which members are wanted. Where they are `in_place` only, an archive that can only be streamed is a
            Source with the error STREAMED. Where they are `whole`, the archive is one Source, with a WholeArchive.
    """
    from mobilenet_cli.inputs.archives.archive import Archive, ArchiveError

    kind = kind_of(path)
    if kind is None:
        raise ValueError(path)
    archive = Archive(path, rules)
    try:
        check_installed(path)
        if rules.archives == "whole":
            from mobilenet_cli.inputs.archives.whole import WholeArchive

            yield Source(path, content=WholeArchive.of(path, rules), archive=path)
            return
        if rules.archives == "in_place" and not (kind.in_place and not archive.is_remote):
            raise ArchiveError(STREAMED)
        sources: Callable[[Archive], Iterator[Source]] = import_module(f"{__name__}.{kind.module}").sources
        yield from sources(archive)
    except (ArchiveError, InputError) as error:
        yield archive.failure(str(error))
