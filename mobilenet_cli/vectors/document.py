"""One run's vectors on their way to a file: rows while the run lasts, in the format that was asked for at its end."""

from __future__ import annotations

from typing import BinaryIO

from mobilenet_cli.files.resume import RowsResumption
from mobilenet_cli.records import Embedding, Source
from mobilenet_cli.vectors import Format
from mobilenet_cli.vectors.rows import Rows, Shape, check, read_rows, to_line
from mobilenet_cli.writers.codec import fold, part_file, unfold
from mobilenet_cli.writers.run_document import RunDocument


class VectorDocument(RunDocument[Embedding]):
    """The vectors of one run."""

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
        super().__init__()
        self._stream, self._shape, self._codec = stream, shape, chosen.codec
        packed = self._codec is not None
        if self._codec is not None:
            self._part = part_file(stream, chosen.name)
        if resume:
            part = part_file(stream, chosen.name)
            if self._codec is not None:
                unfold(part, chosen.name, self._codec, self._checked_line)
            self._earlier = RowsResumption(part, lambda rows: read_rows(rows, shape, packed=packed))

    def write(self, source: Source, embedding: Embedding) -> None:
        """Write the Embedding of a source as a row, in one piece."""
        del source
        self._stream.write(to_line(embedding, packed=self._codec is not None))

    def close(self) -> None:
        """Put the rows in order and make the document of them.

        Raises:
            OutputError: There is no room for it; the rows are still there.
        """
        super().close()
        if self._codec is not None:
            fold(self._part, self._codec, Rows(self._part.part, self._shape))

    def _checked_line(self, embedding: Embedding) -> bytes:
        check(embedding, self._shape)
        return to_line(embedding, packed=True)
