from __future__ import annotations

import pytest

from mobilenet_cli.errors import ModelError
from mobilenet_cli.models.labels import imagenet_labels, numbered_labels, read_labels


def test_the_1001_classes_are_background_and_imagenets_in_the_order_of_their_wnids():
    labels = imagenet_labels(1001)
    assert len(labels) == 1001
    assert (labels[0].label, labels[0].wnid) == ("background", "")
    assert (labels[1].wnid, labels[1].label) == ("n01440764", "tench")
    assert (labels[1000].wnid, labels[1000].label) == ("n15075141", "toilet tissue")
    wnids = [each.wnid for each in labels[1:]]
    assert wnids == sorted(set(wnids))


def test_a_model_of_1000_classes_has_no_background():
    assert imagenet_labels(1000) == imagenet_labels(1001)[1:]


def test_names_that_two_classes_share_are_told_apart_by_wnid():
    cranes = [each.wnid for each in imagenet_labels(1001) if each.label == "crane"]
    assert len(set(cranes)) == 2


def test_other_class_counts_are_no_imagenet():
    with pytest.raises(ModelError, match="--labels"):
        imagenet_labels(7)


def test_a_label_file_has_a_label_a_line(tmp_path):
    file = tmp_path / "labels.txt"
    file.write_text("\ufeffcat\r\ndog \n\n", encoding="utf-8")
    assert [(each.label, each.wnid) for each in read_labels(file, 2)] == [("cat", ""), ("dog", "")]


def test_a_file_of_imagenets_labels_gets_its_wnids(tmp_path):
    file = tmp_path / "ImageNetLabels.txt"
    file.write_text("\n".join(each.label for each in imagenet_labels(1001)), encoding="utf-8")
    assert read_labels(file, 1001) == imagenet_labels(1001)


def test_a_label_file_of_another_length_is_refused_with_both_numbers(tmp_path):
    file = tmp_path / "labels.txt"
    file.write_text("a\nb\nc\n")
    with pytest.raises(ModelError, match=r"3 labels.*2 classes.*background"):
        read_labels(file, 2)
    with pytest.raises(ModelError, match="cannot read"):
        read_labels(tmp_path / "none.txt", 2)


def test_a_model_without_names_gets_numbers():
    assert [each.label for each in numbered_labels(2)] == ["class 0", "class 1"]
