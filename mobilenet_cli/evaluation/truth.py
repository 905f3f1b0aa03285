"""What each image shows, from its folder's name, its own name, or a CSV."""
# A path stays the string that was typed: a Path would rewrite it, and a URL is not a path.
# ruff: noqa: PTH119, PTH120, PTH122

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from mobilenet_cli.errors import InputError
from mobilenet_cli.inputs.labelled_csv import TruthTable, absolute
from mobilenet_cli.inputs.stdin import STDIN
from mobilenet_cli.records import Source
from mobilenet_cli.text import printable

_Found = TypeVar("_Found")

Truth = Callable[[str], str]
"""Returns the name of an image's class, given its path. Raises InputError, with the reason, if there is none."""

_MOST_LISTED = 5


def truth_of(rule: str, *, encoding: str | None = None) -> Truth:
    """Return the function that a rule stands for.

    Args:
        rule: "folder": the name of the folder that contains the file; "filename": the file's name up to its
            first "_", else without its ending; "csv:FILE": a TruthTable.
        encoding: The encoding of the table; None to find it.

    Raises:
        InputError: The rule is none of these, or the table cannot be read.
    """
    if rule == "folder":
        return lambda path: os.path.basename(os.path.dirname(absolute(path)))
    if rule == "filename":
        return _beginning
    kind, _, file = rule.partition(":")
    if kind == "csv" and file:
        return TruthTable(file, encoding=encoding)
    raise InputError(f"the truth comes from folder, filename or csv:FILE, not from {rule!r}")


class Finder(Protocol[_Found]):
    """Finds what a text means to a model: the index of a class (ClassFinder), or a Target (TargetFinder)."""

    model: str

    def find(self, text: str) -> _Found:
        """Return what `text` means, or raise an InputError of one line."""
        ...

    def counterpart(self, found: _Found, other: Any, /) -> _Found:
        """Return what the `other` finder found, as this finder's model sees it, or raise an InputError of one line."""
        ...


def find_truths(sources: Sequence[Source], truth: Truth, finder: Finder[_Found]) -> list[_Found]:
    """Return what each source shows, as `finder` finds it.

    Raises:
        InputError: Some are missing, unknown or ambiguous. The message has their number, the reasons and examples.
    """
    known: dict[str, _Found] = {}
    truths: list[_Found] = []
    problems: list[tuple[str, str]] = []
    for source in sources:
        try:
            text = _text(source, truth)
            if text not in known:
                known[text] = finder.find(text)
            truths.append(known[text])
        except InputError as error:
            problems.append((source.error or str(error), source.path))
    _refuse(problems, len(sources), finder.model)
    return truths


def translate(truths: Sequence[_Found], finder: Finder[_Found], other: Finder[_Found]) -> list[_Found]:
    """Return what `truths`, which the `other` finder found, are to `finder`'s model.

    Raises:
        InputError: Some classes have no counterpart.
    """
    counted = Counter(truths)
    problems: list[tuple[str, str]] = []
    counterparts: dict[_Found, _Found] = {}
    for found, images in counted.items():
        try:
            counterparts[found] = finder.counterpart(found, other)
        except InputError as error:
            problems += [(str(error), "")] * images
    _refuse(problems, counted.total(), finder.model)
    return [counterparts[found] for found in truths]


def _beginning(path: str) -> str:
    name = os.path.basename(path)
    return name.partition("_")[0] if "_" in name else os.path.splitext(name)[0]


def _text(source: Source, truth: Truth) -> str:
    if source.path == STDIN:
        raise InputError("an image on standard input has no name to take the truth from; give a file")
    return truth(source.path)


def _refuse(problems: list[tuple[str, str]], images: int, model: str) -> None:
    """Raise an InputError if there are problems. Each is a reason and a path."""
    if not problems:
        return
    reasons = Counter(reason for reason, _ in problems)
    examples = dict(reversed(problems))
    lines = [_line(reason, count, examples[reason]) for reason, count in reasons.most_common(_MOST_LISTED)]
    if len(reasons) > _MOST_LISTED:
        lines.append(f"and {len(reasons) - _MOST_LISTED:,} more")
    raise InputError(
        f"the truth of {len(problems):,} of {images:,} images is not a class of {model}; "
        "name classes by label, wnid or index, and anything above them by word or wnid:\n  " + "\n  ".join(lines)
    )


def _line(reason: str, count: int, example: str) -> str:
    where = f"{count:,} images" if count > 1 else ""
    if example:
        where += f", the first {printable(example)}" if where else printable(example)
    return f"{reason} ({where})" if where else reason
