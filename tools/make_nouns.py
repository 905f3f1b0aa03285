"""Make the table of all other nouns of WordNet 3.0 that stand below a word of ours, for the truths of `evaluate`.

    python -m tools.make_nouns PATH

PATH is WordNet 3.0's `data.noun` (see wndb(5WN); it is in Debian's package wordnet-base). The table is
mobilenet_cli/taxonomy/data/nouns.tsv.gz: wnid, words, and parents, which are the nearest nodes above it in the tables
of the taxonomy. Nouns with no everyday word above them are left out: no name could be right for them. So are all
kinds of persons, whom a photograph does not tell apart, and many of whose words are slurs.
"""

from __future__ import annotations

import gzip
import sys
from functools import cache
from pathlib import Path

from mobilenet_cli.taxonomy import load
from mobilenet_cli.taxonomy.nouns import TABLE

PERSON = "n00007846"


def read(path: Path) -> dict[str, tuple[list[str], list[str]]]:
    """Return the words and the hypernyms of each noun, by its wnid; what an instance is an instance of counts too."""
    nouns = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith(" "):  # the licence
            continue
        cells = line.partition("|")[0].split()
        count = int(cells[3], 16)
        words = [word.replace("_", " ") for word in cells[4 : 4 + 2 * count : 2]]
        pointers = cells[5 + 2 * count :]
        above = [f"n{pointers[at + 1]}" for at in range(0, len(pointers) - 3, 4) if pointers[at] in ("@", "@i")]
        nouns[f"n{cells[0]}"] = (words, above)
    return nouns


def table(nouns: dict[str, tuple[list[str], list[str]]]) -> str:
    """Return the text of nouns.tsv."""
    taxonomy = load()

    @cache
    def nearest(wnid: str) -> frozenset[str]:
        if wnid in taxonomy.nodes:
            return frozenset([wnid])
        found = frozenset().union(*map(nearest, nouns[wnid][1]))
        return found - frozenset().union(*map(taxonomy.above, found))

    lines = ["wnid\twords\tparents"]
    for wnid, (words, _) in sorted(nouns.items()):
        parents = nearest(wnid)
        above = parents.union(*map(taxonomy.above, parents))
        if wnid not in taxonomy.nodes and PERSON not in above and above & taxonomy.words.keys():
            lines.append("\t".join((wnid, "|".join(words), "|".join(sorted(parents)))))
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the table."""
    text = table(read(Path(sys.argv[1])))
    TABLE.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    print(f"{text.count(chr(10)) - 1:,} nouns, {TABLE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
