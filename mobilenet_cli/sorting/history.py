r"""What a journal says: the units that were begun, and what became of each.

A journal is a file of JSON lines. Paths are strings whose undecodable bytes are lone surrogates, written as \udcff.

    {"sort": 1, "made": true}                  its version, and whether the destination was made for it
    {"folder": "dog"}                          before this folder is made
    {"unit": 0, "image": …, "deeds": […], …}   before an image and its companions are sorted
    {"done": 0, "digests": […]}                after that
    {"undone": 0}                              after they were put back
    {"undoing": true}                          while all is put back
"""
# ruff: noqa: PTH117

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any

from mobilenet_cli.sorting.deeds import Deed

VERSION = 1


@dataclass(frozen=True, slots=True)
class Unit:
    """An image and its companions, which are sorted and put back together.

    Attributes:
        number: Its place in the journal, from 0.
        settings: What decides where images go: an image may be sorted again by others.
        image: The image's absolute path.
        size: Its size in bytes.
        mtime_ns: When it was changed last, in nanoseconds since 1970.
        deeds: What is done to each file; none where the destination had them already.
    """

    number: int
    settings: str
    image: str
    size: int
    mtime_ns: int
    deeds: tuple[Deed, ...]

    def line(self) -> dict[str, Any]:
        """Return the unit as a line of the journal."""
        return {
            "unit": self.number,
            "settings": self.settings,
            "image": self.image,
            "size": self.size,
            "mtime_ns": self.mtime_ns,
            "deeds": [[getattr(deed, each.name) for each in fields(Deed)] for deed in self.deeds],
        }

    @property
    def leaves_the_image(self) -> bool:
        """Whether the image is still at its place once the unit is done."""
        return not any(deed.how == "move" and deed.source == self.image for deed in self.deeds)


@dataclass(slots=True)
class History:
    """The units of a journal, in the order in which they were begun.

    Attributes:
        made: Whether the destination was made for the journal.
        undoing: Whether an undo was begun and has not ended.
        folders: The folders that were made in the destination, in order.
        units: The units that were not put back, by number.
        digests: What `perform` returned for the deeds of each unit that has ended, by its number. There are fewer of
            these where a deed failed, and those before it could not be put back.
        count: How many units there ever were.
    """

    made: bool = False
    undoing: bool = False
    folders: list[str] = field(default_factory=list)
    units: dict[int, Unit] = field(default_factory=dict)
    digests: dict[int, list[str]] = field(default_factory=dict)
    count: int = 0

    @classmethod
    def read(cls, lines: Iterable[bytes]) -> History:
        """Read the complete lines of a journal.

        Raises:
            ValueError: They are no journal's, or a later version's.
        """
        history = cls()
        try:
            for line in lines:
                history.add(json.loads(line))
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("a line of it has another form") from error
        return history

    def add(self, line: dict[str, Any]) -> None:
        """Take in one line."""
        match line:
            case {"sort": version}:
                if version != VERSION:
                    raise ValueError("another version of mnclassify wrote it")
                self.made = line["made"]
            case {"folder": name}:
                self.folders.append(_below(name))
            case {"unit": number}:
                self.units[number] = _unit(line)
                self.count = number + 1
            case {"done": number}:
                self.digests[number] = line["digests"]
            case {"undone": number}:
                self.units.pop(number)
                self.digests.pop(number, None)
            case {"undoing": undoing}:
                self.undoing = undoing
            case _:
                raise ValueError("a line of it has another form")

    def is_done(self, number: int) -> bool:
        """Return whether all deeds of a unit are done."""
        return number in self.digests and len(self.digests[number]) == len(self.units[number].deeds)

    def pending(self) -> list[Unit]:
        """Return the units that were begun and did not end: one at most."""
        return [unit for number, unit in self.units.items() if number not in self.digests]


def _unit(line: dict[str, Any]) -> Unit:
    deeds = tuple(Deed(*deed) for deed in line["deeds"])
    for deed in deeds:
        _below(deed.target)
    return Unit(line["unit"], line["settings"], line["image"], line["size"], line["mtime_ns"], deeds)


def _below(path: str) -> str:
    if os.path.isabs(path) or ".." in path.split("/"):
        raise ValueError("a path of it leads out of the folder")
    return path
