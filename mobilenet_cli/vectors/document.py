"""One run's vectors on their way to a file: rows while the run lasts, in the format that was asked for at its end.

Until then FILE.part holds a line an image, whatever the format. So a run that was interrupted has lost nothing,
and one way to go on with it serves all formats. A complete FILE is gone on with too: it is turned into rows.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from typing import BinaryIO

from mobilenet_cli.errors import InputError, OutputError
from mobilenet_cli.records import Embedding, Source
from mobilenet_cli.resume import RowsResumption
from mobilenet_cli.vectors import Codec, Format
from mobilenet_cli.vectors.rows import FIRST_BYTES, Rows, Shape, check, read_rows, to_line
from mobilenet_cli.writers.part_file import PartFile
from mobilenet_cli.writers.text import printable


class VectorDocument:
    """The vectors of one run.

    Used in this order: sources pass through `pending` on their way to the network, Embeddings through
    `followed` on their way to `write`, then `close`.
    """

    def __init__(self, stream: BinaryIO, chosen: Format, shape: Shape, *, resume: bool = False) -> None:
        """Begin the document, or go on with what an earlier run has left.

        Args:
            stream: What `open_output` opened; with `resume`, if that is asked for.
            chosen: The format.
            shape: What the Embeddings have in common.
            resume: Keep the rows that are finished.

        Raises:
            InputError: The format needs a regular file, and the stream is none.
            OutputError: What is to be gone on with was made by another model, or is damaged.
        """
        self._stream, self._shape, self._codec = stream, shape, chosen.codec
        if (resume or chosen.codec) and not isinstance(stream, PartFile):
            raise InputError(f"{chosen.name} is written to a regular file: give -o FILE")
        self._earlier = self._resumed() if resume else None

    @property
    def finished(self) -> Container[str]:
        """The paths of the images that need not be done again."""
        return () if self._earlier is None else self._earlier

    @property
    def kept(self) -> int:
        """How many rows of an earlier run there are."""
        return 0 if self._earlier is None else self._earlier.rows

    @property
    def found(self) -> int:
        """How many of the sources so far had such a row."""
        return 0 if self._earlier is None else self._earlier.found

    def pending(self, sources: Iterable[Source]) -> Iterator[Source]:
        """Yield the sources that need to be done."""
        return iter(sources) if self._earlier is None else self._earlier.pending(sources)

    def followed(self, embeddings: Iterable[Embedding]) -> Iterator[Embedding]:
        """Yield the Embeddings, one for each source that `pending` yielded, each to be written at once."""
        return iter(embeddings) if self._earlier is None else self._earlier.followed(embeddings)

    def write(self, embedding: Embedding) -> None:
        """Write one Embedding as a row, in one piece."""
        self._stream.write(to_line(embedding, packed=self._codec is not None))

    def close(self) -> None:
        """Put the rows in order and make the document of them.

        Raises:
            OutputError: There is no room for it; the rows are still there.
        """
        if self._earlier is not None:
            self._earlier.put_in_order()
        if self._codec is not None:
            assert isinstance(self._stream, PartFile)  # noqa: S101 - __init__ has seen to it
            rows = Rows(self._stream.part, self._shape)
            with self._stream.replacing() as document:
                self._codec.write(rows, document)

    def _resumed(self) -> RowsResumption:
        assert isinstance(self._stream, PartFile)  # noqa: S101 - likewise
        if self._codec is not None:
            _unfold(self._stream, self._codec, self._shape)
        return RowsResumption(self._stream, lambda rows: read_rows(rows, self._shape, packed=self._codec is not None))


def _unfold(stream: PartFile, codec: Codec, shape: Shape) -> None:
    """Turn a complete document, which is FILE or was about to become it, into rows."""
    with stream.earlier() as earlier:
        begin = earlier.read(len(FIRST_BYTES))
        if FIRST_BYTES.startswith(begin):  # also where there is nothing
            return
        earlier.seek(0)
        try:
            with stream.replacing() as rows:
                for each in codec.read(earlier):
                    check(each, shape)
                    rows.write(to_line(each, packed=True))
        except ValueError as error:
            raise OutputError(
                f"cannot go on with {printable(earlier.name)}: {error}. Give --overwrite to start anew."
            ) from error
