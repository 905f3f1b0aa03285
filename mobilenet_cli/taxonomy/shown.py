"""The words that are shown, and which of them are above each class: all that naming needs of the taxonomy.

data/shown.tsv: wnid, word, depth, above, for each node that is shown and each of ImageNet's classes. It repeats what
the other tables say together, since reading it takes a tenth of their time, and naming comes with every run.
`tools/make_shown.py` writes it; a test compares them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import NamedTuple

from mobilenet_cli.taxonomy.tables import rows
from mobilenet_cli.taxonomy.taxonomy import Taxonomy, load

TABLE = "shown.tsv"


class ShownNode(NamedTuple):
    """A node that is shown, or a class.

    Attributes:
        wnid: Its WordNet id.
        word: The everyday word that is shown for it, "" for a class that has none.
        depth: How many nodes are above it, shown or not.
        above: The wnids of the shown nodes above it, sorted.
    """

    wnid: str
    word: str
    depth: int
    above: tuple[str, ...]


class ShownWords:
    """The shown nodes of a taxonomy. Safe to use from several threads.

    Attributes:
        words: The everyday word of each, by its wnid.
    """

    def __init__(self, nodes: Iterable[ShownNode], taxonomy: Callable[[], Taxonomy]) -> None:
        """Take the shown nodes and the classes.

        Args:
            nodes: The shown nodes.
            taxonomy: Returns the taxonomy, which is asked for nodes that are neither.
        """
        self._nodes = {node.wnid: node for node in nodes}
        self.words: Mapping[str, str] = {node.wnid: node.word for node in self._nodes.values() if node.word}
        self._taxonomy = taxonomy

    def above(self, wnid: str) -> tuple[str, ...]:
        """Return the wnids of the shown nodes above a node, itself left out; none for a wnid of no node."""
        if not wnid:
            return ()
        node = self._nodes.get(wnid)
        return _shown_above(wnid, self._taxonomy()) if node is None else node.above

    def depth(self, wnid: str) -> int:
        """Return how many nodes are above a shown node, shown or not."""
        return self._nodes[wnid].depth


def shown_words(taxonomy: Taxonomy) -> ShownWords:
    """Return the shown words of a taxonomy."""
    return ShownWords(shown_nodes(taxonomy), lambda: taxonomy)


@cache
def load_shown_words() -> ShownWords:
    """Return those of `load()`, read from the table at the first call, without the other tables."""
    known: dict[str, tuple[str, ...]] = {"": ()}

    def above(cell: str) -> tuple[str, ...]:  # most classes share theirs with others
        if cell not in known:
            known[cell] = tuple(cell.split("|"))
        return known[cell]

    return ShownWords((ShownNode(wnid, word, int(depth), above(cell)) for wnid, word, depth, cell in rows(TABLE)), load)


def shown_nodes(taxonomy: Taxonomy) -> Iterator[ShownNode]:
    """Yield the shown nodes and the classes of a taxonomy."""
    for wnid, node in taxonomy.nodes.items():
        if node.word is not None or node.is_class:
            yield ShownNode(wnid, node.word or "", len(taxonomy.above(wnid)), _shown_above(wnid, taxonomy))


def _shown_above(wnid: str, taxonomy: Taxonomy) -> tuple[str, ...]:
    return tuple(sorted(taxonomy.above(wnid) & taxonomy.words.keys()))
