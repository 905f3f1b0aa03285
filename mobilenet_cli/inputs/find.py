"""The user's arguments (files, folders, patterns, URLs, standard input) → a lazy stream of Sources."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from itertools import chain
from typing import BinaryIO

from mobilenet_cli.images.formats import HEAD_BYTES, format_of
from mobilenet_cli.inputs.archives import STREAMED, find_in_archive
from mobilenet_cli.inputs.archives.members import Members
from mobilenet_cli.inputs.braces import expand_ranges, has_range
from mobilenet_cli.inputs.credentials import hidden
from mobilenet_cli.inputs.left_out import LeftOut
from mobilenet_cli.inputs.patterns import is_pattern
from mobilenet_cli.inputs.stdin import STDIN, open_stdin, read_all
from mobilenet_cli.inputs.walk import ArchiveUse, Rules, file_source, walk
from mobilenet_cli.records import Source
from mobilenet_cli.remote.urls import is_url

_HEAD = 4096
_NOT_IN_TEXT = re.compile(rb"[\x01-\x08\x0e-\x1f\x7f]|\0\0|\A\0")


def find_sources(
    arguments: Iterable[str],
    *,
    listed: Iterable[str] = (),
    recursive: bool = True,
    include_hidden: bool = False,
    exclude: Sequence[str] = (),
    any_ending: bool = False,
    left_out: LeftOut | None = None,
    archives: ArchiveUse = "any",
    column: str | None = None,
    stdin: BinaryIO | None = None,
) -> Iterator[Source]:
    """Yield the Sources that the arguments stand for, in the order of the arguments, as they are asked for.

    Image files are not opened, and folders are listed only when the stream reaches them. What cannot be read is a
    Source with an error. Nothing is raised except by iterating `listed`.

    Args:
        arguments: Each is one of
            - a file, whatever its ending; one that is named twice comes twice;
            - an archive, by its ending (`archives.KINDS`): the images in it, in the order of the file. One of a
              folder is left out;
            - a member of a `.zip` or plain `.tar` of this machine, as its Source is named;
            - a folder: the images in it (`IMAGE_ENDINGS`), sorted;
            - a pattern (also with `**`) that is no file's exact name: each match counts as if it had been named;
            - a URL: see `remote_listing.find_remote`;
            - any of these with a range in braces (`shard-{000..099}.tar`) that is no file's exact name;
            - "-": one image, the bytes of standard input.
        listed: Files that come after the arguments. Each path or URL is one Source, whatever its ending, or an
            archive; it is taken literally (not as a pattern or standard input), and a folder is an error. It is
            iterated as the stream is consumed: see `lists.read_list`.
        recursive: Whether to walk the folders inside a folder.
        include_hidden: Whether folders and patterns include hidden files and folders (named ones are included).
        exclude: Shell patterns of files and folders to leave out, including named ones: see `walk.Rules`.
        any_ending: Whether a folder's files of other endings, or none, are images too, if they begin as images do.
        left_out: Counts the files of folders that are left out: an extra is missing, or they are archives.
        archives: Whether archives are opened: "any"; "whole", each is one Source (see `archives.whole`); "in_place",
            those whose Sources hold no data and can be read again (`.zip` and plain `.tar` of this machine), the others
            are Sources with an error; or "none". With "any", the Sources of the others come with their data: do not
            keep them.
        column: The column of a Parquet table that has the images; None for the one that its type or name shows.
        stdin: The stream that "-" reads; None for the process's standard input.
    """
    rules = Rules(recursive, include_hidden, tuple(exclude), any_ending, left_out, archives, column)
    yield from map(hidden, _all(arguments, listed, rules, _read_stdin if stdin is None else stdin.read))


def _all(
    arguments: Iterable[str], listed: Iterable[str], rules: Rules, read_stdin: Callable[[], bytes]
) -> Iterator[Source]:
    members = Members(rules)
    yield from _find(arguments, rules, members, read_stdin)
    for path in _listed(listed, rules):
        source = Source(path) if is_url(path) else file_source(path)
        if source is None:
            yield Source(path, error="a folder, not an image; name it as an argument instead")
        else:
            yield from _opened(source, rules, members)


def count_sources(
    arguments: Iterable[str],
    *,
    listed: Iterable[str] = (),
    recursive: bool = True,
    include_hidden: bool = False,
    exclude: Sequence[str] = (),
    any_ending: bool = False,
    archives: ArchiveUse = "any",
    column: str | None = None,
    finished: Container[str] = (),
) -> int | None:
    """Return how many Sources `find_sources` would yield now, without those whose path is in `finished`.

    It walks the same folders, but neither reads standard input nor looks at the listed files. None where an archive
    would have to be read to its end, or is listed.
    """
    del column  # of archives that would have to be read
    rules = Rules(
        recursive, include_hidden, tuple(exclude), any_ending, None, "none" if archives == "none" else "in_place"
    )
    count = 0
    for source in _find(arguments, rules, Members(rules), bytes):
        if source.error == STREAMED:
            return None
        count += source.path not in finished
    for path in _listed(listed, rules):
        if rules.opens(path):
            return None
        count += path not in finished
    return count


def _find(
    arguments: Iterable[str], rules: Rules, members: Members, read_stdin: Callable[[], bytes]
) -> Iterator[Source]:
    stdin_was_read = False
    for argument in chain.from_iterable(map(_without_ranges, arguments)):
        if argument == STDIN:
            yield _stdin_source(read_stdin, stdin_was_read)
            stdin_was_read = True
        elif is_url(argument):
            from mobilenet_cli.inputs.remote_listing import find_remote

            yield from find_remote(argument, rules)
        elif is_pattern(argument) and not os.path.lexists(argument):
            yield from _matching(argument, rules, members)
        else:
            yield from _named(argument, rules, members)


def _without_ranges(argument: str) -> Iterator[str]:
    """Yield the arguments that one with ranges in braces stands for; itself where it is a file's exact name."""
    return iter((argument,)) if not has_range(argument) or os.path.lexists(argument) else expand_ranges(argument)


