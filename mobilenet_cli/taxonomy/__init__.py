"""What stands above ImageNet's classes: WordNet's hypernyms, and the everyday words for them.

    from mobilenet_cli.taxonomy import load

data/ (WordNet's table, our mends, our words) → tables (nodes) → taxonomy (who is above whom, what a word means).
`shown` has what naming needs of that, in a table of its own.
"""

from __future__ import annotations

from mobilenet_cli.taxonomy.tables import Node
from mobilenet_cli.taxonomy.taxonomy import Taxonomy, UnknownWordError, load

__all__ = ["Node", "Taxonomy", "UnknownWordError", "load"]
