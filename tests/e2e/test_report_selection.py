"""The report leads back to the photographs: links to the originals, and paths that are selected, copied and saved."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image
from results import failed_result, name, prediction, result_of

from mobilenet_cli.html import report
from mobilenet_cli.inputs.lists import read_list
from mobilenet_cli.records import Result

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow

ODD = ["javascript:alert(1).png", "a b%20#?.png", 'q"<b>.png', "é.png", os.fsdecode(b"\xff.png"), "plain.png"]
WITH_NEWLINE = "two\nlines.png"


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page in a folder beside that of its photographs, whose names are odd; the last image failed."""
    root = tmp_path_factory.mktemp("odd")
    (root / "photos").mkdir()
    (root / "out").mkdir()
    for number, file in enumerate([*ODD, WITH_NEWLINE]):
        Image.new("RGB", (400, 300), (30 * number, 90, 120)).save(root / "photos" / file, "PNG")
    results = [result_of(f"photos/{file}", [prediction("tabby", 0.9)]) for file in [*ODD, WITH_NEWLINE]]
    results.append(failed_result("photos/broken.png"))
    return written(root / "out" / "page.html", results, root)


def written(file: Path, results: list[Result], root: Path, **options: object) -> Path:
    with file.open("wb") as stream:
        report.write(lambda: results, stream, file=str(file), root=str(root), **options)
    return file


def select(page: Page, *places: int) -> None:
    for place in places:
        page.locator(".card").nth(place).focus()
        page.keyboard.press("Space")


def saved(page: Page, file: Path) -> str:
    """Save the list with the key, and return the name that the page gives it."""
    with page.expect_download() as download:
        page.keyboard.press("s")
    download.value.save_as(file)
    return download.value.suggested_filename


def test_each_picture_opens_its_original_whatever_its_name(reader, odd):
    page = reader.open(odd, originals=odd.parent.parent)
    links = page.locator(".cards .original")
    names = [*ODD, WITH_NEWLINE]
    assert links.count() == len(names)
    for place, file in enumerate(names):
        target = links.nth(place).evaluate("each => each.href")
        assert target == (odd.parent.parent / "photos").as_uri() + "/" + _escaped(file)
        assert not links.nth(place).get_attribute("href").startswith("javascript")
    with page.context.expect_page() as opened:
        page.locator(".card").last.focus()
        page.keyboard.press("o")
    assert opened.value.url.endswith("two%0Alines.png")


def _escaped(file: str) -> str:
    return Path("/", file).as_uri().removeprefix("file:///").replace("%28", "(").replace("%29", ")").replace(":", "%3A")


def test_the_details_show_the_picture_from_its_file(reader, odd):
    page = reader.open(odd, originals=odd.parent.parent)
    page.locator(".card").first.click()
    page.wait_for_function("() => document.querySelector('#details-picture img')?.naturalWidth === 400")
    assert page.locator("#details-picture").get_attribute("href") == page.locator("#details-open").get_attribute("href")


def test_selected_paths_are_saved_as_a_list_that_from_reads(reader, odd, tmp_path):
    page = reader.open(odd, originals=odd.parent.parent)
    select(page, *range(len(ODD)))
    file = tmp_path / "list"
    assert saved(page, file) == "selected-paths.txt"
    assert list(read_list(str(file))) == [f"photos/{each}" for each in ODD]
    assert page.locator("#selection-note").inner_text().endswith("mnclassify --from selected-paths.txt")
    page.keyboard.press("a")
    assert saved(page, file) == "selected-paths.nul"
    everything = [f"photos/{each}" for each in [*ODD, WITH_NEWLINE, "broken.png"]]
    assert list(read_list(str(file), null=True)) == everything
    assert page.locator("#selection-note").inner_text().endswith("--from selected-paths.nul -0")


