"""Write mobilenet_cli/taxonomy/data/wordnet.tsv, and tell how words.tsv differs from what the rule proposes.

    python -m tools.make_taxonomy PATH

PATH is a table of WordNet 3.0's nouns above ImageNet's 1000 classes, one a line after a comment and the headings:
wnid, words (by "|"), parents (by "|"), classes below, uses in SemCor (how often people who tagged the texts of that
corpus met the meaning), whether it is a class.

The rule by which words were proposed: a node is a candidate if it is met in SemCor at all, or has at least four
classes below it, and has at most half of all classes; its word is WordNet's first. Of several nodes with one word,
and of several nodes with the same classes, the one that is met most stays, else the one with most classes, else
the deepest. Each proposal was then looked at: a person must search by the word, and it must be true of all classes
below the node. What did not pass is left out of words.tsv, and words that people miss were added to it.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from mobilenet_cli.taxonomy.tables import rows

TABLE = Path(__file__).resolve().parents[1] / "mobilenet_cli" / "taxonomy" / "data" / "wordnet.tsv"
_LEAST_CLASSES = 4


@dataclass(frozen=True, slots=True)
class Noun:
    """A row of the table at PATH."""

    wnid: str
    words: tuple[str, ...]
    parents: tuple[str, ...]
    classes_below: int
    uses: int
    is_class: bool


def read(path: Path) -> list[Noun]:
    """Read the table at PATH."""
    nouns = []
    for line in path.read_text(encoding="utf-8").splitlines()[2:]:
        wnid, words, parents, below, uses, is_class = line.split("\t")
        above = tuple(parents.split("|")) if parents else ()
        nouns.append(Noun(wnid, tuple(words.split("|")), above, int(below), int(uses), is_class == "1"))
    return nouns


def table(nouns: list[Noun]) -> str:
    """Return the text of wordnet.tsv."""
    lines = ["wnid\twords\tparents\tclass"]
    lines += ["\t".join((n.wnid, "|".join(n.words), "|".join(n.parents), str(int(n.is_class)))) for n in nouns]
    return "\n".join(lines) + "\n"


def proposals(nouns: list[Noun]) -> dict[str, str]:
    """Return the word of each node that the rule proposes, by wnid."""
    classes = _classes_below(nouns)
    most = sum(noun.is_class for noun in nouns) / 2
    fit = [n for n in nouns if not n.is_class and (n.uses or n.classes_below >= _LEAST_CLASSES)]
    fit = [n for n in fit if n.classes_below <= most]
    fit.sort(key=lambda noun: (-noun.uses, -noun.classes_below, -_depth(noun.wnid, nouns)))
    taken: dict[str, str] = {}
    seen: set[frozenset[str]] = set()
    for noun in fit:
        if noun.words[0] not in taken.values() and classes[noun.wnid] not in seen:
            taken[noun.wnid] = noun.words[0]
            seen.add(classes[noun.wnid])
    return taken


def _classes_below(nouns: list[Noun]) -> dict[str, frozenset[str]]:
    parents = {noun.wnid: noun.parents for noun in nouns}
    below: dict[str, set[str]] = {wnid: set() for wnid in parents}
    for noun in nouns:
        todo = [noun.wnid] if noun.is_class else []
        while todo:
            wnid = todo.pop()
            below[wnid].add(noun.wnid)
            todo += parents[wnid]
    return {wnid: frozenset(classes) for wnid, classes in below.items()}


def _depth(wnid: str, nouns: list[Noun]) -> int:
    parents = {noun.wnid: noun.parents for noun in nouns}
    depth = 0
    while parents[wnid]:
        wnid, depth = parents[wnid][0], depth + 1
    return depth


def main() -> None:
    """Write the table and print the differences."""
    nouns = read(Path(sys.argv[1]))
    TABLE.write_text(table(nouns), encoding="utf-8")
    proposed, shown = proposals(nouns), {wnid: word for wnid, word, _ in rows("words.tsv")}
    known = {noun.wnid: noun for noun in nouns}
    for wnid in sorted(proposed.keys() | shown.keys()):
        rule, word = proposed.get(wnid, ""), shown.get(wnid, "")
        if rule != word:
            noun = known.get(wnid)
            figures = f"{noun.classes_below} classes, {noun.uses} uses" if noun else "not above a class in WordNet"
            print(f"{wnid}\t{rule or '-'} → {word or '-'}\t{figures}")
    kept = len(proposed.keys() & shown.keys())
    print(f"{len(proposed)} proposed, {kept} of them shown, {len(shown) - kept} added: {len(shown)} words")


if __name__ == "__main__":
    main()
