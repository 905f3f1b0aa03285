"""From results whose truth is known to the figures, the tables, JSON and the page: worked examples."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import pytest
from conftest import SAMPLES
from results import failed_result, prediction, result_of, with_names
from web_server import Answer, serving

from mobilenet_cli import InputError
from mobilenet_cli.cli.evaluate import _print_seen
from mobilenet_cli.cli.terminal import Terminal
from mobilenet_cli.evaluation import Evaluation, compare, evaluate
from mobilenet_cli.evaluation.as_html import as_html
from mobilenet_cli.evaluation.as_json import as_json
from mobilenet_cli.evaluation.as_text import as_text
from mobilenet_cli.evaluation.matrix import LARGEST, confusion_matrix
from mobilenet_cli.evaluation.outcomes import WORST, LabelledSource
from mobilenet_cli.postprocess.naming_at_each import NamedResult
from mobilenet_cli.records import ClassName, Name

ANIMALS = ("ant", "bee", "cat", "dog", "eel", "fox")


@dataclass
class Oracle:
    """Stands for a Classifier whose every answer is laid down: path → the best labels and the first one's score."""

    answers: dict[str, tuple[str, float]]
    labels: tuple[ClassName, ...] = tuple(ClassName("", name) for name in ANIMALS)
    model: Any = field(default_factory=lambda: SimpleNamespace(name="oracle", image_size=32))

    def name_sources(
        self, sources: Iterable[LabelledSource], sures: Sequence[float], *, top_k: int, **_: object
    ) -> Iterator[tuple[LabelledSource, NamedResult]]:
        for source in sources:
            if source.path not in self.answers:
                yield source, with_names(failed_result(source.path, model=self.model.name))
                continue
            names, score = self.answers[source.path]
            order = [label.label for label in self.labels]
            indexes = [order.index(name) for name in names.split()][:top_k]
            predictions = [
                prediction(self.labels[index].label, score / rank, rank=rank, index=index)
                for rank, index in enumerate(indexes, start=1)
            ]
            best = Name(self.labels[indexes[0]].wnid, self.labels[indexes[0]].label, score)
            names = [best if score >= sure else None for sure in sures]
            yield source, with_names(result_of(source.path, predictions, model=self.model.name), names)


@pytest.fixture
def oracle() -> Oracle:
    return Oracle(
        {
            "ant/1.jpg": ("ant bee cat dog eel", 0.9),
            "ant/2.jpg": ("bee cat dog eel ant", 0.8),
            "ant/3.jpg": ("bee cat dog eel fox", 0.7),
            "cat/1.jpg": ("cat ant bee dog eel", 0.6),
            "cat/2.jpg": ("dog cat ant bee eel", 0.95),
        }
    )


IMAGES = ["ant/1.jpg", "ant/2.jpg", "ant/3.jpg", "cat/1.jpg", "cat/2.jpg", "cat/broken.jpg"]


@pytest.fixture
def evaluation(oracle: Oracle) -> Evaluation:
    return evaluate(oracle, IMAGES)


def test_the_figures_of_a_worked_example(evaluation):
    assert (evaluation.model, evaluation.images, evaluation.failed) == ("oracle", 6, 1)
    assert (evaluation.top_1.correct, evaluation.top_1.total, evaluation.top_1.value) == (2, 6, 2 / 6)
    assert (evaluation.top_5.correct, evaluation.top_5.value) == (4, 4 / 6)
    assert (evaluation.classified_top_1.value, evaluation.classified_top_5.value) == (2 / 5, 4 / 5)
    assert [(each.index, each.images, each.correct) for each in evaluation.per_class] == [(0, 3, 1), (2, 3, 1)]
    assert evaluation.mean_class_accuracy == pytest.approx(1 / 3)
    assert [(each.truth, each.predicted, each.images) for each in evaluation.confusions] == [(0, 1, 2), (2, 3, 1)]
    # Each image has a bin of its own: |1 - .9|, |0 - .8|, |0 - .7|, |1 - .6|, |0 - .95| of the five.
    assert evaluation.calibration_error == pytest.approx((0.1 + 0.8 + 0.7 + 0.4 + 0.95) / 5)
    assert sum(each.images for each in evaluation.reliability) == 5
    assert evaluation.images_per_second > 0


def test_mistakes_are_in_the_order_of_their_scores_and_failures_apart(evaluation):
    assert [(each.path, each.predicted, each.score, each.rank) for each in evaluation.worst] == [
        ("cat/2.jpg", 3, 0.95, 2),
        ("ant/2.jpg", 1, 0.8, 5),
        ("ant/3.jpg", 1, 0.7, None),
    ]
    assert [(each.path, each.truth, each.error) for each in evaluation.failures] == [
        ("cat/broken.jpg", 2, "no such file")
    ]


