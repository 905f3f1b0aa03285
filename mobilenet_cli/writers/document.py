"""A run's Results as one document: written anew, or gone on with where an earlier run was stopped."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO

from mobilenet_cli.records import Result, Source
from mobilenet_cli.resume import Resumption
from mobilenet_cli.writers import Format, Layout
from mobilenet_cli.writers.part_file import PartFile

if TYPE_CHECKING:
    from mobilenet_cli.models.acquire import Model


class ResultDocument:
    """Used in this order: sources through `pending`, results through `followed` and to `write`, then `close`."""

    def __init__(
        self, stream: BinaryIO, chosen: Format, layout: Layout, model: Model, *, threshold: float, resume: bool
    ) -> None:
        """Begin the document, or read back what an earlier run has finished of it.

        Args:
            stream: Where it goes; opened with `resume` if that is so.
            chosen: Its format.
            layout: The options that shape the records.
            model: The model that the results are by.
            threshold: The lowest score that is a prediction.
            resume: Go on with what is there.

        Raises:
            OutputError: What is there was made with other options or another model, or is damaged.
        """
        self._earlier: Resumption | None = None
        if resume:
            assert isinstance(stream, PartFile)  # noqa: S101 - open_output opens no other to go on with
            fewest = 0 if threshold else layout.top_k
            self._earlier = Resumption(stream, chosen, layout, model=model.name, fewest=fewest)
            layout = replace(layout, header=not self._earlier.has_header)
        self._writer = chosen.make(stream, layout)
        self.written = 0
        """How many results were written."""

    @property
    def kept(self) -> int:
        """How many finished rows there were before."""
        return self._earlier.rows if self._earlier is not None else 0

    @property
    def found(self) -> int:
        """How many of the sources so far had a finished row."""
        return self._earlier.found if self._earlier is not None else 0

    @property
    def finished(self) -> Container[str]:
        """The paths that have a finished row."""
        return self._earlier if self._earlier is not None else ()

    def pending(self, sources: Iterable[Source]) -> Iterable[Source]:
        """Return the sources that have no finished row."""
        return sources if self._earlier is None else self._earlier.pending(sources)

    def followed(self, results: Iterable[Result]) -> Iterator[Result]:
        """Yield the results of the pending sources, each to be written (or not) at once."""
        return iter(results) if self._earlier is None else self._earlier.followed(results)

    def write(self, result: Result) -> None:
        """Write one result."""
        self._writer.write(result)
        self.written += 1

    def close(self) -> None:
        """Complete the document; the stream stays open."""
        self._writer.close()
        if self._earlier is not None:
            self._earlier.put_in_order()
