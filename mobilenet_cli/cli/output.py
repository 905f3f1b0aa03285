"""One destination of records: standard output, a file, a folder of parts, or a URL."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar, cast

import click

from mobilenet_cli.files.document import Document, HasStatus
from mobilenet_cli.files.format import Format, RowOptions
from mobilenet_cli.files.open import open_output
from mobilenet_cli.remote.urls import is_url
from mobilenet_cli.text import printable

if TYPE_CHECKING:
    from mobilenet_cli.files.folder_document import FolderDocument
    from mobilenet_cli.files.made_with import MadeWith
    from mobilenet_cli.files.part_folder import PartFolder

Formats = Mapping[str, Format[Any, Any]]

_Record = TypeVar("_Record", bound=HasStatus)
_Options = TypeVar("_Options", bound=RowOptions)


@dataclass(frozen=True, slots=True)
class Output:
    """A destination of records. `file` is None for standard output."""

    file: str | None
    overwrite: bool = False
    resume: bool = False
    rows_per_file: int | None = None

    @property
    def shown(self) -> str:
        """The name for messages."""
        return "the output" if self.file is None else printable(self.file)

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
        made_with: MadeWith | None = None,
        *,
        may_begin_again: bool = False,
        beside: BinaryIO | None = None,
    ) -> Document[_Record, _Options] | FolderDocument[_Record, _Options]:
        """Return the document that the records go to.

        Args:
            stream: What `opened` yielded.
            chosen: The format.
            options: The options that shape the rows.
            made_at: As for Document.
            made_with: As for Document.
            may_begin_again: As for Document.
            beside: As for Document.

        Raises:
            InputError, OutputError: As for Document and FolderDocument.
        """
        if not self.is_folder and not self.is_remote:
            return Document(
                cast("BinaryIO", stream),
                chosen,
                options,
                resume=self.resume,
                made_at=made_at,
                made_with=made_with,
                may_begin_again=may_begin_again,
                beside=beside,
            )
        from mobilenet_cli.files.folder_document import FolderDocument
        from mobilenet_cli.files.remote_output import PartsOfFile, RemoteFileDocument

        if isinstance(stream, PartsOfFile):
            return RemoteFileDocument(stream, chosen, options, made_at=made_at, made_with=made_with)
        folder = cast("PartFolder", stream)
        return FolderDocument(
            folder, chosen, options, rows_per_file=self.rows_per_file, made_at=made_at, made_with=made_with
        )

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
        if self.is_folder and not chosen.can_be_read_back:
            raise click.UsageError(f"a folder takes the formats {_of_folders(formats)}, not {chosen.name}")
        if self.is_remote:
            from mobilenet_cli.remote.uploads import check_writable

            check_writable(self.file or "")
            if not chosen.is_resumable:
                able = ", ".join(each.name for each in formats.values() if each.is_resumable)
                raise click.UsageError(f"a URL takes the formats {able}, not {chosen.name}")
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
                f"{self.shown} is a folder: name a file in it; for a folder of part files, "
                f"-o DIR/ needs -f with one of {_of_folders(formats)}"
            )

    def opened(self, *, resumable: bool = True, addable: bool = True) -> AbstractContextManager[BinaryIO | PartFolder]:
        """Open it: a stream or a folder of parts.

        Args:
            resumable: Whether an error may recommend --resume where a run was interrupted.
            addable: Whether it may do so where the file is complete.
        """
        if self.file is not None and self.is_remote:
            from mobilenet_cli.files.remote_output import open_remote

            return open_remote(self.file, overwrite=self.overwrite, resume=self.resume)
        if self.file is not None and self.is_folder:
            from mobilenet_cli.files.part_folder import open_folder

            return open_folder(self.file, overwrite=self.overwrite, resume=self.resume)
        return open_output(
            self.file, overwrite=self.overwrite, resume=self.resume, resumable=resumable, addable=addable
        )

    def kept(self, *, resumable: bool) -> str | None:
        """Return where finished rows are of a run that was interrupted, for a message; None where there are none."""
        from mobilenet_cli.files.part_file import part_path

        advice = "; --resume continues from there" if resumable else ""
        if self.is_remote or self.is_folder:
            return f"the finished {'parts' if self.is_remote else 'rows'} are in {self.shown}{advice}"
        if self.file is not None and (part := part_path(self.file)).exists():
            return f"the finished rows are in {printable(str(part))}{advice}"
        return None

    def would_lose(self, stream: BinaryIO | PartFolder) -> bool:
        """Return whether failures alone would replace FILE, as after a mistyped folder or an unmounted disk.

        Args:
            stream: The stream that `opened` yielded. Its new rows are discarded then, or --resume would keep them.
        """
        if not self.overwrite or self.file is None or not Path(self.file).is_file():
            return False
        from mobilenet_cli.files.part_file import PartFile

        if isinstance(stream, PartFile):
            stream.discard_new()
        return True


def _of_folders(formats: Formats) -> str:
    return ", ".join(each.name for each in formats.values() if each.can_be_read_back)
