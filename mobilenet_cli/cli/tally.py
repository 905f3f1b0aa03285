"""Counting a run's records for the progress line, the last words and the exit code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, TypeVar

from mobilenet_cli.cli.progress_line import Progress
from mobilenet_cli.cli.terminal import Terminal


def images(count: int) -> str:
    """Return "1 image", "2 images", …."""
    return number_of(count, "image")


def number_of(count: int, noun: str) -> str:
    """Return "1 vector", "2 vectors", … for a noun with a plural in s."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def images_were(count: int) -> str:
    """Return "1 image was", "2 images were", …."""
    return f"{images(count)} {'was' if count == 1 else 'were'}"


class _Record(Protocol):
    @property
    def status(self) -> str: ...


_AnySource = TypeVar("_AnySource")
_AnyRecord = TypeVar("_AnyRecord", bound=_Record)


@dataclass(slots=True)
class Tally:
    """How many images a run has done, and how many of them failed.

    Attributes:
        terminal: Where the last words go.
        verb: What was done to the images: "classified".
        done: Records so far, and sources that an earlier run had finished.
        failed: Records so far whose status is "error".
    """

    terminal: Terminal
    verb: str
    done: int = 0
    failed: int = 0

    def counted(
        self, pairs: Iterable[tuple[_AnySource, _AnyRecord]], progress: Progress
    ) -> Iterator[tuple[_AnySource, _AnyRecord]]:
        """Yield each source with its record, counting the records here and in the progress line."""
        for source, record in pairs:
            failed = record.status == "error"
            self.done += 1
            self.failed += failed
            progress.advance(failed=failed)
            yield source, record

    def tell_others(self, count: int) -> None:
        """Tell how many rows of an earlier run stay though their images are not among the sources, if any do."""
        if count:
            self.terminal.note(f"kept the rows of {images(count)} that SOURCES does not name")

    def conclude(self) -> int:
        """Tell what went wrong, if anything did, and return the exit code."""
        if not self.done:
            self.terminal.note("no images found")
        elif self.failed:
            self.terminal.note(f"{self.failed:,} of {images(self.done)} could not be {self.verb}")
        return 0 if self.done and not self.failed else 1
