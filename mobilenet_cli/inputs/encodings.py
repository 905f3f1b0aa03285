"""The bytes of a table → text, in an encoding that is given or found."""

from __future__ import annotations

import codecs
import re

from mobilenet_cli.errors import InputError

HEAD = 1 << 20
"""Bytes at the start of a file by which its encoding is found."""
_GIVE_ENCODING = "give its encoding with --encoding, or save it as UTF-8"
_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",  # before UTF-16, whose mark it begins with
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_NEEDED = 4
"""Bytes that show whether they are a mark, or a character in UTF-8."""

_HIGH = re.compile(rb"[\x80-\xff]")
_IN_UTF_8 = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
# In cp1252, three accented letters in a row are no word of a western language, but of Cyrillic, Greek or Chinese
# text; punctuation within a word, or Š, Œ, Ž, Ÿ amid small ones, are accented letters of DOS, a Mac or cp1250.
_FOREIGN = re.compile(
    rb"[\xc0-\xff]{3,}|[\x80-\xff]{4,}"
    rb"|(?<=[A-Za-z\xa1-\xff])[\x80\x82\x84\x86-\x89\x8b\x93-\x95\x98\x99\x9b\xa1-\xa9\xac\xae\xaf\xb1-\xb4\xb6\xb8\xb9"
    rb"\xbc-\xbf](?=[A-Za-z\xa1-\xff])|(?<=[a-z])[\x8a\x8c\x8e\x9f]|(?<=[A-Z])[\x8a\x8c\x8e\x9f](?=[a-z])"
)


def check_encoding(name: str) -> None:
    """Raise InputError unless Python knows a text encoding of this name that can be read piece by piece."""
    try:
        b"a,b".decode(name, "replace")
        known = codecs.lookup(name).incrementaldecoder is not None
    except (LookupError, ValueError, TypeError):
        known = False
    if not known:
        raise InputError(f"there is no encoding {name!a}; some are utf-8, cp1252, mac_roman, cp850, cp1251, shift_jis")


class Decoder:
    """Decodes the pieces of a table, which may end within a character. A byte order mark is skipped.

    Args:
        name: The file's name in messages.
        encoding: The encoding, or None to find it by the first piece that is not all ASCII: that of the byte order
            mark at the start; UTF-8; UTF-16 if every other byte is 0; cp1252 if nothing in the bytes contradicts it.

    Attributes:
        encoding: The encoding. None while there was nothing but ASCII.
        is_guess: Whether it is cp1252 because nothing contradicts that: no byte can prove it.
    """

    def __init__(self, name: str, encoding: str | None) -> None:
        if encoding is not None:
            check_encoding(encoding)
        self._name = name
        self.encoding = encoding
        self.is_guess = False
        self._decoder = None if encoding is None else codecs.getincrementaldecoder(encoding)()
        self._undecided = b""
        self._at_start = True
        self._line_ends = 0

    def decode(self, piece: bytes, *, final: bool) -> str:
        """Return the text of the next piece.

        Raises:
            InputError: The bytes do not fit the encoding; the message has the line. Or none was found.
        """
        text = ""
        if self._decoder is None:
            piece, self._undecided = self._undecided + piece, b""
            if len(piece) < _NEEDED and not final:
                self._undecided = piece
                return ""
            plain = self._plain(piece)
            text, piece = self._counted(piece[:plain].decode("ascii")), piece[plain:]
            self._at_start = self._at_start and not plain
            if len(piece) < (1 if final else _NEEDED):
                self._undecided = piece
                return text
            self.encoding = self._found(piece, final=final)
            self._decoder = codecs.getincrementaldecoder(self.encoding)()
        return text + self._decoded(self._decoder, piece, final=final)

    def _plain(self, piece: bytes) -> int:
        """Return how many bytes at the start of the piece are ASCII, whatever the encoding may be."""
        first = _HIGH.search(piece)
        if self._at_start and (first is not None or b"\0" in piece):
            return 0
        return len(piece) if first is None else first.start()

    def _decoded(self, decoder: codecs.IncrementalDecoder, piece: bytes, *, final: bool) -> str:
        try:
            text = decoder.decode(piece, final)
        except UnicodeDecodeError as error:
            before = error.object[: error.start].decode(error.encoding, "replace")
            self._counted(before)
            raise InputError(
                f"{self._name} is not {self.encoding}, at least in line {self._line_ends + 1:,}: {_GIVE_ENCODING}"
            ) from error
        if self._at_start and text:
            text, self._at_start = text.removeprefix("\ufeff"), False
        return self._counted(text)

    def _counted(self, text: str) -> str:
        self._line_ends += text.count("\n") or text.count("\r")
        return text

    def _found(self, piece: bytes, *, final: bool) -> str:
        if self._at_start:
            for mark, encoding in _MARKS.items():
                if piece.startswith(mark):
                    return encoding
        try:
            codecs.getincrementaldecoder("utf-8")().decode(piece, final)
        except UnicodeDecodeError:
            is_utf_8 = False
        else:
            is_utf_8 = True
        even, odd = piece[::2].count(0), piece[1::2].count(0)
        if self._at_start and max(even, odd) > len(piece) / 4 and min(even, odd) < len(piece) / 100:
            return "utf-16-le" if odd > even else "utf-16-be"
        if is_utf_8:
            return "utf-8"
        if b"\0" in piece:
            raise InputError(f"{self._name} is no CSV: save it as one first")
        high = len(_HIGH.findall(piece))
        if 2 * sum(map(len, _IN_UTF_8.findall(piece))) > high:
            return "utf-8"  # but for some bytes, whose line the error will name
        if 2 * sum(map(len, _FOREIGN.findall(piece))) >= high or not _is_defined(piece):
            raise InputError(f"{self._name} is neither UTF-8 nor, by its letters, cp1252: {_GIVE_ENCODING}")
        self.is_guess = True
        return "cp1252"


def _is_defined(piece: bytes) -> bool:
    """Return whether cp1252 has a character for every byte."""
    try:
        piece.decode("cp1252")
    except UnicodeDecodeError:
        return False
    return True
