r"""A sidecar's bytes → a tree that can be edited → bytes in which everything else is as it was.

As it was to whoever reads XML: lxml writes the root element anew, so that line breaks within a tag and the kind
of quotes around attributes may change. What comes before and after that element (declaration, xpacket
instructions, padding) is kept to the byte, and so are the encoding and the line ends; only where the root
element has some of each kind, they become "\n", which is what XML reads them all as.
"""

from __future__ import annotations

import codecs
import re
from typing import Any

from lxml import etree

from mobilenet_cli.errors import SidecarError

Element = Any
"""An lxml element: it comes without types."""

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"

_EMPTY = b"""<?xml version="1.0" encoding="UTF-8"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="mnclassify">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
 </rdf:RDF>
</x:xmpmeta>
"""
# What XML allows around the root element where there is no DOCTYPE. Atomic: no text makes it try again and again.
_AROUND = re.compile(r"\ufeff?(?>\s+|<\?.*?\?>|<!--.*?-->)*+", re.DOTALL)
_BYTE_ORDER_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


class Packet:
    """An XMP document.

    Attributes:
        rdf: Its rdf:RDF element, to be edited in place.
    """

    def __init__(self, document: bytes = _EMPTY) -> None:
        """Read it. No entity is expanded, no DTD is read, and nothing is asked of the network.

        Raises:
            SidecarError: It is no well-formed XMP document, or one that cannot be edited safely. The message
                begins with "it".
        """
        parser = etree.XMLParser(
            resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False, strip_cdata=False
        )
        try:
            self._root = etree.fromstring(document, parser)
        except etree.XMLSyntaxError as error:
            raise SidecarError(f"it is damaged, or no XML: {error.msg}") from error
        about = self._root.getroottree().docinfo
        if about.doctype:
            raise SidecarError("it has a DOCTYPE, which no XMP has")
        found = list(self._root.iter(f"{RDF}RDF"))
        if len(found) != 1:
            raise SidecarError(f"it is no XMP: it has {len(found)} rdf:RDF elements instead of one")
        self.rdf: Element = found[0]
        marks = (codec for mark, codec in _BYTE_ORDER_MARKS.items() if document.startswith(mark))
        self._codec = next(marks, about.encoding or "utf-8")
        self._before, self._after, self._line_end = self._surroundings(document)

    def _surroundings(self, document: bytes) -> tuple[str, str, str]:
        """Return what comes before and after the root element, and what lines end in."""
        try:
            text = document.decode(self._codec)
        except (LookupError, UnicodeDecodeError) as error:
            raise SidecarError(f"its encoding, {self._codec}, is not what it says") from error
        before = _AROUND.match(text)
        prefix = f"{self._root.prefix}:" if self._root.prefix else ""
        end_tag = text.rfind(f"</{prefix}{etree.QName(self._root).localname}")
        after = _AROUND.fullmatch(text, text.find(">", end_tag) + 1)
        if before is None or after is None or end_tag < 0:
            raise SidecarError("it is XML of an unusual form: where its root element ends is not clear")
        root = text[before.end() : after.start()]
        lines = root if "\n" in root else text
        return before[0], after[0], "\r\n" if 0 < lines.count("\n") == lines.count("\r\n") else "\n"

    def tobytes(self) -> bytes:
        """Return the document with what was edited in `rdf`."""
        root: str = etree.tostring(self._root, encoding="unicode", with_tail=False)
        text = self._before + root.replace("\n", self._line_end) + self._after
        return text.encode(self._codec, "xmlcharrefreplace")
