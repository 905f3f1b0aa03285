"""What names are worth: worked examples, and photographs that no network was trained on."""

from __future__ import annotations

import csv
import json
from itertools import pairwise

import numpy as np
import pytest
from conftest import SHARED
from test_targets import CLASSES, OUTSIDE, TREE

from mobilenet_cli.evaluation.names import CURVE, NamesTally, sures_with, verdict
from mobilenet_cli.evaluation.targets import TargetFinder
from mobilenet_cli.postprocess.naming import Naming


@pytest.fixture
def finder() -> TargetFinder:
    return TargetFinder(CLASSES, "a_model", TREE, lambda: OUTSIDE)


@pytest.mark.parametrize(
    ("name", "truth", "expected"),
    [
        ("n4", "pug-dog", "right"),
        ("n4", "dog", "right"),
        ("n3", "dog", "right"),
        ("n3", "animal", "right"),
        ("n3", "pug-dog", "vaguer"),
        ("n1", "emu", "vaguer"),
        ("n6", "cub", "vaguer"),
        ("n5", "pug-dog", "wrong"),
        ("n6", "dog", "wrong"),
        ("n3", "emu", "wrong"),
        ("n1", "cup", "wrong"),
    ],
)
def test_a_name_is_right_if_it_is_the_truth_or_below_it_and_vaguer_above(finder, name, truth, expected):
    assert verdict(finder, name, "whatever", finder.find(truth)) == expected


def test_a_class_without_wnid_is_right_by_its_label(finder):
    background = finder.find("background")
    assert verdict(finder, "", "background", background) == "right"
    assert verdict(finder, "", "pug-dog", finder.find("pug-dog")) == "wrong"


def test_the_figures_of_a_worked_example(finder):
    # Scores of background, pug, beagle, lion, cup; the names at 0.5, 0.8 and 0.95 by hand.
    images = [
        ("pug-dog", [0, 0.96, 0.04, 0, 0]),  # pug, pug, pug: right
        ("pug-dog", [0, 0.45, 0.40, 0.1, 0.05]),  # dog .85, dog, animal .95: vaguer
        ("dog", [0, 0.45, 0.40, 0.1, 0.05]),  # dog: right, right, animal: vaguer
        ("lion", [0, 0.1, 0.1, 0.4, 0.4]),  # animal .6: vaguer, then none
        ("emu", [0, 0.1, 0.1, 0.1, 0.7]),  # cup: wrong, then none
        ("cup", [0.97, 0.01, 0.01, 0.01, 0]),  # the background is no name
    ]
    sures = (0.5, 0.8, 0.945)
    scores = np.array([row for _, row in images])
    tally = NamesTally(finder, sures)
    for (truth, _), names in zip(images, Naming(CLASSES, TREE).names_at(scores, sures), strict=True):
        tally.add(finder.find(truth), names)
    tally.add(finder.find("cup"), ())  # could not be read
    at_half, at_8, at_945 = tally.curve()
    assert (at_half.images, at_half.named.correct, at_half.exact, at_half.vaguer, at_half.wrong) == (7, 5, 2, 2, 1)
    assert (at_half.right.correct, at_half.right.total) == (4, 5)
    assert (at_half.vaguer_share, at_half.wrong_share) == (2 / 5, 1 / 5)
    # pug 1 class, dog 2, dog 2, animal 3, cup 1
    assert (at_half.median_classes, at_half.single_classes, at_half.single_share) == (2, 2, 2 / 5)
    assert (at_8.exact, at_8.vaguer, at_8.wrong, at_8.median_classes) == (2, 1, 0, 2)
    assert (at_945.exact, at_945.vaguer, at_945.wrong, at_945.median_classes) == (1, 2, 0, 3)


def test_without_names_there_are_no_shares(finder):
    tally = NamesTally(finder, (0.8,))
    tally.add(finder.find("cup"), (None,))
    (figures,) = tally.curve()
    assert figures.named.value == 0
    assert figures.right is figures.vaguer_share is figures.single_share is figures.median_classes is None


def test_the_curve_has_fourteen_scores_and_the_one_in_question():
    assert CURVE == (0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
    assert sures_with(0.8) == CURVE
    assert sures_with(0.99) == (*CURVE, 0.99)


@pytest.mark.slow
def test_names_of_photographs_that_no_network_was_trained_on(mnclassify, tmp_path):
    facts, photographs = SHARED / "facts" / "caltech101_synsets.tsv", SHARED / "caltech101"
    if not (facts.is_file() and photographs.is_dir()):
        pytest.skip("needs the photographs in ../shared/caltech101, which are no part of the project")
    table = tmp_path / "truth.csv"
    with table.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "wnid"])
        for row in csv.DictReader(facts.open(), delimiter="\t"):
            if row["wnid"]:
                writer.writerows((path, row["wnid"]) for path in sorted((photographs / row["folder"]).iterdir()))
    done = mnclassify("evaluate", "-m", "efficientnet_lite0", "--truth", f"csv:{table}", "--json", timeout=600)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["images"], found["sure"], len(found["names"])) == (1080, 0.8, 14)
    at_8 = found["names"][CURVE.index(0.8)]
    assert at_8["named_share"] >= 0.66
    assert at_8["right"]["value"] >= 0.865
    assert at_8["right"]["low"] < at_8["right"]["value"] < at_8["right"]["high"]
    assert at_8["right"]["correct"] + at_8["wrong"] == at_8["named"]
    shares = [(each["named_share"], each["right"]["value"]) for each in found["names"]]
    assert all(lower[0] >= upper[0] for lower, upper in pairwise(shares))