def test_a_model_of_five_classes_has_no_top_5():
    labels = tuple(ClassName("", name) for name in ANIMALS[:3])
    evaluation = evaluate(Oracle({"ant/1.jpg": ("ant bee cat", 0.5)}, labels), ["ant/1.jpg"])
    assert evaluation.top_5 is None
    assert evaluation.classified_top_5 is None
    assert json.loads(as_json(evaluation))["top_5"] is None
    assert re.search(r"Top-5 accuracy +–\n", as_text(evaluation))


def test_where_all_failed_nothing_is_right_and_nothing_is_divided_by_zero():
    evaluation = evaluate(Oracle({}), ["ant/1.jpg", "bee/1.jpg"])
    assert (evaluation.failed, evaluation.top_1.value, evaluation.calibration_error) == (2, 0, None)
    assert evaluation.classified_top_1 is None
    for document in (as_text(evaluation), as_html(evaluation).decode(), as_json(evaluation).decode()):
        assert "nan" not in document.lower()


def test_only_the_worst_of_many_mistakes_are_kept_and_of_equals_the_first():
    answers = {f"ant/{number}.jpg": ("bee cat", 0.5 + 0.4 * (number >= 100)) for number in range(200)}
    evaluation = evaluate(Oracle(answers), answers)
    assert [each.path for each in evaluation.worst] == [f"ant/{100 + number}.jpg" for number in range(WORST)]


def test_no_images_are_an_error(oracle):
    with pytest.raises(InputError, match="no images"):
        evaluate(oracle, [])


def test_every_truth_is_looked_up_before_an_image_is_opened(oracle):
    oracle.name_sources = None
    with pytest.raises(InputError, match="'gnu'"):
        evaluate(oracle, ["ant/1.jpg", "gnu/1.jpg"])


def test_a_truth_can_be_a_function(oracle):
    assert evaluate(oracle, ["ant/2.jpg"], lambda path: "bee").top_1.correct == 1


@pytest.fixture
def other() -> Oracle:
    """A model of the same classes in the opposite order, and one more."""
    return Oracle(
        {
            "ant/1.jpg": ("ant bee cat dog eel", 0.9),
            "ant/2.jpg": ("ant cat dog eel bee", 0.8),
            "ant/3.jpg": ("ant cat dog eel fox", 0.7),
            "cat/1.jpg": ("fox ant bee dog eel", 0.6),
            "cat/2.jpg": ("eel bee ant gnu dog", 0.5),
        },
        tuple(ClassName("", name) for name in (*reversed(ANIMALS), "gnu")),
    )


def test_two_models_are_compared_image_by_image_whatever_their_classes_are(oracle, other):
    comparison = compare(oracle, other, IMAGES)
    assert (comparison.first.top_1.correct, comparison.second.top_1.correct) == (2, 3)
    paired = comparison.top_1
    assert (paired.both_right, paired.only_first, paired.only_second, paired.both_wrong) == (1, 1, 2, 2)
    assert paired.difference == pytest.approx(-1 / 6)
    assert paired.p_value == 1
    assert (comparison.top_5.both_right, comparison.top_5.only_first, comparison.top_5.only_second) == (2, 2, 1)
    document = json.loads(as_json(comparison.first, comparison))
    assert document["model"] == "oracle"
    assert document["comparison"]["second"]["top_1"]["correct"] == 3
    assert document["comparison"]["top_1"]["only_second_right"] == 2
    assert re.search(r"Top-1 +1 +1 +2 +2 +-16\.7 points", as_text(comparison.first, comparison))
    assert "-16.7 points" in as_html(comparison.first, comparison).decode()


def test_json_has_every_figure(evaluation):
    document = json.loads(as_json(evaluation))
    assert document["top_1"] == {"value": 0.333333, "correct": 2, "total": 6, "low": 0.096771, "high": 0.700007}
    assert document["failed"] == 1
    assert document["expected_calibration_error"] == 0.59
    assert document["classes"][1] == {"index": 2, "wnid": "", "label": "cat", "images": 3, "correct": 1}
    assert document["confusions"][0]["predicted"]["label"] == "bee"
    assert document["worst_mistakes"][0]["path"] == "cat/2.jpg"
    assert document["failures"][0]["error"] == "no such file"
    assert document["comparison"] is None
    assert len(document["reliability"]) == 15


def test_the_tables_tell_the_failures_and_how_they_count(evaluation):
    text = as_text(evaluation)
    assert "6 images of 2 classes; 1 could not be read and counts as wrong" in text
    assert re.search(r"Top-1 accuracy +33\.3%  \[9\.7–70\.0%\]", text)
    assert re.search(r"of classified: top-1 +40\.0%", text)
    assert re.search(r"2 +3 +ant +bee\n", text)
    assert re.search(r"cat/broken\.jpg +no such file", text)


