r"""Results as JSON: one object a Result, a line each, alone (JSONL) or in an array.

Text stays readable UTF-8. A byte of a file name that is not UTF-8 is shown as \xff, as in the other formats: most
readers of JSON refuse the escape of a lone surrogate, and with it the whole file. Lines that only this package
reads have that, so that `os.fsencode(json.loads(line)["path"])` gives the name's exact bytes.

Where a row of a table names the image, "row" has its cells by column, and "row_extra" those beyond the columns.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, BinaryIO

from mobilenet_cli.csv_lines import unique
from mobilenet_cli.records import SCORE_DECIMALS
from mobilenet_cli.text import valid_utf8
from mobilenet_cli.writers.base import Layout

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mobilenet_cli.records import Result

FIRST_BYTES = b'{"path": "'
"""How every line of a record begins."""

# JSON allows these two groups unescaped; a terminal obeys the first, and UTF-8 cannot encode the second.
_TO_ESCAPE = re.compile("[\x7f-\x9f\ud800-\udfff]")


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


def encoded(record: Mapping[str, object], *, indent: int | None = None, exact: bool = False) -> bytes:
    r"""Return an object as JSON that a terminal cannot obey, readable and valid UTF-8: on one line, or indented.

    Args:
        record: The object.
        indent: Spaces; None: on one line.
        exact: Write bytes that are not UTF-8 as lone surrogates, for `json.loads`, and not as the text \xff.
    """
    text = json.dumps(record, ensure_ascii=False, indent=indent)
    return _TO_ESCAPE.sub(_escaped if exact else _shown, text).encode()


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def _shown(match: re.Match[str]) -> str:
    shown = valid_utf8(match[0])
    return _escaped(match) if shown == match[0] else f"\\{shown}"  # whose backslash JSON escapes
