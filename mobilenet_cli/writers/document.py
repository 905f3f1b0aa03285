"""A run's Results as one document: written anew, or gone on with where an earlier run was stopped."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any, BinaryIO

from mobilenet_cli.errors import OutputError
from mobilenet_cli.files.resume import Expected, Resumption
from mobilenet_cli.json_lines import encoded
from mobilenet_cli.records import Result, RowSource, Source
from mobilenet_cli.text import printable
from mobilenet_cli.writers import Format, Layout
from mobilenet_cli.writers.codec import fold, part_file, unfold
from mobilenet_cli.writers.json_objects import check_row_names, row_names
from mobilenet_cli.writers.result_rows import ResultRows
from mobilenet_cli.writers.run_document import RunDocument

if TYPE_CHECKING:
    from mobilenet_cli.files.part_file import PartFile
    from mobilenet_cli.models.acquire import Model


class ResultDocument(RunDocument[Result]):
    """The Results of one run."""

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
            InputError: The format needs a regular file, and the stream is none.
            OutputError: What is there was made with other options or another model, or is damaged.
        """
        super().__init__()
        self._layout, self._codec = layout, chosen.codec
        if self._codec is not None:
            self._part = part_file(stream, chosen.name)
        if resume:
            part = part_file(stream, chosen.name)
            _check_age(part, model)
            expected = Expected(model.name, 0 if threshold else layout.top_k, layout.top_k)
            if self._codec is not None:
                unfold(part, chosen.name, self._codec, lambda fields: _checked_line(fields, expected, layout))
            self._earlier = Resumption(part, chosen, layout, expected)
            layout = replace(layout, header=not self._earlier.has_header)
        self._writer = chosen.make(stream, layout)
        self.labelled = 0
        """How many of the results that were written are of images that could be read."""

    def write(self, source: Source, result: Result) -> None:
        """Write the result of a source, with the cells of the row that names it, if one does.

        Raises:
            RuntimeError: The result is another source's.
        """
        if result.path != source.path:
            raise RuntimeError(
                f"the result of {printable(result.path)} came where that of {printable(source.path)} was due"
            )
        self._writer.write(result, source.cells if isinstance(source, RowSource) else ())
        self.labelled += result.status == "ok"

    def close(self) -> None:
        """Complete the document; the stream stays open.

        Raises:
            OutputError: There is no room to do so; the finished rows are still there.
        """
        self._writer.close()
        super().close()
        if self._codec is not None:
            fold(self._part, self._codec, ResultRows(self._part.part, self._layout))


def _check_age(part: PartFile, model: Model) -> None:
    """Refuse rows from before a model of this name was trained anew: they are another model's."""
    with part.earlier() as earlier:
        if os.fstat(earlier.fileno()).st_mtime < model.trained_at:
            raise OutputError(
                f"cannot go on with {printable(earlier.name)}: {printable(model.name)} is newer than its rows: "
                "another model may have made them. Give --overwrite to start anew."
            )


def _checked_line(fields: dict[str, Any], expected: Expected, layout: Layout) -> bytes:
    check_row_names(fields, row_names(layout))
    if fields["status"] == "ok":
        expected.check(fields["path"], fields["model"], len(fields["predictions"]))
    return encoded(fields, exact=True) + b"\n"
