"""What an image shows, as a model sees it."""

from __future__ import annotations

import pytest

from mobilenet_cli.errors import InputError
from mobilenet_cli.evaluation.targets import TargetFinder
from mobilenet_cli.models.labels import imagenet_labels
from mobilenet_cli.records import ClassName
from mobilenet_cli.taxonomy import Node, Taxonomy, load
from mobilenet_cli.taxonomy.nouns import Nouns, load_nouns

# thing > animal > dog > pug, beagle; animal > lion; thing > cup. Outside: a cub and a puppy, which are below classes,
# and an emu, which is an animal.
TREE = Taxonomy(
    [
        Node("n0", ("thing",), ()),
        Node("n1", ("beast",), ("n0",), word="animal"),
        Node("n3", ("canine", "dog"), ("n1",), word="dog"),
        Node("n4", ("pug",), ("n3",), is_class=True),
        Node("n5", ("beagle",), ("n3",), is_class=True),
        Node("n6", ("lion",), ("n1",), is_class=True),
        Node("n8", ("cup",), ("n0",), is_class=True),
    ]
)
OUTSIDE = Nouns(
    [
        Node("n20", ("cub", "kitten"), ("n6",)),
        Node("n21", ("emu",), ("n1",)),
        Node("n22", ("kitten",), ("n1",)),
        Node("n23", ("event",), ("n0",)),
    ]
)
CLASSES = tuple(
    ClassName(wnid, label)
    for wnid, label in (("", "background"), ("n4", "pug-dog"), ("n5", "beagle"), ("n6", "lion"), ("n8", "cup"))
)


@pytest.fixture
def finder() -> TargetFinder:
    return TargetFinder(CLASSES, "a_model", TREE, lambda: OUTSIDE)


@pytest.fixture(scope="module")
def imagenet() -> TargetFinder:
    return TargetFinder(imagenet_labels(1000), "imagenet")


@pytest.mark.parametrize("text", ["pug-dog", "n4", "1", "PUG-DOG", "pugs"])
def test_a_class_is_found_by_label_wnid_index_and_wordnets_word(finder, text):
    target = finder.find(text)
    assert (target.index, target.name, target.classes) == (1, ClassName("n4", "pug-dog"), frozenset([1]))
    assert target.above == {"n0", "n1", "n3"}


def test_of_a_word_the_classes_below_are_right(finder):
    for text in ("dog", "dogs", "n3", "canine"):
        target = finder.find(text)
        assert (target.index, target.name, target.classes) == (5, ClassName("n3", "dog"), frozenset([1, 2]))
    assert finder.find("animal").classes == {1, 2, 3}
    assert finder.words == (ClassName("n3", "dog"), ClassName("n1", "animal"))


def test_of_what_is_below_a_class_the_class_is_right(finder):
    target = finder.find("cub")
    assert (target.name, target.classes, target.above) == (ClassName("n20", "cub"), {3}, {"n6", "n1", "n0"})


def test_of_what_is_only_below_a_word_no_class_is_right(finder):
    target = finder.find("emus")
    assert (target.name, target.classes, target.above) == (ClassName("n21", "emu"), frozenset(), {"n1", "n0"})
    assert finder.without_class == {target.index}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("kitten", r"ambiguous, a word for n20 \(cub, kitten\); n22 \(kitten\): give the wnid"),
        ("wug", "'wug': no label, wnid or index of a class, nor another known word or wnid"),
        ("beagel", "do you mean 'beagle'"),
        ("anima", "do you mean 'animal'"),
        ("9", "indexes are 0 to 4"),
        ("event", r"'event' \(n23\): the model has no class or everyday word for it"),
    ],
)
def test_what_has_no_or_several_meanings_is_refused(finder, text, reason):
    with pytest.raises(InputError, match=reason):
        finder.find(text)


def test_a_model_without_wnids_knows_its_labels_only():
    finder = TargetFinder([ClassName("", "beagle"), ClassName("", "plane")], "trained")
    assert [finder.find(text).index for text in ("beagle", "plane")] == [0, 1]
    with pytest.raises(InputError, match="no label"):
        finder.find("dog")


def test_a_word_has_the_same_wnid_in_another_model(finder):
    other = TargetFinder(CLASSES[2:4], "other", TREE, lambda: OUTSIDE)
    assert other.counterpart(finder.find("dog"), finder).classes == {0}
    assert other.counterpart(finder.find("beagle"), finder).index == 0
    assert other.counterpart(finder.find("emu"), finder).classes == frozenset()
    with pytest.raises(InputError, match="no such class"):
        other.counterpart(finder.find("cup"), finder)


@pytest.mark.parametrize("text", ["crane", "maillot", "plane", "amphibian", "bass"])
def test_words_of_several_meanings_are_refused(imagenet, text):
    with pytest.raises(InputError, match=r"ambiguous.*n\d{8}"):
        imagenet.find(text)


def test_every_class_of_imagenet_is_found_by_its_wnid_and_index(imagenet):
    for index, name in enumerate(imagenet_labels(1000)):
        assert imagenet.find(name.wnid).index == imagenet.find(str(index)).index == index


def test_words_of_imagenet(imagenet):
    assert len(imagenet.find("n02084071").classes) == 118  # dogs
    assert imagenet.find("dog") is imagenet.find("n02084071")
    emu = imagenet.find("n01519873")
    assert (emu.name.label, emu.classes) == ("emu", frozenset())
    assert {load().words[wnid] for wnid in emu.above & load().words.keys()} == {"animal", "bird"}


def test_the_other_nouns_are_below_the_taxonomys_words_and_name_no_persons():
    nodes = load_nouns().nodes
    assert len(nodes) > 20_000
    assert nodes.keys().isdisjoint(load().nodes)
    for node in nodes.values():
        above = set(node.parents).union(*(load().above(parent) for parent in node.parents))
        assert set(node.parents) <= load().nodes.keys()
        assert above & load().words.keys()
        assert "n00007846" not in above
