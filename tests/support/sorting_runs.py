"""Folders of made-up photographs, and runs over them in this process, in a child that is killed, or as a program."""

from __future__ import annotations

import errno
import os
import random
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

from mobilenet_cli.sorting import transfer
from mobilenet_cli.sorting.deeds import How
from mobilenet_cli.sorting.sort import NotSortedError, Sorted, open_sorter
from mobilenet_cli.sorting.undo import Undone, undo

Tree = dict[str, tuple[object, ...]]
LABELS = ("dog", "cat", "Border collie/collie", "unsorted")
STEPS = ("open", "write", "fsync", "link", "unlink", "rename", "mkdir", "rmdir", "symlink", "ftruncate", "utime")
"""The system calls of `os` that change something; the renaming that replaces nothing is one more."""


def write(path: Path, content: bytes, mtime_ns: int = 1_500_000_000_123_456_789) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, ns=(mtime_ns, mtime_ns))
    return path


def tree(folder: Path) -> Tree:
    """Everything below a folder: folders, contents with times and permissions, and where links lead."""
    found: Tree = {}
    for path in sorted(folder.rglob("*")):
        about = path.lstat()
        name = os.fsencode(path.relative_to(folder)).decode(errors="backslashreplace")
        if path.is_symlink():
            found[name] = ("link", str(path.readlink()))
        elif path.is_dir():
            found[name] = ("folder",)
        else:
            found[name] = (path.read_bytes(), about.st_mtime_ns, about.st_mode)
    return found


def contents(folder: Path) -> list[bytes]:
    """The contents of all files below a folder but for our own, sorted; of those with several names, once."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    by_inode = {path.stat().st_ino: path for path in files if not path.name.startswith(".mnclassify-sort")}
    return sorted(path.read_bytes() for path in by_inode.values())


def make_photos(folder: Path, count: int, seed: int = 0) -> None:
    """Photographs in several folders, some with the same names, some with companions."""
    choose = random.Random(seed)
    for number in range(count):
        stem = folder / f"roll {number % 7}" / f"IMG_{number // 14:04}"
        ending = (".jpg", ".heic")[number // 7 % 2]
        write(stem.with_suffix(ending), choose.randbytes(choose.randrange(1, 3000)), 10**18 + number * 1_000_000_007)
        if number % 5 == 0:
            write(Path(f"{stem}{ending}.xmp"), b"xmp %d" % number)
        if number % 11 == 0:
            write(stem.with_suffix(".MOV"), b"mov %d" % number)
        if number % 13 == 0:
            write(stem.with_suffix(".xmp"), b"shared %d" % number)


def label_of(path: str) -> str:
    return LABELS[zlib.crc32(os.fsencode(Path(path).name)) % len(LABELS)]


def run(photos: Path, into: Path, how: How, label: Callable[[str], str] = label_of) -> dict[str, Sorted | str]:
    """Sort all images of a folder; return what became of each, by its path below the folder."""
    outcomes: dict[str, Sorted | str] = {}
    with open_sorter(str(into), how, "label") as sorter:
        for path in sorted(map(str, photos.rglob("*"))):
            if not path.lower().endswith((".jpg", ".heic", ".png")) or sorter.has(path) or sorter.is_done(path):
                continue
            try:
                outcomes[str(Path(path).relative_to(photos))] = sorter.put(path, label(path))
            except NotSortedError as error:
                outcomes[str(Path(path).relative_to(photos))] = str(error)
    return outcomes


def killed_at(step: int, action: Callable[[], object], *, other_device: bool = False, cut_writes: bool = False) -> bool:
    """Do something in a child that is killed right before its system call number `step`; return whether it was.

    Args:
        step: From 0.
        action: What is done.
        other_device: Whether to rename nothing, as between two file systems.
        cut_writes: Whether a write that is killed has written its first half.
    """
    if not (child := os.fork()):
        try:
            _count_down(step, cut_writes)
            if other_device:
                simulate_another_device(transfer)
            action()
        except BaseException:
            sys.excepthook(*sys.exc_info())
            os._exit(1)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in {0, 9}
    return code == 9


def _count_down(step: int, cut_writes: bool) -> None:
    left = step

    def counted(function: Callable[..., object], name: str) -> Callable[..., object]:
        def call(*arguments: object, **options: object) -> object:
            nonlocal left
            if not left:
                if name == "write" and cut_writes:
                    descriptor, data = arguments
                    function(descriptor, bytes(data)[: len(data) // 2])
                os._exit(9)
            left -= 1
            return function(*arguments, **options)

        return call

    for name in STEPS:
        setattr(os, name, counted(getattr(os, name), name))
    transfer._rename_exclusively = counted(transfer._rename_exclusively, "renameat2")


def simulate_another_device(module: object) -> None:
    """Have files renamed only within one folder, as where every folder is another file system."""
    way = transfer.rename

    def rename(source: str, target: str) -> None:
        if Path(source).parent != Path(target).parent:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        way(source, target)

    module.rename = rename


def undo_all(into: Path) -> Undone:
    return undo(str(into))


if __name__ == "__main__":
    if sys.argv[1] == "undo":
        undo(sys.argv[2])
    else:
        run(Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[1])
