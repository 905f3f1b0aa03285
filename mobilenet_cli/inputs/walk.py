"""A folder → the Sources in it, in sorted order, with the names of one path of folders at a time in memory.

Only folders are read, and only the types of their entries: no image is opened, except for `Rules.any_ending`.
"""
# Paths stay the strings that were typed: a Path would rewrite "./a" and "a//b".
# ruff: noqa: PTH116, PTH118

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Literal, NamedTuple

from mobilenet_cli.images.formats import HEAD_BYTES, IMAGE_ENDINGS, extra_missing_for, format_of
from mobilenet_cli.inputs.archives import is_archive
from mobilenet_cli.inputs.left_out import LeftOut
from mobilenet_cli.machine.paths import not_a_file
from mobilenet_cli.records import Source

if TYPE_CHECKING:
    from mobilenet_cli.inputs.depth_first import Subtree

_OTHER_PROGRAMS = {"@eadir", "#recycle", "$recycle.bin", ".thumbnails", "lost+found", "__macosx"}
"""Folders, in lower case, that programs keep for themselves: thumbnails, deleted files, resource forks."""
_NO_MEDIA = ".nomedia"
"""A file that asks programs to show nothing of its folder."""


ArchiveUse = Literal["any", "in_place", "whole", "none"]


@dataclass(frozen=True, slots=True)
class Rules:
    """Which files in a folder are wanted.

    Attributes:
        recursive: Whether to walk the folders inside a folder.
        include_hidden: Whether to include names that begin with a dot, the folders that other programs keep for
            themselves (`@eaDir`, `#recycle`, `$RECYCLE.BIN`, `lost+found`, `__MACOSX`, in any case), and folders
            that contain a file `.nomedia`.
        exclude: Shell patterns, case-sensitive, whose `*` also matches "/". A pattern without "/" is compared with
            the name alone; one with "/", with the path below the walked folder and with the path as shown. A
            trailing "/" makes it match folders only. A folder that matches is not entered.
        any_ending: Whether to include files whose first bytes are those of an image, whatever their names.
        left_out: Counts the files that need an extra which is not installed, archives, and files of other types. They
            are not wanted.
        archives: Whether an archive that is named stands for the images in it: "any"; "in_place", if they can be read
            again, and in any order; "whole", but as one Source, which is opened later; or "none", it is a file like
            any other.
        column: The column of a Parquet table that has the images; None for the one that its type or name shows.
    """

    recursive: bool = True
    include_hidden: bool = False
    exclude: tuple[str, ...] = ()
    any_ending: bool = False
    left_out: LeftOut | None = None
    archives: ArchiveUse = "any"
    column: str | None = None

    def opens(self, path: str) -> bool:
        """Return whether a path or URL that was named stands for the images in it, since it is an archive's."""
        return self.archives != "none" and is_archive(path)

    def passes_by(self, name: str) -> bool:
        """Return whether a file of a folder is an archive; if so, it is counted."""
        found = self.opens(name)
        if found and self.left_out is not None:
            self.left_out.add_archive()
        return found

    def lacks_extra(self, name: str) -> bool:
        """Return whether a file of this name needs an extra that is not installed; if so, it is counted."""
        extra = extra_missing_for(name)
        if extra is not None and self.left_out is not None:
            self.left_out.add(extra)
        return extra is not None

    def hides(self, name: str, *, is_folder: bool) -> bool:
        """Return whether a name is hidden: it begins with a dot, or its folder belongs to another program."""
        return not self.include_hidden and is_hidden(name, is_folder=is_folder)

    def hides_content(self, folder: str) -> bool:
        """Return whether the folder at this path, which ends in "/", contains a file that asks for it."""
        return not self.include_hidden and os.path.lexists(folder + _NO_MEDIA)

    def leaves_out(self, path: str, *, below: str = "", is_folder: bool) -> bool:
        """Return whether `exclude` matches `path`, which begins with `below`, the walked folder."""
        if not self.exclude:
            return False
        shown = path.rstrip("/").removeprefix("./")
        name = shown.rpartition("/")[2]
        for pattern in self.exclude:
            if pattern.endswith("/") and not is_folder:
                continue
            wanted = pattern.rstrip("/").removeprefix("./")
            if "/" not in wanted:
                # "." and ".." are not names: ".*" is meant for hidden files, not for the folder they are in.
                if name not in {"", ".", ".."} and fnmatchcase(name, wanted):
                    return True
            elif _matches(shown, wanted) or _matches(path[len(below) :].rstrip("/"), wanted):
                return True
        return False


