"""Results as JSON: one object a Result, a line each, alone (JSONL) or in an array.

Where a row of a table names the image, "row" has its cells by column, and "row_extra" those beyond the columns.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, BinaryIO

from mobilenet_cli.csv_lines import unique
from mobilenet_cli.files.earlier_rows import Row
from mobilenet_cli.json_lines import encoded, whole_lines
from mobilenet_cli.records import SCORE_DECIMALS, row_key
from mobilenet_cli.text import valid_utf8
from mobilenet_cli.writers.base import Layout

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mobilenet_cli.records import Result


class JsonLinesWriter:
    """Writes one object a line.

    Args:
        stream: Open for writing.
        layout: The options that shape the records.
        exact: As `encoded`.
    """

    def __init__(self, stream: BinaryIO, layout: Layout, *, exact: bool = False) -> None:
        self._stream, self._exact = stream, exact
        self._names = row_names(layout)

    def write(self, result: Result, cells: Sequence[str] = ()) -> None:
        """Write one Result as a line."""
        self._stream.write(_encoded(result, self._names, cells, exact=self._exact) + b"\n")

    def close(self) -> None:
        """Do nothing: a document of lines is complete after each."""


class JsonArrayWriter:
    """Writes one array with an object a line; it is valid JSON once closed."""

    def __init__(self, stream: BinaryIO, layout: Layout) -> None:
        self._stream = stream
        self._names = row_names(layout)
        self._begun = False

    def write(self, result: Result, cells: Sequence[str] = ()) -> None:
        """Write one Result as the array's next object."""
        self._stream.write((b",\n" if self._begun else b"[\n") + _encoded(result, self._names, cells))
        self._begun = True

    def close(self) -> None:
        """End the array."""
        self._stream.write(b"\n]\n" if self._begun else b"[]\n")


def row_names(layout: Layout) -> list[str] | None:
    """Return what the fields of an object's "row" are called: the table's columns, each with a name of its own."""
    return None if layout.columns is None else unique(map(valid_utf8, layout.columns))


def _encoded(result: Result, names: Sequence[str] | None, cells: Sequence[str], *, exact: bool = False) -> bytes:
    record: dict[str, object] = {
        "path": result.path,
        "status": result.status,
        "predictions": [
            {
                "rank": each.rank,
                "index": each.index,
                "wnid": each.wnid,
                "label": each.label,
                "score": round(each.score, SCORE_DECIMALS),
            }
            for each in result.predictions
        ],
        "error": result.error,
        "width": result.width,
        "height": result.height,
        "model": result.model,
    }
    if names is not None:
        record["row"] = dict(zip(names, cells, strict=False))
        if len(cells) > len(names):
            record["row_extra"] = cells[len(names) :]
    return encoded(record, exact=exact)


def json_lines_rows(stream: BinaryIO, layout: Layout) -> Iterator[Row]:
    """Yield the rows of a document of a `JsonLinesWriter`.

    Raises:
        ValueError: It is none; the message says why, for a sentence that begins with the file's name.
    """
    names = row_names(layout)
    for number, line, begin in whole_lines(stream, "JSONL"):
        try:
            record = json.loads(line)
            key, ok, predictions = record["path"], record["status"] == "ok", len(record["predictions"])
            check_row_names(record, names)
            if names is not None:
                key = row_key((*record["row"].values(), *record.get("row_extra", ())))
            row = Row(key, ok, predictions, record["model"], begin, begin + len(line))
        except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
            raise ValueError(f"its line {number:,} is damaged ({error})") from error
        yield row


def check_row_names(record: dict[str, Any], names: Sequence[str] | None) -> None:
    """Raise a ValueError if an object is not of a row with columns of these names, or of a row at all for None."""
    if "row" not in record:
        if names is not None:
            raise ValueError("its results are not those of a CSV's rows")
    elif names is None:
        raise ValueError("its results are those of a CSV's rows: name that with --from-csv")
    elif list(record["row"]) != list(names):
        found, wanted = (", ".join(each)[:200] for each in (record["row"], names))
        raise ValueError(f"its rows have the columns {found!r}, not {wanted!r}")
