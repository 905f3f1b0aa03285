from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import mobilenet_cli.taxonomy
from mobilenet_cli.errors import InputError
from mobilenet_cli.models.labels import imagenet_labels
from mobilenet_cli.taxonomy import Node, Taxonomy, UnknownWordError, load
from mobilenet_cli.taxonomy.tables import joined

DATA = Path(mobilenet_cli.taxonomy.__file__).with_name("data")
NOUNS = Path(__file__).resolve().parents[3] / "shared" / "facts" / "wordnet_imagenet.tsv"

WITHOUT_WORD = {
    "n06359193": "a web site is neither a thing nor a place",
    "n07802026": "hay is fodder, for which nobody searches",
    "n09229709": "a bubble is a shape",
}
# The vehicle has the animal's name; a search for it means the animal.
SAME_TEXT_ELSEWHERE = {"n02704792": "amphibian"}
JARGON = (
    *("entity", "physical entity", "whole", "artifact", "artefact", "instrumentality", "matter", "substance"),
    *("organism", "living thing", "chordate", "vertebrate", "invertebrate", "placental", "carnivore", "canine"),
    *("feline", "ungulate", "diapsid", "teleost fish", "oscine", "passerine", "conveyance", "implement", "covering"),
    *("commodity", "consumer goods", "durables", "nutriment", "produce", "geological formation", "plaything"),
)


def cells(table: str) -> list[list[str]]:
    return [line.split("\t") for line in (DATA / table).read_text(encoding="utf-8").splitlines()[1:]]


@pytest.fixture(scope="module")
def parents() -> dict[str, set[str]]:
    """Who is right above whom, read from the tables by hand."""
    above = {wnid: set(filter(None, edges.split("|"))) for wnid, _, edges, _ in cells("wordnet.tsv")}
    for change, wnid, parent, _ in cells("mends.tsv"):
        above.setdefault(wnid, set())
        above.setdefault(parent, set())
        (above[wnid].add if change == "add" else above[wnid].remove)(parent)
    return above


@pytest.fixture(scope="module")
def classes() -> dict[str, str]:
    return {name.wnid: name.label for name in imagenet_labels(1000)}


def test_the_tables_hold_the_thousand_classes_and_no_node_below_them(classes, parents):
    assert {wnid for wnid, _, _, flag in cells("wordnet.tsv") if flag == "1"} == classes.keys()
    assert not any(classes.keys() & above for above in parents.values())


def test_every_mend_changes_wordnet_once_and_has_a_reason():
    edges = {(wnid, parent) for wnid, _, above, _ in cells("wordnet.tsv") for parent in above.split("|") if parent}
    mends = cells("mends.tsv")
    assert all(change in {"add", "drop"} and len(reason) > 10 for change, _, _, reason in mends)
    assert {(wnid, parent) for change, wnid, parent, _ in mends if change == "drop"} <= edges
    assert not {(wnid, parent) for change, wnid, parent, _ in mends if change == "add"} & edges
    assert max(Counter((wnid, parent) for _, wnid, parent, _ in mends).values()) == 1
    known = {wnid for wnid, *_ in cells("wordnet.tsv")}
    named = {wnid for wnid, *_ in cells("words.tsv")}
    assert {end for _, wnid, parent, _ in mends for end in (wnid, parent)} <= known | named


def test_nobody_is_above_himself(parents):
    left = {wnid: set(above) for wnid, above in parents.items()}
    while left:
        tops = {wnid for wnid, above in left.items() if not above & left.keys()}
        assert tops, f"a circle among {sorted(left)}"
        left = {wnid: above for wnid, above in left.items() if wnid not in tops}


def test_each_class_below_a_word_is_reached_by_its_parents(classes, parents):
    def above(wnid: str) -> set[str]:
        return parents[wnid].union(*(above(parent) for parent in parents[wnid]))

    taxonomy = load()
    below: dict[str, set[str]] = {wnid: set() for wnid in parents}
    for wnid in classes:
        assert taxonomy.above(wnid) == above(wnid)
        for upper in {wnid} | above(wnid):
            below[upper].add(wnid)
    assert taxonomy.nodes.keys() == parents.keys()
    assert {wnid: taxonomy.classes_below(wnid) for wnid in parents} == below


