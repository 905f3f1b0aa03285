from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from mobilenet_cli.errors import InputError
from mobilenet_cli.models.labels import imagenet_labels
from mobilenet_cli.postprocess.naming import Named, Naming, kind_score
from mobilenet_cli.progress import silent
from mobilenet_cli.records import ClassName, Name
from mobilenet_cli.taxonomy import Node, Taxonomy, UnknownWordError, load

# thing (not shown) > animal > dog > pug, beagle; animal > lion; thing > pet > dog, hamster; thing > cup > cup
TREE = Taxonomy(
    [
        Node("n0", ("thing",), ()),
        Node("n1", ("beast",), ("n0",), word="animal"),
        Node("n2", ("pet",), ("n0",), word="pet"),
        Node("n3", ("dog",), ("n1", "n2"), word="dog"),
        Node("n4", ("pug",), ("n3",), is_class=True),
        Node("n5", ("beagle",), ("n3",), is_class=True),
        Node("n6", ("lion",), ("n1",), is_class=True),
        Node("n7", ("hamster",), ("n1", "n2"), is_class=True),
        Node("n8", ("cup",), ("n0",), word="cup"),
        Node("n9", ("cup",), ("n8",), is_class=True),
    ]
)
CLASSES = (
    ClassName("", "background"),
    ClassName("n4", "pug-dog"),
    ClassName("n5", "beagle"),
    ClassName("n6", "lion"),
    ClassName("n7", "hamster"),
    ClassName("n9", "Cup"),
)


def name(scores: list[float], sure: float = 0.8, classes: tuple[ClassName, ...] = CLASSES) -> Named:
    (row,) = Naming(classes, TREE)(np.array([scores], np.float32), sure)
    return row


def flat(names: tuple[Name, ...]) -> list[tuple[str, float]]:
    return [(one.label, round(one.score, 4)) for one in names]


def test_a_class_that_is_sure_is_the_label_and_all_words_above_it_are_its_kinds():
    named = name([0, 0.85, 0.1, 0, 0.05, 0])
    assert named.label is not None
    assert (named.label.wnid, named.label.label) == ("n4", "pug-dog")  # the model's own label, not WordNet's word
    assert named.label.score == pytest.approx(0.85)
    # animal and pet have 4 and 3 classes, dog has 2; every class counts once, though dogs are animals by two ways
    assert flat(named.kinds) == [("animal", 1.0), ("pet", 1.0), ("dog", 0.95)]


def test_else_the_most_specific_word_that_is_sure():
    named = name([0, 0.5, 0.4, 0.05, 0.05, 0])
    assert named.label == Name("n3", "dog", pytest.approx(0.9))
    assert flat(named.kinds) == [("animal", 1.0), ("pet", 0.95)]

    named = name([0, 0.3, 0.2, 0, 0.4, 0.1])  # dog 0.5, pet 0.9 (3 classes), animal 0.9 (4 classes)
    assert named.label == Name("n2", "pet", pytest.approx(0.9))
    assert named.kinds == ()


def test_else_nothing():
    assert name([0, 0.3, 0.0, 0.2, 0.0, 0.5]) == Named(None, ())


def test_the_lower_the_bar_the_more_specific_the_name():
    scores = [0, 0.5, 0.4, 0.05, 0.05, 0]
    labels = [name(scores, sure).label for sure in (0.5, 0.8, 0.92, 0.97)]
    assert [label.label if label else None for label in labels] == ["pug-dog", "dog", "pet", "animal"]


def test_of_nodes_with_as_many_classes_the_highest_score_is_taken():
    assert name([0, 0.4, 0.45, 0, 0, 0.15], 0.3).label == Name("n5", "beagle", pytest.approx(0.45))
    two = Taxonomy(
        [
            Node("n0", ("a",), (), word="general"),
            *(Node(f"n{i}", (f"w{i}",), ("n0",), word=f"word {i}") for i in (1, 2)),
            *(Node(f"n{i}", (f"c{i}",), (f"n{1 + i % 2}",), is_class=True) for i in (3, 4, 5, 6)),
        ]
    )
    classes = tuple(ClassName(f"n{i}", f"c{i}") for i in (3, 4, 5, 6))
    naming = Naming(classes, two)
    (row,) = naming(np.array([[0.25, 0.2, 0.3, 0.25]]), 0.4)  # n1: 4 and 6, 0.45; n2: 3 and 5, 0.55
    assert row.label == Name("n2", "word 2", pytest.approx(0.55))


def test_a_score_that_just_reaches_the_bar_is_sure():
    assert name([0, 0.5, 0.25, 0.25, 0, 0], 0.75).label == Name("n3", "dog", pytest.approx(0.75))


def test_a_word_with_the_label_s_own_text_is_not_repeated():
    named = name([0, 0, 0, 0, 0, 1.0])
    assert named.label == Name("n9", "Cup", 1.0)
    assert named.kinds == ()


