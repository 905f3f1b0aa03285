"""Write mobilenet_cli/taxonomy/data/shown.tsv of the other tables there. `make docs` runs it.

python -m tools.make_shown
"""

from __future__ import annotations

from pathlib import Path

import mobilenet_cli.taxonomy
from mobilenet_cli.taxonomy import Taxonomy, load
from mobilenet_cli.taxonomy.shown import TABLE, shown_nodes


def table(taxonomy: Taxonomy) -> str:
    """Return the text of shown.tsv."""
    lines = ["wnid\tword\tdepth\tabove"]
    lines += ["\t".join((n.wnid, n.word, str(n.depth), "|".join(n.above))) for n in shown_nodes(taxonomy)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    Path(mobilenet_cli.taxonomy.__file__).with_name("data").joinpath(TABLE).write_text(table(load()), encoding="utf-8")
