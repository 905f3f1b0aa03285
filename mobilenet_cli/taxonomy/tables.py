"""The tables in data/ → nodes.

- wordnet.tsv: wnid, words, parents, class. WordNet 3.0's nouns above ImageNet's 1000 classes, and those classes, as
  WordNet has them (LICENSE.wordnet). `tools/make_taxonomy.py` writes it.
- mends.tsv: change, wnid, parent, reason. The edges of WordNet that are dropped, and those that are added, because
  a person would otherwise get a wrong word. An added parent that is not in wordnet.tsv is another node of
  WordNet 3.0, by its own wnid.
- words.tsv: wnid, word, also. The word of each node that is shown, and other words by which people ask for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

_DATA = Path(__file__).with_name("data")


class Node(NamedTuple):  # and no dataclass: two thousand of those take four times as long to make
    """A meaning in WordNet: one of ImageNet's classes, or what is above some of them.

    Attributes:
        wnid: Its WordNet id: "n" and its offset of eight digits in WordNet 3.0's file of nouns.
        names: WordNet's words for it, the commonest first.
        parents: The wnids of its hypernyms: what each of it is a kind of.
        is_class: Whether it is one of the 1000 classes of ILSVRC-2012.
        word: The everyday word that is shown for it, or None where it is never shown.
        also: Other words that people ask for it by.
    """

    wnid: str
    names: tuple[str, ...]
    parents: tuple[str, ...]
    is_class: bool = False
    word: str | None = None
    also: tuple[str, ...] = ()


def read_nodes() -> tuple[Node, ...]:
    """Return the nodes of the package's own tables, mended and with their words."""
    return tuple(joined(rows("wordnet.tsv"), rows("mends.tsv"), rows("words.tsv")))


def rows(table: str) -> list[list[str]]:
    """Return the cells of each row of the table `table` in data/, without the headings."""
    lines = (_DATA / table).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines[1:]]


def joined(wordnet: Iterable[list[str]], mends: Iterable[list[str]], words: Iterable[list[str]]) -> Iterator[Node]:
    """Yield the nodes that the rows of the three tables make together.

    Raises:
        ValueError: A mend drops an edge that WordNet does not have.
    """
    shown = {wnid: (word, _list(also)) for wnid, word, also in words}
    mended: dict[str, list[str]] = {}
    table = {row[0]: row for row in wordnet}
    for change, wnid, parent, _ in mends:
        for end in (wnid, parent):
            table.setdefault(end, [end, shown[end][0] if end in shown else "", "", "0"])
        edges = mended.setdefault(wnid, list(_list(table[wnid][2])))
        if change == "add":
            edges.append(parent)
        else:
            edges.remove(parent)
    for wnid, names, parents, flag in table.values():
        above = tuple(mended[wnid]) if wnid in mended else _list(parents)
        yield Node(wnid, _list(names), above, flag == "1", *shown.get(wnid, (None, ())))


def _list(cell: str) -> tuple[str, ...]:
    return tuple(cell.split("|")) if cell else ()
