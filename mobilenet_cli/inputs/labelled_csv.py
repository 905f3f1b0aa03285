"""A CSV that gives the class of each image."""

from __future__ import annotations

import os

from mobilenet_cli.errors import InputError
from mobilenet_cli.inputs.cells import is_data
from mobilenet_cli.inputs.csv_table import CsvTable
from mobilenet_cli.inputs.stdin import named
from mobilenet_cli.remote.urls import is_url, without_credentials
from mobilenet_cli.text import printable

TRUTH_COLUMNS = ("truth", "wnid", "label", "class", "index")
_CALL_IT_PATH = "Call that one of its columns path, and no other path, file or image"


class TruthTable:
    """The images in a CSV, and the class of each.

    The column of images has one of csv_table's `USUAL_COLUMNS`; relative paths are relative to the CSV's folder.
    The class is in the first of the columns truth, wnid, label, class and index that exists, in any case. Other
    columns are ignored.

    Args:
        file: The CSV's path, or "-" for standard input.
        encoding: The name of its encoding; None to find it.

    Raises:
        InputError: The CSV cannot be read, has no such columns, gives an image two classes, or has images in its
            cells.
    """

    def __init__(self, file: str, *, encoding: str | None = None) -> None:
        self._name = named(file)
        self._truths: dict[str, str] = {}
        self.paths: list[str] = []
        """The paths of the images in the order of the rows, each once, as they can be opened."""
        table = CsvTable(file, encoding=encoding, advice=_CALL_IT_PATH)
        place = self._place(table.columns)
        for cells in table.rows():
            if fault := table.fault(cells):
                raise InputError(f"{self._name}, line {table.line:,}: {fault}")
            path = table.path(cells)
            if is_data(path):
                raise InputError(f"{self._name}, line {table.line:,} holds an image (data:): save it to a file")
            self._add(path, cells[place].strip(), table.line)
        self.note = table.note
        """A sentence for the user if the encoding was guessed, else None."""
        if not self.paths:
            raise InputError(f"{self._name} has no rows below its header")

    def __call__(self, path: str) -> str:
        """Return the class of the image at `path`.

        Raises:
            InputError: The image is not in the table.
        """
        truth = self._truths.get(absolute(path))
        if truth is None:
            raise InputError(f"not in {self._name}")
        return truth

    def _place(self, columns: tuple[str, ...]) -> int:
        header = [name.strip().lower() for name in columns]
        place = next((header.index(name) for name in TRUTH_COLUMNS if name in header), None)
        if place is not None:
            return place
        names = ", ".join(repr(printable(name)) for name in columns)
        raise InputError(
            f"{self._name} needs a column {', '.join(TRUTH_COLUMNS[:-1])} or {TRUTH_COLUMNS[-1]}; "
            f"its columns are {names}"
        )

    def _add(self, path: str, truth: str, line: int) -> None:
        key = absolute(path)
        if key not in self._truths:
            self.paths.append(path)
        elif self._truths[key] != truth:
            raise InputError(
                f"{self._name} calls {printable(path)} both '{printable(self._truths[key])}' "
                f"and '{printable(truth)}' (line {line:,})"
            )
        self._truths[key] = truth


def absolute(path: str) -> str:
    """Return a path made absolute; a URL as a Source of it shows it."""
    return without_credentials(path) if is_url(path) else os.path.abspath(path)  # noqa: PTH100 - a Path would rewrite it
