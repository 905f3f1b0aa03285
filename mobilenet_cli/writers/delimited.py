"""Results ⇄ CSV or TSV: a row an image, or in a long table a row a name.

In a long table, the row of rank 0 is the sure label, if there is one; it alone has the kinds. The rows of the
predictions follow, from rank 1. An image with neither keeps a row of no rank.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, ClassVar

from mobilenet_cli.csv_lines import LineMaker, LocatedRow, as_written, unique, whole_rows
from mobilenet_cli.files.format import Row
from mobilenet_cli.records import SCORE_DECIMALS, row_key
from mobilenet_cli.text import printable_lines, valid_utf8
from mobilenet_cli.writers.base import Layout, ResultWriter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mobilenet_cli.records import Result

_LAST_COLUMNS = ("error", "warning", "model")
BETWEEN_KINDS = "|"


def own_columns(layout: Layout) -> tuple[str, ...]:
    """Return the names of the columns of a Result, in order, without those before them that name the image."""
    if layout.long:
        return ("rank", "index", "wnid", "label", "score", "kinds", *_LAST_COLUMNS)
    ranked = (f"{name}_{rank}" for rank in range(1, layout.top_k + 1) for name in ("label", "score"))
    return ("status", "label", "score", "kinds", *ranked, *_LAST_COLUMNS)


def columns(layout: Layout) -> tuple[str, ...]:
    """Return the names of all columns, in order. A name that the table has already gets a number."""
    before = ("path",) if layout.columns is None else layout.columns
    return (*before, *unique(own_columns(layout), taken=before))


def header(layout: Layout, delimiter: str) -> bytes:
    """Return the first line of a document."""
    return _encoded(LineMaker(delimiter, safe=layout.csv_safe).line(columns(layout)))


class _DelimitedWriter(ResultWriter):
    r"""Writes CSV as RFC 4180 has it, except that lines end with "\n" alone; UTF-8; with a header.

    The cells of a table are the text that they were, whatever its encoding was. The cells that a row has beyond its
    table's columns come last, so that all others are below their names.
    """

    delimiter: ClassVar[str]

    def __init__(self, stream: BinaryIO, options: Layout, *, begun: bool = False) -> None:
        super().__init__(stream, options, begun=begun)
        self._maker = LineMaker(self.delimiter, safe=options.csv_safe)

    def write(self, record: Result, cells: Sequence[str] = ()) -> None:
        """Write the rows of one Result, after the header if they are the first."""
        if self._options.columns is None:
            cells, width = [valid_utf8(record.path)], 1
        else:
            width = len(self._options.columns)
        own = _long_rows(record) if self._options.long else [_wide_row(record, self._options.top_k)]
        self._put([*cells[:width], *row, *cells[width:]] for row in own)

    def close(self) -> None:
        """Write the header if nothing was written."""
        if not self._begun:
            self._put([])

    def _put(self, rows: Iterable[Sequence[object]]) -> None:
        begin = b"" if self._begun else header(self._options, self.delimiter)
        self._begun = True
        lines = begin + _encoded("".join(map(self._maker.line, rows)))
        if self._stream.isatty():
            lines = printable_lines(lines.decode("utf-8", "surrogateescape")).encode()
        self._stream.write(lines)


class CsvWriter(_DelimitedWriter):
    """Writes CSV."""

    delimiter = ","


class TsvWriter(_DelimitedWriter):
    """Writes TSV, quoted as CSV is."""

    delimiter = "\t"


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _wide_row(result: Result, top_k: int) -> list[str]:
    label = result.label
    sure = ["", ""] if label is None else [valid_utf8(label.label), _score(label.score)]
    cells = [cell for each in result.predictions for cell in (valid_utf8(each.label), _score(each.score))]
    cells += [""] * (2 * top_k - len(cells))
    return [result.status, *sure, _kinds(result), *cells, *_last_cells(result)]


def _long_rows(result: Result) -> list[list[object]]:
    last, rows = _last_cells(result), list[list[object]]()
    if (label := result.label) is not None:
        names = [valid_utf8(label.wnid), valid_utf8(label.label)]
        rows.append([0, "", *names, _score(label.score), _kinds(result), *last])
    for each in result.predictions:
        names = [valid_utf8(each.wnid), valid_utf8(each.label)]
        rows.append([each.rank, each.index, *names, _score(each.score), "", *last])
    return rows or [["", "", "", "", "", "", *last]]  # failed, or nothing is sure or above the threshold


def _kinds(result: Result) -> str:
    return BETWEEN_KINDS.join(valid_utf8(kind.label) for kind in result.kinds)


def _last_cells(result: Result) -> list[str]:
    return [valid_utf8(text or "") for text in (result.error, result.warning, result.model)]


def _score(score: float) -> str:
    return f"{score:.{SCORE_DECIMALS}f}"


def csv_rows(stream: BinaryIO, layout: Layout) -> Iterator[Row]:
    """Yield the rows of a CsvWriter's document. See `Format.rows`."""
    return _delimited_rows(stream, layout, CsvWriter.delimiter)


