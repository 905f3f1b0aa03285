"""Results read back from the CSV and TSV that this package writes, also beside the columns of the user's table."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO, cast

from mobilenet_cli.csv_lines import LocatedRow, as_written, unique, whole_rows
from mobilenet_cli.inputs.csv_table import DELIMITERS, USUAL_COLUMNS
from mobilenet_cli.records import Name, Prediction, Result, Status
from mobilenet_cli.writers.base import Layout
from mobilenet_cli.writers.delimited import BETWEEN_KINDS, own_columns

_UNKNOWN_INDEX = -1
_LONG = own_columns(Layout(top_k=0, long=True))
_FIXED = len(own_columns(Layout(top_k=0)))


def read_table(stream: BinaryIO, column: str | None = None) -> Iterator[Result]:
    """Yield the Results of a CSV or TSV, one of which is in memory at a time. See `reading.read_saved`.

    Paths beside a user's table are as that has them: relative ones start in the folder of that table.

    Raises:
        ValueError: It is no such table; the message follows the file's name and a colon.
    """
    first = stream.readline()
    for delimiter in DELIMITERS:
        stream.seek(0)
        # A table that was edited may lack the last end of a line.
        rows = whole_rows((line.rstrip(b"\n") + b"\n" for line in stream), delimiter, begin=0)
        header = next(rows, LocatedRow([], 0, 0)).cells
        if header:
            header[0] = header[0].removeprefix("\ufeff")
        if tuple(header) == ("path", *_LONG):
            return _long(rows)
        if (columns := _Columns.of(header, column)) is not None:
            return map(columns.result, rows)
    shown = first[:200].decode(errors="replace").strip()
    raise ValueError(f"its columns are {shown!r}, which are not those of mnclassify's results")


@dataclass(frozen=True, slots=True)
class _Columns:
    """The columns of a table with a row an image.

    Attributes:
        path: The place of the one with the path.
        own: The place of the first of a Result's own.
        top_k: How many predictions have columns.
    """

    path: int
    own: int
    top_k: int

    @classmethod
    def of(cls, header: Sequence[str], column: str | None) -> _Columns | None:
        """Return the columns that a header names, None if they are not those of Results."""
        for own in range(1, len(header) - _FIXED + 1):
            top_k, rest = divmod(len(header) - own - _FIXED, 2)
            before = header[:own]
            if not rest and list(header[own:]) == unique(own_columns(Layout(top_k)), taken=before):
                path = before.index(column) if column in before else _column_of_paths(before)
                return None if path is None else cls(path, own, top_k)
        return None

    def result(self, row: LocatedRow) -> Result:
        """Return the Result of a row. Raises a ValueError."""
        cells = [as_written(cell) for cell in row.cells]
        own = cells[self.own : self.own + _FIXED + 2 * self.top_k]
        if len(own) < _FIXED + 2 * self.top_k or own[0] not in ("ok", "error"):
            raise _no_result(row)
        ranked = zip(own[4:-3:2], own[5:-3:2], strict=True)
        predictions = tuple(
            Prediction(rank, _UNKNOWN_INDEX, "", label, _score(score, row))
            for rank, (label, score) in enumerate(ranked, 1)
            if score
        )
        label = Name("", own[1], _score(own[2], row)) if own[2] else None
        return _result(cells[self.path], own[0], label, own[3], predictions, own[-3:])


def _column_of_paths(names: Sequence[str]) -> int | None:
    if len(names) == 1:
        return 0
    lower = [name.lower() for name in names]
    for usual in USUAL_COLUMNS:
        if len(found := [place for place, name in enumerate(lower) if name in usual]) == 1:
            return found[0]
    return None


def _long(rows: Iterator[LocatedRow]) -> Iterator[Result]:
    """Yield the Results of a table with a row a name: rank 0 is the sure label."""
    group: list[LocatedRow] = []
    for row in chain(rows, [None]):
        if group and (row is None or not _continues(group[-1], row)):
            yield _long_result(group)
            group = []
        if row is not None:
            if len(row.cells) != 1 + len(_LONG):
                raise _no_result(row)
            group.append(row)


def _continues(before: LocatedRow, row: LocatedRow) -> bool:
    (path, rank), (other, next_rank) = before.cells[:2], row.cells[:2]
    return path == other and rank.isdecimal() and next_rank.isdecimal() and int(next_rank) == int(rank) + 1


def _long_result(rows: Sequence[LocatedRow]) -> Result:
    label, kinds, predictions = None, "", []
    for row in rows:
        _, rank, index, wnid, name, score, its_kinds, *_ = row.cells
        if rank == "0":
            label, kinds = Name(wnid, name, _score(score, row)), its_kinds
        elif rank:
            if not (rank.isdecimal() and index.isdecimal()):
                raise _no_result(row)
            predictions.append(Prediction(int(rank), int(index), wnid, name, _score(score, row)))
    path, *_, error, warning, model = map(as_written, rows[0].cells)
    status = "error" if error else "ok"
    return _result(path, status, label, kinds, tuple(predictions), (error, warning, model))


def _result(
    path: str,
    status: str,
    label: Name | None,
    kinds: str,
    predictions: tuple[Prediction, ...],
    last: Sequence[str],
) -> Result:
    error, warning, model = last
    return Result(
        path=path,
        status=cast("Status", status),
        label=label,
        kinds=tuple(Name("", kind, math.nan) for kind in kinds.split(BETWEEN_KINDS) if kind),
        predictions=predictions,
        error=error or None,
        warning=warning or None,
        width=None,
        height=None,
        model=model,
    )


def _no_result(row: LocatedRow) -> ValueError:
    return ValueError(f"its row at byte {row.begin:,} is not one of mnclassify's results")


def _score(cell: str, row: LocatedRow) -> float:
    try:
        score = float(cell)
    except ValueError:
        score = math.nan
    if not 0 <= score <= 1:
        raise ValueError(f"its row at byte {row.begin:,} has the score {cell[:40]!r}")
    return score
