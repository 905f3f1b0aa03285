from __future__ import annotations

import pytest

from mobilenet_cli.errors import ModelError
from mobilenet_cli.models.labels import imagenet_labels, numbered_labels, read_labels, stored_labels, write_labels


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


@pytest.mark.parametrize(
    "text",
    [
        "0 cat\n1 dog\n",
        "0: cat\n1: dog\n",
        "1: dog\n0: cat\n",
        "1. cat\n2. dog\n",
        "index,label\n1,dog\n0,cat\n",
        "label\tindex\ncat\t0\ndog\t1\n",
        '["cat", "dog"]',
        '{"cat": 0, "dog": 1}',
        '{"1": "dog", "0": "cat"}',
        '{"id2label": {"0": "cat", "1": "dog"}, "architectures": []}',
        "{0: 'cat',\n 1: 'dog'}".replace("{", "").replace("}", ""),
        "{0: 'cat',\n 1: 'dog'}",
        "['cat', 'dog']",
        '"cat",\n"dog",\n',
        "dog,1\ncat,0\n",
        "class_name\ncat\ndog\n",
        "index,mid,display_name\n0,/m/01,cat\n1,/m/02,dog\n",
        '[{"id": 1, "name": "dog"}, {"id": 0, "name": "cat"}]',
        '[[1, "dog"], [0, "cat"]]',
        '{"names": {"0": "cat", "1": "dog"}}',
        '{"cat": "0", "dog": "1"}',
        '{"label2id": {"dog": 1, "cat": 0}}',
    ],
)
def test_an_index_is_read_and_not_kept_in_the_name(tmp_path, text):
    (tmp_path / "labels").write_text(text)
    assert [each.label for each in read_labels(tmp_path / "labels", 2)] == ["cat", "dog"]


@pytest.mark.parametrize(
    "text",
    [
        "n02123045\ttabby\nn02099712\tLabrador\n",
        "n02123045 tabby\nn02099712 Labrador\n",
        "0 n02123045 tabby\n1 n02099712 Labrador\n",
        '{"0": ["n02123045", "tabby"], "1": ["n02099712", "Labrador"]}',
        "wnid,label\nn02123045,tabby\nn02099712,Labrador\n",
    ],
)
def test_a_wnid_is_read_and_survives_in_the_store(tmp_path, text):
    (tmp_path / "given.txt").write_text(text)
    names = [("n02123045", "tabby"), ("n02099712", "Labrador")]
    assert [(each.wnid, each.label) for each in read_labels(tmp_path / "given.txt", 2)] == names
    assert write_labels(tmp_path, tmp_path / "given.txt", 2) == "labels.txt"
    assert [(each.wnid, each.label) for each in stored_labels(tmp_path / "labels.txt", 2)] == names


def test_a_trained_models_folders_that_begin_with_wnids_have_them(tmp_path):
    (tmp_path / "labels.txt").write_text("n02099712\nn02123045_tabby\nn99999999_none\nn020997120\n")
    found = [(each.wnid, each.label) for each in stored_labels(tmp_path / "labels.txt", 4)]
    assert found == [
        ("n02099712", "n02099712"),
        ("n02123045", "n02123045_tabby"),
        ("", "n99999999_none"),
        ("", "n020997120"),
    ]


def test_a_number_in_a_name_stays_where_not_all_lines_have_their_index(tmp_path):
    (tmp_path / "labels.txt").write_text("7 up\n3 musketeers\n")
    assert [each.label for each in read_labels(tmp_path / "labels.txt", 2)] == ["7 up", "3 musketeers"]


@pytest.mark.parametrize(
    "text", ['{"cat": 0, "dog": 2}', '{"a": 1.5}', "index,label\n0,cat\n0,dog\n", "{broken", "0: cat\n2: dog"]
)
def test_indexes_with_gaps_and_damaged_json_are_refused(tmp_path, text):
    (tmp_path / "labels.json").write_text(text)
    with pytest.raises(ModelError, match="cannot read the labels"):
        read_labels(tmp_path / "labels.json", 2)
