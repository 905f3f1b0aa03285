r"""Objects ⇄ lines of JSON: the parts that reading and writing such files share.

Text stays readable UTF-8. A byte of a file name that is not UTF-8 is shown as \xff, as in the other formats: most
readers of JSON refuse the escape of a lone surrogate, and with it the whole file. Lines that only this package
reads have that escape, so that `os.fsencode(json.loads(line)["path"])` gives the name's exact bytes.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, BinaryIO

from mobilenet_cli.text import OBEYED, valid_utf8

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FIRST_BYTES = b'{"path": "'
"""The first bytes of every record's line."""

# JSON allows these unescaped, but a terminal obeys some, some tools end a line at others, and UTF-8 cannot encode
# lone surrogates.
_TO_ESCAPE = re.compile(f"[{OBEYED}]")


def whole_lines(stream: BinaryIO, what: str) -> Iterator[tuple[int, bytes, int]]:
    """Yield the lines of a stream of records, without a torn last one: each one's number, itself, its first offset.

    Raises:
        ValueError: A line is not a record; the message, which calls them mnclassify's `what`, follows the file's
            name and a colon.
    """
    begin = 0
    for number, line in enumerate(stream, 1):
        is_torn = not line.endswith(b"\n")
        if is_torn and begin:  # whatever is in it: after a power cut that may be NULs
            return
        if not line.startswith(FIRST_BYTES[: len(line)]):
            raise ValueError(f"its line {number:,} is not one of mnclassify's {what}")
        if is_torn:
            return
        yield number, line, begin
        begin += len(line)


def encoded(record: Mapping[str, object], *, indent: int | None = None, exact: bool = False) -> bytes:
    r"""Return an object as JSON that a terminal cannot obey, readable and valid UTF-8: on one line, or indented.

    Args:
        record: The object.
        indent: Spaces; None: on one line.
        exact: Write bytes that are not UTF-8 as lone surrogates, for `json.loads`, and not as the text \xff.
    """
    text = json.dumps(record, ensure_ascii=False, indent=indent)
    return _TO_ESCAPE.sub(_escaped if exact else _shown, text).encode()


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def _shown(match: re.Match[str]) -> str:
    shown = valid_utf8(match[0])
    return _escaped(match) if shown == match[0] else f"\\{shown}"  # whose backslash JSON escapes
