"""All outputs of a run, each with its format: they are opened, written and completed together."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Generic, TypeVar

from mobilenet_cli.cli.output import Output
from mobilenet_cli.cli.signals import Terminated
from mobilenet_cli.cli.terminal import Terminal, stdout_is_terminal
from mobilenet_cli.errors import MnclassifyError
from mobilenet_cli.files.document import HasStatus
from mobilenet_cli.files.documents import Documents
from mobilenet_cli.files.format import Format, RowOptions
from mobilenet_cli.text import enumerated

if TYPE_CHECKING:
    from mobilenet_cli.files.document import Document
    from mobilenet_cli.files.folder_document import FolderDocument
    from mobilenet_cli.files.in_hand import ImagesInHand
    from mobilenet_cli.files.made_with import MadeWith
    from mobilenet_cli.files.part_folder import PartFolder

_Record = TypeVar("_Record", bound=HasStatus)
_Options = TypeVar("_Options", bound=RowOptions)


@dataclass(frozen=True, slots=True)
class Outputs(Generic[_Record, _Options]):
    """The outputs of a run."""

    each: tuple[tuple[Output, Format[_Record, _Options]], ...]

    @property
    def formats(self) -> tuple[Format[_Record, _Options], ...]:
        """The formats."""
        return tuple(chosen for _, chosen in self.each)

    @property
    def files(self) -> str | None:
        """The names of the files, folders and URLs for messages; None where all is written to standard output."""
        named = [output.shown for output, _ in self.each if output.file is not None]
        return enumerated(named) if named else None

    @property
    def show(self) -> bool:
        """Whether records appear on the terminal, where a progress line must make room for them."""
        return stdout_is_terminal() and any(output.file is None for output, _ in self.each)

    @contextmanager
    def opened(self, terminal: Terminal) -> Iterator[Sequence[BinaryIO | PartFolder]]:
        """Open all outputs: a stream or folder of each. If a signal ends the block, print where finished rows are."""
        try:
            with ExitStack() as stack:
                yield [
                    stack.enter_context(output.opened(resumable=chosen.is_resumable, addable=chosen.can_be_read_back))
                    for output, chosen in self.each
                ]
        except (KeyboardInterrupt, Terminated):
            for output, chosen in self.each:
                if (kept := output.kept(resumable=chosen.is_resumable)) is not None:
                    terminal.note(kept)
            raise

    def documents(
        self,
        streams: Sequence[BinaryIO | PartFolder],
        options: Callable[[Format[_Record, _Options]], _Options],
        made_with: Callable[[Format[_Record, _Options]], MadeWith],
        made_at: float,
    ) -> Documents[_Record, _Options]:
        """Return the documents that the records go to.

        Args:
            streams: What `opened` yielded.
            options: Returns the options that shape the rows of a format.
            made_with: Returns the options of the command line that do, for the rows that can be resumed.
            made_at: As for Document.

        Raises:
            InputError, OutputError: As for Document and FolderDocument.
        """
        made: dict[int, Document[_Record, _Options] | FolderDocument[_Record, _Options]] = {}
        # Those that can be read back come first: the others may take their rows.
        for place in sorted(range(len(self.each)), key=lambda place: not self.formats[place].can_be_read_back):
            output, chosen = self.each[place]
            made[place] = output.document(
                streams[place],
                chosen,
                options(chosen),
                made_at,
                None if output.file is None else made_with(chosen),
                may_begin_again=len(self.each) > 1,
                beside=self._of_same_rows(place, made, streams),
            )
        return Documents([made[place] for place in range(len(self.each))])

    @contextmanager
    def in_hand(self, streams: Sequence[BinaryIO | PartFolder]) -> Iterator[ImagesInHand | None]:
        """Keep beside the rows of the first output which images are being decoded; None where no output has a place.

        Args:
            streams: What `opened` yielded.
        """
        for stream, (output, _) in zip(streams, self.each, strict=True):
            if output.file is None:
                continue
            from mobilenet_cli.files.in_hand import images_in_hand
            from mobilenet_cli.files.part_file import PartFile
            from mobilenet_cli.files.part_folder import PartFolder

            if isinstance(stream, PartFile | PartFolder) and (path := stream.in_hand) is not None:
                with images_in_hand(path, resume=output.resume) as hands:
                    yield hands
                return
        yield None

    def _of_same_rows(
        self, place: int, made: Collection[int], streams: Sequence[BinaryIO | PartFolder]
    ) -> BinaryIO | None:
        """Return the stream of a file that has rows of the same kind as that at `place`, among those at `made`."""
        if not made:
            return None
        from mobilenet_cli.files.part_file import PartFile

        for other in made:
            stream = streams[other]
            if isinstance(stream, PartFile) and self.formats[other].rows is self.formats[place].rows:
                return stream
        return None

    def complete(
        self,
        documents: Documents[_Record, _Options],
        streams: Sequence[BinaryIO | PartFolder],
        labelled: int,
        terminal: Terminal,
    ) -> None:
        """Complete the documents, and show that where it takes a while.

        Args:
            documents: What `documents` returned.
            streams: What `opened` yielded.
            labelled: Number of images that could be read. Failures alone replace no file.
            terminal: Where it is shown.

        Raises:
            MnclassifyError: A file would be replaced, and no image could be read.
            OutputError: As Document.close does.
        """
        if not labelled and (lost := self._would_lose(streams)):
            raise MnclassifyError(
                f"no image could be read, so {enumerated(lost)} {'is' if len(lost) == 1 else 'are'} left as "
                f"{'it was' if len(lost) == 1 else 'they were'}"
            )
        started = time.monotonic()
        with terminal.waiting() as progress:
            converted = [output.shown for output, chosen in self.each if chosen.conversion is not None]
            if converted and terminal.live:
                progress(f"Writing {enumerated(converted)}", None, None)
            documents.close()
        names = ", ".join(chosen.name for chosen in self.formats)
        terminal.detail(f"output: {names}, completed in {time.monotonic() - started:.2f} s")

    def _would_lose(self, streams: Sequence[BinaryIO | PartFolder]) -> list[str]:
        return [
            output.shown for stream, (output, _) in zip(streams, self.each, strict=True) if output.would_lose(stream)
        ]
