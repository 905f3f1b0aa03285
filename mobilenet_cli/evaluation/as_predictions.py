"""An evaluation's answers as a table: a row an image, with what it shows and what the model says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields

from mobilenet_cli.csv_lines import LineMaker
from mobilenet_cli.evaluation.answers import PredictedImage
from mobilenet_cli.evaluation.figures import Evaluation
from mobilenet_cli.json_lines import encoded
from mobilenet_cli.records import SCORE_DECIMALS
from mobilenet_cli.text import valid_utf8

COLUMNS = tuple(each.name for each in fields(PredictedImage))
ENDINGS = (".csv", ".tsv", ".jsonl")


def as_predictions(evaluations: Iterable[Evaluation], file: str) -> Iterator[bytes]:
    """Yield the rows as lines of UTF-8, in the order of the images; of several models, one after the other.

    `right` is whether the best class is right: 1 or 0, in JSON Lines true or false; `rank_of_truth` is 1 to 5, or
    empty. An image that could not be read has its error, is not right, and has no prediction.

    Args:
        evaluations: One or more models' evaluations.
        file: The file's name, whose ending is one of ENDINGS and says the format.
    """
    rows = (_row(image) for each in evaluations for image in each.predictions())
    if file.lower().endswith(".jsonl"):
        yield from (encoded(row) + b"\n" for row in rows)
        return
    lines = LineMaker("\t" if file.lower().endswith(".tsv") else ",")
    yield lines.line(COLUMNS).encode()
    for row in rows:
        yield valid_utf8(lines.line([_cell(row[column]) for column in COLUMNS])).encode()


def _row(image: PredictedImage) -> dict[str, object]:
    row = {column: getattr(image, column) for column in COLUMNS}
    return row if image.score is None else row | {"score": round(image.score, SCORE_DECIMALS)}


def _cell(value: object) -> object:
    return "" if value is None else int(value) if isinstance(value, bool) else value
