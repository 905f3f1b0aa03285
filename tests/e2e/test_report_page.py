"""The report in a browser: what a reader can do with it, that it keeps to itself, and that everybody can use it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conftest import run_command
from PIL import Image
from results import failed_result, name, prediction, result_of

from mobilenet_cli.html import report
from mobilenet_cli.records import Result
from mobilenet_cli.writers.json_reading import read_results

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow

SCRIPT = "<script>"
PER_PAGE = 60
OPENS_WITHIN = 2.0
SEARCHES_WITHIN = 1.0
CLASSES = [
    ("n02123045", "tabby"), ("n02123159", "tiger cat"), ("n02129604", "tiger"), ("n02124075", "Egyptian cat"),
    ("n07920052", "espresso"), ("n04266014", "space shuttle"),
]  # fmt: skip


def line(path: str, *predictions: tuple[int, float], error: str | None = None) -> dict[str, object]:
    """Return a record as JSONL has it: predictions are numbers in CLASSES and scores."""
    return {
        "path": path,
        "status": "error" if error else "ok",
        "predictions": [
            {"rank": rank, "index": place, "wnid": CLASSES[place][0], "label": CLASSES[place][1], "score": score}
            for rank, (place, score) in enumerate(predictions, 1)
        ],
        "error": error,
        "width": None if error else 40,
        "height": None if error else 30,
        "model": "model_m",
    }


RECORDS = [
    line("photos/b10.png", (0, 0.70), (1, 0.20)),
    line("photos/b9.png", (1, 0.55), (0, 0.30), (3, 0.10)),
    line("photos/" + SCRIPT, (2, 0.90), (1, 0.05)),
    line("photos/tiger cat.txt", error="not an image in a format that can be read"),
    line("photos/C.png", (4, 0.99), (5, 0.01)),
    line("photos/gone.png", (5, 0.40)),
    line("photos/faint.png"),
    line("photos/none.png", error="no such file"),
]


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of RECORDS, made by the installed command."""
    folder = tmp_path_factory.mktemp("few")
    (folder / "photos").mkdir()
    for number, file in enumerate(["b10.png", "b9.png", SCRIPT, "C.png", "faint.png"]):
        Image.new("RGB", (40, 30), (40 * number, 90, 120)).save(folder / "photos" / file, "PNG")
    (folder / "results.jsonl").write_text("".join(json.dumps(each) + "\n" for each in RECORDS))
    done = run_command("report", "results.jsonl", "-o", "report.html", "--title", f"Cats {SCRIPT}", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "report.html"


def made(file: Path, records: Callable[[], Iterator[Result]]) -> Path:
    with file.open("wb") as stream:
        report.write(records, stream)
    return file


def numbered(images: int) -> Iterator[Result]:
    for number in range(images):
        place = number % len(CLASSES)
        wnid, label = CLASSES[place]
        best = prediction(label, number / images, index=place, wnid=wnid)
        names = [name(each) for each in ("animal", "mammal", "pet", label)] if place < 2 else []
        yield result_of(
            f"{number:05}.png",
            [best],
            label=names[-1] if names else None,
            kinds=names[:-1],
            width=40,
            height=30,
        )


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of 150 images: two pages and a half."""
    return made(tmp_path_factory.mktemp("many") / "report.html", partial(numbered, 150))


def named_results() -> list[Result]:
    """Results with sure labels: three dogs, a cat that is no more than an animal, one unnamed and one failed."""
    wnids = {"animal": "n00015388", "dog": "n02084071", "beagle": "n02088364"}

    def named(path: str, *names: str, score: float = 0.4, warning: str | None = None) -> Result:
        best = [
            prediction("Egyptian cat", score, index=285, wnid="n02124075"),
            prediction("lynx", 0.1, rank=2, index=287),
        ]
        *kinds, label = (name(each, 0.9, wnid=wnids.get(each, "")) for each in names)
        return result_of(path, best, label=label, kinds=kinds, warning=warning, width=40, height=30)

    return [
        named("beagle.jpg", "animal", "dog", "beagle", warning="the file ends early: the lower half is missing"),
        named("dog.jpg", "animal", "dog"),
        named("cat.jpg", "animal", score=0.3),
        named("pug.jpg", "animal", "dog", "pug"),
        named("cup.jpg", "cup"),
        result_of("fog.jpg", [prediction("alp", 0.3, index=970)]),
        failed_result("gone.jpg"),
    ]


@pytest.fixture(scope="module")
def with_names(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of `named_results`."""
    return made(tmp_path_factory.mktemp("named") / "report.html", lambda: iter(named_results()))


def kinds_listed(page: Page) -> list[str]:
    """The kinds that are visible, with their counts, in the order of the list."""
    return [each.replace("\n", " ") for each in page.locator("[data-kind]:visible").all_inner_texts()]


def shown(page: Page) -> list[str]:
    """The paths of the cards, and after them those of the list of failures."""
    paths = [*page.locator(".card .path").all_inner_texts(), *page.locator("#failures .path").all_inner_texts()]
    return [path.removeprefix("photos/") for path in paths]


def in_page_order(records: list[dict[str, object]]) -> list[str]:
    """The file names of records as a page has them: those that failed come last."""
    ordered = sorted(records, key=lambda each: each["status"] == "error")
    return [str(each["path"]).removeprefix("photos/") for each in ordered]


def matching(page: Page, text: str) -> str:
    """Wait until the page counts its images as `text`, which it says aloud too."""
    page.get_by_role("status").get_by_text(text, exact=True).wait_for(timeout=5000)
    return text


def focused(page: Page) -> str:
    return page.evaluate("document.activeElement.querySelector?.('.path')?.textContent ?? document.activeElement.id")


def test_everything_is_shown_in_the_order_of_the_results(reader, few):
    page = reader.open(few)
    assert shown(page) == in_page_order(RECORDS)
    first = page.locator(".card").first
    assert first.locator(".prediction").all_inner_texts() == ["tabby\n70.0%", "tiger cat\n20.0%"]
    assert page.get_by_text("no such file").is_visible()
    head = page.locator("header").inner_text()
    for words in (f"Cats {SCRIPT}", "8 images", "2 failed", "1 without a label", "5 classes found", "model_m"):
        assert words in head
    assert page.title() == f"Cats {SCRIPT}"


def test_thumbnails_are_shown_where_there_are_some(reader, few):
    page = reader.open(few)
    pictures = page.locator(".card").evaluate_all(
        """async cards => Promise.all(cards.map(async card => {
          const image = card.querySelector("img");
          await image?.decode();
          return image ? image.naturalWidth : card.querySelector(".picture").innerText;
        }))"""
    )
    assert pictures == [40, 40, 40, 40, "no preview", 40]


def test_a_path_that_is_a_tag_is_text(reader, few):
    page = reader.open(few)
    assert page.locator(".card .path").nth(2).inner_text() == SCRIPT
    page.locator(".card").nth(2).click()
    assert page.locator("#details-path").inner_text() == f"photos/{SCRIPT}"


def search(page: Page, query: str) -> None:
    """Type a query and wait until what is shown is its answer."""
    page.fill("#q", query)
    page.wait_for_function("query => new URLSearchParams(location.hash.slice(1)).get('q') === query", arg=query)


def search_for_nothing(page: Page) -> None:
    page.fill("#q", "")
    page.wait_for_function("() => !location.hash.includes('q=')")


def test_search_finds_labels_wnids_and_paths(reader, few):
    page = reader.open(few)
    for query, found in {
        "tiger cat": ["b10.png", "b9.png", SCRIPT, "tiger cat.txt"],
        "  TIGER CAT ": ["b10.png", "b9.png", SCRIPT, "tiger cat.txt"],
        "n02123159": ["b10.png", "b9.png", SCRIPT],
        "espresso": ["C.png"],
        "<script": [SCRIPT],
        "b9": ["b9.png"],
        "photos/": in_page_order(RECORDS),
        "cat tabby": [],  # no name holds it: a label ends where the next begins
    }.items():
        search(page, query)
        assert (query, shown(page)) == (query, found)
        matching(page, f"{len(found)} of 8 images" if len(found) < 8 else "8 images")
    assert page.get_by_text("No image matches.").is_visible()


def test_search_can_be_kept_to_best_labels_or_paths_and_marks_what_it_found(reader, few):
    page = reader.open(few)
    search(page, "tiger cat")
    assert page.locator(".card mark").all_inner_texts() == ["tiger cat"] * 3
    page.select_option("#within", "best")
    assert shown(page) == ["b9.png"]
    page.select_option("#within", "path")
    assert shown(page) == ["tiger cat.txt"]


def test_filters_and_all_of_them_together(reader, few):
    page = reader.open(few)
    page.get_by_label("Failed 2").check(force=True)
    assert shown(page) == ["tiger cat.txt", "none.png"]
    page.get_by_label("OK 6").check(force=True)
    assert len(shown(page)) == 6
    page.get_by_label("At least").fill("55")
    assert shown(page) == ["b10.png", "b9.png", SCRIPT, "C.png"]
    page.get_by_label("At most").fill("90")
    assert shown(page) == ["b10.png", "b9.png", SCRIPT]
    page.get_by_role("button", name="tiger 1").click()
    assert shown(page) == [SCRIPT]
    page.fill("#q", "b9")
    matching(page, "0 of 8 images")
    page.get_by_role("button", name="Clear filters").click()
    matching(page, "8 images")
    assert page.input_value("#q") == ""


def test_a_card_shows_the_sure_label_its_kinds_and_then_the_predictions(reader, with_names):
    page = reader.open(with_names)
    lines = page.locator(".card").first.locator(".lines").inner_text().split("\n")
    assert lines == [
        *("beagle", "90.0%", "animal › dog", "Egyptian cat", "40.0%", "lynx", "10.0%"),
        "⚠ the file ends early: the lower half is missing",
    ]
    label = page.locator(".card").first.locator(".sure .label")
    assert int(label.evaluate("each => getComputedStyle(each).fontWeight")) >= 600
    assert page.locator(".card").nth(5).locator(".lines").inner_text().split("\n") == ["unnamed", "alp", "30.0%"]
    head = page.locator("header").inner_text()
    for words in ("7 images", "5 named", "1 unnamed", "1 failed", "1 read in part"):
        assert words in head
    page.locator(".card").first.click()
    details = page.locator("#details").inner_text()
    for words in ("beagle", "Score 90.0% · animal 90.0% › dog 90.0%", "the lower half is missing"):
        assert words in details
    assert "n02124075" not in details
    page.get_by_text("Details", exact=True).click()
    row = page.locator("#details-classes tr", has_text="Egyptian cat")
    assert row.locator("td").all_inner_texts() == ["Egyptian cat", "n02124075", "285"]


def test_kinds_are_filters_on_several_levels_with_counts(reader, with_names):
    page = reader.open(with_names)
    assert kinds_listed(page) == ["animal 4", "cup 1", "Unnamed 1"]
    page.get_by_role("button", name="animal 4", exact=True).click()
    assert shown(page) == ["beagle.jpg", "dog.jpg", "cat.jpg", "pug.jpg"]
    assert kinds_listed(page) == ["animal 4", "dog 3", "cup 1", "Unnamed 1"]
    page.get_by_role("button", name="dog 3", exact=True).click()
    assert shown(page) == ["beagle.jpg", "dog.jpg", "pug.jpg"]
    page.get_by_role("button", name="pug 1", exact=True).click()
    assert shown(page) == ["pug.jpg"]
    assert page.get_by_role("button", name="pug 1", exact=True).get_attribute("aria-pressed") == "true"
    page.get_by_role("button", name="Kinds of animal", exact=True).click()
    assert kinds_listed(page) == ["animal 4", "cup 1", "Unnamed 1"]
    assert shown(page) == ["pug.jpg"]
    page.get_by_role("button", name="Unnamed 1").click()
    assert shown(page) == ["fog.jpg"]
    page.get_by_role("button", name="Unnamed 1").click()
    matching(page, "7 images")


def test_kinds_go_with_the_other_filters_and_the_address_keeps_them(reader, with_names):
    page = reader.open(with_names)
    page.get_by_role("button", name="Kinds of animal", exact=True).click()
    page.get_by_role("button", name="dog 3", exact=True).click()
    page.get_by_label("In part 1").check(force=True)
    assert shown(page) == ["beagle.jpg"]
    page.get_by_label("All").check(force=True)
    page.wait_for_url("**#kind=*")
    page.reload()
    assert shown(page) == ["beagle.jpg", "dog.jpg", "pug.jpg"]
    assert page.get_by_role("button", name="dog 3", exact=True).get_attribute("aria-pressed") == "true"
    assert kinds_listed(page) == ["animal 4", "dog 3", "cup 1", "Unnamed 1"]
    page.get_by_role("button", name="Clear filters").click()
    matching(page, "7 images")


def test_search_finds_the_label_and_its_kinds_and_marks_them(reader, with_names):
    page = reader.open(with_names)
    for query, within, found in [
        ("dog", "all", ["beagle.jpg", "dog.jpg", "pug.jpg"]),
        ("n02084071", "all", ["beagle.jpg", "dog.jpg", "pug.jpg"]),
        ("Animal", "best", ["beagle.jpg", "dog.jpg", "cat.jpg", "pug.jpg"]),
        ("dog", "path", ["dog.jpg"]),
        ("lynx", "best", []),
    ]:
        page.select_option("#within", within)
        search(page, query)
        assert (query, shown(page)) == (query, found)
    page.select_option("#within", "all")
    search(page, "dog")
    assert page.locator(".card mark").all_inner_texts() == ["dog"] * 3


def test_images_are_sorted_by_their_sure_label(reader, with_names):
    page = reader.open(with_names)
    page.select_option("#sort", "label")
    assert shown(page) == ["fog.jpg", "cat.jpg", "beagle.jpg", "cup.jpg", "dog.jpg", "pug.jpg", "gone.jpg"]


def test_the_tree_of_kinds_is_for_the_keyboard_too(reader, with_names):
    page = reader.open(with_names)
    page.get_by_role("button", name="animal 4", exact=True).focus()
    page.keyboard.press("ArrowRight")
    assert kinds_listed(page)[:2] == ["animal 4", "dog 3"]
    page.get_by_role("button", name="dog 3", exact=True).focus()
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.activeElement.innerText") == "animal\n4"
    page.keyboard.press("ArrowLeft")
    assert kinds_listed(page)[:2] == ["animal 4", "cup 1"]
    page.keyboard.press("Enter")
    assert len(shown(page)) == 4


def test_a_level_with_many_kinds_shows_the_most_frequent_until_asked(reader, tmp_path):
    # Like the names of a trained model: no kinds, and many labels.
    results = [result_of(f"{n}.jpg", label=name(f"label {n % 30:02}")) for n in range(31)]
    page = reader.open(made(tmp_path / "report.html", lambda: iter(results)), "#kind=20")
    assert kinds_listed(page) == ["label 00 2", *(f"label {n:02} 1" for n in (*range(1, 12), 20)), "Unnamed 0"]
    assert shown(page) == ["20.jpg"]
    page.get_by_role("button", name="Show all 30").click()
    assert len(kinds_listed(page)) == 31
    assert page.get_by_role("button", name="Show all 30").count() == 0


def test_results_of_earlier_versions_have_no_kinds(reader, few):
    page = reader.open(few)
    assert kinds_listed(page) == []
    assert page.get_by_text("Unnamed").count() == 0
    best = page.locator(".card").first.locator(".prediction").first
    assert int(best.locator(".label").evaluate("each => getComputedStyle(each).fontWeight")) >= 600


def test_sorting(reader, few):
    page = reader.open(few)
    for order, paths in {
        "high": ["C.png", SCRIPT, "b10.png", "b9.png", "gone.png", "faint.png", "tiger cat.txt", "none.png"],
        "low": ["gone.png", "b9.png", "b10.png", SCRIPT, "C.png", "faint.png", "tiger cat.txt", "none.png"],
        "label": ["C.png", "gone.png", "b10.png", SCRIPT, "b9.png", "faint.png", "tiger cat.txt", "none.png"],
        "path": [SCRIPT, "b9.png", "b10.png", "C.png", "faint.png", "gone.png", "none.png", "tiger cat.txt"],
        "order": in_page_order(RECORDS),
    }.items():
        page.select_option("#sort", order)
        assert (order, shown(page)) == (order, paths)


def test_pages(reader, many):
    page = reader.open(many)
    matching(page, "150 images, 1 to 60 shown")
    assert page.locator(".card").count() == PER_PAGE
    page.get_by_role("button", name="Next", exact=True).click()
    matching(page, "150 images, 61 to 120 shown")
    page.get_by_label("Page", exact=True).fill("3")
    page.keyboard.press("Enter")
    matching(page, "150 images, 121 to 150 shown")
    assert page.get_by_role("button", name="Next", exact=True).is_disabled()
    page.fill("#q", "0001")
    matching(page, "11 of 150 images")
    assert not page.locator("#pager").is_visible()


def test_a_search_that_was_just_typed_takes_no_focus_from_the_cards(reader, many):
    page = reader.open(many)
    page.keyboard.press("/")
    for keys in ("ArrowDown", "Escape"):
        page.fill("#q", "0000")
        page.focus("#q")
        page.keyboard.press(keys)
        page.keyboard.press("ArrowDown")
        before = focused(page)
        assert before.endswith(".png")
        page.wait_for_timeout(600)  # longer than a search waits for more to be typed
        assert focused(page) == before


def test_the_keyboard_alone_is_enough(reader, many):
    page = reader.open(many)
    press = page.keyboard.press
    press("/")
    assert focused(page) == "q"
    page.keyboard.type("png")  # p and n are no keys here
    matching(page, "150 images, 1 to 60 shown")
    press("Escape")
    assert page.input_value("#q") == ""
    press("ArrowDown")
    assert focused(page) == "00000.png"
    press("j")
    press("ArrowRight")
    assert focused(page) == "00002.png"
    press("k")
    press("ArrowLeft")
    assert focused(page) == "00000.png"
    below = page.locator("#cards").evaluate("each => getComputedStyle(each).gridTemplateColumns.split(' ').length")
    press("ArrowDown")
    assert focused(page) == f"{below:05}.png"
    press("ArrowUp")
    press("n")
    matching(page, "150 images, 61 to 120 shown")
    assert focused(page) == "00060.png"
    press("k")
    assert focused(page) == "00059.png"
    press("ArrowRight")
    press("Enter")
    assert page.locator("#details").is_visible()
    assert page.locator("#details-path").inner_text() == "00060.png"
    for _ in range(60):
        press("ArrowRight")
    assert page.locator("#details-path").inner_text() == "00120.png"
    press("Escape")
    assert not page.locator("#details").is_visible()
    assert focused(page) == "00120.png"
    press("p")
    matching(page, "150 images, 61 to 120 shown")


def test_keys_that_are_letters_can_be_switched_off(reader, many):
    page = reader.open(many)
    page.keyboard.press("?")
    page.get_by_label("Enable single-key shortcuts").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    matching(page, "150 images, 1 to 60 shown")


def test_the_address_keeps_what_is_shown(reader, few):
    page = reader.open(few)
    page.fill("#q", "tiger cat")
    page.select_option("#sort", "path")
    page.get_by_label("At least").fill("60")
    page.wait_for_url("**#q=tiger+cat&min=60&sort=path")
    found = shown(page)
    page.reload()
    assert shown(page) == found == [SCRIPT, "b10.png"]
    assert page.input_value("#q") == "tiger cat"
    page.goto(few.as_uri() + "#status=error")
    matching(page, "2 of 8 images")


@pytest.mark.parametrize(
    "fragment",
    [
        "#sort=toString&status=x&within=__proto__",
        "#page=-7&min=NaN&max=1e9",
        "#class=x&q=&kind=length",
        "#class=-1&kind=0",
    ],
)
def test_a_senseless_address_shows_everything(reader, few, fragment):
    matching(reader.open(few, fragment), "8 images")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 390)])
