"""Results as JSON: one object a Result, a line each, alone (JSONL) or in an array.

Where a row of a table names the image, "row" has its cells by column, and "row_extra" those beyond the columns.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, BinaryIO

from mobilenet_cli.csv_lines import unique
from mobilenet_cli.files.format import Row
from mobilenet_cli.json_lines import encoded, whole_lines
from mobilenet_cli.records import SCORE_DECIMALS, row_key
from mobilenet_cli.text import valid_utf8
from mobilenet_cli.writers.base import Layout, ResultWriter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mobilenet_cli.records import Name, Result

FIELDS = ("path", "status", "label", "kinds", "predictions", "error", "warning", "width", "height", "model")
"""The fields of an object, in order: those of a Result."""


class _ObjectsWriter(ResultWriter):
    def __init__(self, stream: BinaryIO, options: Layout, *, begun: bool = False) -> None:
        super().__init__(stream, options, begun=begun)
        self._names = row_names(options)


class JsonLinesWriter(_ObjectsWriter):
    """Writes one object a line."""

    exact = False
    """Whether `encoded` writes the exact bytes of names, for this package alone."""

    def write(self, record: Result, cells: Sequence[str] = ()) -> None:
        """Write one Result as a line."""
        self._stream.write(_encoded(record, self._names, cells, exact=self.exact) + b"\n")


class ExactLinesWriter(JsonLinesWriter):
    """Writes the lines that a Conversion makes a document of."""

    exact = True


class JsonArrayWriter(_ObjectsWriter):
    """Writes one array with an object a line; it is valid JSON once closed."""

    def write(self, record: Result, cells: Sequence[str] = ()) -> None:
        """Write one Result as the array's next object."""
        begin = b",\n" if self._begun else b"[\n"
        self._begun = True
        self._stream.write(begin + _encoded(record, self._names, cells))

    def close(self) -> None:
        """End the array."""
        self._stream.write(b"\n]\n" if self._begun else b"[]\n")


def row_names(layout: Layout) -> list[str] | None:
    """Return the names of the fields of an object's "row": the table's columns, with numbers where they repeat."""
    return None if layout.columns is None else unique(map(valid_utf8, layout.columns))


def _encoded(result: Result, names: Sequence[str] | None, cells: Sequence[str], *, exact: bool = False) -> bytes:
    record: dict[str, object] = {
        "path": result.path,
        "status": result.status,
        "label": None if result.label is None else _name(result.label),
        "kinds": [_name(kind) for kind in result.kinds],
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
        "warning": result.warning,
        "width": result.width,
        "height": result.height,
        "model": result.model,
    }
    if names is not None:
        record["row"] = dict(zip(names, cells, strict=False))
        if len(cells) > len(names):
            record["row_extra"] = cells[len(names) :]
    return encoded(record, exact=exact)


def _name(name: Name) -> dict[str, object]:
    return {"wnid": name.wnid, "label": name.label, "score": round(name.score, SCORE_DECIMALS)}


def json_lines_rows(stream: BinaryIO, layout: Layout) -> Iterator[Row]:
    """Yield the rows of a document of a `JsonLinesWriter`. See `Format.rows`."""
    names = row_names(layout)
    for number, line, begin in whole_lines(stream, "JSONL"):
        try:
            fields = json.loads(line)
            key, is_ok = fields["path"], fields["status"] == "ok"
            model, predictions = fields["model"], len(fields["predictions"])
            _check_fields(fields, names)
            label_score = _label_score(fields)
            if names is not None:
                key = row_key((*fields["row"].values(), *fields.get("row_extra", ())))
        except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
            raise ValueError(f"its line {number:,} is damaged ({error})") from error
        if is_ok:
            layout.check(key, model, predictions, label_score)
        yield Row(key, is_ok, begin, begin + len(line))


def exact_lines(objects: Iterable[dict[str, Any]], layout: Layout) -> Iterator[bytes]:
    """Yield the lines that an `ExactLinesWriter` would write of the objects of a document.

    Raises:
        ValueError: One does not fit the layout. See `Conversion.read`.
    """
    names = row_names(layout)
    for fields in objects:
        _check_fields(fields, names)
        if fields["status"] == "ok":
            layout.check(fields["path"], fields["model"], len(fields["predictions"]), _label_score(fields))
        yield encoded(fields, exact=True) + b"\n"


def _label_score(fields: dict[str, Any]) -> float | None:
    return None if fields["label"] is None else float(fields["label"]["score"])


def _check_fields(fields: dict[str, Any], names: Sequence[str] | None) -> None:
    """Raise a ValueError if an object has other fields than a Result, or another "row".

    Args:
        fields: The object.
        names: The names of the fields of its "row"; None where it has none.
    """
    if not fields.keys() >= set(FIELDS):
        raise ValueError("its fields are {!r}, not {!r}".format(*(", ".join(each)[:200] for each in (fields, FIELDS))))
    if "row" not in fields:
        if names is not None:
            raise ValueError("its results are not those of a CSV's rows")
    elif names is None:
        raise ValueError("its results are those of a CSV's rows: name that with --from-csv")
    elif list(fields["row"]) != list(names):
        found, wanted = (", ".join(each)[:200] for each in (fields["row"], names))
        raise ValueError(f"its rows have the columns {found!r}, not {wanted!r}")
