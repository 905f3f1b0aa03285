"""A Result → the folder that its image belongs in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mobilenet_cli.sorting.folders import UNSORTED

if TYPE_CHECKING:
    from mobilenet_cli.records import ClassName, Result
    from mobilenet_cli.taxonomy import Taxonomy

By = Literal["kind", "label", "top-1"]
"""What names a folder: the most specific everyday word, the sure label, or the best class whatever its score."""

_KEPT_TOGETHER = frozenset(("n01503061", "n01726692", "n02084071"))
"""Birds, snakes and dogs. The words below these divide what most people look for in one place: hound, terrier, …"""


@dataclass(frozen=True, slots=True)
class ByName:
    """A folder for each name.

    Attributes:
        by: Which name of an image it is.
        taxonomy: Knows which labels are everyday words.
    """

    by: By
    taxonomy: Taxonomy

    def folder(self, result: Result) -> str:
        """Return the name of the folder of an image that could be read."""
        if self.by == "top-1":
            return result.predictions[0].label if result.predictions else UNSORTED
        if result.label is None:
            return UNSORTED
        if self.by == "kind":
            if whole := _KEPT_TOGETHER & {result.label.wnid, *(kind.wnid for kind in result.kinds)}:
                return self.taxonomy.words[min(whole)]
            if result.label.wnid in self.taxonomy.words:
                return self.taxonomy.words[result.label.wnid]
            if result.kinds:
                return result.kinds[-1].label
        return result.label.label


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    wnids: frozenset[str]

    def means(self, result: Result, taxonomy: Taxonomy) -> bool:
        label = result.label
        if label is None:
            return False
        is_named = not label.wnid and label.label.casefold() == self.text.casefold()
        return is_named or label.wnid in self.wnids or not self.wnids.isdisjoint(taxonomy.above(label.wnid))

    def is_above(self, other: _Word, taxonomy: Taxonomy) -> bool:
        return any(taxonomy.is_above(upper, lower) for upper in self.wnids for lower in other.wnids)


class ByChosenWords:
    """A folder for each of some words: an image goes to the most specific of them, or the first of several."""

    def __init__(self, words: Sequence[str], taxonomy: Taxonomy, classes: Sequence[ClassName]) -> None:
        """Look the words up.

        Args:
            words: Everyday words, wnids, or labels of classes that have no wnid.
            taxonomy: Knows what they mean.
            classes: The model's classes.

        Raises:
            UnknownWordError: One of the words means nothing; its message has words that are written like it.
        """
        self._taxonomy = taxonomy
        own = {name.label.casefold() for name in classes if not name.wnid}
        self._words = [_Word(text, self._wnids(text, own)) for text in words]

    def _wnids(self, text: str, own: set[str]) -> frozenset[str]:
        from mobilenet_cli.taxonomy import UnknownWordError

        try:
            return frozenset(self._taxonomy.find(text))
        except UnknownWordError:
            if text.casefold() in own:
                return frozenset()
            raise

    def folder(self, result: Result) -> str:
        """Return the name of the folder of an image that could be read."""
        meant = [word for word in self._words if word.means(result, self._taxonomy)]
        for word in meant:
            if not any(word.is_above(other, self._taxonomy) for other in meant):
                return word.text
        return UNSORTED
