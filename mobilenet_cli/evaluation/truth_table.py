"""A CSV that says what images show."""
# A path stays the string that was typed: a Path would rewrite it, and a URL is no path.
# ruff: noqa: PTH100, PTH118, PTH120

from __future__ import annotations

import csv
import os
from collections.abc import Iterator

from mobilenet_cli.errors import InputError
from mobilenet_cli.writers.text import printable

PATH_COLUMNS = ("path", "file", "image")
TRUTH_COLUMNS = ("truth", "wnid", "label", "class", "index")


class TruthTable:
    """The rows of a CSV: images, and what names the class of each.

    Its first line names the columns. The image is in the column path, file or image; its class in the column
    truth, wnid, label, class or index: the first of them that is there. Other columns are passed over. The
    values are separated by tabs in a file whose name ends in .tsv, else by commas. A relative path is looked
    for below the CSV's folder and below the current one.

    Args:
        file: The CSV's name.

    Raises:
        InputError: It cannot be read, or is no such table, or says two things about an image.
    """

    def __init__(self, file: str) -> None:
        self._name = printable(file)
        self._folder = os.path.dirname(file)
        self._beside: dict[str, str] = {}  # by the path from the CSV's folder
        self._given: dict[str, str] = {}  # by the path from the current folder
        self.paths: list[str] = []
        """The images, each once, in the order of the rows, as paths that can be opened."""
        try:
            with open(file, encoding="utf-8-sig", errors="surrogateescape", newline="") as stream:  # noqa: PTH123
                for number, path, truth in self._rows(csv.reader(stream, delimiter=_delimiter(file), strict=True)):
                    self._add(number, path, truth)
        except OSError as error:
            raise InputError(f"cannot read the truth in {self._name}: {error.strerror or error}") from error
        except csv.Error as error:
            raise InputError(f"{self._name} is no CSV: {error}") from error
        if not self.paths:
            raise InputError(f"{self._name} has no rows below its header")

    def __call__(self, path: str) -> str:
        """Return what the table says the image at `path` is.

        Raises:
            InputError: It says nothing.
        """
        key = absolute(path)
        truth = self._beside.get(key, self._given.get(key))
        if truth is None:
            raise InputError(f"not in {self._name}")
        return truth

    def _rows(self, reader: Iterator[list[str]]) -> Iterator[tuple[int, str, str]]:
        """Yield the row number, path and truth of each row that is not empty."""
        header = [name.strip().lower() for name in next(reader, [])]
        path = next((header.index(name) for name in PATH_COLUMNS if name in header), None)
        truth = next((header.index(name) for name in TRUTH_COLUMNS if name in header), None)
        if path is None or truth is None:
            raise InputError(
                f"{self._name} needs a first line that names a column {_either(PATH_COLUMNS)} "
                f"and a column {_either(TRUTH_COLUMNS)}"
            )
        for number, row in enumerate(reader, 2):
            if row and len(row) <= max(path, truth):
                raise InputError(f"{self._name} has {len(row)} instead of {len(header)} values in row {number:,}")
            if row:
                yield number, row[path], row[truth].strip()

    def _add(self, number: int, path: str, truth: str) -> None:
        if not path:
            raise InputError(f"{self._name} has no path in row {number:,}")
        beside = path if is_url(path) else os.path.join(self._folder, path)
        key = absolute(beside)
        if key not in self._beside:
            is_there = is_url(path) or os.path.lexists(beside) or not os.path.lexists(path)
            self.paths.append(beside if is_there else path)
        elif self._beside[key] != truth:
            raise InputError(
                f"{self._name} calls {printable(path)} both '{printable(self._beside[key])}' "
                f"and '{printable(truth)}' (row {number:,})"
            )
        self._beside[key] = truth
        self._given.setdefault(absolute(path), truth)


def is_url(path: str) -> bool:
    """Tell whether this is no path of a file system."""
    return "://" in path


def absolute(path: str) -> str:
    """Return a path from the root; a URL as it is."""
    return path if is_url(path) else os.path.abspath(path)


def _delimiter(file: str) -> str:
    return "\t" if file.lower().endswith((".tsv", ".tab")) else ","


def _either(names: tuple[str, ...]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"
