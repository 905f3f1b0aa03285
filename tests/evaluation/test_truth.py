"""What names an image's class, and which class that is."""

from __future__ import annotations

from pathlib import Path

import pytest

from mobilenet_cli import InputError, Source
from mobilenet_cli.evaluation import truth_of
from mobilenet_cli.evaluation.classes import ClassFinder
from mobilenet_cli.evaluation.truth import find_truths, translate
from mobilenet_cli.inputs.csv_table import CsvTable
from mobilenet_cli.inputs.labelled_csv import TruthTable
from mobilenet_cli.models.labels import imagenet_labels
from mobilenet_cli.records import ClassName


@pytest.fixture
def imagenet() -> ClassFinder:
    return ClassFinder(imagenet_labels(1000), "a_model")


def plain(*labels: str) -> ClassFinder:
    return ClassFinder([ClassName("", label) for label in labels], "trained")


@pytest.mark.parametrize(
    "text", ["Egyptian cat", "n02124075", "N02124075", "285", "0285", "egyptian_cat", " EGYPTIAN  CAT"]
)
def test_a_label_a_wnid_and_an_index_name_the_same_class(imagenet, text):
    assert imagenet.find(text) == 285


def test_a_name_that_is_no_line_of_text_is_found_as_the_label_file_has_it():
    finder = plain("line\\nbreak", "caf\\xe9")
    assert [finder.find(text) for text in ("line\nbreak", "caf\udce9", "line\\nbreak")] == [0, 1, 0]


def test_an_index_counts_from_the_background_where_the_model_has_one():
    finder = ClassFinder(imagenet_labels(1001), "with_background")
    assert (finder.find("286"), finder.find("Egyptian cat"), finder.find("background")) == (286, 286, 0)


@pytest.mark.parametrize(
    ("text", "wnids"), [("crane", ["n02012849", "n03126707"]), ("Maillot", ["n03710637", "n03710721"])]
)
def test_an_ambiguous_label_is_refused_with_the_classes_that_it_may_mean(imagenet, text, wnids):
    with pytest.raises(InputError, match="ambiguous") as raised:
        imagenet.find(text)
    assert all(wnid in str(raised.value) for wnid in wnids)
    assert [imagenet.find(wnid) for wnid in wnids] == sorted(imagenet.find(wnid) for wnid in wnids)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("wug", "no label, wnid or index"),
        ("tabbby", "do you mean 'tabby'"),
        ("1000", "0 to 999"),
        ("-1", "no label"),
        ("²", "no label"),
        ("", "empty"),
        ("\x1b[31m", r"\\x1b\[31m"),
    ],
)
def test_an_unknown_truth_is_refused_with_the_reason(imagenet, text, reason):
    with pytest.raises(InputError, match=reason):
        imagenet.find(text)


def test_a_label_that_looks_like_an_index_is_the_label():
    assert plain("2", "1", "0").find("2") == 0


def test_accents_are_the_same_composed_and_decomposed():
    assert plain("caf\u00e9").find("cafe\u0301") == 0


@pytest.mark.parametrize(
    ("rule", "path", "text"),
    [
        ("folder", "data/tabby/1.jpg", "tabby"),
        ("folder", "./data/tabby//1.jpg", "tabby"),
        ("folder", "s3://bucket/tabby/1.jpg", "tabby"),
        ("filename", "data/n02123045_a_cat.JPEG", "n02123045"),
        ("filename", "data/tabby.jpg", "tabby"),
        ("filename", "_tabby.jpg", ""),
    ],
)
def test_the_folder_or_the_file_names_the_class(rule, path, text):
    assert truth_of(rule)(path) == text


def test_the_folder_of_a_file_in_the_current_one_is_the_current_one(tmp_path, monkeypatch):
    (tmp_path / "tabby").mkdir()
    monkeypatch.chdir(tmp_path / "tabby")
    assert truth_of("folder")("1.jpg") == "tabby"


@pytest.mark.parametrize("rule", ["", "folders", "csv", "csv:", "tsv:a.tsv"])
def test_another_rule_is_refused(rule):
    with pytest.raises(InputError, match="folder, filename or csv:FILE"):
        truth_of(rule)


