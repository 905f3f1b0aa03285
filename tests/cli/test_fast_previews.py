"""`--fast-previews`: each command that reads images takes it."""

from __future__ import annotations

import base64
import io
import json
import re
from pathlib import Path

import pytest
from conftest import SAMPLES
from image_forms import saved
from jpeg_previews import FULL_HD, with_mpf
from PIL import Image

MODEL = ("-m", "efficientnet_lite0")


@pytest.fixture
def rocket(tmp_path: Path) -> Path:
    """A photograph of a cat whose preview shows a rocket, as an editor may leave it."""
    with Image.open(SAMPLES / "cat.jpg") as cat, Image.open(SAMPLES / "rocket.jpg") as rocket:
        data = with_mpf(cat.resize((1000, 750)), (FULL_HD, saved(rocket.resize((400, 300)), "JPEG")))
    (tmp_path / "photos").mkdir()
    path = tmp_path / "photos" / "missile_1.jpg"
    path.write_bytes(data)
    return path


def test_classify_labels_the_preview(mnclassify, rocket):
    for options, label in (((), "Egyptian cat"), (("--fast-previews",), "missile")):
        done = mnclassify(str(rocket), *MODEL, "-f", "jsonl", *options)
        row = json.loads(done.stdout)
        assert (row["predictions"][0]["label"], row["width"], row["height"]) == (label, 1000, 750)


def test_embed_has_the_vector_of_the_preview(mnclassify, rocket, tmp_path):
    with Image.open(SAMPLES / "rocket.jpg") as image:
        (tmp_path / "alone.jpg").write_bytes(saved(image.resize((400, 300)), "JPEG"))
    paths = (str(rocket), str(tmp_path / "alone.jpg"))
    done = mnclassify("embed", *paths, *MODEL, "--fast-previews")
    preview, alone = (json.loads(line)["vector"] for line in done.stdout.splitlines())
    assert preview == pytest.approx(alone, abs=1e-4)


def test_evaluate_measures_the_previews(mnclassify, rocket, tmp_path):
    done = mnclassify("evaluate", str(rocket.parent), "--truth", "filename", *MODEL, "--fast-previews", "--json")
    assert json.loads(done.stdout)["top_1"]["value"] == 1


def test_sort_sorts_by_the_preview(mnclassify, rocket, tmp_path):
    mnclassify(
        "sort", str(rocket), "--into", str(tmp_path / "sorted"), *MODEL, "--fast-previews", "--by", "top-1", "--link"
    )
    assert (tmp_path / "sorted" / "missile" / rocket.name).exists()


def test_a_report_shows_the_preview(mnclassify, rocket, tmp_path):
    row = {"path": str(rocket), "status": "ok", "predictions": [], "label": None, "kinds": [], "model": "m"}
    row |= {"error": None, "width": 1000, "height": 750}
    (tmp_path / "rows.jsonl").write_text(json.dumps(row) + "\n")
    pictures = []
    for options in ((), ("--fast-previews",)):
        page = mnclassify("report", str(tmp_path / "rows.jsonl"), *options).stdout
        (data,) = re.findall(r"data:image/webp;base64,([\w+/=]+)", page)
        with Image.open(io.BytesIO(base64.b64decode(data))) as image:
            pictures.append(image.convert("L").resize((1, 1)).getpixel((0, 0)))
    assert abs(pictures[0] - pictures[1]) > 20
