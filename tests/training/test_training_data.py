"""What is learnt from: datasets, splits, and the cache of features."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mobilenet_cli import ModelWarning
from mobilenet_cli.errors import InputError
from mobilenet_cli.images.preprocess import Preprocessing
from mobilenet_cli.training.contents import Contents
from mobilenet_cli.training.dataset import check_counts, check_split, read_dataset
from mobilenet_cli.training.feature_cache import FeatureCache, cache_file
from mobilenet_cli.training.features import check_images
from mobilenet_cli.training.split import split_by, stratified_folds, stratified_split
from mobilenet_cli.training.trainer import Trainer
from mobilenet_cli.training.whole.options import FineTuning


def put(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode())
    return folder


def test_each_folder_is_a_class_with_images_at_any_depth(tmp_path: Path) -> None:
    put(tmp_path, "dog/a.jpg", "cat/b.png", "cat/deep/er/c.JPG", "cat/notes.txt", ".git/d.jpg", "e.jpg")
    found = read_dataset([str(tmp_path)])
    assert found.classes == ("cat", "dog")
    assert [(Path(source.path).name, label) for source, label in zip(found.sources, found.labels, strict=True)] == [
        ("b.png", 0),
        ("c.JPG", 0),
        ("a.jpg", 1),
    ]
    assert found.passed_over == 1


@pytest.mark.parametrize("validation", ["val", "valid", "validation", "Val"])
def test_folders_that_are_split_stay_so(tmp_path: Path, validation: str) -> None:
    put(tmp_path, "train/cat/1.jpg", "train/dog/2.jpg", f"{validation}/cat/3.jpg", "test/dog/4.jpg", "@eaDir/x/5.jpg")
    found = read_dataset([str(tmp_path)])
    assert found.classes == ("cat", "dog")
    assert [
        (source.path.removeprefix(f"{tmp_path}/"), label)
        for source, label in zip(found.sources, found.labels, strict=True)
    ] == [
        ("train/cat/1.jpg", 0),
        (f"{validation}/cat/3.jpg", 0),
        ("train/dog/2.jpg", 1),
    ]
    assert found.validation == {f"{tmp_path}/{validation}/cat/3.jpg"}
    assert found.notes == (
        f"{tmp_path} is split: training on train, validating on {validation}",
        f"test is left for mnclassify evaluate {tmp_path}/test",
        f"{validation} has no images of dog",
    )


def test_without_a_folder_to_validate_with_a_share_of_train_is(tmp_path: Path) -> None:
    put(tmp_path, "train/cat/1.jpg", "train/dog/2.jpg", "test/dog/4.jpg", "notes/a.txt")
    found = read_dataset([str(tmp_path)])
    assert (found.classes, len(found.sources), found.validation) == (("cat", "dog"), 2, frozenset())
    assert found.notes[-1] == "left out beside the split: notes"


def test_a_class_may_be_called_train(tmp_path: Path) -> None:
    put(tmp_path, "train/1.jpg", "bus/2.jpg", "test/3.jpg")
    assert read_dataset([str(tmp_path)]).classes == ("bus", "test", "train")


def test_nested_classes_are_said(tmp_path: Path) -> None:
    put(tmp_path, "animals/cat/1.jpg", "animals/dog/2.jpg", "things/cup/3.jpg", "things/car/4.jpg")
    (note,) = read_dataset([str(tmp_path)]).notes
    assert note.startswith("2 classes, animals, things, with the images in folders within: cat, dog, car, cup; if ")
    put(tmp_path, "things/5.jpg")
    assert read_dataset([str(tmp_path)]).notes == ()


def test_copies_of_what_is_learnt_from_do_not_validate(tmp_path: Path) -> None:
    put(tmp_path, "train/cat/1.jpg", "train/dog/2.jpg", "val/cat/3.jpg", "val/dog/4.jpg")
    shutil.copy(tmp_path / "train/cat/1.jpg", tmp_path / "val/cat/copy.jpg")
    dataset = read_dataset([str(tmp_path)])
    errors = {dataset.sources[place].path: error for place, error in Contents.of(dataset).errors.items()}
    assert errors == {f"{tmp_path}/val/cat/copy.jpg": "the same image is among those to learn from"}


def test_a_table_names_images_and_classes(tmp_path: Path) -> None:
    put(tmp_path, "x/1.jpg", "x/2.jpg")
    (tmp_path / "t.csv").write_text("label,path\nb,x/1.jpg\na,x/2.jpg\na,x/3.jpg\n")
    found = read_dataset([str(tmp_path / "t.csv")])
    assert found.classes == ("a", "b")
    assert found.labels == (0, 0, 1)
    assert [source.error for source in found.sources] == [None, "no such file or folder", None]


def test_urls_are_refused_and_not_taken_for_files_that_are_missing(tmp_path: Path) -> None:
    put(tmp_path, "x/1.jpg", "x/2.jpg")
    table = tmp_path / "t.csv"
    table.write_text("label,path\na,x/1.jpg\nb,https://example.org/2.jpg?signature=s3cret\n")
    with pytest.raises(InputError, match=r"t\.csv names images by URL, .*: download them first$"):
        read_dataset([str(table)])
    with pytest.raises(InputError, match=r"^s3://bucket/photos is a URL, .*: download them first$"):
        read_dataset(["s3://bucket/photos"])


@pytest.mark.parametrize(
    ("files", "arguments", "words"),
    [
        (["a/1.jpg", "b/notes.txt"], ["."], "no images in b"),
        (["a/1.jpg", "a/2.jpg"], ["."], "one class in ., a with 2 images, but at least 2"),
        (["x/a/1.jpg", "x/b/2.jpg"], ["."], "one class in ., x with 2 .*; if a, b in it are the classes, name ./x"),
        (["train/a/1.jpg", "train/b/2.jpg", "val/c/3.jpg"], ["."], "classes in val that train lacks: c"),
        (["train/1.jpg", "val/3.jpg"], ["."], "split into train, val, but train has no folders"),
        (["train/a/1.jpg", "train/b/2.jpg", "val/3.jpg"], ["."], "no images in class folders in ./val"),
        (["train/a/1.jpg", "val/a/3.jpg", "valid/a/4.jpg"], ["."], "has both val and valid"),
        (["1.jpg", "2.jpg"], ["."], "no folders in .*its 2 images have no class"),
        (["one/a/1.jpg", "one/b/2.jpg", "two/a/3.jpg"], ["one", "two"], "two has classes that were named before: a"),
        (["Cat/1.jpg", "cat/2.jpg"], ["."], "same name, or nearly: 'Cat' and 'cat'"),
        (["caf\u00e9/1.jpg", "cafe\u0301/2.jpg"], ["."], r"same name, or nearly: 'cafe\\u0301' and 'caf\\xe9'"),
        (["a/1.jpg"], ["nowhere"], "nowhere does not exist"),
        (["a/1.jpg"], ["a/1.jpg"], "1.jpg is no folder, and no table"),
    ],
)
def test_data_that_cannot_be_learnt_from_are_refused_in_clear_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: list[str], arguments: list[str], words: str
) -> None:
    put(tmp_path, *files)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=words):
        read_dataset(arguments)


def test_every_class_needs_two_images_that_differ() -> None:
    check_counts(["a", "b"], [0, 0, 1, 1], ["1", "2", "3", "4"])
    with pytest.raises(InputError, match=r"two different images.*: b \(1\), c \(0\)$"):
        check_counts(["a", "b", "c"], [0, 0, 1, 1], ["1", "2", "3", "3"])


def test_a_split_of_folders_needs_images_of_every_class_to_learn_from_and_some_to_validate_with() -> None:
    check_split(["a", "b"], [0, 1, 1], [False, False, True])
    with pytest.raises(InputError, match=r"to learn from, of: b$"):
        check_split(["a", "b"], [0, 1, 1], [False, True, True])
    with pytest.raises(InputError, match="to validate with"):
        check_split(["a", "b"], [0, 1], [False, False])
    training, validation = split_by([False, True, False])
    assert (training.tolist(), validation.tolist()) == ([0, 2], [1])


def test_tables_in_other_encodings_have_classes_too(tmp_path: Path) -> None:
    put(tmp_path, "müde.jpg", "café.jpg")
    (tmp_path / "t.csv").write_bytes("label,path\nKäse,müde.jpg\nBrot,café.jpg\n".encode("cp1252"))
    found = read_dataset([str(tmp_path / "t.csv")])
    assert found.classes == ("Brot", "Käse")
    assert [source.error for source in found.sources] == [None, None]
    assert found.notes == (f"{tmp_path}/t.csv is read as cp1252; --encoding gives another",)
    assert read_dataset([str(tmp_path / "t.csv")], encoding="latin-1").notes == ()


def images(seed: int = 1) -> tuple[np.ndarray, list[str]]:
    """Of three classes, some of them copies."""
    labels = np.repeat([0, 1, 2], [50, 20, 2])
    random = np.random.default_rng(seed)
    digests = [f"{label}-{random.integers(30)}" for label in labels[:70]] + ["2-a", "2-b"]
    return labels, digests


@pytest.mark.parametrize("share", [0.05, 0.2, 0.5, 0.99])
def test_a_split_is_stratified_and_no_content_is_on_both_sides(share: float) -> None:
    labels, digests = images()
    train, validation = stratified_split(labels, digests, share, 0)
    assert sorted([*train, *validation]) == list(range(72))
    assert not {digests[place] for place in train} & {digests[place] for place in validation}
    counts = Counter(labels[validation].tolist())
    assert set(counts) == {0, 1, 2} == set(labels[train].tolist())
    if share == 0.2:
        assert counts[0] == pytest.approx(10, abs=2)
        assert counts[1] == pytest.approx(4, abs=1)


def test_a_split_depends_on_the_contents_and_the_seed_alone() -> None:
    labels, digests = images()

    def chosen(order: np.ndarray, seed: int) -> set[str]:
        _, validation = stratified_split(labels[order], [digests[place] for place in order], 0.2, seed)
        return {digests[order[place]] for place in validation}

    as_it_is, turned = np.arange(72), np.arange(72)[::-1]
    assert chosen(as_it_is, 3) == chosen(turned, 3)
    assert len({frozenset(chosen(as_it_is, seed)) for seed in range(8)}) == 8
    with pytest.raises(InputError, match="between 0 and 1"):
        stratified_split(labels, digests, 1.0, 0)


def test_folds_are_alike_and_each_image_validates_once() -> None:
    labels, digests = images()
    folds = stratified_folds(labels, digests, 5, 0)
    assert sorted(place for _, validation in folds for place in validation) == list(range(72))
    for train, validation in folds:
        assert not {digests[place] for place in train} & {digests[place] for place in validation}
        assert set(labels[train].tolist()) == {0, 1, 2}
        assert len(train) + len(validation) == 72
    with pytest.raises(InputError, match="2 to"):
        stratified_folds(labels, digests, 1, 0)


def test_images_are_checked_without_a_network(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name in ("a/1.png", "a/2.png", "b/3.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (8, 8, 3), np.uint8)).save(tmp_path / name)
    shutil.copy(tmp_path / "b" / "3.png", tmp_path / "b" / "copy.png")
    (tmp_path / "a" / "whole.png").write_bytes((tmp_path / "a" / "1.png").read_bytes()[:60])
    (tmp_path / "b" / "2.png").write_bytes((tmp_path / "a" / "2.png").read_bytes())
    told: list[bool] = []
    found = check_images(read_dataset([str(tmp_path)]), Preprocessing(16), told.append)
    assert [Path(path).name for path in found.paths] == ["1.png", "3.png", "copy.png"]
    assert found.labels.tolist() == [0, 1, 1]
    assert found.features.shape == (3, 0)
    reasons = {Path(path).name: reason for path, reason in found.left_out}
    assert list(reasons) == ["2.png", "whole.png"]
    assert reasons["2.png"] == "the same image is in another class too"
    assert "truncated" in reasons["whole.png"]
    assert sorted(told) == [False] * 3 + [True] * 3


def test_vectors_of_another_version_are_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    files = set()
    for version in (1, 2):
        monkeypatch.setattr("mobilenet_cli.training.feature_cache._VERSION", version)
        files.add(cache_file("network", Preprocessing(16), "litert"))
    assert len(files) == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"validation_share": 1.5}, "between 0 and 1, not 1.5"),
        ({"validation_share": 0.0}, "between 0 and 1, not 0"),
        ({"folds": 1}, "2 to 4 folds"),
        ({"folds": 5}, "2 to 4 folds"),
        ({"folds": 2, "fine_tuning": FineTuning()}, "no folds with it"),
        ({"seed": -1}, "seed is a number from 0"),
        ({"seed": 2**32}, "seed is a number from 0 to 4294967295"),
    ],
)
def test_arguments_are_checked_before_there_is_any_work(tmp_path: Path, arguments: dict, words: str) -> None:
    put(tmp_path, "a/1.jpg", "a/2.jpg", "b/3.jpg", "b/4.jpg")
    with pytest.raises(InputError, match=words):
        Trainer([str(tmp_path)], tmp_path / "out", model="no such model", **arguments)


@pytest.mark.parametrize("arguments", [{"validation_share": 0.2}, {"folds": 2}])
def test_a_split_is_not_split_again(tmp_path: Path, arguments: dict) -> None:
    put(tmp_path, "train/a/1.jpg", "train/b/2.jpg", "val/a/3.jpg", "val/b/4.jpg")
    with pytest.raises(InputError, match="split already"):
        Trainer([str(tmp_path)], tmp_path / "out", model="no such model", **arguments)


def test_vectors_are_found_again_by_content(tmp_path: Path) -> None:
    file = tmp_path / "new" / "f.sqlite"
    vectors = {f"{number:064x}": np.full(3, number, np.float32) for number in range(1500)}
    cache = FeatureCache(file, 3)
    for digest, vector in vectors.items():
        cache.keep(digest, vector)
    cache.close()
    found = FeatureCache(file, 3).found([*vectors, "unknown"])
    assert found.keys() == vectors.keys()
    assert all((found[digest] == vector).all() for digest, vector in vectors.items())
    assert FeatureCache(file, 4).found(vectors) == {}


def test_a_cache_that_cannot_be_used_costs_no_training(tmp_path: Path) -> None:
    (tmp_path / "f.sqlite").write_bytes(b"no database" * 1000)
    (tmp_path / "file").write_bytes(b"")
    for place, words in (
        (tmp_path / "f.sqlite", r"not cached in .*f\.sqlite: .*; remove it, and"),
        (tmp_path / "file" / "f.sqlite", "not cached in .*"),
    ):
        with pytest.warns(ModelWarning, match=words):
            cache = FeatureCache(place, 2)
        cache.keep("a", np.zeros(2, np.float32))
        assert cache.found(["a"]) == {}
        cache.close()
