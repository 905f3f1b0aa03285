"""The report's page as a file, and `mnclassify report`; what it does in a browser is in e2e/test_report_page.py."""

from __future__ import annotations

import base64
import io
import json
import os
import tracemalloc
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from conftest import SAMPLES, run_command
from imports import watched
from PIL import Image
from results import failed_result, name, prediction, result_of

from mobilenet_cli.html import report
from mobilenet_cli.html.summary import Summary
from mobilenet_cli.html.thumbnails import thumbnails
from mobilenet_cli.machine.cores import usable_cores
from mobilenet_cli.records import Result

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)> & \"quoted\" 'too' {{ 7 * 7 }} <!--"


LINE = '{"path": "a", "status": "ok", "predictions": [], "error": null, "width": 1, "height": 1, "model": "m"}'


def result(path: str = "a.jpg", *labels: tuple[str, float], error: str | None = None, model: str = "m") -> Result:
    if error:
        return failed_result(path, error, model=model)
    numbers = [sum(map(ord, label)) for label, _ in labels]
    predictions = [
        prediction(label, score, rank=rank, index=number % 1000, wnid=f"n{number:08}")
        for rank, (number, (label, score)) in enumerate(zip(numbers, labels, strict=True), 1)
    ]
    return result_of(path, predictions, width=640, height=480, model=model)


