"""An evaluation's answers as a table: a row an image, with what it shows and what the model says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mobilenet_cli.csv_lines import LineMaker
from mobilenet_cli.evaluation.figures import Answer, Evaluation
from mobilenet_cli.json_lines import encoded
from mobilenet_cli.records import SCORE_DECIMALS
from mobilenet_cli.text import valid_utf8

COLUMNS = (
    *("path", "truth", "truth_wnid", "prediction", "prediction_wnid", "score", "right", "rank_of_truth"),
    *("error", "model"),
)
ENDINGS = (".csv", ".tsv", ".jsonl")


def as_predictions(evaluations: Iterable[Evaluation], file: str) -> Iterator[bytes]:
    """Yield the rows as lines of UTF-8, in the order of the images; of several models, one after the other.

    `right` is whether the best class is right: 1 or 0, in JSON Lines true or false; `rank_of_truth` is 1 to 5, or
    empty. An image that could not be read has its error, is not right, and has no prediction.

    Args:
        evaluations: One or more models' evaluations.
        file: The file's name, whose ending is one of ENDINGS and says the format.
    """
    rows = (_row(each, answer) for each in evaluations for answer in each.answers())
    if file.lower().endswith(".jsonl"):
        yield from (encoded(row) + b"\n" for row in rows)
        return
    lines = LineMaker("\t" if file.lower().endswith(".tsv") else ",")
    yield lines.line(COLUMNS).encode()
    for row in rows:
        yield valid_utf8(lines.line([_cell(row[column]) for column in COLUMNS])).encode()


def _row(evaluation: Evaluation, answer: Answer) -> dict[str, object]:
    truth = evaluation.name(answer.truth)
    predicted = None if answer.predicted is None else evaluation.name(answer.predicted)
    return {
        "path": answer.path,
        "truth": truth.label,
        "truth_wnid": truth.wnid or None,
        "prediction": None if predicted is None else predicted.label,
        "prediction_wnid": None if predicted is None else predicted.wnid or None,
        "score": None if answer.score is None else round(answer.score, SCORE_DECIMALS),
        "right": answer.rank == 1,
        "rank_of_truth": answer.rank,
        "error": answer.error,
        "model": evaluation.model,
    }


def _cell(value: object) -> object:
    return "" if value is None else int(value) if isinstance(value, bool) else value
