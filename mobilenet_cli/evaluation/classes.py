"""Finding a model's class by its label, wnid or index."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from difflib import get_close_matches

from mobilenet_cli.errors import InputError
from mobilenet_cli.records import ClassName
from mobilenet_cli.text import printable

_MOST_NAMED = 5


class UnknownClassError(InputError):
    """A text is no label, wnid or index of a class.

    Attributes:
        reason: The message without the hint.
        hint: "" or "; do you mean …?".
    """

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(reason + hint)
        self.reason, self.hint = reason, hint


class ClassFinder:
    """Finds the class that a string names.

    Args:
        classes: The model's classes in the order of its outputs.
        model: The model's name, for messages.
    """

    def __init__(self, classes: Sequence[ClassName], model: str) -> None:
        self._classes, self.model = classes, model
        self._labels: defaultdict[str, list[int]] = defaultdict(list)
        self._spellings: defaultdict[str, list[int]] = defaultdict(list)
        self._wnids: defaultdict[str, list[int]] = defaultdict(list)
        for index, name in enumerate(classes):
            self._labels[name.label].append(index)
            self._spellings[_spelling(name.label)].append(index)
            if name.wnid:
                self._wnids[name.wnid].append(index)

    def find(self, text: str) -> int:
        """Return the index, from 0, of the class that `text` names.

        Tried in this order: a label; a wnid; a label in another spelling (capitals, "_" for a space, composed
        accents); an index.

        Raises:
            UnknownClassError: It is none of these. The message is one line.
            InputError: It is empty, an index out of range, or the label of several classes. The message is one line.
        """
        spelling = _spelling(printable(text))  # as `train` makes a label of a folder's name
        found = self._labels.get(text) or self._wnids.get(spelling) or self._spellings.get(spelling)
        if found:
            return self._only(found, text)
        if text.isascii() and text.isdecimal():
            if int(text) < len(self._classes):
                return int(text)
            raise InputError(f"'{printable(text)}': the indexes are 0 to {len(self._classes) - 1}")
        if not text:
            raise InputError("an empty name")
        alike = get_close_matches(spelling, self._spellings, n=1, cutoff=0.8)
        hint = f"; do you mean '{self._classes[self._spellings[alike[0]][0]].label}'?" if alike else ""
        raise UnknownClassError(f"'{printable(text)}': no label, wnid or index of a class", hint)

    def counterpart(self, index: int, other: ClassFinder) -> int:
        """Return this model's index of the `other` model's class `index`, matched by wnid, else by label.

        Raises:
            InputError: There is none, or several classes have the label. The message is one line.
        """
        name = other._classes[index]
        for text in filter(None, (name.wnid, name.label)):
            found = self._labels.get(text) or self._wnids.get(text)
            if found and (text == name.wnid or len(other._labels[text]) == 1):
                return self._only(found, text)
        raise InputError(f"'{printable(name.label)}' ({name.wnid or f'index {index}'} of {other.model}): no such class")

    def _only(self, found: list[int], text: str) -> int:
        if len(found) == 1:
            return found[0]
        named = [f"{index} ({self._classes[index].wnid or 'no wnid'})" for index in found[:_MOST_NAMED]]
        more = ", …" if len(found) > _MOST_NAMED else ""
        raise InputError(
            f"'{printable(text)}': ambiguous, the label of the classes {', '.join(named)}{more}; "
            "give the wnid or the index"
        )


def _spelling(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).casefold().replace("_", " ").split())