class Page(HTMLParser):
    """What a reader of HTML that knows nothing of the report finds in it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str | None]] = []
        self.scripts: dict[str | None, str] = {}
        self.texts: dict[str, str] = {}
        self._open: tuple[str, str | None] = ("", None)
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += attrs
        self._open = (tag, dict(attrs).get("id"))

    def handle_endtag(self, tag: str) -> None:
        self._open = ("", None)

    def handle_data(self, data: str) -> None:
        tag, name = self._open
        if tag == "script":
            self.scripts[name] = self.scripts.get(name, "") + data
        else:
            self.texts[tag] = self.texts.get(tag, "") + data

    def rows(self) -> list[dict[str, object]]:
        return json.loads(self.scripts["data-images"])

    def classes(self) -> list[list[object]]:
        return json.loads(self.scripts["data-classes"])

    def names(self) -> list[list[object]]:
        return json.loads(self.scripts["data-names"])

    def picture(self, number: int) -> Image.Image | None:
        uri = self.scripts.get(f"picture-{number}")
        return uri and Image.open(io.BytesIO(base64.b64decode(uri.partition("base64,")[2])))


def named(path: str, *names: str, warning: str | None = None) -> Result:
    """Return a result whose label is the last of `names` and whose kinds are those before it."""
    *kinds, label = (name(each, 0.9, wnid=f"n-{each}") for each in names)
    return result_of(path, [prediction("Egyptian cat", 0.4)], label=label, kinds=kinds, warning=warning)


def written(results: Iterable[Result], **options: object) -> str:
    listed = list(results)
    stream = io.BytesIO()
    report.write(lambda: listed, stream, **options)
    return stream.getvalue().decode()


def test_the_page_holds_every_result_in_order_with_its_labels():
    results = [
        result("b.jpg", ("tabby", 0.75), ("tiger cat", 0.125)),
        result("a/ü.jpg", error="the file is empty (0 bytes)"),
        result("c.jpg"),
    ]
    page = Page(written(results))
    rows, classes = page.rows(), page.classes()
    assert [row["path"] for row in rows] == ["b.jpg", "a/ü.jpg", "c.jpg"]
    assert [row["error"] for row in rows] == [None, "the file is empty (0 bytes)", None]
    assert [[classes[place][0], score] for place, score in rows[0]["predictions"]] == [
        ["tabby", 0.75],
        ["tiger cat", 0.125],
    ]
    assert [row["size"] for row in rows] == [[640, 480], None, [640, 480]]


def test_the_page_needs_nothing_but_itself():
    html = written([result(str(SAMPLES / "cat.jpg"), ("tabby", 0.5))])
    page = Page(html)
    assert not {name for name, _ in page.attributes} & {"src", "href", "srcset", "action", "onclick", "onerror"}
    assert not page.tags & Counter(["link", "iframe", "object", "embed", "base"])
    assert "http" not in html.replace("http-equiv", "")
    assert "url(" not in html
    assert "default-src 'none'" in html


def test_foreign_text_stays_text_wherever_it_comes_from():
    plain = written(
        [replace(result("a.jpg", ("tabby", 0.5)), label=name("tabby"), warning="in part"), result("b", error="no")],
        title="t",
    )
    hostile = written(
        [
            replace(result(HOSTILE, (HOSTILE, 0.5), model=HOSTILE), label=name(HOSTILE), warning=HOSTILE),
            result("b", error=HOSTILE, model=HOSTILE),
        ],
        title=HOSTILE,
    )
    page = Page(hostile)
    assert page.tags == Page(plain).tags
    assert page.texts["title"] == page.texts["h1"] == HOSTILE
    assert [row["path"] for row in page.rows()] == [HOSTILE, "b"]
    assert page.rows()[1]["error"] == HOSTILE
    assert page.classes()[0][0] == page.names()[0][0] == page.rows()[0]["warning"] == HOSTILE
    assert json.loads(page.scripts["data-models"]) == [HOSTILE]


def test_what_cannot_be_shown_is_escaped_as_it_is_on_a_terminal():
    page = Page(written([result("bad\udcff\n\u202egpj.exe", ("la\udcffbel", 0.5), model="m\udcff")]))
    assert page.rows()[0]["path"] == "bad\\xff\\n\\u202egpj.exe"
    assert page.classes()[0][0] == "la\\xffbel"


def test_each_image_has_its_own_thumbnail_whichever_thread_makes_it(tmp_path):
    results = []
    for number in range(60):  # large ones between small ones, so that later ones are finished first
        path = tmp_path / f"{number}.png"
        Image.new("RGB", (900, 600) if number % 7 == 0 else (30, 20), (number * 4, 255 - number * 4, 128)).save(path)
        results.append(result(str(path), ("tabby", 0.5)))
    page = Page(written(results, side=30))
    for number in range(60):
        picture = page.picture(number)
        assert picture.size == (30, 20)
        red, green, _ = picture.convert("RGB").getpixel((15, 10))
        assert abs(red - number * 4) < 6
        assert abs(green - 255 + number * 4) < 6


def test_images_that_are_not_there_have_no_thumbnail_and_cost_nothing_else(tmp_path):
    (tmp_path / "torn.jpg").write_bytes((SAMPLES / "cat.jpg").read_bytes()[:200])
    paths = ["gone.jpg", "-", "s3://bucket/a.jpg", "https://example.org/a.jpg", "torn.jpg", str(tmp_path), "nul\0.jpg"]
    cat = os.path.relpath(SAMPLES / "cat.jpg", tmp_path)
    results = [result(path, ("tabby", 0.5)) for path in [*paths, cat]]
    results.append(result(cat, error="was not readable when it was classified"))
    page = Page(written(results, root=str(tmp_path)))
    assert len(page.rows()) == 9
    assert [page.picture(number) is not None for number in range(9)] == [False] * 7 + [True, False]


def test_pictures_can_be_left_out_and_their_size_chosen():
    cat = [result(str(SAMPLES / "cat.jpg"), ("tabby", 0.5))]
    assert Page(written(cat, side=None)).picture(0) is None
    assert max(Page(written(cat, side=64)).picture(0).size) == 64
    assert max(Page(written(cat)).picture(0).size) == 192


def test_the_summary_counts_the_best_labels():
    results = [
        *(result(f"{n}.jpg", ("tabby", 1.0), ("lynx", 0.0)) for n in range(3)),
        result("x", ("lynx", 0.05), ("tabby", 0.04)),
        result("y", ("lynx", 0.0499)),
        result("z", error="no such file"),
        result("t", model="other"),
    ]
    summary = Summary.of(results)
    assert (summary.images, summary.failed, summary.unlabelled) == (7, 1, 1)
    assert [(each.label, each.images) for each in summary.found()] == [("tabby", 3), ("lynx", 2)]
    assert (summary.histogram[0], summary.histogram[1], summary.histogram[-1], sum(summary.histogram)) == (1, 1, 3, 5)
    assert list(summary.models) == ["m", "other"]


def test_the_page_holds_the_label_after_its_kinds_and_the_warning():
    results = [
        named("a.jpg", "animal", "dog", "beagle", warning="the file ends early"),
        named("b.jpg", "animal"),
        result("c.jpg", ("tabby", 0.5)),
    ]
    html = written(results)
    page = Page(html)
    texts = [each[0] for each in page.names()]
    assert [[texts[place] for place, _ in row.get("names", [])] for row in page.rows()] == [
        ["animal", "dog", "beagle"],
        ["animal"],
        [],
    ]
    assert [score for _, score in page.rows()[0]["names"]] == [0.9] * 3
    assert [row.get("warning") for row in page.rows()] == ["the file ends early", None, None]
    for words in ("<b>2</b> named", "<b>1</b> unnamed", "<b>1</b> read in part"):
        assert words in html


def test_the_summary_counts_each_image_in_all_of_its_names():
    results = [named("a", "animal", "dog", "beagle"), named("b", "animal", "dog"), named("c", "animal", "cat")]
    summary = Summary.of([*results, result("d", ("tabby", 0.5)), result("e"), result("f", error="no such file")])
    assert [(each.label, each.above, each.images) for each in summary.kinds.counted()] == [
        ("animal", None, 3),
        ("dog", 0, 2),
        ("beagle", 1, 1),
        ("cat", 0, 1),
    ]
    assert (summary.kinds.labelled, summary.unnamed, summary.failed) == (3, 2, 1)


def test_a_word_is_listed_once_below_what_is_above_it_in_all_of_its_images():
    results = [named("a", "animal", "mammal", "pet", "cat"), named("b", "animal", "pet", "fish", "goldfish")]
    counted = Summary.of([*results, named("c", "mammal", "animal", "pet")]).kinds.counted()
    listed = {each.label: (counted[each.above].label if each.above is not None else None) for each in counted}
    assert listed == {"animal": None, "mammal": None, "pet": "animal", "cat": "pet", "fish": "pet", "goldfish": "fish"}
    assert [each.images for each in counted if each.label == "pet"] == [3]


def test_names_of_one_text_are_told_apart_by_their_wnids():
    cranes = [result_of(wnid, label=name("crane", wnid=wnid)) for wnid in ("n02012849", "n03126707")]
    assert [each.images for each in Summary.of(cranes).kinds.counted()] == [1, 1]


def test_results_of_earlier_versions_make_a_page_without_kinds():
    html = written([result("a.jpg", ("tabby", 0.5)), result("b.jpg")])
    page = Page(html)
    assert page.names() == []
    assert "Kinds" not in page.texts["h2"]
    assert "</b> unnamed" not in html
    assert "<b>1</b> without a label" in html


def test_an_image_takes_about_two_hundred_bytes_without_its_picture():
    def size(images: int) -> int:
        classes = [
            ("Egyptian cat", 0.376764),
            ("tiger cat", 0.361987),
            ("tabby", 0.181234),
            ("lynx", 0.01234),
            ("x", 0.001),
        ]
        kinds = [name(each, 0.987654) for each in ("animal", "mammal", "pet")]
        made = (
            result_of(
                f"photos/IMG_{n:05}.jpg", result("", *classes).predictions, label=name("cat", 0.920798), kinds=kinds
            )
            for n in range(images)
        )
        return len(written(made, side=None))

    assert (size(1100) - size(100)) / 1000 < 250


def test_classes_of_the_same_name_are_told_apart():
    cranes = [prediction("crane", index=index, wnid=wnid) for index, wnid in ((134, "n02012849"), (517, "n03126707"))]
    summary = Summary.of(result_of(f"{each.index}", [each]) for each in cranes)
    assert [(each.label, each.detail) for each in summary.found()] == [("crane", "n02012849"), ("crane", "n03126707")]


def test_results_that_come_while_the_page_is_made_are_left_out():
    results = [result("a", ("tabby", 0.5))]

    def growing() -> Iterator[Result]:
        yield from list(results)
        results.append(result("later", ("unheard of", 0.5)))

    stream = io.BytesIO()
    report.write(growing, stream)
    assert [row["path"] for row in Page(stream.getvalue().decode()).rows()] == ["a"]


def test_no_results_make_a_page_too():
    page = Page(written([]))
    assert page.rows() == []
    assert "None." in page.texts["p"]


def test_progress_is_told_image_by_image():
    told: list[tuple[int, int]] = []
    written((result(f"{n}") for n in range(5)), progress=lambda done, total: told.append((done, total)))
    assert told == [(n, 5) for n in range(1, 6)]


def test_thumbnails_are_made_a_bounded_number_ahead():
    taken = 0

    def paths() -> Iterator[None]:
        nonlocal taken
        for _ in range(1000):
            taken += 1
            yield None

    for given, _ in enumerate(thumbnails(paths(), 100), 1):
        assert taken - given <= 8 * usable_cores() + 1


class Discarding(io.RawIOBase):
    """A stream that keeps nothing."""

    def write(self, data: object, /) -> int:
        return len(data)


def test_memory_does_not_grow_with_the_number_of_images():
    def peak(images: int) -> int:
        def results() -> Iterator[Result]:
            return (result(f"folder/{number}.jpg", ("tabby", 0.5), ("lynx", 0.2)) for number in range(images))

        tracemalloc.start()
        report.write(results, Discarding())
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    peak(10)  # loads what is loaded once
    # A Result is 700 bytes: 1,800 more of them would be 1.3 MB. Garbage that waits for its collector is less.
    assert peak(2000) < peak(200) + 400_000


def jsonl(results: Iterable[Result], file: Path) -> str:
    from mobilenet_cli.writers import FORMATS, Layout

    with file.open("wb") as stream:
        writer = FORMATS[file.suffix[1:]].make(stream, Layout(top_k=5))
        for each in results:
            writer.write(each)
        writer.close()
    return str(file)


@pytest.fixture
def results_file(tmp_path: Path) -> str:
    return jsonl(
        [result("cat.jpg", ("tabby", 0.75)), result("gone.jpg", error="no such file")], tmp_path / "results.jsonl"
    )


def test_the_command_makes_the_same_page_of_jsonl_json_and_a_pipe(results_file, tmp_path):
    json_file = jsonl(
        [result("cat.jpg", ("tabby", 0.75)), result("gone.jpg", error="no such file")], tmp_path / "r.json"
    )
    root = ["--root", str(SAMPLES)]
    done = run_command("report", results_file, "-o", "a.html", *root, cwd=tmp_path)
    size = (tmp_path / "a.html").stat().st_size
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"mnclassify: 2 images in a.html ({size / 1e6:.1f} MB, {size / 2000:.1f} kB per image)\n"
    run_command("report", json_file, "-o", "b.html", *root, cwd=tmp_path)
    piped = run_command("report", "-", *root, input=Path(results_file).read_text(), cwd=tmp_path)
    assert piped.stdout == (tmp_path / "a.html").read_text() == (tmp_path / "b.html").read_text()
    assert Page(piped.stdout).picture(0) is not None
    assert {each.name for each in tmp_path.iterdir()} == {"results.jsonl", "r.json", "a.html", "b.html"}


def test_pictures_that_are_not_found_are_told(results_file, tmp_path):
    done = run_command("report", results_file, "-o", "a.html", cwd=tmp_path)
    assert done.returncode == 0
    assert "no picture of 1 image: --root names the folder" in done.stderr


def test_the_command_joins_files_and_takes_options(results_file, tmp_path):
    done = run_command(
        "report", results_file, results_file, "--title", "Our <cats>", "--no-thumbnails", "-q", cwd=SAMPLES
    )
    page = Page(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert (len(page.rows()), page.picture(0), page.texts["title"]) == (4, None, "Our <cats>")
    assert (
        max(Page(run_command("report", results_file, "--thumbnail-size", "50", cwd=SAMPLES).stdout).picture(0).size)
        == 50
    )


def test_a_page_that_is_there_is_replaced_only_with_overwrite(results_file, tmp_path):
    page = tmp_path / "page.html"
    page.write_text("old")
    done = run_command("report", results_file, "-o", str(page))
    assert (done.returncode, done.stderr) == (4, f"mnclassify: {page} exists; give --overwrite to replace it\n")
    assert page.read_text() == "old"
    part = page.rename(tmp_path / "page.html.part")
    done = run_command("report", results_file, "-o", str(page))
    assert (done.returncode, "--resume" in done.stderr, "--overwrite" in done.stderr) == (4, False, True)
    assert part.read_text() == "old"
    assert run_command("report", results_file, "-o", str(page), "--overwrite").returncode == 0
    assert page.read_text().startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("path,status,label_1,score_1,error,model\ncat.jpg,ok,tabby,0.5,,m\n", "columns are 'path,status,label_1,"),
        (LINE.replace('"predictions": []', '"vector": [1.0]'), "line 1 is not one"),
        (LINE[:40], "line 1 is not one"),
        ("\n[\n" + LINE.replace('"a"', "5"), "line 3 is not one"),
        (
            LINE.replace("[]", '[{"rank": 1, "index": 1, "wnid": "", "label": "x", "score": NaN}]'),
            "another kind of value",
        ),
        (LINE.replace('"ok"', '"fine"'), "another kind of value"),
        ("\x00\xff\x00", "which are not those of mnclassify's results"),
    ],
)
def test_files_that_are_no_results_are_refused_with_what_to_do(tmp_path, content, words):
    (tmp_path / "labels.csv").write_text(content)
    done = run_command("report", "labels.csv", "-o", "page.html", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("mnclassify: labels.csv: its ")
    assert words in done.stderr
    assert "-o results.jsonl" in done.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["labels.csv"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([], 2, "Missing argument"),
        (["none.jsonl", "-o", "page.html"], 2, "does not exist"),
        (["{}", "-o", "no/folder/page.html"], 4, "folder does not exist"),
        (["{}", "-o", "/dev/full"], 4, "No space left"),
        (["{}", "-o", "results.jsonl", "--overwrite"], 2, "has the results"),
        (["{}", "-o", "out.csv"], 2, "out.csv: the page is HTML, so its name ends in .html (or .htm)"),
        (["{}", "-o", "page.html.gz"], 2, "ends in .html"),
        (["{}", "-o", "s3://bucket/page.html"], 4, "to a file of this machine"),
        (["{}", "-o", "page.html", "--thumbnail-size", "0"], 2, "thumbnail-size"),
    ],
)
def test_exit_codes_and_their_words(results_file, tmp_path, arguments, code, words):
    done = run_command("report", *(each.format(results_file) for each in arguments), cwd=tmp_path)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False)
    assert words in done.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["results.jsonl"]


def test_help_imports_nothing_heavy():
    done, modules = watched("report", "--help")
    assert not {"numpy", "PIL", "jinja2", "rich.progress", "rich.table", "tensorflow"} & modules
    assert "--thumbnail-size" in done.stdout
