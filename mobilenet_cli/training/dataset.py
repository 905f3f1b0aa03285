"""Images with their classes to learn from, from folders (one per class) or tables."""

from __future__ import annotations

import os
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mobilenet_cli.errors import InputError
from mobilenet_cli.inputs.labelled_csv import TruthTable
from mobilenet_cli.inputs.walk import Rules, file_source, walk
from mobilenet_cli.records import Source
from mobilenet_cli.remote.urls import is_url
from mobilenet_cli.text import printable

_MOST_LISTED = 5
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
    """

    classes: tuple[str, ...]
    sources: tuple[Source, ...]
    labels: tuple[int, ...]
    passed_over: int = 0


def read_dataset(arguments: Sequence[str]) -> Dataset:
    """Find the images and classes in folders and tables.

    Args:
        arguments: Each is a folder with a folder per class, in which images may lie at any depth; or a CSV or TSV
            with a row per image, as `TruthTable` reads it.

    Raises:
        InputError: An argument cannot be read or names a URL, a class has no images, two classes have names that
            are easily mistaken for one another, or there are fewer than two classes.
    """
    found: dict[str, list[Source]] = {}
    passed_over = 0
    for argument in arguments:
        if os.path.isdir(argument):  # noqa: PTH112 - paths stay as typed
            folders, beside = _class_folders(argument)
            passed_over += beside
            _refuse_twice(found.keys() & folders.keys(), argument)
            found |= folders
        elif is_url(argument):
            raise InputError(f"{printable(argument)} is a URL, {_NO_URLS}")
        elif argument.lower().endswith(_TABLES):
            for name, sources in _of_table(argument).items():
                found.setdefault(name, []).extend(sources)
        elif not os.path.lexists(argument):
            raise InputError(f"{printable(argument)} does not exist: give a folder that has a folder a class, or a CSV")
        else:
            raise InputError(f"{printable(argument)} is no folder, and no table: its name ends in none of .csv, .tsv")
    _refuse_alike(found)
    if empty := [name for name, sources in found.items() if not sources]:
        raise InputError(f"there are no images in {first_few(empty)}: remove what is no class, or add images to it")
    if len(found) < 2:
        raise InputError(f"there are {len(found)} classes in {first_few(arguments)}, but at least 2 are needed")
    classes = sorted(found)
    return Dataset(
        tuple(_label(name) for name in classes),
        tuple(source for name in classes for source in found[name]),
        tuple(index for index, name in enumerate(classes) for _ in found[name]),
        passed_over,
    )


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


def first_few(names: Iterable[str]) -> str:
    """Return the first few names as text, and how many more there are."""
    every = [printable(name) for name in names]
    more = f" and {len(every) - _MOST_LISTED:,} more" if len(every) > _MOST_LISTED else ""
    return ", ".join(every[:_MOST_LISTED]) + more


def _class_folders(folder: str) -> tuple[dict[str, list[Source]], int]:
    """Return the images in each class folder, by the folder's name, and how many images lie beside the folders."""
    try:
        entries = sorted(Path(folder).iterdir())
    except OSError as error:
        raise InputError(f"cannot list the folder {printable(folder)}: {error.strerror}") from error
    rules = Rules()
    names = [
        entry.name
        for entry in entries
        if entry.is_dir() and not rules.hides(entry.name, is_folder=True) and not rules.hides_content(f"{entry}/")
    ]
    beside = sum(1 for _ in walk(folder, Rules(recursive=False)))
    if not names:
        hint = f"; its {beside:,} images have no class" if beside else ""
        raise InputError(f"there are no folders in {printable(folder)}, but each class needs one{hint}")
    return {name: list(_images(os.path.join(folder, name))) for name in names}, beside  # noqa: PTH118 - as in read_dataset


def _images(folder: str) -> Iterator[Source]:
    return walk(folder, Rules())


def _of_table(file: str) -> dict[str, list[Source]]:
    table = TruthTable(file)
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
