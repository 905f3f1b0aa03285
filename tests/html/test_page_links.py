"""Where a page's links lead, its title, and its thumbnails beside it."""

from __future__ import annotations

import io
import json
import os
import re
from datetime import date
from pathlib import Path

import pytest
from conftest import SAMPLES, run_command
from results import prediction, result_of

from mobilenet_cli.html import report
from mobilenet_cli.html.links import Links, exact_path, is_link_base
from mobilenet_cli.html.title import common_folder, title_of
from mobilenet_cli.records import Result


def test_links_are_relative_to_the_page_and_escape_every_odd_byte(tmp_path):
    (tmp_path / "photos").mkdir()
    for file in ("a b.jpg", "javascript:x", "%2F#?.jpg", os.fsdecode(b"\xff.jpg")):
        (tmp_path / "photos" / file).touch()
    links = Links(str(tmp_path / "out"), str(tmp_path), None, "photos/")
    for file, target in {
        "photos/a b.jpg": "../photos/a%20b.jpg",
        "photos/javascript:x": "../photos/javascript%3Ax",
        "photos/%2F#?.jpg": "../photos/%252F%23%3F.jpg",
        os.fsdecode(b"photos/\xff.jpg"): "../photos/%FF.jpg",
        str(tmp_path / "photos/a b.jpg"): "../photos/a%20b.jpg",
    }.items():
        assert links.link(file) == target
    assert links.by_rule("photos/a b.jpg") == "../photos/a%20b.jpg"


@pytest.mark.parametrize("path", ["-", "gone.jpg", "a.zip/b.jpg", "s3://bucket/a.jpg", "javascript:alert(1)", "nul\0"])
def test_what_is_no_file_here_has_no_link(tmp_path, path):
    assert Links(str(tmp_path), str(tmp_path), None, "").link(path) is None


def test_images_on_the_web_lead_to_their_url():
    assert Links("", "", None, "").link("https://example.org/a b.jpg?x=1") == "https://example.org/a%20b.jpg?x=1"


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("photos/ü.jpg", "https://nas/x/photos/%C3%BC.jpg"),
        ("./photos/a.jpg", "https://nas/x/photos/a.jpg"),
        ("/root/photos/a.jpg", "https://nas/x/photos/a.jpg"),
        ("/mnt/a.jpg", "https://nas/x/mnt/a.jpg"),
        ("../a.jpg", None),
        ("b.tar.gz/a.jpg", None),
        ("b.parquet#3", None),
        ("-", None),
    ],
)
def test_a_link_base_stands_for_the_root(path, target):
    assert Links("", "/root", "https://nas/x", "").link(path) == target


@pytest.mark.parametrize(
    ("url", "fits"),
    [
        ("https://nas/photos/", True),
        ("http://nas:8080/view?file=", True),
        ("file:///mnt/photos", True),
        ("javascript:alert(1)//", False),
        ("data:text/html,x", False),
        ("https://", False),
        ("photos/", False),
        ("https://nas/; script-src *", False),
        ('https://nas/"><script>', False),
    ],
)
def test_a_link_base_leads_to_a_server_or_a_folder(url, fits):
    assert is_link_base(url) is fits


def test_bytes_that_json_has_lost_are_found_again(tmp_path):
    (tmp_path / os.fsdecode(b"\xe9.jpg")).touch()
    (tmp_path / r"\xff.jpg").touch()
    assert exact_path(r"\xe9.jpg", str(tmp_path)) == os.fsdecode(b"\xe9.jpg")
    assert exact_path(r"\xff.jpg", str(tmp_path)) == r"\xff.jpg"
    assert exact_path(r"\xaa.jpg", str(tmp_path)) == r"\xaa.jpg"


@pytest.mark.parametrize(
    ("paths", "title"),
    [
        (["photos/a/1.jpg", "photos/b/2.jpg"], "photos, 5 March 2026"),
        (["a.jpg", "b/c.jpg"], "holiday, 5 March 2026"),
        (["/mnt/summer/a.jpg"], "summer, 5 March 2026"),
        (["s3://bucket/trip/a.jpg"], "trip, 5 March 2026"),
        (["https://example.org/a.jpg"], "example.org, 5 March 2026"),
        ([], "Image labels, 5 March 2026"),
    ],
)
def test_the_title_is_the_folder_and_the_date(paths, title):
    folder = None
    for path in paths:
        folder = common_folder(folder, path)
    assert title_of(folder, "/home/holiday", date(2026, 3, 5)) == title


def cat(*, page: Path, beside: bool = True) -> str:
    results = [result_of("cat.jpg", [prediction("tabby")]), result_of("gone.jpg", [prediction("tabby")])]
    with io.BytesIO() as stream:
        report.write(lambda: results, stream, file=str(page), root=str(SAMPLES), beside=beside)
        page.write_bytes(stream.getvalue())
    return page.read_text()


def data_page(html: str) -> dict[str, object]:
    match = re.search(r'id="data-page">(.*?)</script>', html)
    assert match
    return json.loads(match[1])


def test_thumbnails_beside_are_those_of_this_page_and_older_ones_go(tmp_path):
    page = tmp_path / "page.html"
    folders = [data_page(cat(page=page))["thumbnails"] for _ in range(3)]
    (tmp_path / "page_thumbnails" / "mine.txt").write_text("stays")
    cat(page=page)
    html = page.read_text()
    assert [each.name for each in (tmp_path / data_page(html)["thumbnails"] / "0").iterdir()] == ["0.webp"]
    assert "data:image/webp" not in html
    assert (tmp_path / "page_thumbnails" / "mine.txt").exists()
    # The page that is replaced keeps its pictures until the next run, however this one ends.
    assert [(tmp_path / each).exists() for each in folders] == [False, False, True]


def test_the_policy_names_the_server_of_the_links_alone():
    def policy(**options: object) -> str:
        stream = io.BytesIO()
        results: list[Result] = [result_of("a.jpg")]
        report.write(lambda: results, stream, **options)
        match = re.search(r'content="(default-src[^"]*)"', stream.getvalue().decode())
        assert match
        return match[1]

    assert "img-src data: &#39;self&#39; file:;" in policy().replace("'", "&#39;")
    assert "file: https://nas:8443;" in policy(link_base="https://me:word@nas:8443/photos/")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["report", "r.jsonl", "--thumbnails", "beside"], "give -o FILE"),
        (["report", "r.jsonl", "-o", "p.html", "--link-base", "javascript:x"], "--link-base takes"),
        (["a.jpg", "-o", "labels.csv", "--link-base", "https://nas/"], "need -f html, not csv"),
    ],
)
def test_wrong_use_is_refused(tmp_path, arguments, words):
    (tmp_path / "r.jsonl").write_text("")
    done = run_command(*arguments, cwd=tmp_path)
    assert (done.returncode, words in done.stderr) == (2, True), done.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["r.jsonl"]


def test_the_command_makes_a_page_with_thumbnails_beside_it(mnclassify, tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos/cat.jpg").write_bytes((SAMPLES / "cat.jpg").read_bytes())
    done = mnclassify("photos", "-o", "page.html", "--thumbnails", "beside", "-m", "efficientnet_lite0", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    html = (tmp_path / "page.html").read_text()
    assert "<title>photos, " in html
    assert data_page(html)["start"] == "photos/"
    assert len(list((tmp_path / "page_thumbnails").rglob("*.webp"))) == 1
