from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
from conftest import SAMPLES
from PIL import Image

from mobilenet_cli.html.thumbnails import thumbnail


def opened(uri: str | None) -> Image.Image:
    assert uri is not None
    kind, _, data = uri.partition(",")
    assert kind == "data:image/webp;base64"
    return Image.open(io.BytesIO(base64.b64decode(data)))


def test_a_thumbnail_is_the_whole_image_small_and_upright(tmp_path: Path) -> None:
    picture = np.zeros((300, 600, 3), np.uint8)
    picture[:, :300] = (250, 0, 0)  # on its side: what is left here is on top when a viewer turns it
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(picture).save(tmp_path / "a.jpg", quality=95, exif=exif)
    small = opened(thumbnail(str(tmp_path / "a.jpg"), 120))
    assert small.size == (60, 120)
    assert small.getpixel((30, 20))[0] > 200
    assert small.getpixel((30, 100))[0] < 50


def test_a_thumbnail_never_enlarges_and_puts_transparency_over_white(tmp_path: Path) -> None:
    Image.new("RGBA", (20, 10), (0, 0, 0, 0)).save(tmp_path / "a.png")
    small = opened(thumbnail(str(tmp_path / "a.png"), 160)).convert("RGB")
    assert small.size == (20, 10)
    assert min(small.getpixel((10, 5))) > 250


def test_what_cannot_be_read_has_no_thumbnail(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"no image")
    assert thumbnail(str(tmp_path / "a.jpg"), 160) is None


def test_a_photograph_takes_a_few_kilobytes() -> None:
    assert len(thumbnail(str(SAMPLES / "cat.jpg"), 160) or "") < 8000
