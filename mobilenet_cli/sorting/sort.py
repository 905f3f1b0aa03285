"""One run: each image into its folder, written down before and after."""
# A path stays the string that was typed, and may hold bytes that are no text.
# ruff: noqa: PTH100, PTH102, PTH112, PTH114, PTH116, PTH118, PTH120

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from mobilenet_cli.errors import OutputError
from mobilenet_cli.sorting.deeds import Deed, How, perform, reverse
from mobilenet_cli.sorting.history import History, Unit
from mobilenet_cli.sorting.journal import Journal, open_journal, read_history
from mobilenet_cli.sorting.plan import Plan, Planner
from mobilenet_cli.text import printable

_ENDS_THE_RUN = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}
_TRIES = 5


class NotSortedError(OutputError):
    """One image cannot be sorted, and is where it was. It says nothing of other images."""


@dataclass(frozen=True, slots=True)
class Sorted:
    """What became of an image.

    Attributes:
        folder: The name of its folder.
        target: Its path below the destination.
        is_there: Whether its content was there before, so that nothing was done.
        companions: How many files went with it.
    """

    folder: str
    target: str
    is_there: bool
    companions: int

    @classmethod
    def of(cls, plan: Plan) -> Sorted:
        """Return what a plan comes to when it is carried out."""
        return cls(plan.folder, plan.target, plan.is_there, max(0, len(plan.placements) - 1))


class Sorter:
    """Puts images into the folders of one destination."""

    def __init__(self, into: str, how: How, settings: str, journal: Journal | None) -> None:
        """Take up what the journal says.

        Args:
            into: The destination.
            how: Copy, move or link.
            settings: What decides where images go: what was sorted by the same is done.
            journal: The destination's, open; None to plan only.
        """
        self._into, self._how, self._settings = os.path.realpath(into), how, f"{how} {settings}"
        self._journal = journal
        self._history: History = read_history(self._into) if journal is None else journal.history
        self._planner = Planner(self._into, how, dry=journal is None)
        self._done = {
            unit.image: (unit.size, unit.mtime_ns)
            for number, unit in self._history.units.items()
            if unit.settings == self._settings and unit.leaves_the_image and self._history.is_done(number)
        }

    def has(self, path: str) -> bool:
        """Return whether the file at `path` is in the destination itself."""
        real = os.path.realpath(os.path.dirname(path))
        return os.path.commonpath([real, self._into]) == self._into

    def is_done(self, path: str) -> bool:
        """Return whether an earlier run sorted the file at `path` in the same way, and it has not changed since."""
        known = self._done.get(os.path.abspath(path))
        if known is None:
            return False
        with contextlib.suppress(OSError):
            about = os.stat(path)
            return known == (about.st_size, about.st_mtime_ns)
        return False

    def put(self, path: str, label: str) -> Sorted:
        """Put the image at `path`, with its companions, into the folder of a label; or plan that.

        Raises:
            NotSortedError: It cannot be done, and everything is as it was.
            OutputError: Nothing more can be written to the destination.
        """
        image = os.path.abspath(path)
        try:
            if self._how == "move" and os.path.islink(image):
                raise NotSortedError("it is a symbolic link, and would lead elsewhere from another folder")
            if self._journal is None:
                return Sorted.of(self._planner.plan(image, label))
            for _ in range(_TRIES):
                plan = self._planner.plan(image, label)
                with contextlib.suppress(FileExistsError):  # another program has just taken the name
                    self._carry_out(plan, image, self._journal)
                    return Sorted.of(plan)
            raise NotSortedError(f"{printable(plan.target)} is taken again and again by another program")
        except OSError as error:
            reason = error.strerror or str(error)
            if error.errno in _ENDS_THE_RUN:
                place = os.fsdecode(error.filename) if isinstance(error.filename, (str, bytes)) else self._into
                raise OutputError(f"cannot write to {printable(place)}: {reason}") from error
            if error.errno in {errno.EXDEV, errno.EPERM, errno.ENOTSUP} and self._how == "hard-link":
                reason = "no hard link can be made between it and the destination; use a copy or --link"
            raise NotSortedError(reason) from error

    def _carry_out(self, plan: Plan, image: str, journal: Journal) -> None:
        folder = os.path.join(self._into, plan.folder)
        if not plan.is_there and not os.path.isdir(folder):
            if os.path.lexists(folder):
                raise NotSortedError(f"{printable(folder)} is no folder")
            journal.folder(plan.folder)
            os.mkdir(folder)
        about = os.stat(image)
        deeds = tuple(Deed.of(each.how, each.source, each.target, self._into) for each in plan.placements)
        number = journal.history.count
        unit = Unit(number, self._settings, image, about.st_size, about.st_mtime_ns, deeds)
        journal.begin(unit)
        _complete(unit, journal)


def _complete(unit: Unit, journal: Journal) -> None:
    """Do the deeds of a unit that was begun, all or none of them.

    Raises:
        OSError: They cannot be done, and are undone.
    """
    digests: list[str] = []
    try:
        digests.extend(perform(deed, journal.into) for deed in unit.deeds)
    except OSError:
        _give_up(unit, digests, journal)
        raise
    journal.finish(unit, digests)


def _give_up(unit: Unit, digests: list[str], journal: Journal) -> None:
    """Put back what was done of a unit; where that fails too, leave it to `--undo`."""
    done = list(zip(unit.deeds, digests, strict=False))  # the deed that failed left nothing behind
    try:
        reasons = [reverse(deed, journal.into, digest) for deed, digest in reversed(done)]
        is_back = not any(reasons)
    except OSError:
        is_back = False
    if is_back:
        journal.undone(unit)
    else:
        journal.finish(unit, digests)


@contextmanager
def open_sorter(into: str, how: How, settings: str) -> Iterator[Sorter]:
    """Open the destination `into`, made if need be, and complete what a killed run had begun there.

    Args:
        into: The destination.
        how: Copy, move or link.
        settings: What decides where images go: what was sorted by the same is done.

    Raises:
        InputError: It can be no folder.
        OutputError: It cannot be written, another run has it, or an undo of it has not ended.
    """
    with open_journal(into, create=True) as journal:
        if journal.history.undoing:
            raise OutputError(f"an undo of {printable(into)} was interrupted: complete it first, with --undo")
        for unit in journal.history.pending():
            with contextlib.suppress(OSError):  # its images are found again, and the reason with them
                _complete(unit, journal)
        try:
            yield Sorter(into, how, settings, journal)
        finally:
            if not journal.history.units and not journal.history.folders:
                journal.remove()  # where there is nothing to undo, nothing is left behind
