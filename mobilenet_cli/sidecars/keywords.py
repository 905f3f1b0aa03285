"""Adding, replacing and removing our keywords in an XMP document, and nothing else in it.

Each keyword is written twice, as photo libraries do: in `dc:subject`, and in `lr:hierarchicalSubject` below the
root `mnclassify`, which marks it as ours. A keyword that the user already has in `dc:subject` is not added again.
`mnclassify:addedSubjects` lists those that we added, so that removing ours removes none of the user's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from mobilenet_cli.records import Result
from mobilenet_cli.sidecars.packet import Element, Packet
from mobilenet_cli.sidecars.properties import describe, extend, items, remove, remove_items, value

ROOT = "mnclassify"
"""The root of our hierarchical keywords."""

_NAMESPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "lr": "http://ns.adobe.com/lightroom/1.0/",
    "mnclassify": "urn:mnclassify:xmp/1.0/",
}
_SUBJECT = f"{{{_NAMESPACES['dc']}}}subject"
_HIERARCHY = f"{{{_NAMESPACES['lr']}}}hierarchicalSubject"
_OURS = f"{{{_NAMESPACES['mnclassify']}}}"
_ADDED, _MODEL, _MADE = f"{_OURS}addedSubjects", f"{_OURS}model", f"{_OURS}madeSidecar"
_SEPARATOR = "|"  # of hierarchicalSubject
# Characters that XML cannot hold (control characters, lone surrogates), and line breaks.
_NOT_IN_KEYWORDS = re.compile("[\x00-\x20\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]+")


def keywords_of(result: Result, threshold: float) -> tuple[str, ...]:
    """Return the distinct labels of a Result's predictions with a score, 0 to 1, of at least `threshold`."""
    labels = (_NOT_IN_KEYWORDS.sub(" ", each.label).strip() for each in result.predictions if each.score >= threshold)
    return tuple(dict.fromkeys(label for label in labels if label))


def with_keywords(document: bytes | None, keywords: Sequence[str], model: str) -> bytes | None:
    """Return the document with our keywords replaced by `keywords`.

    Args:
        document: A sidecar's content; None if there is none yet.
        keywords: As returned by `keywords_of`. If empty, ours are only removed.
        model: The name of the model that predicted them; it is recorded beside them.

    Returns:
        The new content; `document` itself if nothing changes; None if nothing is left of a document that we made.

    Raises:
        SidecarError: The document is damaged, or not XMP that can be edited. The message begins with "it".
    """
    if document is None and not keywords:
        return None
    packet = Packet() if document is None else Packet(document)
    rdf, made = packet.rdf, document is None or value(packet.rdf, _MADE) is not None
    added = items(rdf, _ADDED)
    users = {each.casefold() for each in items(rdf, _SUBJECT) if each not in added}
    flat = [each for each in keywords if each.casefold() not in users]
    below = list(dict.fromkeys(f"{ROOT}{_SEPARATOR}{each.replace(_SEPARATOR, '-')}" for each in keywords))
    if _has(rdf, flat, below, model if keywords else None):
        return document
    _remove_ours(rdf, added)
    if keywords:
        lists = {}
        for name, values in ((_SUBJECT, flat), (_HIERARCHY, below)):
            if not extend(rdf, name, values):
                lists[name] = values
        describe(rdf, _NAMESPACES, lists | {_ADDED: flat}, {_MODEL: _text(model)} | ({_MADE: "True"} if made else {}))
    elif made and not len(rdf):
        return None
    return packet.tobytes()


def without_keywords(document: bytes) -> bytes | None:
    """Return the document without our keywords and properties; otherwise like `with_keywords`."""
    return with_keywords(document, (), "")


def _has(rdf: Element, flat: Iterable[str], below: Iterable[str], model: str | None) -> bool:
    added = set(items(rdf, _ADDED))
    return (
        added == set(flat)
        and added <= set(items(rdf, _SUBJECT))
        and {each for each in items(rdf, _HIERARCHY) if _is_ours(each)} == set(below)
        and value(rdf, _MODEL) == (None if model is None else _text(model))
    )


def _is_ours(hierarchical: str) -> bool:
    return hierarchical.partition(_SEPARATOR)[0] == ROOT


def _remove_ours(rdf: Element, added: Iterable[str]) -> None:
    remove_items(rdf, _SUBJECT, set(added).__contains__)
    remove_items(rdf, _HIERARCHY, _is_ours)
    for name in (_ADDED, _MODEL, _MADE):
        remove(rdf, name)


def _text(model: str) -> str:
    return _NOT_IN_KEYWORDS.sub(" ", model).strip()
