"""WordNet's other nouns: those that are neither ImageNet's classes nor above them, but below a word of ours.

No name is ever one of these. They are there so that an image may be said to show one (an emu): what stands above it
(bird, animal) says which names are right. Kinds of persons are left out.

data/nouns.tsv.gz: wnid, words, parents, which are the nearest nodes above it in the taxonomy. `tools/make_nouns.py`
writes it.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from mobilenet_cli.taxonomy.tables import Node
from mobilenet_cli.taxonomy.taxonomy import plain_word, word_forms

TABLE = Path(__file__).with_name("data") / "nouns.tsv.gz"


class Nouns:
    """The nouns, by their wnids and by their words.

    Attributes:
        nodes: Each noun by its wnid; its parents are nodes of the taxonomy.
    """

    def __init__(self, nodes: Iterable[Node]) -> None:
        self.nodes: Mapping[str, Node] = {node.wnid: node for node in nodes}
        self._by_word: dict[str, list[str]] = {}
        for node in self.nodes.values():
            for word in {plain_word(name) for name in node.names}:
                self._by_word.setdefault(word, []).append(node.wnid)

    def find(self, text: str) -> tuple[str, ...]:
        """Return the wnids of all nouns that a wnid or a word (a plural too) means; none where none does."""
        for form in word_forms(text):
            if form in self.nodes:
                return (form,)
            if form in self._by_word:
                return tuple(self._by_word[form])
        return ()


@cache
def load_nouns() -> Nouns:
    """Return the package's own nouns, read at the first call: it takes about 0.1 s."""
    lines = gzip.decompress(TABLE.read_bytes()).decode().splitlines()[1:]
    rows = (line.split("\t") for line in lines)
    return Nouns(Node(wnid, tuple(words.split("|")), tuple(parents.split("|"))) for wnid, words, parents in rows)
