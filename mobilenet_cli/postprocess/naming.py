"""Scores → the most specific word that is sure, and the everyday words above it.

A node is one of the model's classes, or a node of the taxonomy with an everyday word. Its score is the sum of the
scores of the distinct classes at or below it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mobilenet_cli.errors import InputError
from mobilenet_cli.records import SURE, ClassName, Name
from mobilenet_cli.taxonomy import Taxonomy, UnknownWordError, load
from mobilenet_cli.taxonomy.shown import load_shown_words, shown_words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_BACKGROUND = "background"


@dataclass(frozen=True, slots=True)
class Named:
    """What an image is called.

    Attributes:
        label: The most specific node whose score is sure: fewest classes at or below it, then the highest score.
            None where no node's is.
        kinds: The everyday words above it, the most general first.
    """

    label: Name | None
    kinds: tuple[Name, ...]


UNNAMED = Named(None, ())


class Naming:
    """The names of one model's classes: made once a model, then called for each batch. Safe to use from threads.

    Classes may be any of ImageNet's, or none: without a wnid a class is a node of its own, with no kinds.
    """

    def __init__(self, classes: Sequence[ClassName], taxonomy: Taxonomy | None = None) -> None:
        """Find the shown nodes above a model's classes.

        Args:
            classes: The name of each class, in the order of the model's outputs.
            taxonomy: What stands above them; by default ImageNet's.
        """
        import numpy as np

        self._classes = tuple(classes)
        self._taxonomy = taxonomy
        self._shown = load_shown_words() if taxonomy is None else shown_words(taxonomy)
        members = self._members_by_node()
        # A node with all the classes of another and no more says the same; only its place in the order differs.
        self._nodes = sorted(members, key=lambda wnid: (len(members[wnid]), -self._shown.depth(wnid), wnid))
        self._counts = np.array([len(members[wnid]) for wnid in self._nodes], np.intp)
        self._columns = np.array([index for wnid in self._nodes for index in members[wnid]], np.intp)
        self._starts = np.concatenate([[0], np.cumsum(self._counts)[:-1]]).astype(np.intp)
        # ImageNet's background is nothing that an image could be called; a trained class of that name may be.
        with_wnids = any(name.wnid for name in self._classes)
        background = ClassName("", _BACKGROUND)
        self._nameless = np.array(
            [index for index, name in enumerate(self._classes) if with_wnids and name == background],
            np.intp,
        )
        self._kinds: dict[str, tuple[int, ...]] = {}

    def _members_by_node(self) -> dict[str, list[int]]:
        """Return the indexes, in rising order, of the classes at or below each shown node that has any."""
        members: dict[str, list[int]] = {}
        for index, name in enumerate(self._classes):
            for wnid in self._shown.above(name.wnid):
                members.setdefault(wnid, []).append(index)
            if name.wnid in self._shown.words:
                members.setdefault(name.wnid, []).append(index)
        return members

    def __call__(self, scores: NDArray[np.floating], sure: float = SURE) -> list[Named]:
        """Name each row of `scores`.

        Args:
            scores: [N, classes], each 0 to 1: a softmax (whose rows sum to 1), or a sigmoid's.
            sure: The score from which a name is given, 0 to 1.
        """
        import numpy as np

        if not len(scores):
            return []
        sums = self.sums(scores)
        rows = []
        for row, (index, score) in enumerate(self._best_classes(scores)):
            if score >= sure:
                name = self._classes[index]
                rows.append(self._named(name.wnid, name.label, score, sums[row]))
                continue
            sure_nodes = np.flatnonzero(sums[row] >= sure)
            rows.append(self._most_specific(sure_nodes, sums[row]) if len(sure_nodes) else UNNAMED)
        return rows

    def names_at(self, scores: NDArray[np.floating], sures: Sequence[float]) -> list[tuple[Name | None, ...]]:
        """Return what each row of `scores` is called at each of `sures`: the labels that as many calls would give.

        Much faster than those calls, since the scores are summed once.

        Args:
            scores: [N, classes], each 0 to 1.
            sures: At least one score from which a name is given, each 0 to 1, in any order.
        """
        import numpy as np

        rising = sorted(range(len(sures)), key=sures.__getitem__)
        words, least = self._shown.words, sures[rising[0]]
        rows = []
        for (index, score), sums in zip(self._best_classes(scores), self.sums(scores), strict=True):
            nodes = np.flatnonzero(sums >= least)
            # As `_most_specific` chooses: fewest classes, then the highest score, then the first.
            ranked = sorted(zip(self._counts[nodes].tolist(), (-sums[nodes]).tolist(), nodes.tolist(), strict=True))
            named = [Name(self._classes[index].wnid, self._classes[index].label, score)]
            named += [Name(self._nodes[node], words[self._nodes[node]], -negated) for _, negated, node in ranked]
            names: list[Name | None] = [None] * len(sures)
            place = 0  # whatever a lower `sure` has ruled out, a higher one does too
            for at in rising:
                while place < len(named) and named[place].score < sures[at]:
                    place += 1
                if place == len(named):
                    break
                names[at] = named[place]
            rows.append(tuple(names))
        return rows

    def _best_classes(self, scores: NDArray[np.floating]) -> list[tuple[int, float]]:
        """Return the index and the score of each row's best class that is a name."""
        import numpy as np

        nameable = np.array(scores, np.float64)
        nameable[:, self._nameless] = -1.0
        best = nameable.argmax(axis=1)
        return list(zip(best.tolist(), nameable[np.arange(len(best)), best].tolist(), strict=True))

    def _most_specific(self, nodes: NDArray[np.intp], sums: NDArray[np.float64]) -> Named:
        # Nodes are in the order of their numbers of classes, deepest first, and argmax takes the first of equals.
        fewest = nodes[self._counts[nodes] == self._counts[nodes[0]]]
        node = int(fewest[sums[fewest].argmax()])
        wnid = self._nodes[node]
        return self._named(wnid, self._shown.words[wnid], float(sums[node]), sums)

    def _named(self, wnid: str, label: str, score: float, sums: NDArray[np.float64]) -> Named:
        if wnid not in self._kinds:
            above = self._shown.above(wnid)
            self._kinds[wnid] = tuple(node for node in reversed(range(len(self._nodes))) if self._nodes[node] in above)
        words = self._shown.words
        kinds = (Name(self._nodes[node], words[self._nodes[node]], float(sums[node])) for node in self._kinds[wnid])
        text = label.casefold()
        return Named(Name(wnid, label, score), tuple(kind for kind in kinds if kind.label.casefold() != text))

    def sums(self, scores: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the score of each shown node that is above a class: [N, nodes], in the order of `nodes`."""
        import numpy as np

        if not self._nodes:
            return np.zeros((len(scores), 0))
        sums = np.add.reduceat(scores[:, self._columns], self._starts, axis=1, dtype=np.float64)
        return np.minimum(sums, 1.0)  # a sum of rounded numbers may be 1.0000001

    @property
    def nodes(self) -> tuple[str, ...]:
        """The wnids of the shown nodes above the model's classes, from the most specific to the most general."""
        return tuple(self._nodes)

    def classes_of(self, kind: str) -> NDArray[np.intp]:
        """Return the indexes, in rising order, of the classes that are of a kind.

        Args:
            kind: A word or a wnid, as `Taxonomy.find` knows them, or the label of a class that has no wnid.

        Raises:
            UnknownWordError: It is none of these.
            InputError: None of the model's classes is of this kind.
        """
        import numpy as np

        taxonomy = self._taxonomy or load()
        text = kind.strip().casefold()
        own = {index for index, name in enumerate(self._classes) if not name.wnid and name.label.casefold() == text}
        try:
            wnids = set(taxonomy.find(kind))
        except UnknownWordError:
            if not own:
                raise
            wnids = set()
        below = {
            index
            for index, name in enumerate(self._classes)
            if name.wnid in wnids or not wnids.isdisjoint(taxonomy.above(name.wnid))
        }
        if not (below or own):
            raise InputError(f"none of the model's classes is a kind of {kind!r}")
        return np.array(sorted(below | own), np.intp)


def kind_score(scores: NDArray[np.floating], classes: Iterable[int] | NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the summed score of a kind in each row, float64 [N], 0 to 1.

    Args:
        scores: [N, classes], each 0 to 1.
        classes: The kind's classes, as `Naming.classes_of` returns them.
    """
    import numpy as np

    summed: NDArray[np.float64] = scores[:, np.asarray(classes, np.intp)].sum(axis=1, dtype=np.float64)
    return np.minimum(summed, 1.0)