def _opened(source: Source, rules: Rules, members: Members) -> Iterator[Source]:
    """Yield a file's Source, those of the images in it where it is an archive, or that of an archive's member."""
    if source.error is None and rules.opens(source.path):
        yield from find_in_archive(source.path, rules)
    elif source.error is not None and rules.archives != "none":
        yield members.find(source.path) or source
    else:
        yield source


def _listed(paths: Iterable[str], rules: Rules) -> Iterator[str]:
    return (path for path in paths if not rules.leaves_out(path, is_folder=False))


def _read_stdin() -> bytes:
    with open_stdin() as stream:
        return read_all(stream)


def _stdin_source(read: Callable[[], bytes], was_read: bool) -> Source:
    if was_read:
        return Source(STDIN, error="standard input was already read: it holds one image")
    try:
        data = read()
        return Source(STDIN, data=data, error=_text_instead(data))
    except (OSError, ValueError, AttributeError) as error:  # AttributeError: there is no standard input
        reason = "it is closed" if isinstance(error, AttributeError) else error
        return Source(STDIN, error=f"standard input cannot be read: {reason}")


def _text_instead(data: bytes) -> str | None:
    """Return an error for a list where an image should be, as `find … | mnclassify -` gives; None for anything else.

    A server's page or JSON, as curl gives it, is no list.
    """
    head = data[:_HEAD]
    is_list = (b"\n" in head or b"\0" in head) and not head.lstrip().startswith((b"<", b"{", b"["))
    if not is_list or format_of(head[:HEAD_BYTES]) is not None or _NOT_IN_TEXT.search(head):
        return None
    null = " -0" if b"\0" in head else ""
    return f"standard input is text, not an image; --from -{null} reads a list of files from it"


def _matching(pattern: str, rules: Rules, members: Members) -> Iterator[Source]:
    from mobilenet_cli.inputs.globs import expand

    path = None
    for path in expand(pattern, rules):
        yield from _named(path, rules, members)
    if path is None:
        yield Source(pattern, error="no file matches this pattern")


def _named(path: str, rules: Rules, members: Members) -> Iterator[Source]:
    source = file_source(path)
    if rules.leaves_out(path, is_folder=source is None):
        return
    if source is None:
        yield from walk(path, rules)
    else:
        yield from _opened(source, rules, members)
