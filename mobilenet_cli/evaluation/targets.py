"""What an image shows, as a model sees it: one of its classes, or any other word of WordNet's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mobilenet_cli.errors import InputError
from mobilenet_cli.evaluation.classes import ClassFinder, UnknownClassError
from mobilenet_cli.evaluation.metrics import FAILED
from mobilenet_cli.records import ClassName
from mobilenet_cli.taxonomy import Node, Taxonomy, load
from mobilenet_cli.taxonomy.nouns import Nouns, load_nouns
from mobilenet_cli.text import printable

_MOST = 6


@dataclass(frozen=True, slots=True)
class Target:
    """What an image shows.

    Attributes:
        index: The position of the class in the model's output; for any other word a number of its own, from the
            number of classes on.
        name: Its wnid ("" for a class that has none), and its label or everyday word.
        classes: The indexes of the classes that are right as the best one: the class itself, or those below the
            word; where none is below it, those above it. Empty where there are none of these either.
        above: The wnids of the nodes above it: a name among these is right, but vaguer.
    """

    index: int
    name: ClassName
    classes: frozenset[int]
    above: frozenset[str]


UNKNOWN = Target(FAILED, ClassName("", ""), frozenset(), frozenset())


class TargetFinder:
    """Finds what a text means to a model. What was found is kept.

    Args:
        classes: The model's classes in the order of its outputs.
        model: The model's name, for messages.
        taxonomy: What stands above the classes; by default ImageNet's.
        nouns: Makes the nouns that are not in the taxonomy, at the first text that is not; by default WordNet's others.
    """

    def __init__(
        self,
        classes: Sequence[ClassName],
        model: str,
        taxonomy: Taxonomy | None = None,
        nouns: Callable[[], Nouns] = load_nouns,
    ) -> None:
        self.model, self.taxonomy, self._nouns = model, taxonomy or load(), nouns
        self._names, self._classes = classes, ClassFinder(classes, model)
        self._wnids = {name.wnid for name in classes if name.wnid}
        self._words: dict[str, Target] = {}

    @property
    def words(self) -> tuple[ClassName, ...]:
        """The words that were found and are no class, in the order of their indexes."""
        return tuple(target.name for target in self._words.values())

    @property
    def without_class(self) -> frozenset[int]:
        """The indexes of the words for which no class is right."""
        return frozenset(target.index for target in self._words.values() if not target.classes)

    def find(self, text: str) -> Target:
        """Return what `text` means: a class, by its label, wnid or index, else any other word or wnid of WordNet's.

        Raises:
            InputError: It is none of these, has several meanings, or is nothing that the model has a class or an
                everyday word for. The message is one line.
        """
        try:
            index = self._classes.find(text)
        except UnknownClassError as error:
            if self._wnids.isdisjoint(self.taxonomy.nodes):
                raise
            unknown = error
        else:
            self._refuse_other_meanings(text, index)
            return self._class(index)
        return self._node(self._meaning(text, unknown), text)

    def counterpart(self, target: Target, other: TargetFinder) -> Target:
        """Return what the `other` model's `target` is to this model.

        Raises:
            InputError: This model lacks the class, or has nothing to do with the word. The message is one line.
        """
        if target.index < len(other._names):
            return self._class(self._classes.counterpart(target.index, other._classes))
        return self._node(target.name.wnid, target.name.label)

    def members(self, wnid: str) -> frozenset[int]:
        """Return the indexes of the model's classes at or below a node."""
        return frozenset(
            index
            for index, name in enumerate(self._names)
            if wnid and (name.wnid == wnid or self.taxonomy.is_above(wnid, name.wnid))
        )

    def _class(self, index: int) -> Target:
        name = self._names[index]
        return Target(index, name, frozenset([index]), self.taxonomy.above(name.wnid))

    def _meaning(self, text: str, unknown: UnknownClassError) -> str:
        wnids = self.taxonomy.meanings(text) or self._nouns().find(text)
        if not wnids:
            near = () if unknown.hint else self.taxonomy.near(text, 1)
            hint = unknown.hint or "".join(f"; do you mean '{word}'?" for word in near)
            raise InputError(f"{unknown.reason}, nor another known word or wnid{hint}")
        if len(wnids) > 1:
            raise self._ambiguous(text, wnids)
        return wnids[0]

    def _refuse_other_meanings(self, text: str, index: int) -> None:
        """Refuse a class's label that is the everyday word for something else: "plane" is a tool, and an airplane."""
        wnid = self._names[index].wnid
        if not wnid:
            return
        meanings = set(self.taxonomy.meanings(text))
        if meanings and wnid not in meanings and meanings.isdisjoint(self.taxonomy.above(wnid)):
            raise self._ambiguous(text, (wnid, *sorted(meanings)))

    def _ambiguous(self, text: str, wnids: Sequence[str]) -> InputError:
        choices = "; ".join(f"{wnid} ({', '.join(self._wordnet_node(wnid).names[:3])})" for wnid in wnids[:_MOST])
        more = "; …" if len(wnids) > _MOST else ""
        return InputError(f"'{printable(text)}': ambiguous, a word for {choices}{more}: give the wnid")

    def _wordnet_node(self, wnid: str) -> Node:
        return self.taxonomy.nodes.get(wnid) or self._nouns().nodes[wnid]

    def _node(self, wnid: str, text: str) -> Target:
        if wnid in self._wnids:
            return self._class(self._classes.find(wnid))
        if wnid not in self._words:
            node = self._wordnet_node(wnid)
            above = frozenset(node.parents).union(*map(self.taxonomy.above, node.parents))
            below = self.members(wnid)
            classes = below or frozenset(index for index, name in enumerate(self._names) if name.wnid in above)
            if not classes and not any(self.members(upper) for upper in above & self.taxonomy.words.keys()):
                raise InputError(f"'{printable(text)}' ({wnid}): the model has no class or everyday word for it")
            name = ClassName(wnid, self.taxonomy.words.get(wnid) or node.names[0])
            self._words[wnid] = Target(len(self._names) + len(self._words), name, classes, above)
        return self._words[wnid]
