r"""Parsing a sidecar into a tree that can be edited, and serialising it with everything else unchanged.

Unchanged as XML: lxml rewrites the root element, so line breaks within a tag and the quotes around attributes may
change. Everything before and after that element (declaration, xpacket instructions, padding), the encoding and the
line ends are kept to the byte. Only mixed line ends become "\n", which is how XML reads all of them.
"""

from __future__ import annotations

import codecs
import re
from typing import Any

from lxml import etree

from mobilenet_cli.errors import SidecarError

Element = Any
"""An lxml element; lxml has no type annotations."""

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"

_EMPTY = b"""<?xml version="1.0" encoding="UTF-8"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="mnclassify">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
 </rdf:RDF>
</x:xmpmeta>
"""
# What XML allows around the root element without a DOCTYPE. Atomic groups: no input makes it backtrack.
_AROUND = re.compile(r"\ufeff?(?>\s+|<\?.*?\?>|<!--.*?-->)*+", re.DOTALL)
_BYTE_ORDER_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


class Packet:
    """An XMP document.

    Attributes:
        rdf: Its rdf:RDF element. Edit it in place.
    """

    def __init__(self, document: bytes = _EMPTY) -> None:
        """Parse a document without expanding entities, reading a DTD or making requests.

        Raises:
            SidecarError: It is not a well-formed XMP document, or cannot be edited safely. The message begins
                with "it".
        """
        parser = etree.XMLParser(
            resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False, strip_cdata=False
        )
        try:
            self._root = etree.fromstring(document, parser)
        except etree.XMLSyntaxError as error:
            raise SidecarError(f"it is damaged, or not XML: {error.msg}") from error
        about = self._root.getroottree().docinfo
        if about.doctype:
            raise SidecarError("it has a DOCTYPE, which no XMP has")
        found = list(self._root.iter(f"{RDF}RDF"))
        if len(found) != 1:
            raise SidecarError(f"it is not XMP: it has {len(found)} rdf:RDF elements instead of one")
        self.rdf: Element = found[0]
        marks = (codec for mark, codec in _BYTE_ORDER_MARKS.items() if document.startswith(mark))
        self._codec = next(marks, about.encoding or "utf-8")
        self._before, self._after, self._line_end = self._surroundings(document)

    def _surroundings(self, document: bytes) -> tuple[str, str, str]:
        """Return the text before and after the root element, and the line end."""
        try:
            text = document.decode(self._codec)
        except (LookupError, UnicodeDecodeError) as error:
            raise SidecarError(f"it is not encoded in {self._codec}, as it claims to be") from error
        before = _AROUND.match(text)
        prefix = f"{self._root.prefix}:" if self._root.prefix else ""
        end_tag = text.rfind(f"</{prefix}{etree.QName(self._root).localname}")
        after = _AROUND.fullmatch(text, text.find(">", end_tag) + 1)
        if before is None or after is None or end_tag < 0:
            raise SidecarError("it is unusual XML: the end of its root element cannot be found")
        root = text[before.end() : after.start()]
        lines = root if "\n" in root else text
        return before[0], after[0], "\r\n" if 0 < lines.count("\n") == lines.count("\r\n") else "\n"

    def tobytes(self) -> bytes:
        """Return the document with the changes made to `rdf`."""
        root: str = etree.tostring(self._root, encoding="unicode", with_tail=False)
        text = self._before + root.replace("\n", self._line_end) + self._after
        return text.encode(self._codec, "xmlcharrefreplace")
