"""Class names: the WordNet id and the label of each output of a model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from mobilenet_cli.errors import ModelError
from mobilenet_cli.in_tensorflow import LABELS
from mobilenet_cli.records import ClassName
from mobilenet_cli.text import counted

IMAGENET = "imagenet"
_TABLE = Path(__file__).with_name("imagenet_classes.tsv")
_WITH_BACKGROUND = 1001


def imagenet_labels(classes: int) -> tuple[ClassName, ...]:
    """Return the names of a 1001-class model (index 0 is "background") or of a 1000-class one (no background).

    The 1000 classes are ImageNet's (ILSVRC-2012) in the order of their WordNet ids.

    Raises:
        ModelError: `classes` is neither.
    """
    table = _imagenet_table()
    if classes not in (_WITH_BACKGROUND, _WITH_BACKGROUND - 1):
        raise ModelError(
            f"the model has {classes} classes, so they are not ImageNet's 1000 or 1001; give their names with --labels"
        )
    return table[_WITH_BACKGROUND - classes :]


@cache
def _imagenet_table() -> tuple[ClassName, ...]:
    rows = _TABLE.read_text(encoding="utf-8").splitlines()[1:]
    return tuple(ClassName(wnid, label) for _, wnid, label in (row.split("\t") for row in rows))


def read_labels(file: Path, classes: int) -> tuple[ClassName, ...]:
    """Read a label file of the user's in any of the forms of `label_forms`.

    Lists that are ImageNet's own get its WordNet ids, and so do labels that are such ids or follow one; the error for
    a list of 1000 for a model of 1001 classes, or the other way round, hints at the background class.

    Raises:
        ModelError: The file cannot be read, or has another number of labels than the model has classes.
    """
    from mobilenet_cli.models.label_forms import parse

    try:
        labels = parse(_text_of(file))
    except ValueError as error:
        raise ModelError(f"cannot read the labels in {file}: {error}") from error
    return _named(labels, file, classes)


def stored_labels(file: Path, classes: int) -> tuple[ClassName, ...]:
    """Read a model's own label file: a label a line, as it is, behind its WordNet id and a tab where it has one.

    Raises:
        ModelError: As read_labels.
    """
    labels = [line.strip() for line in _text_of(file).splitlines()]
    while labels and not labels[-1]:
        labels.pop()
    return _named([ClassName(*_split(label)) for label in labels], file, classes)


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"cannot read the labels in {file}: {error}") from error


def _named(labels: Sequence[ClassName], file: Path, classes: int) -> tuple[ClassName, ...]:
    if len(labels) != classes:
        hint = " (is the background class missing or surplus?)" if abs(len(labels) - classes) == 1 else ""
        raise ModelError(
            f"{file} has {counted(len(labels), 'label')}, but the model has {counted(classes, 'class')}{hint}"
        )
    if classes in (_WITH_BACKGROUND, _WITH_BACKGROUND - 1):
        imagenet = imagenet_labels(classes)
        if [name.label for name in imagenet] == [name.label for name in labels]:
            return imagenet
    return tuple(name if name.wnid else ClassName(_wnid_in(name.label), name.label) for name in labels)


def _wnid_in(label: str) -> str:
    """Return the WordNet id of an ImageNet class that a label is or begins with, as folders' names do, or ""."""
    found = re.match(r"n\d{8}(?![^\W_])", label)
    return found[0] if found and any(name.wnid == found[0] for name in _imagenet_table()) else ""


def _line(name: ClassName) -> str:
    return f"{name.label}\n" if name.wnid in ("", name.label) else f"{name.wnid}\t{name.label}\n"


def _split(label: str) -> tuple[str, str]:
    wnid, tab, rest = label.partition("\t")
    return (wnid, rest) if tab and re.fullmatch(r"n\d{8}", wnid) else ("", label)


def write_labels(folder: Path, file: Path | None, classes: int) -> str:
    """Write a model's labels.txt: a label file's, or ImageNet's where there is no file and they fit.

    Returns:
        The manifest's `labels`: the file's name, IMAGENET, or "" where there are no names and nothing is written.

    Raises:
        ModelError: The file cannot be read, or has another number of labels than the model has classes.
    """
    if file is not None:
        names = read_labels(file, classes)
        labels = "".join(map(_line, names))
        (folder / LABELS).write_text(labels, encoding="utf-8")
        return LABELS
    if classes not in (_WITH_BACKGROUND, _WITH_BACKGROUND - 1):
        return ""
    lines = "".join(f"{name.label}\n" for name in imagenet_labels(classes))
    (folder / LABELS).write_text(lines, encoding="utf-8")
    return IMAGENET


def numbered_labels(classes: int) -> tuple[ClassName, ...]:
    """Return "class 0", "class 1", …: for a model that comes without names."""
    return tuple(ClassName("", f"class {index}") for index in range(classes))