def test_the_matrix_of_few_classes_is_whole(evaluation):
    matrix = confusion_matrix(evaluation)
    assert matrix.is_whole
    assert matrix.classes == (0, 1, 2, 3)
    ant, cat = matrix.rows
    assert (ant.cells, ant.others, ant.failed, ant.images) == ((1, 2, 0, 0), 0, 0, 3)
    assert (cat.cells, cat.others, cat.failed, cat.images) == ((0, 0, 1, 1), 0, 1, 3)


def test_the_matrix_of_many_classes_has_the_most_frequent_confusions_and_every_image_of_its_rows():
    labels = tuple(ClassName("", f"c{index}") for index in range(100))
    answers = {f"c{index}/{n}.jpg": (f"c{index + 1} c0", 0.5) for index in range(99) for n in range(1 + (index == 98))}
    answers |= {"c98/9.jpg": ("c3 c0", 0.5), "c98/10.jpg": ("c50 c0", 0.5)}
    matrix = confusion_matrix(evaluate(Oracle(answers, labels), answers))
    assert not matrix.is_whole
    assert len(matrix.classes) <= LARGEST
    row = matrix.rows[-1]
    assert (row.truth, row.images, row.others) == (98, 4, 1)
    assert row.cells[matrix.classes.index(99)] == 2
    assert all(sum(each.cells) + each.others + each.failed == each.images for each in matrix.rows)


@pytest.mark.parametrize(
    ("trained_on", "chosen_by", "words"),
    [(2, 1, "was trained on 2 and chosen by 1 of these 6 images: "), (3, 0, "was trained on 3 of these 6 images: ")],
)
def test_accuracy_on_images_that_the_model_was_made_with_is_no_news(
    evaluation: Evaluation, capfd, trained_on: int, chosen_by: int, words: str
):
    made = replace(evaluation, trained_on=trained_on, chosen_by=chosen_by)
    said = f"{made.model} {words}its accuracy on others is lower"
    assert said in as_html(made).decode()
    document = json.loads(as_json(made))
    assert (document["trained_on"], document["chosen_by"]) == (trained_on, chosen_by)
    _print_seen(made, None, Terminal())
    assert capfd.readouterr().err == f"mnclassify: {said}\n"


def test_a_model_that_was_made_with_none_of_the_images_is_not_said_to_be(evaluation: Evaluation, capfd):
    assert "accuracy on others" not in as_html(evaluation).decode()
    _print_seen(evaluation, None, Terminal())
    assert capfd.readouterr().err == ""


def test_names_are_in_the_tables_json_and_page(evaluation):
    # The scores are .9, .8, .7, .6 and .95, the first and fourth right; the sixth image has none.
    points = {each.sure: each for each in evaluation.names}
    assert [(points[sure].named.correct, points[sure].right.correct) for sure in (0.3, 0.65, 0.8, 0.95)] == [
        *((5, 2), (4, 1), (3, 1), (1, 0))
    ]
    assert evaluation.names_at_sure is points[0.8]
    document = json.loads(as_json(evaluation))
    assert document["sure"] == 0.8
    assert [each["sure"] for each in document["names"]] == [round(0.3 + 0.05 * step, 2) for step in range(14)]
    assert document["names"][10] == {
        "sure": 0.8,
        "named": 3,
        "named_share": 0.5,
        "right": {"value": 0.333333, "correct": 1, "total": 3, "low": 0.061492, "high": 0.79234},
        "vaguer": 0,
        "vaguer_share": 0.0,
        "wrong": 2,
        "wrong_share": 0.666667,
        "median_classes": 1,
        "single_classes": 3,
        "single_class_share": 1.0,
    }
    text = as_text(evaluation)
    assert re.search(r"Named at 0\.80 +50\.0%  \[18\.8–81\.2%\]\n +of named: right +33\.3%  \[6\.1–79\.2%\]", text)
    assert re.search(r"\n> +0\.80 +50\.0% +33\.3%  \[6\.1–79\.2%\] +0\.0% +66\.7% +1 +100\.0%\n", text)
    assert text.count("\n>") == 1
    page = as_html(evaluation).decode()
    assert page.count('<tr class="chosen">') == 1
    assert '<tr class="chosen"><td class="number">0.80</td><td class="number">50.0%</td>' in page
    assert page.count("<svg") == 2


def test_another_sure_has_a_row_of_its_own(oracle):
    evaluation = evaluate(oracle, IMAGES, sure=0.925)
    assert (len(evaluation.names), evaluation.names_at_sure.named.correct) == (15, 1)
    assert re.search(r"\n> +0\.925 +16\.7% ", as_text(evaluation))
    with pytest.raises(InputError, match=r"sure is a number from 0 to 1, not 80"):
        evaluate(oracle, IMAGES, sure=80)


