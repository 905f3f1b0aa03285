"""Everything back to where it was: files that were moved return, copies and links that are unchanged go."""
# A path stays the string that was typed, and may hold bytes that are no text.
# ruff: noqa: PTH106, PTH118

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field

from mobilenet_cli.sorting.deeds import reverse
from mobilenet_cli.sorting.history import Unit
from mobilenet_cli.sorting.journal import Journal, finish_removal, open_journal
from mobilenet_cli.sorting.transfer import TEMPORARY, discard


@dataclass(slots=True)
class Undone:
    """What became of the sorted images.

    Attributes:
        images: How many were put back, with their companions.
        left: The files that were left in the destination, by their paths below it, each with the reason.
    """

    images: int = 0
    left: list[tuple[str, str]] = field(default_factory=list)


def undo(into: str, advance: Callable[[], None] = lambda: None) -> Undone:
    """Put back all that was sorted into the destination `into`, the last first.

    A kill leaves the rest to the next call. What is left in the destination stays in its journal, so that a later
    call may put it back; else the journal goes, and with it the folders that were made and are empty.

    Args:
        into: The destination.
        advance: Called after each image.

    Raises:
        InputError: There is nothing to undo.
        OutputError: Another run has the destination, or it cannot be written.
    """
    undone = Undone()
    if finish_removal(into):
        return undone
    with open_journal(into, create=False) as journal:
        journal.undoing(True)
        for unit in reversed(list(journal.history.units.values())):
            left = _put_back(unit, journal)
            if left:
                undone.left += left
            else:
                journal.undone(unit)
                undone.images += bool(unit.deeds)
            advance()
        _remove_folders(journal)
        if undone.left:
            journal.undoing(False)
        else:
            journal.remove()
    return undone


def _put_back(unit: Unit, journal: Journal) -> list[tuple[str, str]]:
    """Reverse the deeds of a unit, and return those that are not reversed, each with the reason."""
    left = []
    # Of a unit that a kill interrupted, any deed may have been done.
    digests = journal.history.digests.get(unit.number, [""] * len(unit.deeds))
    for deed, digest in reversed(list(zip(unit.deeds, digests, strict=False))):
        try:
            reason = reverse(deed, journal.into, digest)
        except OSError as error:
            reason = error.strerror or str(error)
        if reason is not None:
            left.append((deed.target, reason))
    return left


def _remove_folders(journal: Journal) -> None:
    for name in reversed(journal.history.folders):
        folder = os.path.join(journal.into, name)
        with contextlib.suppress(OSError):
            discard(os.path.join(folder, TEMPORARY))
            os.rmdir(folder)