def test_ranges_are_selected_by_click_and_by_key(reader, odd):
    page = reader.open(odd, originals=odd.parent.parent)
    cards = page.locator(".card")
    cards.nth(1).click(modifiers=["ControlOrMeta"])
    cards.nth(3).click(modifiers=["Shift"])
    count = page.locator("#selection-count")
    assert count.inner_text() == "3 selected"
    page.keyboard.press("Escape")
    assert not count.is_visible()
    page.get_by_label("Select photos/plain.png").check(force=True)
    cards.nth(5).focus()
    page.keyboard.press("Shift+ArrowRight")
    assert count.inner_text() == "2 selected"
    cards.nth(3).focus()
    page.keyboard.press("Shift+Space")
    assert count.inner_text() == "4 selected"
    assert not page.locator("#details").is_visible()
    page.get_by_label("Select photos/broken.png").check()
    assert count.inner_text() == "5 selected"


def test_paths_are_copied(reader, odd):
    page = reader.open(odd, originals=odd.parent.parent)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    select(page, 3, 5)
    page.keyboard.press("c")
    page.get_by_text("Copied 2 paths").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == "photos/é.png\nphotos/plain.png"
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Copy path", exact=True).click()
    page.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == "photos/plain.png"


def test_failures_are_a_list_of_paths_and_reasons(reader, odd):
    page = reader.open(odd, originals=odd.parent.parent)
    assert page.locator("#failures li").all_inner_texts() == ["photos/broken.png\nno such file"]
    assert page.locator(".card").count() == len(ODD) + 1


def test_counts_follow_the_filters_and_cases_sort_together(reader, tmp_path):
    def of(path: str, label: str, kind: str) -> Result:
        return result_of(path, [prediction(label, 0.9, index=len(label))], label=name(label), kinds=[name(kind)])

    results = [of("1.jpg", "beagle", "animal"), of("2.jpg", "Afghan hound", "animal"), of("3.jpg", "cup", "thing")]
    page = reader.open(written(tmp_path / "page.html", results, tmp_path))
    labels = page.locator("#found button")
    assert [each.split("\n")[0] for each in labels.all_inner_texts()] == ["Afghan hound", "beagle", "cup"]
    page.get_by_role("button", name="animal 2", exact=True).click()
    assert labels.all_inner_texts() == ["Afghan hound\n1", "beagle\n1"]
    labels.nth(1).click()
    assert page.locator("#kinds > li > [data-kind]").all_inner_texts() == ["animal\n1"]
    page.get_by_role("button", name="Clear filters").click()
    page.get_by_label("Find a kind or label in these lists").fill("AN")
    assert page.locator("#kinds [data-kind]").all_inner_texts() == ["animal\n2", "Afghan hound\n1"]
    assert labels.all_inner_texts() == ["Afghan hound\n1"]


def test_a_card_shows_classes_that_score_at_least_five_percent(reader, tmp_path):
    scores = [0.6, 0.05, 0.049]
    predictions = [prediction(f"c{rank}", score, rank=rank, index=rank) for rank, score in enumerate(scores, 1)]
    page = reader.open(written(tmp_path / "page.html", [result_of("a", predictions, label=name("c1"))], tmp_path))
    assert page.locator(".card .label").all_inner_texts() == ["c1", "c2"]


def test_the_slider_sets_the_size_and_the_window_is_used(reader, odd):
    page = reader.open(odd, originals=odd.parent.parent)
    page.set_viewport_size({"width": 2560, "height": 1200})
    before = page.locator(".card").first.bounding_box()["width"]
    page.get_by_label("Size").fill("400")
    assert page.locator(".card").first.bounding_box()["width"] >= 400 > before
    right = page.locator("#cards").evaluate("each => each.getBoundingClientRect().right")
    assert right > 2500
    page.wait_for_function("() => location.hash === '#size=400'")


def test_thumbnails_beside_the_page_are_shown(reader, odd, tmp_path):
    Image.new("RGB", (400, 300)).save(tmp_path / "a.png")
    results = [result_of("a.png", [prediction("tabby")]), result_of("gone.png", [prediction("tabby")])]
    page = reader.open(written(tmp_path / "page.html", results, tmp_path, beside=True))
    page.wait_for_function("() => document.querySelector('.card img')?.naturalWidth === 192")
    assert page.locator(".card").last.get_by_text("no preview").is_visible()
    assert (tmp_path / "page.html").stat().st_size < 100_000
