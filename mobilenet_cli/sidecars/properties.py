"""Reading and editing the properties in an XMP document's RDF, in every form that programs write.

A property is an element or an attribute of an rdf:Description element directly below rdf:RDF. A list is an
rdf:Bag, rdf:Seq or rdf:Alt with its items in rdf:li. (XMP Specification, part 1, clause 7.)

New elements are indented like their neighbours, and removing one restores the whitespace around it: adding a
property and removing it again gives the original tree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from lxml import etree

from mobilenet_cli.errors import SidecarError
from mobilenet_cli.sidecars.packet import RDF, Element

_LISTS = {f"{RDF}Bag", f"{RDF}Seq", f"{RDF}Alt"}
_ABOUT = (f"{RDF}about", "about")  # programs before 2004 wrote the second


def items(rdf: Element, name: str) -> list[str]:
    """Return the items of the list `name`; none if there is no such property.

    Raises:
        SidecarError: The property is not a list.
    """
    return [_text(item) for values in _lists(rdf, name) for item in values.iterfind(f"{RDF}li")]


def value(rdf: Element, name: str) -> str | None:
    """Return the simple value `name`, an attribute or an element, or None if there is none."""
    for description in _descriptions(rdf):
        if name in description.attrib:
            return str(description.get(name))
        if (element := description.find(name)) is not None:
            return _text(element)
    return None


def extend(rdf: Element, name: str, values: Iterable[str]) -> bool:
    """Add items to the list `name`; return False if there is no such list.

    Raises:
        SidecarError: The property is not a list.
    """
    there = next(_lists(rdf, name), None)
    if there is None:
        # An empty property is filled or removed, since XMP allows only one of each name.
        for description in _descriptions(rdf):
            description.attrib.pop(name, None)
        empty = next(_elements(rdf, name), None)
        if empty is None:
            return False
        there = etree.SubElement(empty, f"{RDF}Bag")
    for each in values:
        item = etree.Element(f"{RDF}li")
        item.text = each
        _append(there, item)
    return True


def describe(rdf: Element, namespaces: dict[str, str], lists: dict[str, list[str]], simple: dict[str, str]) -> None:
    """Add an rdf:Description with properties.

    Args:
        rdf: The rdf:RDF element.
        namespaces: URIs by prefix.
        lists: Properties that are lists; empty ones are left out.
        simple: Properties that are single values.
    """
    lists = {name: values for name, values in lists.items() if values}
    used = {etree.QName(name).namespace for name in (*lists, *simple)}
    own = {prefix: uri for prefix, uri in namespaces.items() if uri in used}
    description = etree.Element(f"{RDF}Description", nsmap={**rdf.nsmap, **own})
    description.set(_ABOUT[0], next(_abouts(rdf), ""))
    description.attrib.update(simple)
    for name, values in lists.items():
        bag = etree.SubElement(etree.SubElement(description, name), f"{RDF}Bag")
        for each in values:
            etree.SubElement(bag, f"{RDF}li").text = each
    etree.indent(description, " ", level=2)
    _append(rdf, description)
    if len(rdf) == 1:
        rdf.text = "\n  "


def remove_items(rdf: Element, name: str, unwanted: Callable[[str], bool]) -> None:
    """Remove items from the list `name`, and the property itself if none is left.

    Raises:
        SidecarError: The property is not a list.
    """
    for values in list(_lists(rdf, name)):
        found = [item for item in values.iterfind(f"{RDF}li") if unwanted(_text(item))]
        for item in found:
            _remove(item)
        if found and not len(values):
            element = values.getparent()
            _remove(values)
            if not len(element):  # no comment either
                _remove_with_description(element)


def remove(rdf: Element, name: str) -> None:
    """Remove the property `name`, whatever its form."""
    for description in list(_descriptions(rdf)):
        if description.attrib.pop(name, None) is not None:
            _remove_if_empty(description)
        for element in description.findall(name):
            _remove_with_description(element)


def _descriptions(rdf: Element) -> Iterator[Element]:
    return rdf.iterchildren(f"{RDF}Description")  # type: ignore[no-any-return]


def _abouts(rdf: Element) -> Iterator[str]:
    """Yield the rdf:about of each description: the same in all of them."""
    return (each.get(name) for each in _descriptions(rdf) for name in _ABOUT if name in each.attrib)


def _lists(rdf: Element, name: str) -> Iterator[Element]:
    """Yield the lists of a property; an empty property has none."""
    for description in _descriptions(rdf):
        if description.get(name, "").strip():
            raise _not_a_list(name)
    for element in _elements(rdf, name):
        content = list(element.iterchildren("*"))  # no comments
        if len(content) == 1 and content[0].tag in _LISTS:
            yield content[0]
        elif content or element.attrib or "".join(element.itertext(with_tail=False)).strip():
            raise _not_a_list(name)


def _elements(rdf: Element, name: str) -> Iterator[Element]:
    return (element for description in _descriptions(rdf) for element in description.findall(name))


def _not_a_list(name: str) -> SidecarError:
    return SidecarError(f"its {etree.QName(name).localname} is not a list")


def _text(element: Element) -> str:
    return (element.text or "").strip()


def _append(parent: Element, child: Element) -> None:
    if len(parent):
        child.tail, parent[-1].tail = parent[-1].tail, parent.text
        parent.append(child)
    else:
        child.tail, parent.text = parent.text, None
        parent.append(child)


def _remove(element: Element) -> None:
    parent, before, after = element.getparent(), element.getprevious(), element.getnext()
    if after is None and before is not None:
        before.tail = element.tail
    elif after is None:
        parent.text = element.tail
    parent.remove(element)


def _remove_with_description(element: Element) -> None:
    description = element.getparent()
    _remove(element)
    _remove_if_empty(description)


def _remove_if_empty(description: Element) -> None:
    if not len(description) and set(description.attrib) <= set(_ABOUT):
        _remove(description)
