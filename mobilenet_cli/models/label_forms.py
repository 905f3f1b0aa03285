"""The forms of label files, of Keras, Hugging Face, Teachable Machine, Caffe and others → a name a class.

cat                        a label a line
0 cat     0: cat           its index before it: all lines have one, and together they are 0, 1, 2, … or 1, 2, 3, …
n02123045 tabby            its WordNet id before it, also after an index
cat,0     "cat",           its index behind it; quoted, as in a program's list
index,label                a CSV with a header: label|name|class, and index|id, wnid|synset where it has them
["cat", "dog"]             JSON, or a literal of Python: a list; a map from indexes (Hugging Face's id2label), or to
                           them (class_indices); a map from indexes to [wnid, label] (Keras' imagenet_class_index.json)
"""

from __future__ import annotations

import ast
import csv
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from mobilenet_cli.records import ClassName

_INDEXED = re.compile(r"(\d+)(?:\s*[:,;)]\s*|\.\s+|\s+)(.+)")
_CERTAINLY_INDEXED = re.compile(r"\d+\s*[:;\t]\s*.+")
_INDEX_BEHIND = re.compile(r"(.*\S)\s*[,;:\t]\s*(\d+)")
_QUOTED = re.compile(r"""(['"])(.*)\1\s*,?""")
_WITH_WNID = re.compile(r"(n\d{8})(?:\s*[\t:,;]\s*|\s+|[_-])(.+)")
_LABEL_COLUMNS = ("label", "name", "class", "class_name", "label_name", "display_name")
_HEADERS = (*_LABEL_COLUMNS, "labels", "names", "classes")
_INDEX_COLUMNS = ("index", "id", "class_id", "class_index", "label_id")
_WNID_COLUMNS = ("wnid", "synset", "wordnet_id", "synset_id")
_LISTS = ("id2label", "class_indices", "label2id", "labels", "names", "classes", "class_names", "categories")

_GAPS = "the indexes of the labels are not 0, 1, 2, … or 1, 2, 3, …, each once"


def parse(text: str) -> tuple[ClassName, ...]:
    """Return the name of each class, in the order of the model's outputs.

    Raises:
        ValueError: It is JSON or CSV of another kind, or its indexes have gaps; the message says which.
    """
    if text.lstrip().startswith(("{", "[")):
        try:
            values = _literal(text)
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
    if lines and lines[0].lower() in _HEADERS:
        del lines[0]
    return tuple(map(_name, _without_indexes(_without_quotes(lines))))


def _literal(text: str) -> Any:
    """Return the value of JSON or of a literal of Python."""
    try:
        return json.loads(text)
    except ValueError as error:
        try:
            return ast.literal_eval(text.strip())
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            raise error from None


def _name(label: str) -> ClassName:
    match = _WITH_WNID.fullmatch(label)
    return ClassName(match[1], match[2].strip()) if match else ClassName("", label)


def _without_indexes(lines: list[str]) -> list[str]:
    """Return the labels in the order of the indexes before them, or as they are where that is not what stands there."""
    matches = [match for line in lines if (match := _INDEXED.fullmatch(line))]
    behind = [match for line in lines if (match := _INDEX_BEHIND.fullmatch(line))]
    pairs = [(int(match[1]), match[2]) for match in matches]
    if len(pairs) < len(lines) and len(behind) == len(lines):
        pairs = [(int(match[2]), match[1]) for match in behind]
    # A list of one, such as "7 up", says too little.
    if len(pairs) < max(len(lines), 2):
        return lines
    pairs.sort(key=lambda pair: pair[0])
    if [index for index, _ in pairs] in (list(range(len(lines))), list(range(1, len(lines) + 1))):
        return _without_quotes([label.strip() for _, label in pairs])
    if all(map(_CERTAINLY_INDEXED.fullmatch, lines)):
        raise ValueError(_GAPS)
    return lines


def _without_quotes(lines: list[str]) -> list[str]:
    """Return the labels without the quotes that all of them have, and the commas behind those."""
    matches = [match for line in lines if (match := _QUOTED.fullmatch(line))]
    return [match[2].strip() for match in matches] if len(matches) == len(lines) else lines


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
    if isinstance(values, Mapping):
        values = next((values[key] for key in _LISTS if isinstance(values.get(key), list | Mapping)), values)
    if isinstance(values, list | tuple):
        indexes = [_index_in(value) for value in values]
        if values and all(index is not None for index in indexes):
            return _in_order(zip(indexes, map(_of_value, values), strict=True))
        return tuple(map(_of_value, values))
    if isinstance(values, Mapping) and values:
        if all(_is_index(value) for value in values.values()) and not all(map(_is_index, values)):
            return _in_order([(index, _name(str(label))) for label, index in values.items()])
        return _in_order([(index, _of_value(value)) for index, value in values.items()])
    raise ValueError("this JSON is neither a list of labels nor a map from or to their indexes")


def _is_index(value: object) -> bool:
    return (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, str) and value.isdecimal())


def _index_in(value: Any) -> Any:
    """Return the index that an item of a list has, None where it has none."""
    if isinstance(value, Mapping):
        return next((value[name] for name in _INDEX_COLUMNS if _is_index(value.get(name))), None)
    if isinstance(value, list | tuple) and len(value) == 2 and isinstance(value[0], int):
        return value[0]
    return None


def _of_value(value: Any) -> ClassName:
    if isinstance(value, str):
        return _name(value.strip())
    if isinstance(value, list | tuple) and len(value) == 2 and isinstance(value[1], str):
        if isinstance(value[0], int):
            return _name(value[1].strip())
        if isinstance(value[0], str):
            return ClassName(value[0], value[1])
    if isinstance(value, Mapping):
        label = next((value[name] for name in _LABEL_COLUMNS if isinstance(value.get(name), str)), None)
        if label is not None:
            return _name(label)
    raise ValueError(f"{json.dumps(value, default=str)[:40]} is no label")


def _in_order(pairs: Iterable[tuple[Any, ClassName]]) -> tuple[ClassName, ...]:
    """Return names in the order of their indexes: those are to be 0, 1, 2 and so on, or 1, 2, 3 and so on."""
    try:
        ordered = sorted(((int(index), name) for index, name in pairs), key=lambda pair: pair[0])
    except ValueError as error:
        raise ValueError(f"an index is no whole number ({error})") from None
    indexes = [index for index, _ in ordered]
    if indexes not in (list(range(len(indexes))), list(range(1, len(indexes) + 1))):
        raise ValueError(_GAPS)
    return tuple(name for _, name in ordered)