def test_every_word_is_of_one_node_that_has_classes_and_is_no_jargon():
    rows = cells("words.tsv")
    taxonomy = load()
    words = [word for _, word, _ in rows]
    others = [other for _, _, also in rows for other in also.split("|") if other]
    assert 150 <= len(rows) <= 250
    assert len(set(words)) == len({wnid for wnid, *_ in rows}) == len(rows)
    assert len(set(others) | set(words)) == len(others) + len(words)
    assert not set(words) & set(JARGON)
    assert all(word == word.strip() and word.isascii() and word[0].islower() for word in words + others)
    for wnid, word, _ in rows:
        assert taxonomy.words[wnid] == word
        assert taxonomy.classes_below(wnid), word
        assert not taxonomy.nodes[wnid].is_class, word


def test_every_class_has_a_word_but_those_that_have_none_for_a_reason(classes):
    taxonomy = load()
    assert {wnid for wnid in classes if not taxonomy.words_above(wnid)} == WITHOUT_WORD.keys()


def test_a_word_that_is_a_class_s_label_too_is_above_that_class(classes):
    taxonomy = load()
    nodes = {word: wnid for wnid, word in taxonomy.words.items()}
    elsewhere = {
        wnid: label for wnid, label in classes.items() if label in nodes and not taxonomy.is_above(nodes[label], wnid)
    }
    assert elsewhere == SAME_TEXT_ELSEWHERE


def named(word: str) -> set[str]:
    """The first names of the classes below a word."""
    taxonomy = load()
    (wnid,) = taxonomy.find(word)
    return {taxonomy.nodes[below].names[0] for below in taxonomy.classes_below(wnid)}


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("cat", {"tabby", "tiger cat", "Persian cat", "Siamese cat", "Egyptian cat"}),
        ("big cat", {"leopard", "snow leopard", "jaguar", "lion", "tiger", "cheetah"}),
        ("bear", {"brown bear", "American black bear", "ice bear", "sloth bear", "giant panda"}),
        ("bus", {"minibus", "school bus", "trolleybus"}),
        ("sailboat", {"schooner", "catamaran", "trimaran", "yawl"}),
        ("piano", {"grand piano", "upright"}),
        ("chicken", {"cock", "hen"}),
        ("bread", {"French loaf", "bagel", "pretzel"}),
    ],
)
def test_what_is_below_a_word_is_what_a_person_means(word, expected):
    assert named(word) == expected


@pytest.mark.parametrize(
    ("word", "inside", "outside"),
    [
        ("food", {"pizza", "bagel", "orange", "broccoli", "ice cream"}, {"hay", "menu", "red wine", "cup"}),
        ("fruit", {"banana", "lemon", "Granny Smith"}, {"acorn", "corn", "buckeye", "cucumber"}),
        ("vehicle", {"school bus", "bullet train", "canoe", "airliner"}, {"shopping cart", "barrow", "missile"}),
        ("boat", {"canoe", "schooner", "lifeboat"}, {"container ship", "aircraft carrier", "submarine"}),
        ("furniture", {"desk", "crib", "rocking chair"}, {"toilet seat", "table lamp"}),
        ("container", {"bucket", "backpack"}, {"sports car", "bathtub", "water tower"}),
        ("clothing", {"sock", "sandal", "kimono", "sombrero"}, {"seat belt", "chain mail"}),
        ("dog", {"beagle", "toy poodle"}, {"timber wolf", "dingo", "hyena", "red fox"}),
        ("electronics", {"laptop", "television", "mouse", "cellular telephone"}, {"web site", "slide rule"}),
        ("object", {"hammer", "abacus", "street sign", "sports car"}, {"castle", "viaduct", "tench", "valley"}),
    ],
)
def test_wordnet_s_oddities_are_mended(word, inside, outside):
    assert inside <= named(word)
    assert not outside & named(word)


def test_what_people_wear_makes_no_object_of_them():
    worn = named("clothing") | named("armor") | named("mask")
    assert {"football helmet", "cloak", "military uniform", "oxygen mask", "bulletproof vest"} <= worn
    assert not worn & named("object")


def test_a_class_counts_once_below_a_word_that_it_reaches_by_several_ways():
    taxonomy = load()
    beagle, animal = "n02088364", "n00015388"
    ways = [parent for parent in taxonomy.nodes["n02084071"].parents if taxonomy.is_above(animal, parent)]
    assert len(ways) > 1  # a dog is an animal as a canine, and as a domestic animal
    assert sum(wnid == beagle for wnid in taxonomy.classes_below(animal)) == 1


def test_words_above_go_from_general_to_specific():
    taxonomy = load()
    words = [taxonomy.words[wnid] for wnid in taxonomy.words_above("n02088364")]
    assert words == ["animal", "dog", "hound"]


