"""The forms of label files, of Keras, Hugging Face, Teachable Machine, Caffe and others → a name a class.

cat                        a label a line
0 cat     0: cat           its index before it: all lines have one, and together they are 0, 1, 2, … or 1, 2, 3, …
n02123045 tabby            its WordNet id before it, also after an index
index,label                a CSV with a header: label|name|class, and index|id, wnid|synset where it has them
["cat", "dog"]             JSON: a list; a map from indexes (Hugging Face's id2label), or to them (class_indices);
                           a map from indexes to [wnid, label] (Keras' imagenet_class_index.json)
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from mobilenet_cli.records import ClassName

_INDEXED = re.compile(r"""(\d+)(?:\s*[:,;)]\s*|\.\s+|\s+)(.+)""")
_WITH_WNID = re.compile(r"(n\d{8})(?:\s*[\t:,;]\s*|\s+|[_-])(.+)")
_LABEL_COLUMNS = ("label", "name", "class", "class_name", "label_name")
_INDEX_COLUMNS = ("index", "id", "class_id", "class_index", "label_id")
_WNID_COLUMNS = ("wnid", "synset", "wordnet_id", "synset_id")


def parse(text: str) -> tuple[ClassName, ...]:
    """Return the name of each class, in the order of the model's outputs.

    Raises:
        ValueError: It is JSON or CSV of another kind, or its indexes have gaps; the message says which.
    """
    if text.lstrip().startswith(("{", "[")):
        try:
            values = json.loads(text)
        except ValueError:
            if text.lstrip().startswith("{"):
                raise
        else:
            return _of_json(values)
    lines = [line.strip() for line in text.splitlines()]
    while lines and not lines[-1]:
        lines.pop()
    if (rows := _rows(lines)) is not None:
        return _of_rows(rows)
    return tuple(map(_name, _without_indexes(lines)))


def _name(label: str) -> ClassName:
    match = _WITH_WNID.fullmatch(label)
    return ClassName(match[1], match[2].strip()) if match else ClassName("", label)


def _without_indexes(lines: list[str]) -> list[str]:
    """Return the labels in the order of the indexes before them, or as they are where that is not what stands there."""
    matches = [match for line in lines if (match := _INDEXED.fullmatch(line))]
    indexes = sorted(int(match[1]) for match in matches)
    # A list of one, such as "7 up", says too little.
    if len(matches) < max(len(lines), 2) or indexes not in (list(range(len(lines))), list(range(1, len(lines) + 1))):
        return lines
    return [_unquoted(match[2].strip()) for match in sorted(matches, key=lambda match: int(match[1]))]


def _unquoted(text: str) -> str:
    return text.rstrip(",").strip("'\"") if re.match(r"(['\"]).*\1,?$", text) else text


def _rows(lines: list[str]) -> list[dict[str, str]] | None:
    """Return the rows of a CSV or a TSV whose header has a column of labels, else None."""
    if not lines:
        return None
    for delimiter in (",", "\t", ";"):
        header = [cell.strip().lower() for cell in lines[0].split(delimiter)]
        if len(header) > 1 and not set(header).isdisjoint(_LABEL_COLUMNS):
            rows = csv.reader(lines[1:], delimiter=delimiter, skipinitialspace=True)
            return [dict(zip(header, (cell.strip() for cell in row), strict=False)) for row in rows if row]
    return None


def _of_rows(rows: list[dict[str, str]]) -> tuple[ClassName, ...]:
    def column(names: Iterable[str]) -> str | None:
        return next((name for name in names if rows and name in rows[0]), None)

    label, index, wnid = column(_LABEL_COLUMNS), column(_INDEX_COLUMNS), column(_WNID_COLUMNS)
    if label is None:
        return ()
    names = []
    for row in rows:
        name = _name(row.get(label, ""))
        names.append(ClassName(row[wnid], name.label) if wnid is not None and row.get(wnid) else name)
    return (
        tuple(names)
        if index is None
        else _in_order([(row.get(index, ""), name) for row, name in zip(rows, names, strict=True)])
    )


def _of_json(values: Any) -> tuple[ClassName, ...]:
    if isinstance(values, list):
        return tuple(map(_of_value, values))
    values = values.get("id2label", values.get("class_indices", values.get("labels", values)))
    if isinstance(values, list):
        return tuple(map(_of_value, values))
    if isinstance(values, Mapping) and values:
        if all(isinstance(value, int) and not isinstance(value, bool) for value in values.values()):
            return _in_order([(index, _name(label)) for label, index in values.items()])
        return _in_order([(index, _of_value(value)) for index, value in values.items()])
    raise ValueError("this JSON is neither a list of labels nor a map from or to their indexes")


def _of_value(value: Any) -> ClassName:
    if isinstance(value, str):
        return _name(value.strip())
    if isinstance(value, list) and len(value) == 2 and all(isinstance(part, str) for part in value):
        return ClassName(value[0], value[1])
    if isinstance(value, Mapping):
        label = next((value[name] for name in _LABEL_COLUMNS if isinstance(value.get(name), str)), None)
        if label is not None:
            return _name(label)
    raise ValueError(f"{json.dumps(value)[:40]} is no label")


def _in_order(pairs: Iterable[tuple[Any, ClassName]]) -> tuple[ClassName, ...]:
    """Return names in the order of their indexes: those are to be 0, 1, 2 and so on, or 1, 2, 3 and so on."""
    try:
        ordered = sorted(((int(index), name) for index, name in pairs), key=lambda pair: pair[0])
    except ValueError as error:
        raise ValueError(f"an index is no whole number ({error})") from None
    indexes = [index for index, _ in ordered]
    if indexes not in (list(range(len(indexes))), list(range(1, len(indexes) + 1))):
        raise ValueError("the indexes of the labels are not 0, 1, 2, … or 1, 2, 3, …, each once")
    return tuple(name for _, name in ordered)