def table(folder: Path, text: str | bytes, name: str = "truth.csv") -> TruthTable:
    (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
    return TruthTable(str(folder / name))


def test_a_csvs_paths_begin_in_its_folder_and_nowhere_else(tmp_path, monkeypatch):
    for folder in ("here", "there"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.jpg").touch()
    (tmp_path / "here" / "b.jpg").touch()
    monkeypatch.chdir(tmp_path / "here")
    truth = table(tmp_path / "there", f"path,label\na.jpg,cat\nb.jpg,dog\n{tmp_path}/c.jpg,cow\nhttp://h/d.jpg,hen\n")
    there = tmp_path / "there"
    assert truth.paths == [f"{there}/a.jpg", f"{there}/b.jpg", f"{tmp_path}/c.jpg", "http://h/d.jpg"]
    assert [truth(path) for path in ("../there/a.jpg", "../there/b.jpg", "../c.jpg", "http://h/d.jpg")] == [
        *("cat", "dog", "cow", "hen")
    ]
    for another in ("a.jpg", "b.jpg"):
        with pytest.raises(InputError, match=r"not in .*truth\.csv"):
            truth(another)


def test_a_csv_is_read_as_from_csv_reads_it(tmp_path):
    text = 'id;filename;label\n1;a.jpg;"tabby; cat"\n\n2;b.jpg;crane\n'
    truth = table(tmp_path, text)
    assert truth.paths == [source.path for source in CsvTable(str(tmp_path / "truth.csv")).sources()]
    assert [truth(path) for path in truth.paths] == ["tabby; cat", "crane"]


def test_what_only_looks_like_a_url_within_a_path_is_a_path(tmp_path):
    truth = table(tmp_path, "path,label\nodd://a.jpg,hen\n./odd://a.jpg,cat\n")
    assert truth.paths == ["odd://a.jpg", f"{tmp_path}/./odd://a.jpg"]
    assert truth(f"{tmp_path}/odd:/a.jpg") == "cat"
    assert truth("odd://a.jpg") == "hen"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", 'file,size,label,wnid\r\n"x,1.jpg",7,crane,n02012849\r\n\r\n'),
        ("a.csv", '\ufeffImage,Truth\n"x,1.jpg", n02012849 \n'),
        ("a.tsv", "index\tpath\nn02012849\tx,1.jpg\n"),
    ],
)
def test_columns_are_found_by_their_names_and_the_least_ambiguous_is_the_truth(tmp_path, name, text):
    assert table(tmp_path, text, name)(str(tmp_path / "x,1.jpg")) == "n02012849"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is empty"),
        ("a.jpg,cat\n", "which column .* Call that one .* path, .* 'a.jpg', 'cat'"),
        ("path,image,label\na.jpg,b.jpg,cat\n", "which column .* no other path, file or image"),
        ("path,score\na.jpg,1\n", "a column truth, wnid, label, class or index; its columns are 'path', 'score'"),
        ("path,label\n", "no rows"),
        ("path,label\n,cat\n", "line 2: the cell in column path is empty"),
        ('path,label\na.jpg,"two\nlines"\n\nb.jpg,tabby, tabby cat\n', "line 5: the row has 3 cells for 2 columns"),
        ("path,label\n\na.jpg,cat\n./a.jpg,dog\n", "both 'cat' and 'dog' .line 4"),
        ('path,label\na.jpg,"cat\n', "line 2 are not closed"),
        (f"path,label\na.jpg,{'x' * (1 << 25)}", "no CSV"),
        ("path,label\na.jpg,cat\nb.jpg,собака\n".encode("cp1251"), r"neither UTF-8 nor.*--encoding"),
        ("path,label\na.jpg,cat\n'data:image/png;base64,AAAA',dog\n".replace("'", '"'), r"line 3 holds an image"),
    ],
)
def test_what_is_no_table_of_truths_is_refused(tmp_path, text, reason):
    with pytest.raises(InputError, match=reason):
        table(tmp_path, text)


def test_a_csv_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match="No such file"):
        truth_of(f"csv:{tmp_path / 'none.csv'}")


def test_an_image_with_two_equal_rows_is_one_image(tmp_path):
    assert len(table(tmp_path, "path,label\na.jpg,cat\n./a.jpg,cat\n").paths) == 1


def test_all_unknown_truths_are_told_together_the_most_frequent_first(imagenet):
    names = ["wug"] + ["tabby"] * 2 + ["crane"] * 3
    sources = [Source(f"{name}/{number}.jpg") for number, name in enumerate(names)]
    with pytest.raises(InputError) as raised:
        find_truths(sources, truth_of("folder"), imagenet)
    first, *lines = str(raised.value).splitlines()
    assert "4 of 6 images" in first
    assert "'crane': ambiguous" in lines[0]
    assert "3 images, the first crane/3.jpg" in lines[0]
    assert "'wug'" in lines[1]


def test_what_is_no_image_is_told_by_its_own_reason(imagenet):
    with pytest.raises(InputError, match="no file matches"):
        find_truths([Source("x/*.jpg", error="no file matches this pattern")], truth_of("folder"), imagenet)


def test_standard_input_has_no_truth(imagenet):
    with pytest.raises(InputError, match="no name"):
        find_truths([Source("-", data=b"")], truth_of("folder"), imagenet)


def test_a_class_has_the_same_wnid_in_another_model(imagenet):
    other = ClassFinder(imagenet_labels(1001), "other")
    assert translate([0, 134, 517, 134], other, imagenet) == [1, 135, 518, 135]


def test_a_class_without_wnid_has_the_same_label_in_another_model(imagenet):
    trained = plain("tabby", "n02012849", "wug", "crane")
    assert translate([0, 1], imagenet, trained) == [281, 134]
    assert translate([134, 281], trained, imagenet) == [1, 0]
    with pytest.raises(InputError, match=r"1 of 2 images is not a class of a_model(.|\n)*'wug' \(index 2 of trained\)"):
        translate([0, 2], imagenet, trained)
    with pytest.raises(InputError, match="ambiguous"):
        translate([3], imagenet, trained)


def test_a_label_that_two_classes_share_is_no_counterpart(imagenet):
    with pytest.raises(InputError, match=r"'crane' \(n03126707 of a_model\): no such class"):
        translate([517], plain("crane"), imagenet)
