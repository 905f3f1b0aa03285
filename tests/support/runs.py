"""Runs whose records go to a document, and what they hold in memory."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from colour_engine import ColourEngine, task

from mobilenet_cli.files.document import Document
from mobilenet_cli.files.folder_document import FolderDocument
from mobilenet_cli.pipeline import run
from mobilenet_cli.records import Source
from mobilenet_cli.remote import ahead


class Killed(BaseException):
    """What ends a run at once."""


def write(
    document: Document | FolderDocument,
    sources: Iterable[Source],
    *,
    stop: int | None = None,
    engine: ColourEngine | None = None,
) -> None:
    """Label the images, as the command does, and complete the document; with `stop`, only so many, and then die."""
    pairs = run(document.pending(sources), task(engine or ColourEngine()), workers=2)
    for number, (source, result) in enumerate(pairs):
        if number == stop:
            pairs.close()
            raise Killed
        document.write(source, result)
    document.close()


def watch_held(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list to which each image that is read ahead adds how many bytes are then held."""
    held: list[int] = []
    take = ahead.ReadAhead.wait_for_room

    def watched(self: ahead.ReadAhead, arriving: ahead.Arriving, count: int) -> None:
        take(self, arriving, count)
        held.append(self._held)

    monkeypatch.setattr(ahead.ReadAhead, "wait_for_room", watched)
    return held