def is_hidden(name: str, *, is_folder: bool) -> bool:
    """Return whether a name begins with a dot, or is that of a folder that a program keeps for itself."""
    return name.startswith(".") or (is_folder and name.lower() in _OTHER_PROGRAMS)


def _matches(path: str, pattern: str) -> bool:
    return fnmatchcase(path, pattern) or (pattern.startswith("**/") and fnmatchcase(path, pattern[3:]))


def file_source(path: str) -> Source | None:
    """Return a Source for `path`, with an error if it is not a regular file; None for a folder."""
    try:
        mode = os.stat(path).st_mode
    except (FileNotFoundError, NotADirectoryError, ValueError):  # ValueError: a NUL in the name
        dangling = os.path.lexists(path)
        return Source(path, error="a symbolic link that points nowhere" if dangling else "no such file or folder")
    except OSError as error:
        return Source(path, error=f"cannot be opened: {error.strerror}")
    return None if stat.S_ISDIR(mode) else Source(path, error=not_a_file(mode))


class FolderListing(NamedTuple):
    """The wanted names in a folder.

    Attributes:
        names: All of them, sorted.
        folders: Those of folders. A link to a folder is not one.
        others: Those of neither folders nor regular files: links, FIFOs, devices.
    """

    names: list[str]
    folders: set[str]
    others: set[str]


def scan(folder: str, wanted: Callable[[str, bool], bool]) -> FolderListing:
    """List a folder without a stat call per file.

    Args:
        folder: A path that ends in "/", or "" for the current folder.
        wanted: Called with each name and whether it is a folder (a link to a folder is not).

    Raises:
        OSError: The folder cannot be listed.
    """
    listing = FolderListing([], set(), set())
    with os.scandir(folder or ".") as entries:
        for entry in entries:
            is_folder = entry.is_dir(follow_symlinks=False)
            if not wanted(entry.name, is_folder):
                continue
            listing.names.append(entry.name)
            if is_folder:
                listing.folders.add(entry.name)
            elif not entry.is_file(follow_symlinks=False):
                listing.others.add(entry.name)
    listing.names.sort()
    return listing


def _begins_as_image(path: str) -> bool:
    """Return whether a file begins as an image does."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # opening a FIFO may block for ever
            return False
        with open(path, "rb") as file:  # noqa: PTH123
            return format_of(file.read(HEAD_BYTES)) is not None
    except OSError:
        return False


def walk(folder: str, rules: Rules) -> Iterator[Source]:
    """Yield the images in a folder depth first, with the files and folders of each folder sorted together by name.

    The order is therefore that of the paths' sorted parts. Paths are shown as `find` shows them: the folder as
    typed, "/", and the rest ("./a.jpg" for "."). The folder itself may be hidden. Links to files are followed;
    links to folders are not, since they may lead back up. A name with an image's ending that cannot be a file (a
    FIFO, a device, a broken link) and a folder that cannot be listed are Sources with an error.
    """
    from mobilenet_cli.inputs.depth_first import Subtree, depth_first

    root = os.path.join(folder, "")
    others: list[str] = []  # names in the folder that is being listed

    def wanted(name: str, is_folder: bool) -> bool:
        if rules.hides(name, is_folder=is_folder):
            return False
        if is_folder:
            return rules.recursive
        if rules.any_ending or name.lower().endswith(IMAGE_ENDINGS) or rules.opens(name):
            return True
        others.append(name)
        return False

    def count_others(prefix: str) -> None:
        if rules.left_out is not None:
            for name in others:
                if not rules.leaves_out(prefix + name, below=root, is_folder=False):
                    rules.left_out.add_other(name)
        others.clear()

    def visit(prefix: str) -> Iterator[Source | Subtree[str]]:
        try:
            listing = scan(prefix, wanted)
        except OSError as error:
            shown = folder if prefix == root else prefix.rstrip("/")
            yield Source(shown, error=f"cannot list this folder: {error.strerror}")
            return
        count_others(prefix)
        for name in listing.names:
            path = prefix + name
            is_folder = name in listing.folders
            if rules.leaves_out(path, below=root, is_folder=is_folder):
                continue
            if is_folder:
                if not rules.hides_content(path + "/"):
                    yield Subtree(path + "/")
            elif rules.passes_by(name) or rules.lacks_extra(name):
                continue
            elif not (name.lower().endswith(IMAGE_ENDINGS) or _begins_as_image(path)):
                if rules.left_out is not None:
                    rules.left_out.add_other(name)
            elif name not in listing.others:
                yield Source(path)
            elif source := file_source(path):
                yield source

    return depth_first(root, visit)
