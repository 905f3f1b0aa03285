"""`mnclassify evaluate` on real images with the embedded model."""

from __future__ import annotations

import json
import re
import resource
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from conftest import SAMPLES, Run
from network_scores import TIE

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.slow

MODEL = "efficientnet_lite0"


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder a class, one with a file that is no image, and a mistake: the cat is no espresso."""
    folder = tmp_path / "photos"
    for name, files in {"n07920052": ("espresso.webp", "cat.jpg"), "missile": ("rocket.jpg",)}.items():
        (folder / name).mkdir(parents=True)
        for file in files:
            shutil.copy(SAMPLES / file, folder / name)
    (folder / "missile" / "broken.jpg").write_text("this is no image\n")
    return folder


@pytest.fixture
def evaluate(mnclassify: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("MNCLASSIFY_MODEL", MODEL)
    return lambda *arguments, **options: mnclassify("evaluate", *map(str, arguments), **options)


def is_clear(result: dict[str, Any]) -> bool:
    """Return whether rounding can change neither the best class nor whether the true one is among the best five."""
    wnids, scores = ([each[key] for each in result["predictions"]] for key in ("wnid", "score"))
    is_on_the_edge = Path(result["path"]).name.split("_")[0] in wnids[4:6]
    return scores[0] - scores[1] > TIE and (not is_on_the_edge or scores[4] - scores[5] > TIE)


def test_top_1_and_top_5_are_those_of_the_jsonl_output(evaluate: Run, mnclassify: Run, shared_images: Path):
    lines = mnclassify(str(shared_images), "-m", MODEL, "-k", "6", "-f", "jsonl").stdout.splitlines()
    results = [each for each in map(json.loads, lines) if is_clear(each)]
    wnids = np.array([[each["wnid"] for each in result["predictions"]][:5] for result in results])
    truth = np.array([Path(result["path"]).name.split("_")[0] for result in results])
    right = wnids == truth[:, None]

    listed = "".join(f"{result['path']}\n" for result in results)
    done = evaluate("--from", "-", "--truth", "filename", "--json", input=listed)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["images"] == len(results) >= 190
    assert found["top_1"]["value"] == pytest.approx(right[:, 0].mean(), abs=1e-6)
    assert found["top_5"]["value"] == pytest.approx(right.any(axis=1).mean(), abs=1e-6)
    assert found["top_1"]["value"] == pytest.approx(0.9, abs=0.01)
    assert found["top_5"]["value"] == pytest.approx(0.985, abs=0.01)
    confused = {(each["truth"]["wnid"], each["predicted"]["wnid"]) for each in found["confusions"]}
    assert confused == {(truth[i], wnids[i, 0]) for i in np.flatnonzero(~right[:, 0])}


def test_tables_json_and_page_of_one_run(evaluate: Run, photos: Path, tmp_path: Path):
    page, document = tmp_path / "evaluation.html", tmp_path / "evaluation.json"
    done = evaluate(photos, "-o", page, "-o", document)
    assert done.returncode == 1, "an image failed"
    assert "1 of 4 images could not be classified" in done.stderr
    assert re.search(r"Top-1 accuracy +50\.0%", done.stdout)
    assert re.search(r"broken\.jpg +not an image", done.stdout)
    found = json.loads(document.read_bytes())
    assert (found["images"], found["failed"], found["top_1"]["correct"]) == (4, 1, 2)
    assert found["worst_mistakes"][0]["path"].endswith("n07920052/cat.jpg")
    assert page.read_text().count("<img") == 1
    assert {file.name for file in tmp_path.iterdir()} == {"photos", page.name, document.name}

    before = page.read_bytes()
    again = evaluate(photos, "-o", page)
    assert (again.returncode, again.stdout) == (4, "")
    assert "--overwrite" in again.stderr
    assert page.read_bytes() == before
    assert evaluate(photos, "-o", page, "--overwrite").returncode == 1


def test_what_cannot_be_written_does_not_take_the_rest_with_it(evaluate: Run, photos: Path, tmp_path: Path):
    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    page = tmp_path / "evaluation.html"
    done = evaluate(photos, "-o", page, preexec_fn=small_files)
    assert (done.returncode, page.exists()) == (4, False)
    assert re.search(r"Top-1 accuracy +50\.0%", done.stdout)
    assert "cannot write" in done.stderr
    again = evaluate(photos, "-o", page)
    assert (again.returncode, again.stdout) == (4, "")
    assert "--overwrite" in again.stderr
    assert "resume" not in done.stderr + again.stderr

    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = evaluate(photos, "-o", page, "--overwrite", stdout=full, stderr=subprocess.PIPE, capture_output=False)
    assert (done.returncode, "standard output" in done.stderr) == (4, True)
    assert page.read_text().endswith("</html>")


def test_a_csv_names_the_images_too(evaluate: Run, photos: Path):
    table = photos / "truth.csv"
    table.write_text("path,label\nmissile/rocket.jpg,missile\nn07920052/espresso.webp,espresso\n")
    done = evaluate("--truth", f"csv:{table}", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["top_1"]["correct"] == 2
    done = evaluate("--truth", f"csv:{table}", "--exclude", "rock*", "--json")
    assert json.loads(done.stdout)["images"] == 1
    done = evaluate("--truth", "csv:-", "--json", input=table.read_text(), cwd=photos)
    assert json.loads(done.stdout)["top_1"]["correct"] == 2
    done = evaluate(photos, "--truth", f"csv:{table}")
    assert done.returncode == 2
    assert "2 of 4 images" in done.stderr


def test_calibrate_keeps_a_temperature_with_the_model(
    evaluate: Run, mnclassify: Run, shared_images: Path, embedded_home: Path, tmp_path: Path, monkeypatch
):
    home = shutil.copytree(embedded_home, tmp_path / "home")
    monkeypatch.setenv("MNCLASSIFY_HOME", str(home))
    manifest = home / "models" / MODEL / "manifest.json"
    before = json.loads(manifest.read_text())
    files = sorted(map(str, shared_images.iterdir()))
    listed, rest = "\n".join(files[::2]), "\n".join(files[1::2])
    arguments = ("--from", "-", "--truth", "filename", "--json")

    few = evaluate(*arguments, "--calibrate", input="\n".join(files[:49]))
    assert (few.returncode, few.stdout) == (2, "")
    assert "at least 50 readable photographs, not on 49" in few.stderr
    both = evaluate(*arguments, "--calibrate", "--temperature", "1", input=listed)
    assert (both.returncode, both.stdout) == (2, "")
    assert json.loads(manifest.read_text()) == before

    usual = json.loads(evaluate(*arguments, input=rest).stdout)
    done = evaluate(*arguments, "--calibrate", input=listed)
    assert done.returncode == 0, done.stderr
    after = json.loads(manifest.read_text())
    temperature = after["temperature"]
    assert (after["calibration"]["images"], after["calibration"]["before"]) == (100, 1)
    assert temperature < 1  # it was trained with label smoothing, and probably on these photographs
    assert {key: after[key] for key in ("files", "networks")} == {key: before[key] for key in ("files", "networks")}
    for words in (f"is now {temperature:.3g} (1 before)", "on 100 images", "the figures of this run are those of 1"):
        assert words in done.stderr
    assert f"{temperature:.3g}, calibrated on 100 images" in mnclassify("models", "show", MODEL).stdout
    assert mnclassify("models", "verify", MODEL).returncode == 0

    # The run itself was measured with the temperature before; another one, and on other photographs, with the new one.
    said = json.loads(done.stdout)["expected_calibration_error"]
    again = json.loads(evaluate(*arguments, "--temperature", "1", input=listed).stdout)["expected_calibration_error"]
    assert said == pytest.approx(again, abs=1e-4)
    new = json.loads(evaluate(*arguments, input=rest).stdout)
    assert new["top_1"] == usual["top_1"]
    assert new["expected_calibration_error"] < usual["expected_calibration_error"]


def test_a_model_does_not_differ_from_itself(evaluate: Run, photos: Path):
    done = evaluate(photos, "--compare", MODEL, "--json")
    found = json.loads(done.stdout)
    assert found["comparison"]["second"]["top_1"] == found["top_1"]
    paired = found["comparison"]["top_1"]
    assert (paired["both_right"], paired["both_wrong"], paired["difference"], paired["p_value"]) == (2, 2, 0, 1)


@pytest.mark.parametrize(
    ("folder", "reason"), [("crane", "ambiguous"), ("maillot", "ambiguous"), ("wug", "no label, wnid or index")]
)
def test_an_ambiguous_or_unknown_truth_ends_it_before_anything_is_written(
    evaluate: Run, tmp_path: Path, folder: str, reason: str
):
    (tmp_path / folder).mkdir()
    shutil.copy(SAMPLES / "cat.jpg", tmp_path / folder)
    done = evaluate(tmp_path, "-o", tmp_path / "page.html")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"'{folder}'" in done.stderr
    assert reason in done.stderr
    assert {file.name for file in tmp_path.iterdir()} == {folder}


def test_wrong_usage_is_told_before_the_model_is_loaded(evaluate: Run, tmp_path: Path):
    table = tmp_path / "truth.csv"
    table.write_text("path,label\ncat.jpg,tabby\n")
    for arguments, told in (
        ((), "name SOURCES"),
        (("--truth", f"csv:{table}", "-0"), "--null (-0) needs --from"),
        (("--truth", f"csv:{table}", "--include-hidden"), "--include-hidden and --no-recursive need SOURCES"),
        (("--truth", f"csv:{table}", "--no-recursive"), "--include-hidden and --no-recursive need SOURCES"),
        (("--truth", "csv:-", "--from", "-"), "not both"),
        ((tmp_path, "--truth", "names"), "folder, filename or csv:FILE"),
        ((tmp_path, "-o", "page.pdf"), ".html"),
        ((tmp_path, "--calibrate", "--precision", "int8"), "--calibrate fits the temperature of the float32 network"),
        ((tmp_path, "--precision-photos", tmp_path), "--precision-photos goes with --precision bfloat16 or int8"),
        (("--truth", "csv:none.csv"), "none.csv"),
    ):
        done = evaluate(*arguments, "-m", "no_such_model")
        assert (done.returncode, done.stdout) == (2, "")
        assert told in done.stderr
    done = evaluate(tmp_path, "-o", tmp_path / "page.html")
    assert done.returncode == 1
    assert "no images found" in done.stderr
    assert list(tmp_path.iterdir()) == [table]


def test_the_page_is_accessible_in_light_and_dark_and_runs_without_an_error(
    evaluate: Run, photos: Path, tmp_path: Path, browser: Browser
):
    from axe_playwright_python.sync_playwright import Axe

    evaluate(photos, "--compare", MODEL, "-o", tmp_path / "page.html")
    with browser.new_page(bypass_csp=True) as page:
        errors: list[str] = []
        page.on("console", lambda message: errors.append(message.text))
        page.goto((tmp_path / "page.html").as_uri())
        assert page.locator("svg[role=img]").count() == 4
        assert page.locator("img").first.evaluate("image => image.naturalWidth") > 50
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            found = Axe().run(page)
            assert found.violations_count == 0, found.generate_report()
        assert errors == []