def test_the_background_is_no_name_but_keeps_its_share_of_the_score():
    assert name([0.95, 0.05, 0, 0, 0, 0]) == Named(None, ())
    assert name([0.3, 0.35, 0.35, 0, 0, 0]).label is None


def test_a_model_without_wnids_is_named_by_its_best_class():
    classes = (ClassName("", "cats"), ClassName("", "background"))
    assert name([0.9, 0.1], classes=classes) == Named(Name("", "cats", pytest.approx(0.9)), ())
    assert name([0.1, 0.9], classes=classes).label == Name("", "background", pytest.approx(0.9))
    assert name([0.6, 0.4], classes=classes).label is None


def test_a_model_of_some_classes_counts_only_those():
    classes = (ClassName("n6", "lion"), ClassName("", "odd"), ClassName("n5", "beagle"))
    named = name([0.05, 0.0, 0.95], classes=classes)
    # dog and pet have one class each here: the general one still comes first
    assert named.kinds[0].label == "animal"
    assert {kind.label for kind in named.kinds} == {"animal", "pet", "dog"}
    assert [kind.label for kind in named.kinds].index("pet") < [kind.label for kind in named.kinds].index("dog")
    assert name([0.45, 0.0, 0.55], classes=classes).label == Name("n1", "animal", pytest.approx(1.0))


def test_a_class_may_be_a_word_itself():
    classes = (ClassName("n3", "some dog"), ClassName("n4", "pug"), ClassName("n6", "lion"))
    assert name([0.9, 0.1, 0.0], classes=classes).label == Name("n3", "some dog", pytest.approx(0.9))
    named = name([0.5, 0.4, 0.1], classes=classes)
    assert named.label is not None
    assert (named.label.wnid, round(named.label.score, 4)) in {("n3", 0.9), ("n2", 0.9)}
    assert flat(named.kinds)[0] == ("animal", 1.0)


def test_no_score_is_above_one():
    wide = Taxonomy([Node("n0", ("a",), (), word="all"), *(Node(f"c{i}", ("c",), ("n0",), True) for i in range(9))])
    naming = Naming(tuple(ClassName(f"c{i}", "c") for i in range(9)), wide)
    scores = np.full((1, 9), np.float32(1 / 9)) * np.float32(1.000001)
    assert naming(scores)[0].label == Name("n0", "all", 1.0)


def test_no_rows_give_no_names():
    assert Naming(CLASSES, TREE)(np.zeros((0, 6), np.float32)) == []


def test_kind_scores_are_sums_over_the_classes_of_a_word():
    naming = Naming(CLASSES, TREE)
    scores = np.array([[0.1, 0.2, 0.3, 0.15, 0.05, 0.2], [0.0, 0.0, 0.0, 1.0, 0.0, 0.0]], np.float32)
    assert naming.classes_of("dog").tolist() == naming.classes_of("n3").tolist() == [1, 2]
    assert kind_score(scores, naming.classes_of("dog")) == pytest.approx([0.5, 0.0])
    assert kind_score(scores, naming.classes_of("animals")) == pytest.approx([0.7, 1.0])
    assert naming.classes_of("lion").tolist() == [3]
    with pytest.raises(UnknownWordError):
        naming.classes_of("zebra crossing")


def test_a_kind_that_the_model_has_no_class_of_is_a_usage_error():
    with pytest.raises(InputError, match="none of the model's classes is a kind of 'dog'"):
        Naming((ClassName("n6", "lion"),), TREE).classes_of("dog")


def test_a_trained_class_without_a_wnid_is_a_kind_by_its_label():
    naming = Naming((ClassName("", "Dog"), ClassName("", "my shed"), ClassName("n4", "pug")), TREE)
    assert naming.classes_of("dog").tolist() == [0, 2]
    assert naming.classes_of("My Shed").tolist() == [1]


def nodes_of(labels: tuple[ClassName, ...]) -> dict[str, set[int]]:
    """The classes at or below each node that may be a label."""
    nodes = {name.wnid: {index} for index, name in enumerate(labels) if name.wnid}
    for index, name in enumerate(labels):
        for wnid in load().above(name.wnid) & load().words.keys():
            nodes.setdefault(wnid, set()).add(index)
    return nodes


@pytest.mark.parametrize("classes", [1000, 1001])
def test_names_of_random_scores_agree_with_the_contract(classes):
    labels = imagenet_labels(classes)
    random = np.random.default_rng(classes)
    logits = random.normal(0, 1, (20, classes)) + np.where(random.random((20, classes)) < 0.01, 9.0, 0.0)
    scores = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    naming, nodes = Naming(labels), nodes_of(labels)
    for row, scored in enumerate(scores.tolist()):
        sums = {wnid: math.fsum(scored[index] for index in below) for wnid, below in nodes.items()}
        for sure in (0.31, 0.5, 0.83):
            label = naming(scores[row : row + 1], sure)[0].label
            order = [(len(nodes[wnid]), -total) for wnid, total in sums.items() if total >= sure]
            if not order:
                assert label is None
                continue
            assert label is not None
            assert len(nodes[label.wnid]) == min(order)[0]
            assert label.score == pytest.approx(-min(order)[1], abs=1e-9)


