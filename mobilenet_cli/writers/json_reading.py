"""Results read back from the JSON and JSONL that this package writes."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from mobilenet_cli.records import Name, Prediction, Result


def results_in(file: Path) -> Iterator[Result]:
    """Yield the Results of a file. Raises what `read_results` raises."""
    with file.open("rb") as stream:
        yield from read_results(stream)


def read_results(stream: BinaryIO) -> Iterator[Result]:
    """Yield the Results of a document in the format jsonl or json, one line of it in memory at a time.

    Both have an object a line; json has brackets and commas around them. Results of versions before there were
    sure labels have none, and no warning.

    Raises:
        ValueError: A line is no Result; the message says which and why, for a sentence that begins with "its".
    """
    for number, line in enumerate(stream, 1):
        text = line.strip().removeprefix(codecs.BOM_UTF8).rstrip(b",")
        if text in (b"", b"[", b"]", b"[]"):
            continue
        try:
            yield result_from(json.loads(text))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise ValueError(f"its line {number:,} is not one of mnclassify's results ({error})") from error


def result_from(fields: Any) -> Result:
    """Return the Result of an object with its fields. Raises a ValueError, TypeError, KeyError or AttributeError."""
    for name in ("row", "row_extra"):  # the cells of the table that named the image
        fields.pop(name, None)
    predictions = tuple(Prediction(**each) for each in fields.pop("predictions"))
    label = fields.pop("label", None)
    result = Result(
        label=None if label is None else Name(**label),
        kinds=tuple(Name(**each) for each in fields.pop("kinds", ())),
        predictions=predictions,
        warning=fields.pop("warning", None),
        **fields,
    )
    names: list[Name | Prediction] = [*predictions, *result.kinds, *([result.label] if result.label else [])]
    texts = [
        result.path,
        result.model,
        result.error or "",
        result.warning or "",
        *(text for each in names for text in (each.wnid, each.label)),
    ]
    numbers = [result.width or 0, result.height or 0, *(n for each in predictions for n in (each.rank, each.index))]
    if (
        result.status not in ("ok", "error")
        or not all(isinstance(each, str) for each in texts)
        or not all(isinstance(each, int) for each in numbers)
        or not all(0 <= each.score <= 1 for each in names)
    ):
        raise ValueError("a field has another kind of value")
    return result
