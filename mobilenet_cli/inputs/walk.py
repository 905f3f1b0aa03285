"""Folders and patterns → Sources: in sorted order, with one folder's names at a time in memory.

Only folders are read here and only types are looked at; no image is opened, but for `Rules.any_ending`.
"""
# A path stays the string that was typed: a Path would rewrite "./a" and "a//b".
# ruff: noqa: PTH116, PTH118

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from mobilenet_cli.images.formats import HEAD_BYTES, IMAGE_ENDINGS, extra_missing_for, format_of
from mobilenet_cli.inputs.left_out import LeftOut
from mobilenet_cli.machine.paths import not_a_file
from mobilenet_cli.records import Source

Names = tuple[list[str], set[str], set[str]]
"""A folder's wanted names, sorted; which of them are folders; which are neither folder nor regular file."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Which files of a folder are wanted.

    Attributes:
        recursive: Whether the folders inside a folder are walked too.
        include_hidden: Whether names that begin with a dot are wanted.
        exclude: Shell patterns, case-sensitive, whose `*` matches "/" too. Without a "/" one is compared with
            the name alone; with a "/", with the path below the walked folder and with the path as shown.
            A "/" at the end makes it one for folders only. A folder that matches is not entered.
        any_ending: Whether the first bytes of a file say that it is an image where its name does not.
        left_out: Where files are counted that need an extra which is not installed. They are not wanted.
    """

    recursive: bool = True
    include_hidden: bool = False
    exclude: tuple[str, ...] = ()
    any_ending: bool = False
    left_out: LeftOut | None = None

    def lacks_extra(self, name: str) -> bool:
        """Whether a file of this name needs an extra that is not installed; if so, it is counted."""
        extra = extra_missing_for(name)
        if extra is not None and self.left_out is not None:
            self.left_out.add(extra)
        return extra is not None

    def leaves_out(self, path: str, *, below: str = "", is_folder: bool) -> bool:
        """Tell whether `exclude` matches `path`, which begins with `below`, the folder that is walked."""
        if not self.exclude:
            return False
        shown = path.rstrip("/").removeprefix("./")
        name = shown.rpartition("/")[2]
        for pattern in self.exclude:
            if pattern.endswith("/") and not is_folder:
                continue
            wanted = pattern.rstrip("/").removeprefix("./")
            if "/" not in wanted:
                # "." and ".." are not the folder's own name: ".*" is meant for the hidden files in it.
                if name not in {"", ".", ".."} and fnmatchcase(name, wanted):
                    return True
            elif _matches(shown, wanted) or _matches(path[len(below) :].rstrip("/"), wanted):
                return True
        return False


def _matches(path: str, pattern: str) -> bool:
    return fnmatchcase(path, pattern) or (pattern.startswith("**/") and fnmatchcase(path, pattern[3:]))


def file_source(path: str) -> Source | None:
    """Return the Source of what is at `path`, with an error if it is no regular file; None for a folder."""
    try:
        mode = os.stat(path).st_mode
    except (FileNotFoundError, NotADirectoryError, ValueError):  # ValueError: a NUL in the name
        dangling = os.path.lexists(path)
        return Source(path, error="a symbolic link that points nowhere" if dangling else "no such file or folder")
    except OSError as error:
        return Source(path, error=f"cannot be opened: {error.strerror}")
    return None if stat.S_ISDIR(mode) else Source(path, error=not_a_file(mode))


def scan(folder: str, wanted: Callable[[str, bool], bool]) -> Names:
    """List a folder ("" is the current one) with no stat per file.

    Args:
        folder: A path that ends in "/", or "".
        wanted: Called with each name and whether it is a folder (a link to a folder is none).

    Raises:
        OSError: The folder cannot be listed.
    """
    names: list[str] = []
    folders: set[str] = set()
    others: set[str] = set()
    with os.scandir(folder or ".") as entries:
        for entry in entries:
            is_folder = entry.is_dir(follow_symlinks=False)
            if not wanted(entry.name, is_folder):
                continue
            names.append(entry.name)
            if is_folder:
                folders.add(entry.name)
            elif not entry.is_file(follow_symlinks=False):
                others.add(entry.name)
    names.sort()
    return names, folders, others


def _begins_as_image(path: str) -> bool:
    """Whether a file's first bytes are those of an image."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # opening a FIFO may block for ever
            return False
        with open(path, "rb") as file:  # noqa: PTH123
            return format_of(file.read(HEAD_BYTES)) is not None
    except OSError:
        return False


def walk(folder: str, rules: Rules) -> Iterator[Source]:
    """Yield the images of a folder depth first, each folder's files and folders sorted together by name.

    So the order is that of the paths' sorted parts. Paths are shown as `find` shows them: what was typed, a
    "/", the rest ("./a.jpg" for "."). Links to files are followed; links to folders are not, since they may
    lead back up. Anything with an image's ending that cannot be a file (FIFO, device, broken link) and any
    folder that cannot be listed is a Source with an error.
    """
    root = os.path.join(folder, "")

    def wanted(name: str, is_folder: bool) -> bool:
        if name.startswith(".") and not rules.include_hidden:
            return False
        return rules.recursive if is_folder else rules.any_ending or name.lower().endswith(IMAGE_ENDINGS)

    def entries(prefix: str) -> Iterator[Source | str]:
        try:
            names, folders, others = scan(prefix, wanted)
        except OSError as error:
            shown = folder if prefix == root else prefix.rstrip("/")
            yield Source(shown, error=f"cannot list this folder: {error.strerror}")
            return
        for name in names:
            path = prefix + name
            if rules.leaves_out(path, below=root, is_folder=name in folders):
                continue
            if name in folders:
                yield path + "/"
            elif rules.lacks_extra(name) or not (name.lower().endswith(IMAGE_ENDINGS) or _begins_as_image(path)):
                continue
            elif name not in others:
                yield Source(path)
            elif source := file_source(path):
                yield source

    # A stack of our own: a tree may be deeper than Python's recursion goes.
    stack = [entries(root)]
    while stack:
        entry = next(stack[-1], None)
        if entry is None:
            stack.pop()
        elif isinstance(entry, str):
            stack.append(entries(entry))
        else:
            yield entry
