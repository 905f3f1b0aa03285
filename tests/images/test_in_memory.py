"""PIL images and arrays are seen as the file is that holds them."""

from __future__ import annotations

import io
import random
from dataclasses import asdict

import numpy as np
import pytest
from colour_engine import COLOURS, ColourEngine, task
from PIL import Image, ImageCms

from mobilenet_cli.errors import InputError
from mobilenet_cli.images.in_memory import encode
from mobilenet_cli.images.preprocess import Preprocessing, load_image
from mobilenet_cli.loaded_model import as_sources
from mobilenet_cli.pipeline import run
from mobilenet_cli.records import Source

RECIPE = Preprocessing(24, "squash")


def seen(data: bytes) -> np.ndarray:
    out = np.empty((24, 24, 3), np.uint8)
    load_image(Source("-", data=data), RECIPE, out)
    return out.astype(int)


def noise(height: int, width: int, channels: int = 3) -> np.ndarray:
    choose = random.Random(3)
    return np.array([choose.randrange(256) for _ in range(height * width * channels)], np.uint8).reshape(
        height, width, channels
    )


def saved(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_an_image_of_a_mode_that_png_holds_is_seen_as_its_png(mode: str):
    image = Image.fromarray(noise(30, 40, 4), "RGBA")
    image = Image.fromarray(noise(30, 40, 2).view(np.uint16)[..., 0]) if mode == "I;16" else image.convert(mode)
    assert np.abs(seen(encode(image)) - seen(saved(image))).max() <= 1


@pytest.mark.parametrize("mode", ["CMYK", "YCbCr"])
def test_an_image_of_a_mode_that_jpeg_holds_is_seen_as_its_jpeg(mode: str):
    image = Image.new(mode, (40, 30), tuple(np.array([200, 90, 60, 20][: 4 if mode == "CMYK" else 3]).tolist()))
    assert np.abs(seen(encode(image)) - seen(saved(image, "JPEG", quality=100))).max() <= 3


def test_transparency_orientation_and_profile_count():
    palette = Image.fromarray(noise(30, 40)).convert("P")
    palette.info["transparency"] = 7
    assert np.abs(seen(encode(palette)) - seen(saved(palette, transparency=7))).max() <= 1
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = Image.open(io.BytesIO(saved(Image.fromarray(noise(30, 40)), exif=exif)))
    assert np.array_equal(seen(encode(turned)), seen(saved(Image.fromarray(noise(30, 40)), exif=exif)))
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    profiled = Image.open(io.BytesIO(saved(Image.fromarray(noise(30, 40)), icc_profile=lab)))
    assert np.array_equal(seen(encode(profiled)), seen(saved(Image.fromarray(noise(30, 40)), icc_profile=lab)))


@pytest.mark.parametrize("shape", [(30, 40), (30, 40, 1), (30, 40, 3), (30, 40, 4)])
def test_an_array_is_seen_as_the_image_of_its_numbers(shape: tuple[int, ...]):
    pixels = noise(30, 40, 1 if len(shape) == 2 else shape[2]).reshape(shape)
    image = Image.fromarray(pixels.reshape(shape[:2]) if shape[2:] in ((), (1,)) else pixels)
    assert np.abs(seen(encode(pixels)) - seen(saved(image))).max() <= 1


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((4, 4, 3), np.float32),
        np.zeros((4, 4, 2), np.uint8),
        np.zeros(4, np.uint8),
        np.zeros((0, 4, 3), np.uint8),
    ],
)
def test_other_arrays_are_refused(wrong: np.ndarray):
    with pytest.raises(InputError, match="an image "):
        list(as_sources([wrong]))


@pytest.mark.parametrize("one", [np.zeros((4, 4, 3), np.uint8), Image.new("RGB", (4, 4)), b"data", "a.jpg"])
def test_one_image_is_no_list_of_images(one):
    with pytest.raises(InputError, match="for one, write"):
        as_sources(one)


def test_a_buffer_that_its_owner_fills_again_is_labelled_as_it_was():
    buffer = np.empty((10, 12, 3), np.uint8)

    def frames():
        for colour in COLOURS.values():
            buffer[:] = colour
            yield buffer

    results = [result for _, result in run(as_sources(frames()), task(ColourEngine()))]
    assert [result.predictions[0].label for result in results] == list(COLOURS)
    assert {(each.path, each.width, each.height) for each in results} == {("-", 12, 10)}
    batch = np.stack([np.full((10, 12, 3), colour, np.uint8) for colour in COLOURS.values()])
    again = [result for _, result in run(as_sources(batch), task(ColourEngine()))]
    assert list(map(asdict, again)) == list(map(asdict, results))
