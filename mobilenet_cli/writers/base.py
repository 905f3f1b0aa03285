"""What every writer has in common: the options that shape records, and the two calls it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mobilenet_cli.records import Result


@dataclass(frozen=True, slots=True)
class Layout:
    """The options that shape records.

    Attributes:
        top_k: How many predictions a Result has at most: the number of label and score columns.
        long: CSV and TSV: a row a prediction instead of a row an image.
        null: Format "path": end each path with a NUL byte instead of a newline.
        header: CSV and TSV: begin with the header; not where rows are added to a document that has one.
        columns: The names of the columns of the table whose rows name the images; None where there is none.
    """

    top_k: int
    long: bool = False
    null: bool = False
    header: bool = True
    columns: tuple[str, ...] | None = None


class Writer(Protocol):
    """Turns Results into one document on the binary stream that it was made with.

    Nothing is written before the first Result or close(), and each Result is one call of the stream's
    write(), so a stream that is unbuffered holds whole records whenever the program is stopped.
    """

    def write(self, result: Result, cells: Sequence[str] = ()) -> None:
        """Write one Result.

        Args:
            result: What to write.
            cells: The cells of the row that names its image, where the Layout has the columns of a table.

        Raises:
            Exception: What the stream raises.
        """

    def close(self) -> None:
        """Complete the document: a header without rows, a closing bracket. The stream stays open."""
