"""Which folder an image belongs in, with a small tree of words in the place of WordNet's."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from results import name, result_of

from mobilenet_cli.models.labels import imagenet_labels
from mobilenet_cli.sorting.choice import ByChosenWords, ByName
from mobilenet_cli.taxonomy import UnknownWordError, load

PARENTS = {"n1": (), "n2": ("n1",), "n3": ("n2",), "n4": ("n1",), "n5": ("n3",)}
WORDS = {"n1": "animal", "n2": "dog", "n4": "cat"}
NAMES = WORDS | {"n3": "hound", "n5": "beagle"}


class SmallTaxonomy:
    """An animal is a dog or a cat; a beagle is a hound, which is a dog, and no word of ours."""

    words = WORDS

    def above(self, wnid: str) -> frozenset[str]:
        parents = PARENTS.get(wnid, ())
        return frozenset(parents).union(*map(self.above, parents))

    def is_above(self, upper: str, lower: str) -> bool:
        return upper in self.above(lower)

    def find(self, text: str) -> tuple[str, ...]:
        found = tuple(wnid for wnid, word in NAMES.items() if word == text.lower().removesuffix("s"))
        if not found:
            raise UnknownWordError(text, ())
        return found


def named(wnid: str | None, label: str = "", top: str = "Egyptian cat") -> SimpleNamespace:
    """A Result with a sure label."""
    tree = SmallTaxonomy()
    above = sorted(tree.above(wnid or "") & WORDS.keys())
    return SimpleNamespace(
        status="ok",
        label=None if wnid is None else SimpleNamespace(wnid=wnid, label=label or NAMES[wnid], score=0.9),
        kinds=tuple(SimpleNamespace(wnid=each, label=WORDS[each], score=0.95) for each in above),
        predictions=(SimpleNamespace(label=top, score=0.4),),
    )


@pytest.mark.parametrize(
    ("by", "result", "folder"),
    [
        ("kind", named("n5"), "dog"),
        ("kind", named("n2"), "dog"),
        ("kind", named("n1"), "animal"),
        ("kind", named("", "my class"), "my class"),
        ("kind", named(None), "unsorted"),
        ("label", named("n5"), "beagle"),
        ("label", named("n2"), "dog"),
        ("label", named(None), "unsorted"),
        ("top-1", named(None), "Egyptian cat"),
        ("top-1", named("n5"), "Egyptian cat"),
    ],
)
def test_the_folder_is_called_after_the_image(by, result, folder):
    assert ByName(by, SmallTaxonomy()).folder(result) == folder


@pytest.mark.parametrize(
    ("label", "folder"),
    [
        ("beagle", "dog"),
        ("robin", "bird"),
        ("bald eagle", "bird"),
        ("rock python", "snake"),
        ("Egyptian cat", "cat"),
        ("great white shark", "shark"),
        ("jeep", "car"),
        ("tripod", "object"),
    ],
)
def test_the_folders_of_imagenets_classes_are_those_that_people_make(label, folder):
    taxonomy = load()
    (wnid,) = (name.wnid for name in imagenet_labels(1000) if name.label == label)
    kinds = [name(taxonomy.words[upper], wnid=upper) for upper in taxonomy.words_above(wnid)]
    assert ByName("kind", taxonomy).folder(result_of(label=name(label, wnid=wnid), kinds=kinds)) == folder


@pytest.mark.parametrize(
    ("words", "result", "folder"),
    [
        (["dog", "cat"], named("n5"), "dog"),
        (["dogs", "cats"], named("n5"), "dogs"),
        (["animal", "dog"], named("n5"), "dog"),
        (["animal", "dog"], named("n4"), "animal"),
        (["hound", "dog"], named("n2"), "dog"),
        (["hound", "dog"], named("n5"), "hound"),
        (["beagle"], named("n2"), "unsorted"),
        (["cat"], named(None), "unsorted"),
        (["My Class", "dog"], named("", "my class"), "My Class"),
    ],
)
def test_an_image_goes_to_the_most_specific_of_the_chosen_words(words, result, folder):
    classes = [SimpleNamespace(wnid="", label="my class"), SimpleNamespace(wnid="n5", label="beagle")]
    assert ByChosenWords(words, SmallTaxonomy(), classes).folder(result) == folder


def test_a_word_that_means_nothing_is_refused_with_those_that_are_near():
    with pytest.raises(UnknownWordError, match="did you mean dog"):
        ByChosenWords(["dogg"], load(), [])
