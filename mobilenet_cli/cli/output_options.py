"""The options that say where records go: -o, --overwrite and --resume."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar, cast

import click

from mobilenet_cli.cli import completion
from mobilenet_cli.cli.option_group import option_group
from mobilenet_cli.cli.signals import Terminated
from mobilenet_cli.cli.terminal import Terminal
from mobilenet_cli.errors import MnclassifyError, OutputError
from mobilenet_cli.files.document import Document, HasStatus
from mobilenet_cli.files.format import Format, RowOptions
from mobilenet_cli.files.open import open_output
from mobilenet_cli.remote.urls import is_url
from mobilenet_cli.text import printable

if TYPE_CHECKING:
    from mobilenet_cli.files.folder_document import FolderDocument
    from mobilenet_cli.files.in_hand import ImagesInHand
    from mobilenet_cli.files.part_folder import PartFolder

Formats = Mapping[str, Format[Any, Any]]

_Record = TypeVar("_Record", bound=HasStatus)
_Options = TypeVar("_Options", bound=RowOptions)


@dataclass(frozen=True, slots=True)
class Output:
    """The destination of records. `file` is None for standard output."""

    file: str | None
    overwrite: bool
    resume: bool
    rows_per_file: int | None = None

    @property
    def is_folder(self) -> bool:
        """Whether the records go to a folder of parts."""
        return self.file is not None and (self.file.endswith("/") or Path(self.file).is_dir())

    @property
    def is_remote(self) -> bool:
        """Whether the records go to a URL."""
        return self.file is not None and is_url(self.file)

    def document(
        self,
        stream: BinaryIO | PartFolder,
        chosen: Format[_Record, _Options],
        options: _Options,
        made_at: float = 0.0,
    ) -> Document[_Record, _Options] | FolderDocument[_Record, _Options]:
        """Return the document that the records go to.

        Args:
            stream: What `opened` yielded.
            chosen: The format.
            options: The options that shape the rows.
            made_at: As for Document.

        Raises:
            InputError, OutputError: As for Document and FolderDocument.
        """
        if not self.is_folder and not self.is_remote:
            return Document(cast("BinaryIO", stream), chosen, options, resume=self.resume, made_at=made_at)
        from mobilenet_cli.files.folder_document import FolderDocument
        from mobilenet_cli.files.remote_output import PartsOfFile, RemoteFileDocument

        if isinstance(stream, PartsOfFile):
            return RemoteFileDocument(stream, chosen, options, made_at=made_at)
        folder = cast("PartFolder", stream)
        return FolderDocument(folder, chosen, options, rows_per_file=self.rows_per_file, made_at=made_at)

    def check(self, chosen: Format[Any, Any], formats: Formats) -> None:
        """Check that a format can be written there.

        Args:
            chosen: The format.
            formats: The command's formats, of which a message lists those that can be.

        Raises:
            UsageError: The format needs a file, and none is given.
            InputError: Records cannot be written to such a URL, or a package that it needs is not installed.
            OutputError: A package that the format needs is not installed.
        """
        if self.is_folder and not chosen.fits_folder:
            raise click.UsageError(f"a folder takes the formats {_of_folders(formats)}, not {chosen.name}")
        if self.is_remote:
            from mobilenet_cli.remote.uploads import check_writable

            check_writable(self.file or "")
            if not chosen.is_resumable:
                able = ", ".join(each.name for each in formats.values() if each.is_resumable)
                raise click.UsageError(f"a URL takes the formats {able}, not {chosen.name}")
        if self.rows_per_file is not None and not self.is_folder:
            raise click.UsageError("--rows-per-file goes with a folder: give -o DIR/")
        if chosen.conversion is not None:
            if self.file is None:
                raise click.UsageError(f"{chosen.name} goes to a file: give -o FILE")
            chosen.conversion.check_installed()

    def check_format_of_folder(self, formats: Formats) -> None:
        """Check that this is no folder, where no format is named: nothing of the folder's name says which.

        Raises:
            UsageError: It is one.
        """
        if self.is_folder:
            raise click.UsageError(
                f"{printable(self.file or '')} is a folder: name a file in it; for a folder of part files, "
                f"-o DIR/ needs -f with one of {_of_folders(formats)}"
            )

    @contextmanager
    def opened(self, terminal: Terminal, *, resumable: bool = True) -> Iterator[BinaryIO | PartFolder]:
        """Open the output: a stream or a folder of parts. If a signal ends the block, print where finished rows are.

        Args:
            terminal: Where to print that.
            resumable: Whether the message may recommend --resume.
        """
        try:
            if self.file is not None and (self.is_remote or self.is_folder):
                with self._opened_folder(self.file) as folder:
                    yield folder
                return
            with open_output(self.file, overwrite=self.overwrite, resume=self.resume, resumable=resumable) as stream:
                yield stream
        except (KeyboardInterrupt, Terminated):
            from mobilenet_cli.files.part_file import part_path

            if self.is_remote or self.is_folder:
                kept = "parts" if self.is_remote else "rows"
                terminal.note(f"the finished {kept} are in {printable(self.file or '')}; --resume continues from there")
            elif self.file is not None and (part := part_path(self.file)).exists():
                advice = "; --resume continues from there" if resumable else ""
                terminal.note(f"the finished rows are in {printable(str(part))}{advice}")
            raise

    def _opened_folder(self, file: str) -> AbstractContextManager[PartFolder]:
        if self.is_remote:
            from mobilenet_cli.files.remote_output import open_remote

            return open_remote(file, overwrite=self.overwrite, resume=self.resume)
        from mobilenet_cli.files.part_folder import open_folder

        return open_folder(file, overwrite=self.overwrite, resume=self.resume)

    @contextmanager
    def in_hand(self, stream: BinaryIO | PartFolder) -> Iterator[ImagesInHand | None]:
        """Keep beside FILE.part which images are being decoded, where `opened` yielded such a file."""
        from mobilenet_cli.files.part_file import PartFile

        if not isinstance(stream, PartFile):
            yield None
            return
        from mobilenet_cli.files.in_hand import images_in_hand

        with images_in_hand(stream.part, resume=self.resume) as hands:
            yield hands

    def complete(
        self, document: Document[Any, Any] | FolderDocument[Any, Any], chosen: Format[Any, Any], terminal: Terminal
    ) -> None:
        """Complete the document, and show that where it takes a while. Raises as Document.close does."""
        started = time.monotonic()
        with terminal.waiting() as progress:
            if chosen.conversion is not None and terminal.live:
                progress(f"Writing {printable(self.file or '')}", None, None)
            document.close()
        terminal.detail(f"output: {chosen.name}, completed in {time.monotonic() - started:.2f} s")

    def check_worth(self, stream: BinaryIO | PartFolder, labelled: int) -> None:
        """Refuse to replace FILE by failures alone, as after a mistyped folder or an unmounted disk.

        Args:
            stream: The stream that `opened` yielded. Its new rows are discarded, or --resume would keep them.
            labelled: Number of images that could be read.

        Raises:
            MnclassifyError: FILE exists, and no image could be read.
        """
        if self.overwrite and not labelled and self.file is not None and Path(self.file).is_file():
            from mobilenet_cli.files.part_file import PartFile

            if isinstance(stream, PartFile):
                stream.discard_new()
            raise MnclassifyError(f"no image could be read, so {printable(self.file)} is left as it was")


def _of_folders(formats: Formats) -> str:
    return ", ".join(each.name for each in formats.values() if each.fits_folder)


def check_is_no_folder(file: str, name: str) -> None:
    """Check that a name for a file is not a folder's, before its ending is looked at.

    Args:
        file: The name that the user gave.
        name: A file's name for the advice.

    Raises:
        OutputError: It is.
    """
    if file.endswith(("/", os.sep)) or os.path.isdir(file):  # noqa: PTH112 - it stays as it was typed
        example = printable(os.path.join(file, name))  # noqa: PTH118
        raise OutputError(f"cannot write {printable(file)}: it is a folder; name a file in it, as in {example}")


def _output(output: str | None, overwrite: bool, resume: bool, rows_per_file: int | None) -> Output:
    if resume and overwrite:
        raise click.UsageError("--resume keeps finished rows and --overwrite discards them: give one of them")
    if resume and output in (None, "-"):
        raise click.UsageError("--resume needs -o FILE")
    return Output(None if output == "-" else output, overwrite, resume, rows_per_file)


output_options = option_group(
    "output",
    _output,
    click.option(
        "-o",
        "--output",
        metavar="FILE",
        shell_complete=completion.files,
        help="Write to FILE, which appears once it is complete. DIR/ is for a folder of part files, s3://… for an "
        "object store.",
    ),
    click.option("--overwrite", is_flag=True, help="Replace FILE if it exists."),
    click.option(
        "--resume", is_flag=True, help="Keep the rows already in FILE, or from an interrupted run, and do the rest."
    ),
    click.option(
        "--rows-per-file",
        type=click.IntRange(min=1),
        metavar="N",
        help="With -o DIR/: images per part file  [default: those of an archive, otherwise 100,000]",
    ),
)
