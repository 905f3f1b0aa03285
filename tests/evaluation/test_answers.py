"""What an evaluation says of each class and each image: in tables, on the page, and as rows."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from test_evaluation import IMAGES, Oracle

from mobilenet_cli.cli import _run
from mobilenet_cli.evaluation import compare, evaluate
from mobilenet_cli.evaluation.as_html import as_html
from mobilenet_cli.evaluation.as_json import as_json
from mobilenet_cli.evaluation.as_predictions import as_predictions
from mobilenet_cli.evaluation.as_text import as_text
from mobilenet_cli.records import ClassName

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ANSWERS = {
    "ant/1.jpg": ("ant bee cat dog eel", 0.9),
    "ant/2.jpg": ("bee cat dog eel ant", 0.8),
    "ant/3.jpg": ("bee cat dog eel fox", 0.7),
    "cat/1.jpg": ("cat ant bee dog eel", 0.6),
    "cat/2.jpg": ("dog cat ant bee eel", 0.95),
}


def many() -> tuple[Oracle, list[str]]:
    """30 classes of 10 images; of the class c7, 7 images are labelled right."""
    labels = tuple(ClassName("", f"c{number}") for number in range(30))
    answers = {
        f"c{number}/{image}.jpg": (f"c{number if image < number else (number + 1) % 30} c0", 0.5 + image / 100)
        for number in range(30)
        for image in range(10)
    }
    return Oracle(answers, labels), list(answers)


def rows_below(text: str, title: str) -> list[list[str]]:
    lines = text[text.index(title) :].splitlines()[2:]
    return [line.split() for line in lines[: lines.index("")]]


def test_the_table_of_classes_has_the_worst_first_and_all_when_asked():
    oracle, images = many()
    evaluation = evaluate(oracle, images)
    rows = rows_below(as_text(evaluation), "Accuracy per class of oracle")
    assert rows[:3] == [["0.0%", "0", "10", "c0"], ["10.0%", "1", "10", "c1"], ["20.0%", "2", "10", "c2"]]
    assert (len(rows), " ".join(rows[10])) == (11, "and 20 more classes: --all lists them")
    every = rows_below(as_text(evaluation, all_rows=True), "Accuracy per class of oracle")
    assert sorted(row[3] for row in every) == sorted(label.label for label in oracle.labels)
    assert [row[0] for row in every[-2:]] == ["100.0%", "100.0%"]


def test_every_mistake_is_on_the_page_with_its_picture():
    oracle, images = many()
    evaluation = evaluate(oracle, images)
    wrong = [path for path, (labels, _) in oracle.answers.items() if labels.split()[0] != path.split("/")[0]]
    assert len(wrong) == len(evaluation.mistakes) > 24
    page = as_html(evaluation).decode()
    assert all(f'<p class="path quiet">{path}</p>' in page for path in wrong)
    assert [each.score for each in evaluation.mistakes] == sorted(oracle.answers[path][1] for path in wrong)[::-1]
    assert len(json.loads(as_json(evaluation))["worst_mistakes"]) == 24


def test_the_page_sorts_its_classes_by_each_column(browser: Browser, tmp_path: Path):
    oracle, images = many()
    (tmp_path / "evaluation.html").write_bytes(as_html(evaluate(oracle, images)))
    page = browser.new_page()
    failures: list[str] = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    page.goto((tmp_path / "evaluation.html").as_uri())
    column = "rows => rows.map(row => row.cells[0].textContent)"

    def shown() -> list[str]:
        return page.eval_on_selector_all("table.sortable tbody tr", column)

    assert shown()[:3] == ["c0", "c1", "c2"]
    page.click("table.sortable th button:text('Accuracy')")
    assert shown()[-3:] == ["c2", "c1", "c0"]
    page.click("table.sortable th button:text('Class')")
    assert shown() == [f"c{number}" for number in range(30)]
    assert page.get_attribute("table.sortable th:has-text('Class')", "aria-sort") == "ascending"
    page.focus("table.sortable th button:text('Correct')")
    page.keyboard.press("Enter")
    assert shown()[:3] == ["c0", "c1", "c2"]
    page.close()
    assert failures == []


def test_each_image_has_a_row_with_its_truth_and_the_answer():
    evaluation = evaluate(Oracle(ANSWERS), IMAGES)
    rows = list(csv.DictReader(io.StringIO(b"".join(as_predictions([evaluation], "p.csv")).decode())))
    assert [(row["path"], row["truth"], row["prediction"], row["right"], row["rank_of_truth"]) for row in rows] == [
        ("ant/1.jpg", "ant", "ant", "1", "1"),
        ("ant/2.jpg", "ant", "bee", "0", "5"),
        ("ant/3.jpg", "ant", "bee", "0", ""),
        ("cat/1.jpg", "cat", "cat", "1", "1"),
        ("cat/2.jpg", "cat", "dog", "0", "2"),
        ("cat/broken.jpg", "cat", "", "0", ""),
    ]
    assert [float(row["score"] or 0) for row in rows] == [0.9, 0.8, 0.7, 0.6, 0.95, 0]
    assert [row["error"] for row in rows] == ["", "", "", "", "", "no such file"]
    lines = [json.loads(line) for line in as_predictions([evaluation], "p.jsonl")]
    assert [line["right"] for line in lines] == [True, False, False, True, False, False]
    assert lines[-1]["prediction"] is None


def test_for_a_word_the_answer_is_the_class_itself():
    labels = (ClassName("n02110958", "pug"), ClassName("n02129165", "lion"))
    evaluation = evaluate(Oracle({"dog/1.jpg": ("pug lion", 0.9)}, labels), ["dog/1.jpg"])
    (line,) = as_predictions([evaluation], "p.jsonl")
    row = json.loads(line)
    assert (row["truth"], row["prediction"], row["prediction_wnid"], row["right"]) == ("dog", "pug", "n02110958", True)


def test_two_models_have_their_rows_one_after_the_other():
    comparison = compare(Oracle(ANSWERS), Oracle(ANSWERS), IMAGES)
    rows = list(as_predictions([comparison.first, comparison.second], "p.tsv"))
    assert len(rows) == 1 + 2 * len(IMAGES)
    assert rows[1].split(b"\t")[0] == b"ant/1.jpg"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--predictions", "p.parquet"], "p.parquet: it ends in .csv, .tsv, .jsonl"),
        (["-o", "a.json", "-o", "./a.json"], "name the same file twice"),
    ],
)
def test_a_file_of_predictions_is_checked_before_a_model_is_looked_for(tmp_path, monkeypatch, capfd, options, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    assert _run(["evaluate", "photos", *options]) == 2
    assert words in capfd.readouterr().err


def test_a_program_gets_a_row_an_image_as_the_file_has_it():
    evaluation = evaluate(Oracle(ANSWERS), ANSWERS)
    rows = list(csv.DictReader(io.StringIO(b"".join(as_predictions([evaluation], "a.csv")).decode())))
    found = list(evaluation.predictions())
    assert [each.path for each in found] == list(ANSWERS) == [row["path"] for row in rows]
    assert [(each.truth, each.prediction, each.right) for each in found] == [
        (row["truth"], row["prediction"], row["right"] == "1") for row in rows
    ]
    assert [each.score for each in found] == [score for _, score in ANSWERS.values()]
    assert [each.rank_of_truth for each in found] == [1, 5, None, 1, 2]
