"""Folders to learn from → the images of each class: a folder per class, or a split of such folders."""
# Paths stay the strings that were typed: a Path would rewrite them.
# ruff: noqa: PTH118

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mobilenet_cli.errors import InputError
from mobilenet_cli.inputs.walk import Rules, walk
from mobilenet_cli.records import Source
from mobilenet_cli.text import counted, printable

_TRAINING = ("train", "training")
_VALIDATION = ("val", "valid", "validation")
_TEST = ("test", "testing")
_MOST_LISTED = 5
_RULES = Rules()


@dataclass(frozen=True, slots=True)
class ClassFolders:
    """The images in a folder.

    Attributes:
        classes: The images of each class, by its name.
        beside: How many images are in no class.
        validation: The paths of the images to validate with, if the folder is split.
        notes: Sentences for the user about what was found.
    """

    classes: dict[str, list[Source]]
    beside: int = 0
    validation: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()


def class_folders(folder: str) -> ClassFolders:
    """Find the images of each class in a folder.

    It has a folder per class, in which images may lie at any depth; or folders `train` and `val` (or `valid`,
    `validation`) or `test` that have these. Hidden folders are left out.

    Raises:
        InputError: The folder cannot be listed, has no folders, or its split cannot be used.
    """
    names = _folders(folder)
    beside = sum(1 for _ in walk(folder, Rules(recursive=False)))
    if not names:
        hint = f"; its {beside:,} images have no class" if beside else ""
        raise InputError(f"there are no folders in {printable(folder)}, but each class needs one{hint}")
    parts = {part: _part(folder, names, part) for part in (_TRAINING, _VALIDATION, _TEST)}
    training, validation, test = parts.values()
    if training is not None and (validation is not None or test is not None):
        others = [name for name in names if name not in parts.values()]
        if _folders(os.path.join(folder, training)):
            return _split(folder, training, validation, test, others, beside)
        if not others:
            raise InputError(
                f"{printable(folder)} is split into {first_few(names)}, but {training} has no folders: each class "
                "needs one in it"
            )
    classes = {name: list(walk(os.path.join(folder, name), _RULES)) for name in names}
    return ClassFolders(classes, beside, notes=_nested(folder, classes))


def first_few(names: Iterable[str]) -> str:
    """Return the first few names as text, and how many more there are."""
    every = [printable(name) for name in names]
    more = f" and {len(every) - _MOST_LISTED:,} more" if len(every) > _MOST_LISTED else ""
    return ", ".join(every[:_MOST_LISTED]) + more


def inner_folders(folder: str) -> list[str]:
    """Return the names of the folders in a folder that has images only in these; else an empty list."""
    if next(walk(folder, Rules(recursive=False)), None) is not None:
        return []
    names = _folders(folder)
    return [name for name in names if next(walk(os.path.join(folder, name), _RULES), None) is not None]


def _split(
    folder: str, training: str, validation: str | None, test: str | None, others: list[str], beside: int
) -> ClassFolders:
    """Return the classes of the folder `training`, with the images of `validation` behind their own."""

    def of(part: str) -> dict[str, list[Source]]:
        path = os.path.join(folder, part)
        return {name: list(walk(os.path.join(path, name), _RULES)) for name in _folders(path)}

    classes = of(training)
    held: list[Source] = []
    if validation is not None:
        found = of(validation)
        if unknown := sorted(name for name in found.keys() - classes.keys() if found[name]):
            raise InputError(
                f"{printable(folder)} has classes in {validation} that {training} lacks: {first_few(unknown)}"
            )
        for name, sources in found.items():
            if name in classes:
                classes[name] = classes[name] + sources
            held += sources
        if not held:
            raise InputError(f"there are no images in class folders in {printable(os.path.join(folder, validation))}")
    notes = [
        f"{printable(folder)} is split: training on {training}" + (f", validating on {validation}" if held else "")
    ]
    if test is not None:
        command = f"mnclassify evaluate {printable(os.path.join(folder, test))}"
        notes.append(f"{test} is left for {command}")
    if others:
        notes.append(f"left out beside the split: {first_few(others)}")
    if held and (missing := [name for name in classes if not found.get(name)]):
        notes.append(f"{validation} has no images of {first_few(missing)}")
    return ClassFolders(classes, beside, frozenset(source.path for source in held), tuple(notes))


def _nested(folder: str, classes: dict[str, list[Source]]) -> tuple[str, ...]:
    """Return a note if every class has its images in several folders of its own: they may be meant as the classes."""
    inner = [inner_folders(os.path.join(folder, name)) for name in classes]
    if not all(len(names) > 1 for names in inner):
        return ()
    return (
        f"{counted(len(classes), 'class')}, {first_few(classes)}, with the images in folders within: "
        f"{first_few(name for names in inner for name in names)}; if those are the classes, name the folders around "
        f"them: {first_few(os.path.join(folder, name) for name in classes)}",
    )


def _part(folder: str, names: list[str], wanted: tuple[str, ...]) -> str | None:
    found = [name for name in names if name.lower() in wanted]
    if len(found) > 1:
        raise InputError(f"{printable(folder)} has both {' and '.join(found)}: leave one of them out")
    return found[0] if found else None


def _folders(folder: str) -> list[str]:
    try:
        entries = sorted(Path(folder).iterdir())
    except OSError as error:
        raise InputError(f"cannot list the folder {printable(folder)}: {error.strerror}") from error
    return [
        entry.name
        for entry in entries
        if entry.is_dir() and not _RULES.hides(entry.name, is_folder=True) and not _RULES.hides_content(f"{entry}/")
    ]