def test_shown_children_leave_out_what_lies_between():
    taxonomy = load()
    tops = {taxonomy.words[wnid] for wnid in taxonomy.shown_children(None)}
    assert {"animal", "object", "food", "landscape"} <= tops
    assert not {"dog", "chair"} & tops
    below_piano_and_guitar = {taxonomy.words[wnid] for wnid in taxonomy.shown_children("n03800933")}
    assert "string instrument" in below_piano_and_guitar
    assert "guitar" not in below_piano_and_guitar


@pytest.mark.parametrize(
    ("text", "wnids"),
    [
        ("dog", ("n02084071",)),
        ("  Dogs ", ("n02084071",)),
        ("n02084071", ("n02084071",)),
        ("musical_instruments", ("n03800933",)),
        ("butterflies", ("n02274259",)),
        ("wolves", ("n02114100",)),
        ("plane", ("n02691156",)),
        ("automobile", ("n02958343",)),
        ("glasses", ("n04272054",)),
        ("trouser", ("n04489008",)),
        ("canine", ("n02083346",)),
        ("beagle", ("n02088364",)),
        ("polar bear", ("n02134084",)),
        ("crane", ("n02012849", "n03126707")),
    ],
)
def test_a_word_is_found_however_it_is_written(text, wnids):
    assert load().find(text) == wnids


def test_an_unknown_word_is_a_usage_error_with_near_words():
    with pytest.raises(UnknownWordError, match=r"'furnitur'.*did you mean furniture") as caught:
        load().find("furnitur")
    assert caught.value.near[0] == "furniture"
    assert isinstance(caught.value, InputError)
    with pytest.raises(UnknownWordError) as caught:
        load().find("qqqqqqqq")
    assert caught.value.near == ()
    with pytest.raises(UnknownWordError):
        load().find("")


def test_a_small_tree_by_hand():
    taxonomy = Taxonomy(
        [
            Node("n1", ("thing",), ()),
            Node("n2", ("pet",), ("n1",), word="pet"),
            Node("n3", ("beast",), ("n1",), word="animal", also=("creature",)),
            Node("n4", ("dog",), ("n2", "n3"), word="dog"),
            Node("n5", ("pug",), ("n4",), is_class=True),
            Node("n6", ("lion", "king"), ("n3",), is_class=True),
        ]
    )
    assert taxonomy.above("n5") == {"n4", "n3", "n2", "n1"}
    assert taxonomy.is_above("n2", "n5")
    assert not taxonomy.is_above("n5", "n5")
    assert not taxonomy.is_above("n2", "n6")
    assert taxonomy.classes_below("n3") == {"n5", "n6"}
    assert taxonomy.classes_below("n6") == {"n6"}
    assert taxonomy.words_above("n5") == ("n3", "n2", "n4")
    assert taxonomy.shown_children(None) == ("n3", "n2")
    assert taxonomy.find("creatures") == ("n3",)
    assert taxonomy.find("king") == ("n6",)
    assert taxonomy.above("") == taxonomy.classes_below("n9") == frozenset()


def test_nodes_that_do_not_fit_together_are_refused():
    with pytest.raises(ValueError, match="one word"):
        Taxonomy([Node("n1", ("a",), (), word="a"), Node("n2", ("b",), (), word="a")])
    with pytest.raises(KeyError):
        Taxonomy([Node("n1", ("a",), ("n2",))])
    with pytest.raises(ValueError, match="remove"):
        list(joined([["n1", "a", "", "1"]], [["drop", "n1", "n2", "there is no such edge"]], []))


def test_the_table_is_the_one_that_the_script_makes():
    if not NOUNS.is_file():
        pytest.skip("needs the table of nouns in ../shared/facts, which is no part of the project")
    from tools.make_taxonomy import read, table

    assert table(read(NOUNS)) == (DATA / "wordnet.tsv").read_text(encoding="utf-8")


def test_wordnet_s_licence_is_beside_its_table():
    text = (DATA / "LICENSE.wordnet").read_text(encoding="utf-8")
    assert "WordNet 3.0 Copyright 2006 by Princeton University.  All rights reserved." in text
    assert "Title to copyright in this software" in text


def test_nothing_is_read_before_it_is_asked_for():
    code = (
        "import sys, mobilenet_cli.taxonomy.taxonomy as t; "
        "assert t.load.cache_info().currsize == 0; assert not {'numpy', 'difflib'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_several_words_in_one_are_said_to_be_so():
    with pytest.raises(UnknownWordError, match="it is several words: give each by itself"):
        load().find("dog, cats")
    with pytest.raises(UnknownWordError, match="did you mean"):
        load().find("dog, catz")
