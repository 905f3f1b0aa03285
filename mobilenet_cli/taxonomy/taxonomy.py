"""Who is above whom, and which nodes a word means."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from types import MappingProxyType

from mobilenet_cli.errors import InputError
from mobilenet_cli.taxonomy.tables import Node, read_nodes


class UnknownWordError(InputError):
    """No node has this word or wnid.

    Args:
        text: It.
        near: Words that are written like it, the nearest first; an attribute too.
        parts: The words, all known, that it has with commas between them; an attribute too.
    """

    def __init__(self, text: str, near: tuple[str, ...], parts: tuple[str, ...] = ()) -> None:
        hint = f"; did you mean {_or(near)}?" if near else ""
        hint = "; it is several words: give each by itself" if parts else hint
        super().__init__(f"{text!r} is no word or wnid that is known here{hint}")
        self.near, self.parts = near, parts


class Taxonomy:
    """A graph of nodes, each below its parents: a DAG, since a node may have several of them.

    What a walk through the graph finds is kept. Safe to use from several threads.

    Attributes:
        nodes: Each node by its wnid.
    """

    def __init__(self, nodes: Iterable[Node]) -> None:
        """Take the nodes, whose parents are all among them, and none of which is above itself.

        Raises:
            KeyError: A parent is missing.
            ValueError: Two nodes have one wnid, or are shown with one word.
        """
        given = tuple(nodes)
        self.nodes: Mapping[str, Node] = MappingProxyType({node.wnid: node for node in given})
        words = {node.wnid: node.word for node in given if node.word is not None}
        if len(self.nodes) < len(given) or len(set(words.values())) < len(words):
            raise ValueError("two nodes have one wnid or one word")
        self.words: Mapping[str, str] = MappingProxyType(words)
        """The everyday word of each node that is shown, by its wnid."""
        self._children: dict[str, list[str]] = {wnid: [] for wnid in self.nodes}
        self._parents = {node.wnid: node.parents for node in given}
        for node in given:
            for parent in node.parents:
                self._children[parent].append(node.wnid)
        self._indexes: dict[int, dict[str, tuple[str, ...]]] = {}
        self._below: dict[str, frozenset[str]] = {}
        self._above: dict[str, frozenset[str]] = {}

    def classes_below(self, wnid: str) -> frozenset[str]:
        """Return the wnids of ImageNet's classes at or below this node, each once; none for one that is not here."""
        if wnid not in self._below:
            reached = _reached(wnid, self._children) if wnid in self.nodes else set()
            self._below[wnid] = frozenset(lower for lower in reached if self.nodes[lower].is_class)
        return self._below[wnid]

    def above(self, wnid: str) -> frozenset[str]:
        """Return the wnids of all nodes above this one, itself left out; none for a wnid that is not here."""
        if wnid not in self._above:
            reached = _reached(wnid, self._parents) if wnid in self.nodes else set()
            self._above[wnid] = frozenset(reached - {wnid})
        return self._above[wnid]

    def is_above(self, upper: str, lower: str) -> bool:
        """Tell whether every `lower` is an `upper`; a node is not above itself."""
        return upper in self.above(lower)

    def words_above(self, wnid: str) -> tuple[str, ...]:
        """Return the wnids of the nodes above this one that are shown, from the most general to the most specific.

        The more classes are below a node, the more general it is.
        """
        return tuple(sorted(self.above(wnid) & self.words.keys(), key=self._generality))

    def _generality(self, wnid: str) -> tuple[int, int, str]:
        return -len(self.classes_below(wnid)), len(self.above(wnid)), self.words[wnid]

    def shown_children(self, wnid: str | None) -> tuple[str, ...]:
        """Return the wnids of the shown nodes right below this one, others between them left out; by their words.

        Args:
            wnid: A node; None for the shown nodes that are below no other.
        """
        below = [shown for shown in self.words if (self.is_above(wnid, shown) if wnid else not self.words_above(shown))]
        inside = {deeper for deeper in below for upper in below if self.is_above(upper, deeper)}
        return tuple(sorted(set(below) - inside, key=self.words.__getitem__))

    def find(self, text: str) -> tuple[str, ...]:
        """Return the wnids of the nodes that a word means: one, or several where ImageNet's classes share a word.

        Case does not matter, "_" and "-" are spaces, and a plural is as good. The first of these that knows it is
        right: wnids; everyday words; other words for the nodes that are shown; WordNet's words for the classes;
        WordNet's first words for all nodes; all of WordNet's words.

        Raises:
            UnknownWordError: No node has it.
        """
        if found := self.meanings(text):
            return found
        parts = tuple(part.strip() for part in text.split(","))
        raise UnknownWordError(text, self.near(text), parts if all(map(self.meanings, parts)) else ())

    def meanings(self, text: str) -> tuple[str, ...]:
        """Return what `find` does, but nothing for an unknown word, and so without a search for words like it."""
        forms = tuple(word_forms(text))
        for form in forms:
            if form in self.nodes:
                return (form,)
        for place, names_of in enumerate(_LOOKUPS):
            if place not in self._indexes:
                self._indexes[place] = _index(names_of, self.nodes.values())
            for form in forms:
                if form in self._indexes[place]:
                    return self._indexes[place][form]
        return ()

    def near(self, text: str, count: int = 3) -> tuple[str, ...]:
        """Return up to `count` everyday words, or names of classes, that are written like `text`, the nearest first."""
        from difflib import get_close_matches

        known = {plain_word(word): word for node in self.nodes.values() for find in _LOOKUPS[:3] for word in find(node)}
        return tuple(known[word] for word in get_close_matches(plain_word(text), known, count, cutoff=0.6))


@cache
def load() -> Taxonomy:
    """Return the taxonomy of ImageNet's classes, read from the package's tables at the first call."""
    return Taxonomy(read_nodes())


def _reached(start: str, edges: Mapping[str, Iterable[str]]) -> set[str]:
    """Return what the edges lead to from `start`, itself included."""
    reached, todo = {start}, [start]
    while todo:
        for wnid in edges[todo.pop()]:
            if wnid not in reached:
                reached.add(wnid)
                todo.append(wnid)
    return reached


_LOOKUPS: tuple[Callable[[Node], tuple[str, ...]], ...] = (
    lambda node: (node.word,) if node.word is not None else (),
    lambda node: node.also,
    lambda node: node.names if node.is_class else (),
    lambda node: node.names[:1],
    lambda node: node.names,
)
"""What a word is compared with, in this order."""


def _index(names_of: Callable[[Node], tuple[str, ...]], nodes: Iterable[Node]) -> dict[str, tuple[str, ...]]:
    index: dict[str, tuple[str, ...]] = {}
    for node in nodes:
        for plain in {plain_word(name) for name in names_of(node)}:
            index[plain] = (*index.get(plain, ()), node.wnid)
    return index


def plain_word(text: str) -> str:
    """Return a word without what does not matter in it: case, "_" and "-", and surplus spaces."""
    return " ".join(text.replace("_", " ").replace("-", " ").casefold().split())


def word_forms(text: str) -> Iterator[str]:
    """Yield the text, then what it may be the plural of."""
    plain = plain_word(text)
    yield plain
    for plural, singular in (("ies", "y"), ("ves", "f"), ("ves", "fe"), ("es", ""), ("s", ""), ("men", "man")):
        if plain.endswith(plural) and len(plain) > len(plural) + 1:
            yield plain.removesuffix(plural) + singular
    yield plain + "s"


def _or(words: tuple[str, ...]) -> str:
    return " or ".join((", ".join(words[:-1]), words[-1])) if len(words) > 1 else words[0]