def test_every_kind_is_above_the_label_and_counts_what_is_below_it():
    labels = imagenet_labels(1001)
    scores = np.full((1, 1001), 1e-4)
    index = next(i for i, name in enumerate(labels) if name.label == "beagle")
    scores[0, index] = 0.9
    (named,) = Naming(labels)(scores)
    words = [kind.label for kind in named.kinds]
    assert words[0] == "animal"
    assert words[-1] == "hound"
    hounds = len(load().classes_below("n02087551"))
    assert named.kinds[-1].score == pytest.approx(0.9 + (hounds - 1) * 1e-4)
    totals = [kind.score for kind in named.kinds]
    assert totals == sorted(totals, reverse=True)


SHARED = Path(__file__).resolve().parents[3] / "shared"


@pytest.mark.slow
def test_photographs_are_found_by_words_and_named_right(embedded_home, monkeypatch):
    if not (SHARED / "caltech101").is_dir():
        pytest.skip("needs the photographs in ../shared, which are no part of the project")
    from mobilenet_cli.evaluation.calibration import scaled_softmax
    from mobilenet_cli.images.allowance import DEFAULT_ALLOWANCE
    from mobilenet_cli.loaded_model import LoadedModel
    from tools import naming_figures as figures

    monkeypatch.setenv("MNCLASSIFY_HOME", str(embedded_home))
    model = LoadedModel(
        "efficientnet_lite0",
        "classification",
        engine="auto",
        image_size=None,
        crop=None,
        offline=True,
        network_input=None,
        precision="float32",
        precision_photos=None,
        fast_previews=False,
        allowance=DEFAULT_ALLOWANCE,
        progress=silent,
    )
    labels = model.model.labels(None)
    naming, truths = Naming(labels), figures.caltech_truths()

    photos = figures.photographs(
        model, {path: path.name.partition("_")[0] for path in (SHARED / "images").glob("*.JPEG")}
    )
    scores = scaled_softmax(photos.logits, 1.0)
    hits = true = found = 0
    for kind in figures.KINDS:
        indexes = naming.classes_of(kind)
        is_found = kind_score(scores, indexes) >= 0.5
        is_true = np.isin(photos.truths, [labels[index].wnid for index in indexes])
        hits, true, found = hits + (is_found & is_true).sum(), true + is_true.sum(), found + is_found.sum()
    assert hits / true >= 0.93
    assert hits / found >= 0.96

    caltech = figures.photographs(model, figures.caltech101(SHARED))
    scores = scaled_softmax(caltech.logits, 1.0)
    for sure in (0.5, 0.7, 0.8, 0.9):
        verdicts = list(map(truths.verdict, naming(scores, sure), caltech.truths))
        named = len(verdicts) - verdicts.count("unnamed")
        right = (verdicts.count("right") + verdicts.count("vaguer")) / named
        assert right >= sure
        if sure == 0.8:
            assert named / len(verdicts) >= 0.66
            assert right >= 0.865


SURES = (0.95, 0.3, 0.8, 0.5, 0.0, 1.0)


@pytest.mark.parametrize("classes", [imagenet_labels(1001), imagenet_labels(1000)[:40]])
def test_names_at_several_values_are_those_of_as_many_calls(classes):
    random = np.random.default_rng(3)
    scores = random.dirichlet(np.full(len(classes), 0.01), 200)
    scores[:5, 0] = 1.0  # the background, or a class that is certain
    scores[5, :] = 0.0
    naming = Naming(classes)
    expected = [[row.label for row in naming(scores, sure)] for sure in SURES]
    assert naming.names_at(scores, SURES) == list(zip(*expected, strict=True))
    assert len(set(naming.names_at(scores, SURES))) > 100


def test_of_words_with_as_many_classes_the_likeliest_is_the_name_at_each_value():
    # pet and animal both hold the hamster, animal also the lion; dog and cup are the most specific words
    (names,) = Naming(CLASSES, TREE).names_at(np.array([[0, 0.3, 0.2, 0.2, 0.2, 0.1]]), (0.25, 0.5, 0.6, 0.8, 0.95))
    assert [one and (one.label, round(one.score, 4)) for one in names] == [
        *(("pug-dog", 0.3), ("dog", 0.5), ("pet", 0.7), ("animal", 0.9), None)
    ]


def test_no_rows_have_no_names():
    assert Naming(CLASSES, TREE).names_at(np.zeros((0, 6)), (0.8,)) == []
