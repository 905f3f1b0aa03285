"""Adding, replacing and removing our keywords in an XMP document, and nothing else in it.

The keywords of an image are the everyday words above its label, and the label; of a multi-label model, each label
that is sure. Photo libraries read them in two
forms: each on its own in `dc:subject`, and as one path in `lr:hierarchicalSubject`, `mnclassify|animal|dog|beagle`,
whose root marks it as ours. A keyword that the user already has in `dc:subject` is not added again.
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


def keywords_of(result: Result) -> tuple[str, ...]:
    """Return the kinds of a Result's label, from general to specific, and the label; none without a label.

    Names are made fit for XML, and a name that repeats an earlier one is left out.
    """
    if result.label is None:
        return ()
    return _distinct(each.label for each in (*result.kinds, result.label))


def keywords_from(result: Result, sure: float) -> tuple[str, ...]:
    """Return the labels of a multi-label model's Result whose scores are at least `sure`, made fit as `keywords_of`."""
    return _distinct(each.label for each in result.predictions if each.score >= sure)


def _distinct(labels: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in map(_text, labels) if name))


def with_keywords(document: bytes | None, keywords: Sequence[str], model: str, *, as_path: bool = True) -> bytes | None:
    """Return the document with our keywords replaced by `keywords`.

    Args:
        document: A sidecar's content; None if there is none yet.
        keywords: As returned by `keywords_of` or `keywords_from`. If empty, ours are only removed.
        model: The name of the model that predicted them; it is recorded beside them.
        as_path: Whether they are one path, from general to specific; else each has a path of its own.

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
    paths = [_path(each) for each in ([keywords] if as_path else [[name] for name in keywords]) if each]
    if _has(rdf, flat, paths, model if keywords else None):
        return document
    _remove_ours(rdf, added)
    if keywords:
        lists = {}
        for name, values in ((_SUBJECT, flat), (_HIERARCHY, paths)):
            if not extend(rdf, name, values):
                lists[name] = values
        describe(rdf, _NAMESPACES, lists | {_ADDED: flat}, {_MODEL: _text(model)} | ({_MADE: "True"} if made else {}))
    elif made and not len(rdf):
        return None
    return packet.tobytes()


def without_keywords(document: bytes) -> bytes | None:
    """Return the document without our keywords and properties; otherwise like `with_keywords`."""
    return with_keywords(document, (), "")


def _path(keywords: Iterable[str]) -> str:
    """Return the keywords as one path below our root. The separator cannot be escaped: within a name it becomes "-"."""
    return _SEPARATOR.join([ROOT, *(each.replace(_SEPARATOR, "-") for each in keywords)])


def _has(rdf: Element, flat: Iterable[str], paths: Iterable[str], model: str | None) -> bool:
    added = set(items(rdf, _ADDED))
    return (
        added == set(flat)
        and added <= set(items(rdf, _SUBJECT))
        and {each for each in items(rdf, _HIERARCHY) if _is_ours(each)} == set(paths)
        and value(rdf, _MODEL) == (None if model is None else _text(model))
    )


def _is_ours(hierarchical: str) -> bool:
    return hierarchical.partition(_SEPARATOR)[0] == ROOT


def _remove_ours(rdf: Element, added: Iterable[str]) -> None:
    remove_items(rdf, _SUBJECT, set(added).__contains__)
    remove_items(rdf, _HIERARCHY, _is_ours)
    for name in (_ADDED, _MODEL, _MADE):
        remove(rdf, name)


def _text(name: str) -> str:
    return _NOT_IN_KEYWORDS.sub(" ", name).strip()