def test_it_is_accessible_and_legible_in_light_and_dark(reader, few, scheme, width):
    from axe_playwright_python.sync_playwright import Axe

    page = reader.open(few, color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    red, green, blue = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
    assert (red + green + blue > 600) == (scheme == "light")
    page.evaluate("document.getElementById('filters').open = true")
    page.fill("#q", "tiger")
    matching(page, "4 of 8 images")
    page.get_by_role("button", name="tabby 1").click()
    whole = Axe().run(page)
    page.locator(".card").first.click()
    details = Axe().run(page)
    page.keyboard.press("Escape")
    page.evaluate("document.getElementById('help').showModal()")
    for found in (whole, details, Axe().run(page)):
        assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("dark", 390)])
def test_kinds_are_accessible_and_legible_in_light_and_dark(reader, with_names, scheme, width):
    from axe_playwright_python.sync_playwright import Axe

    page = reader.open(with_names, color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    page.evaluate("document.getElementById('filters').open = true")
    page.get_by_role("button", name="Kinds of animal", exact=True).click()
    page.get_by_role("button", name="dog 3", exact=True).click()
    search(page, "dog")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    whole = Axe().run(page)
    page.locator(".card").first.click()
    details = Axe().run(page)
    page.keyboard.press("Escape")
    search_for_nothing(page)
    page.get_by_role("button", name="Unnamed 1").click()
    matching(page, "1 of 7 images")
    for found in (whole, details, Axe().run(page)):
        assert found.violations_count == 0, found.generate_report()


def test_the_report_of_200_photographs_opens_at_once(reader, shared_images, tmp_path):
    # Predictions without a model: each photograph's own class, and for every tenth the tiger cat after it.
    names = [file.stem.partition("_") for file in sorted(shared_images.iterdir())]
    with (tmp_path / "results.jsonl").open("w") as lines:
        for number, (wnid, _, label) in enumerate(names):
            record = line(f"{wnid}_{label}.JPEG", (0, 0.8), *([(1, 0.1)] if number % 10 == 0 else []))
            record["predictions"][0] |= {"index": number, "wnid": wnid, "label": label.replace("_", " ")}
            lines.write(json.dumps(record) + "\n")
    results = (tmp_path / "results.jsonl").read_bytes()
    with (tmp_path / "report.html").open("wb") as stream:
        report.write(lambda: read_results(io.BytesIO(results)), stream, root=str(shared_images))
    assert 3_000 < (tmp_path / "report.html").stat().st_size / len(names) < 8_000
    for _ in range(3):  # other tests may be running beside this one
        page = reader.open(tmp_path / "report.html")
        seconds = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd / 1000")
        assert page.locator(".card img").count() == PER_PAGE
        if seconds < OPENS_WITHIN:
            break
    assert 0 < seconds < OPENS_WITHIN
    search(page, "tiger cat")
    matching(page, "20 of 200 images")
    assert shown(page) == ["_".join((wnid, label)) + ".JPEG" for wnid, _, label in names[::10]]


def test_ten_thousand_images_are_searched_at_once(reader, tmp_path):
    page = reader.open(made(tmp_path / "report.html", partial(numbered, 10_000)))
    matching(page, "10,000 images, 1 to 60 shown")
    milliseconds = page.evaluate(
        """async () => {
          const started = performance.now();
          const answered = new Promise(done => {
            new MutationObserver(done).observe(document.getElementById("matches"), {childList: true});
          });
          const query = document.getElementById("q");
          query.value = "tiger cat";
          query.dispatchEvent(new Event("input"));
          await answered;
          return performance.now() - started;
        }"""
    )
    assert milliseconds < 1000 * SEARCHES_WITHIN
    matching(page, "1,667 of 10,000 images, 1 to 60 shown")
    page.select_option("#sort", "high")
    assert shown(page)[0] == "09997.png"
    search(page, "pet")
    matching(page, "3,334 of 10,000 images, 1 to 60 shown")
    assert page.locator(".card").count() == PER_PAGE
