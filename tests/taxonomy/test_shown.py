"""The table of shown words says what the whole taxonomy says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import mobilenet_cli.taxonomy
from mobilenet_cli.taxonomy import Node, Taxonomy, load
from mobilenet_cli.taxonomy.shown import load_shown_words, shown_words
from tools.make_shown import table

DATA = Path(mobilenet_cli.taxonomy.__file__).with_name("data")
TREE = Taxonomy(
    [
        Node("n1", ("entity",), ()),
        Node("n2", ("animal",), ("n1",), word="animal"),
        Node("n3", ("canine",), ("n2",)),
        Node("n4", ("dog",), ("n3", "n2"), word="dog"),
        Node("n5", ("pug",), ("n4",), is_class=True),
        Node("n6", ("puppy",), ("n4",)),
    ]
)


def test_the_table_is_that_of_the_other_tables():
    assert (DATA / "shown.tsv").read_text(encoding="utf-8") == table(load())


def test_every_class_and_word_has_the_words_above_it():
    taxonomy, shown = load(), load_shown_words()
    assert shown.words == taxonomy.words
    for wnid in taxonomy.nodes:
        assert shown.above(wnid) == tuple(sorted(word for word in taxonomy.words if taxonomy.is_above(word, wnid)))
    assert all(shown.depth(wnid) == len(taxonomy.above(wnid)) for wnid in taxonomy.words)


@pytest.mark.parametrize(
    ("wnid", "above"),
    [("n5", ("n2", "n4")), ("n4", ("n2",)), ("n2", ()), ("n6", ("n2", "n4")), ("n9", ()), ("", ())],
)
def test_nodes_that_are_neither_shown_nor_classes_have_words_above_them_too(wnid: str, above: tuple[str, ...]):
    assert shown_words(TREE).above(wnid) == above


def test_naming_imagenets_classes_reads_the_one_table_alone():
    code = (
        "from mobilenet_cli.models.labels import imagenet_labels; from mobilenet_cli.postprocess.naming import Naming; "
        "from mobilenet_cli.taxonomy import load; import numpy; naming = Naming(imagenet_labels(1001)); "
        "named = naming(numpy.eye(1001)[[283]]); print(named[0].label.label, load.cache_info().misses)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "tiger cat 0\n"