def tsv_rows(stream: BinaryIO, layout: Layout) -> Iterator[Row]:
    """Yield the rows of a TsvWriter's document. See `Format.rows`."""
    return _delimited_rows(stream, layout, TsvWriter.delimiter)


def _delimited_rows(stream: BinaryIO, layout: Layout, delimiter: str) -> Iterator[Row]:
    wanted = header(layout, delimiter)
    begins_with = stream.read(len(wanted))
    if not wanted.startswith(begins_with):
        stream.seek(0)
        found, *_ = stream.read(1 << 16).splitlines()
        shown = (line.decode(errors="replace").strip() for line in (found[:200], wanted))
        raise ValueError("its columns are {!r}, not {!r}".format(*shown))
    if begins_with != wanted:
        return
    lines = whole_rows(stream, delimiter, begin=len(wanted))
    if layout.csv_safe:
        lines = (line._replace(cells=[as_written(cell) for cell in line.cells]) for line in lines)
    fitting = _fitting(lines, len(columns(layout)), may_be_longer=layout.columns is not None)
    yield from _long_results(fitting, layout) if layout.long else _wide_results(fitting, layout)


def _fitting(lines: Iterator[LocatedRow], width: int, *, may_be_longer: bool) -> Iterator[LocatedRow]:
    """Yield the lines, and raise a ValueError at one that has not `width` cells."""
    for line in lines:
        if len(line.cells) < width or (len(line.cells) > width and not may_be_longer):
            raise ValueError(f"it has a row of {len(line.cells)} columns instead of {width}, at byte {line.begin:,}")
        yield line


def _wide_results(lines: Iterator[LocatedRow], layout: Layout) -> Iterator[Row]:
    first, end_of_own = len(columns(layout)) - len(own_columns(layout)), len(columns(layout))
    for cells, begin, end in lines:
        own = cells[first:end_of_own]
        key = cells[0] if layout.columns is None else row_key((*cells[:first], *cells[end_of_own:]))
        is_ok, label_score, scores, model = own[0] == "ok", own[2], own[5:-3:2], own[-1]
        if is_ok:
            layout.check(key, model, len(scores) - scores.count(""), _read_score(label_score, begin))
        yield Row(key, is_ok, begin, end)


def _long_results(lines: Iterator[LocatedRow], layout: Layout) -> Iterator[Row]:
    """Put the lines of each Result together: path, rank, index, wnid, label, score, kinds, error, warning, model.

    The last Result of a document may have been meant to have more lines than are there. It is left out unless it
    has all that it can have.
    """
    result: list[LocatedRow] = []
    for line in lines:
        path, rank = line.cells[:2]
        is_next = result and result[-1].cells[:2] == [path, _rank_before(rank)]
        if not is_next:
            if rank not in {"", "0", "1"}:
                raise ValueError(f"it has a row of rank {rank} without those before it, at byte {line.begin:,}")
            if result:
                yield _long_row(result, layout)
            result = []
        result.append(line)
    if result and result[-1].cells[1] in {"", str(layout.top_k)}:
        yield _long_row(result, layout)


def _rank_before(rank: str) -> str | None:
    return str(int(rank) - 1) if rank.isdecimal() else None


def _long_row(lines: list[LocatedRow], layout: Layout) -> Row:
    """Return the Row of a Result with these lines."""
    (path, rank, _, _, _, score, _, error, _, model), begin = lines[0].cells, lines[0].begin
    if not error:
        label_score = _read_score(score, begin) if rank == "0" else None
        predictions = int(lines[-1].cells[1] or 0)  # the last rank
        layout.check(path, model, predictions, label_score)
    return Row(path, not error, begin, lines[-1].end)


def _read_score(cell: str, begin: int) -> float | None:
    """Return the score in a cell, None where it is empty. Raises a ValueError where it is another thing."""
    try:
        return float(cell) if cell else None
    except ValueError:
        raise ValueError(f"it has a row with the score {cell[:40]!r}, at byte {begin:,}") from None
