"""Counts of the names of images, and the place of each among the others; memory grows only with their number."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from mobilenet_cli.records import Name, Result
from mobilenet_cli.text import printable


class NameKey(NamedTuple):
    """The identity of a name: two ImageNet classes are called "crane"."""

    label: str
    wnid: str


class CountedName(NamedTuple):
    """A name that some images have.

    Attributes:
        label: Its text.
        wnid: Its WordNet id, or "".
        above: The number of the name that it is listed below, or None at the top.
        images: Number of images whose label or kind it is.
    """

    label: str
    wnid: str
    above: int | None
    images: int


@dataclass(slots=True)
class Kinds:
    """The names of images, each a sure label or a kind of one.

    Attributes:
        numbers: The number, from 0, of each name, in order of appearance.
        labelled: Number of images with a sure label.
    """

    numbers: dict[NameKey, int] = field(default_factory=dict)
    labelled: int = 0
    _images: Counter[NameKey] = field(default_factory=Counter)
    _above: dict[NameKey, tuple[NameKey, ...]] = field(default_factory=dict)

    def add(self, result: Result) -> None:
        """Count the names of an image."""
        chain = tuple(dict.fromkeys(name_of(each) for each in names_of(result)))
        self.labelled += bool(chain)
        self._images.update(chain)
        for place, name in enumerate(chain):
            self.numbers.setdefault(name, len(self.numbers))
            before = chain[:place]
            known = self._above.get(name, before)
            self._above[name] = known if known == before else tuple(each for each in known if each in before)

    def counted(self) -> list[CountedName]:
        """Return all names in the order of their numbers.

        A word may have several words above it, and not the same ones for all of its images: an ambulance is a car
        and a van, and other vans are no cars. So each is listed once, below the last of the words that are above it
        in all of its images, and an image counts in all words above its own.
        """
        return [CountedName(*name, self._listed_below(name), self._images[name]) for name in self.numbers]

    def _listed_below(self, name: NameKey) -> int | None:
        above = self._above[name]
        return self.numbers[above[-1]] if above else None


def names_of(result: Result) -> tuple[Name, ...]:
    """Return a result's kinds, from general to specific, and its label; empty without a label."""
    return () if result.label is None else (*result.kinds, result.label)


def name_of(name: Name) -> NameKey:
    """Return the identity of a name, in characters that a page can show."""
    return NameKey(printable(name.label), printable(name.wnid))
