"""Images with their classes to learn from, from folders (one per class) or tables."""

from __future__ import annotations

import os
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mobilenet_cli.errors import InputError
from mobilenet_cli.inputs.encodings import check_encoding
from mobilenet_cli.inputs.labelled_csv import TruthTable
from mobilenet_cli.inputs.walk import file_source
from mobilenet_cli.records import Source
from mobilenet_cli.remote.urls import is_url
from mobilenet_cli.text import counted, printable
from mobilenet_cli.training.folders import class_folders, first_few, inner_folders

_TABLES = (".csv", ".tsv", ".tab")
_NO_URLS = "but only files on this machine are learnt from: download them first"


@dataclass(frozen=True, slots=True)
class Dataset:
    """Images and their classes.

    Attributes:
        classes: The names of the classes, sorted.
        sources: The images.
        labels: The class of each image, an index into `classes`.
        passed_over: How many images are beside the class folders, and so in no class.
        validation: The paths of the images to validate with, where the folders are split; empty where they are not.
        notes: Sentences for the user about what was found.
    """

    classes: tuple[str, ...]
    sources: tuple[Source, ...]
    labels: tuple[int, ...]
    passed_over: int = 0
    validation: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()


def read_dataset(arguments: Sequence[str], *, encoding: str | None = None) -> Dataset:
    """Find the images and classes in folders and tables.

    Args:
        arguments: Each is a folder with a folder per class, or with a split of these: see `class_folders`; or a CSV
            or TSV with a row per image, as `TruthTable` reads it.
        encoding: The encoding of the tables; None to find it.

    Raises:
        InputError: An argument cannot be read or names a URL, a class has no images, two classes have names that
            are easily mistaken for one another, or there are fewer than two classes.
    """
    if encoding is not None:
        check_encoding(encoding)
    found: dict[str, list[Source]] = {}
    passed_over = 0
    validation: frozenset[str] = frozenset()
    notes: list[str] = []
    for argument in arguments:
        if os.path.isdir(argument):  # noqa: PTH112 - paths stay as typed
            folders = class_folders(argument)
            passed_over += folders.beside
            _refuse_twice(found.keys() & folders.classes.keys(), argument)
            found |= folders.classes
            validation |= folders.validation
            notes += folders.notes
        elif is_url(argument):
            raise InputError(f"{printable(argument)} is a URL, {_NO_URLS}")
        elif argument.lower().endswith(_TABLES):
            table = TruthTable(argument, encoding=encoding)
            notes += [table.note] if table.note else []
            for name, sources in _of_table(argument, table).items():
                found.setdefault(name, []).extend(sources)
        elif not os.path.lexists(argument):
            raise InputError(f"{printable(argument)} does not exist: give a folder that has a folder a class, or a CSV")
        else:
            raise InputError(f"{printable(argument)} is no folder, and no table: its name ends in none of .csv, .tsv")
    _refuse_alike(found)
    if empty := [name for name, sources in found.items() if not sources]:
        raise InputError(f"there are no images in {first_few(empty)}: remove what is no class, or add images to it")
    if len(found) < 2:
        raise InputError(_too_few(found, arguments))
    classes = sorted(found)
    return Dataset(
        tuple(_label(name) for name in classes),
        tuple(source for name in classes for source in found[name]),
        tuple(index for index, name in enumerate(classes) for _ in found[name]),
        passed_over,
        validation,
        tuple(notes),
    )


def check_split(classes: Sequence[str], labels: Iterable[int], validates: Sequence[bool]) -> None:
    """Check that a split of folders has images of every class to learn from, and any to validate with.

    Args:
        classes: The names of the classes.
        labels: The class of each readable image.
        validates: Whether that image is one to validate with.

    Raises:
        InputError: A class has none, or there is none to validate with.
    """
    learnt = {label for label, held in zip(labels, validates, strict=True) if not held}
    if few := [name for index, name in enumerate(classes) if index not in learnt]:
        raise InputError(f"there are no images that can be read to learn from, of: {first_few(few)}")
    if not any(validates):
        raise InputError("there are no images that can be read to validate with")


def check_counts(classes: Sequence[str], labels: Iterable[int], digests: Iterable[str]) -> None:
    """Check that every class has an image to learn from and a different one to validate with.

    Args:
        classes: The names of the classes.
        labels: The class of each readable image.
        digests: A hash of each readable image's content.

    Raises:
        InputError: A class has fewer than two different images.
    """
    distinct = Counter(label for label, _ in set(zip(labels, digests, strict=True)))
    if few := [f"{name} ({distinct[index]})" for index, name in enumerate(classes) if distinct[index] < 2]:
        raise InputError(
            "every class needs two different images that can be read, one to learn from and one to validate with; "
            f"these have fewer: {first_few(few)}"
        )


def _too_few(found: dict[str, list[Source]], arguments: Sequence[str]) -> str:
    """Return what is wrong with data of one class, and what they may have been meant to be."""
    ((name, sources),) = found.items()
    reason = (
        f"there is one class in {first_few(arguments)}, {printable(name)} with {counted(len(sources), 'image')}, "
        "but at least 2 are needed"
    )
    for argument in arguments:
        folder = os.path.join(argument, name)  # noqa: PTH118 - as above
        if os.path.isdir(folder) and (inner := inner_folders(folder)):  # noqa: PTH112 - as above
            return f"{reason}; if {first_few(inner)} in it are the classes, name {printable(folder)}"
    return reason


def _of_table(file: str, table: TruthTable) -> dict[str, list[Source]]:
    found: dict[str, list[Source]] = {}
    for path in table.paths:
        if is_url(path):
            raise InputError(f"{printable(file)} names images by URL, {_NO_URLS}")
        source = file_source(path) or Source(path, error="a folder, not an image")
        name = table(path)
        if not name:
            raise InputError(f"{printable(file)} gives no class for {printable(path)}")
        found.setdefault(name, []).append(source)
    return found


def _refuse_twice(names: Iterable[str], argument: str) -> None:
    if twice := sorted(names):
        raise InputError(
            f"{printable(argument)} has classes that were named before: {first_few(twice)}; "
            "put the images of a class into one folder, or give the folders other names"
        )


def _refuse_alike(names: Iterable[str]) -> None:
    """Raise InputError for names that differ only in case, in the encoding of accents, or in spaces around them."""
    seen: dict[str, str] = {}
    for name in sorted(names):
        folded = unicodedata.normalize("NFC", name).strip().casefold()
        if not folded:
            raise InputError("a class has a name of nothing but spaces: give it another")
        if folded in seen:
            raise InputError(
                f"two classes have the same name, or nearly: {seen[folded]!a} and {name!a}; "
                "make one of them, or give one another name"
            )
        seen[folded] = name


def _label(name: str) -> str:
    """Return a class's name as it is written to the label file, on one line."""
    return printable(unicodedata.normalize("NFC", name)).strip()