DOGS = (ClassName("n02110958", "pug"), ClassName("n02088364", "beagle"), ClassName("n02129165", "lion"))


def test_words_above_classes_are_truths_too():
    answers = {
        "dog/1.jpg": ("pug beagle", 0.9),
        "dog/2.jpg": ("lion beagle", 0.8),
        "pug/1.jpg": ("beagle lion", 0.7),
        "emu/1.jpg": ("lion pug", 0.6),
    }
    evaluation = evaluate(Oracle(answers, DOGS), [*answers, "dog/broken.jpg"])
    assert (evaluation.top_1.correct, evaluation.top_1.total, evaluation.without_class) == (1, 5, 1)
    assert [(evaluation.name(each.index).label, each.images, each.correct) for each in evaluation.per_class] == [
        *(("pug", 1, 0), ("dog", 3, 1), ("emu", 1, 0))
    ]
    assert [evaluation.name(each.truth).label for each in evaluation.confusions] == ["pug", "dog", "emu"]
    assert [(each.path, each.rank) for each in evaluation.worst] == [
        *(("dog/2.jpg", 2), ("pug/1.jpg", None), ("emu/1.jpg", None))
    ]
    assert sum(each.images for each in evaluation.reliability) == 1, "the score of a class says nothing about a word"
    document = json.loads(as_json(evaluation))
    assert document["classes"][1] == {"index": None, "wnid": "n02084071", "label": "dog", "images": 3, "correct": 1}
    assert document["failures"][0]["truth"] == {"index": None, "wnid": "n02084071", "label": "dog"}
    assert document["without_class"] == 1
    text = as_text(evaluation)
    assert "5 images of 1 class and 2 words; 1 could not be read" in text
    assert "1 shows what the model has no class for" in text
    assert re.search(r"1 +3 +dog +lion\n", text)
    assert "dog" in as_html(evaluation).decode()
    matrix = confusion_matrix(evaluation)
    assert [(row.cells, row.failed, row.images) for row in matrix.rows] == [
        *(((0, 1, 0, 0, 0), 0, 1), ((0, 0, 1, 1, 0), 1, 3), ((0, 0, 1, 0, 0), 0, 1))
    ]


def test_two_models_are_compared_on_words():
    one = Oracle({"dog/1.jpg": ("pug", 0.9), "dog/2.jpg": ("lion", 0.8)}, DOGS)
    other = Oracle({"dog/1.jpg": ("beagle", 0.9), "dog/2.jpg": ("beagle", 0.4)}, tuple(reversed(DOGS)))
    comparison = compare(one, other, ["dog/1.jpg", "dog/2.jpg"])
    assert (comparison.first.top_1.correct, comparison.second.top_1.correct) == (1, 2)
    assert comparison.top_1.only_second == 1
    assert comparison.first.names_at_sure.right.correct == 1
    assert comparison.second.names_at_sure.named.correct == 1
    text = as_text(comparison.first, comparison)
    assert text.count("Names given by oracle") == 2


def test_the_page_asks_no_network_and_escapes_what_it_shows(oracle):
    name = "<script>alert(1)</script>\x1b\udcff"
    labels = (*oracle.labels, ClassName("", "<b>gnu"))
    evaluation = evaluate(Oracle({f"ant/{name}": ("bee cat", 0.5)}, labels), [f"ant/{name}"], lambda _: "<b>gnu")
    page = as_html(evaluation).decode()
    assert "<script>alert" not in page
    assert "<b>gnu" not in page
    assert "&lt;b&gt;gnu" in page
    assert r"\x1b\xff" in page
    assert not re.search(r"""(src|href)=["']?(?!data:)""", page)


def test_the_page_has_thumbnails_of_files_alone_and_fetches_nothing(oracle):
    with serving() as web:
        web.answers["*"] = [Answer((SAMPLES / "cat.jpg").read_bytes())]
        paths = [str(SAMPLES / "cat.jpg"), f"{web.url}/ant.jpg", "gone.jpg"]
        evaluation = evaluate(Oracle(dict.fromkeys(paths, ("bee", 0.5)), oracle.labels), paths, lambda _: "ant")
        page = as_html(evaluation).decode()
        assert web.requests == []
    assert {each.path for each in evaluation.worst} == set(paths)
    assert (page.count("<img"), page.count("no picture")) == (1, 2)


def test_help_and_the_module_import_nothing_heavy():
    heavy = {"numpy", "PIL", "rich", "jinja2", "scipy", "sklearn", "tensorflow"}
    for arguments in (["-m", "mobilenet_cli", "evaluate", "--help"], ["-c", "import mobilenet_cli.evaluation"]):
        done = subprocess.run([sys.executable, "-X", "importtime", *arguments], capture_output=True, text=True)
        imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
        assert "mobilenet_cli.errors" in imported
        assert not heavy & imported
