"""Files that are damaged or cut off: a picture with a warning where enough of it is there, else a reason."""

from __future__ import annotations

import contextlib
import io
import zlib

import numpy as np
import pytest
from image_forms import GREY, PHOTOGRAPH, RGB, RGBA, chunk, png, saved, tiff, wide
from PIL import Image

from mobilenet_cli.engines import Engine
from mobilenet_cli.errors import ImageError
from mobilenet_cli.images.preprocess import Preprocessing, load_image, load_thumbnail
from mobilenet_cli.records import Source

BASELINE = {"quality": 92}
PROGRESSIVE = {"quality": 92, "progressive": True}


def loaded(data, crop="center"):
    out = np.zeros((128, 128, 3), np.uint8)
    image = load_image(Source("-", data=data), Preprocessing(128, crop), out)
    return out.astype(np.float64), image.warning


def apart(data, other):
    return np.abs(loaded(data)[0] - loaded(other)[0]).mean()


@pytest.mark.parametrize("options", [BASELINE, PROGRESSIVE, BASELINE | {"restart_marker_rows": 1}])
@pytest.mark.parametrize("image", [PHOTOGRAPH, PHOTOGRAPH.convert("L"), PHOTOGRAPH.convert("CMYK")])
def test_a_whole_jpeg_has_no_warning(image, options):
    data = saved(image, "JPEG", **options)
    assert loaded(data)[1] is None
    assert loaded(data + b"what other programs append")[1] is None


@pytest.mark.parametrize("options", [BASELINE, PROGRESSIVE])
def test_a_jpeg_without_its_end_marker_is_the_same_picture(options):
    data = saved(PHOTOGRAPH, "JPEG", **options)
    pixels, warning = loaded(data[:-2])
    assert warning == "the file is cut off"
    assert (pixels == loaded(data)[0]).all()


@pytest.mark.parametrize("options", [BASELINE, PROGRESSIVE])
@pytest.mark.parametrize("rest", [b"", bytes(5000), b"\xff\xd9"])
def test_a_jpeg_cut_off_near_its_end_is_read_with_a_warning(options, rest):
    data = saved(PHOTOGRAPH, "JPEG", **options)
    cut = data[: len(data) * 95 // 100] + rest
    assert "cut off" in loaded(cut)[1]
    assert apart(cut, data) < 10


def test_a_cut_off_jpeg_is_read_where_half_of_the_rows_in_the_crop_are_there():
    data = saved(PHOTOGRAPH, "JPEG", quality=92)
    start = data.index(b"\xff\xda")
    shares = {}
    for percent in range(0, 100, 4):
        try:
            shares[percent] = loaded(data[: start + 12 + (len(data) - start) * percent // 100])[1]
        except ImageError as error:
            assert "truncated" in str(error)  # noqa: PT017
    least = min(shares)
    assert list(shares) == list(range(least, 100, 4))
    missing = int(shares[least].partition("last ")[2].partition(" %")[0])
    # The crop goes from 1/16 to 15/16 of the height: half of it is half of the picture.
    assert 40 <= missing <= 50


def test_a_jpeg_damaged_in_its_middle_has_a_warning():
    data = saved(PHOTOGRAPH, "JPEG", quality=92)
    start, warned = data.index(b"\xff\xda") + 20, 0
    random = np.random.default_rng(7)
    for _ in range(40):
        place = int(random.integers(start, len(data) - 200))
        damaged = data[:place] + random.bytes(3).replace(b"\xff", b"\x11") + data[place + 4 :]
        try:
            pixels, warning = loaded(damaged)
        except ImageError:
            warned += 1
        else:
            warned += warning is not None or np.abs(pixels - loaded(data)[0]).mean() < 1
    # No decoder can know of the others: what they read is a picture of the right length, of other colours.
    assert warned >= 32


def damaged_at(share, how, **options):
    """A photograph with the grain of a camera, damaged at a share of its pixels' data; and the whole one."""
    grain = np.random.default_rng(9).integers(-9, 10, (375, 500, 3))
    large = np.asarray(PHOTOGRAPH.resize((500, 375)), np.int16) + grain
    data = saved(large.clip(0, 255).astype(np.uint8), "JPEG", quality=90, **options)
    place = (start := data.index(b"\xff\xda") + 14) + int((len(data) - start) * share)
    return how(data, place), data


FOREIGN = saved(np.random.default_rng(1).integers(0, 255, (128, 128, 3), np.uint8), "JPEG")[1000:5096]
DAMAGES = {
    "zeros": lambda data, place: data[:place] + bytes(4096) + data[place + 4096 :],
    "erased": lambda data, place: data[:place] + b"\xff" * 4096 + data[place + 4096 :],
    "of another file": lambda data, place: data[:place] + FOREIGN + data[place + 4096 :],
    "missing": lambda data, place: data[:place] + data[place + 4096 :],
}


@pytest.mark.parametrize("how", DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize("options", [{}, {"restart_marker_rows": 1}, {"progressive": True}])
def test_a_block_of_a_jpeg_that_is_lost_is_never_silent(how, options):
    for share in np.linspace(0.05, 0.9, 9):
        damaged, _ = damaged_at(share, how, **options)
        try:
            warning = loaded(damaged)[1]
        except ImageError as error:
            warning = str(error)
        assert "damaged" in warning or "cut off" in warning


def test_behind_a_stray_marker_nothing_is_there():
    for share in (0.6, 0.8):
        damaged, whole = damaged_at(share, DAMAGES["erased"])
        pixels, warning = loaded(damaged)
        assert warning.startswith("the file is damaged; the last ")
        there = int(128 * (share - 0.15))
        assert (pixels[:there] == loaded(whole)[0][:there]).all()
    with pytest.raises(ImageError, match="truncated or damaged"):
        loaded(damaged_at(0.3, DAMAGES["erased"])[0])


def test_an_odd_header_is_no_damage():
    data = saved(PHOTOGRAPH, "JPEG")
    assert data[2:4] == b"\xff\xe0"
    assert loaded(data[:11] + b"\x09" + data[12:])[1] is None  # an unknown version of JFIF
    adobe = b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0\x07"  # an unknown transform
    assert loaded(data[:2] + adobe + data[2:])[1] is None


def test_the_pixels_are_those_that_pillow_decodes():
    for options in (BASELINE, PROGRESSIVE, {"quality": 80, "subsampling": 0}, {"quality": 80, "keep_rgb": True}):
        path = saved(PHOTOGRAPH, "JPEG", **options)
        with Image.open(io.BytesIO(path)) as image:
            whole = saved(image.convert("RGB"), "PNG")
        assert (load_thumbnail(Source("-", data=path), 176) == load_thumbnail(Source("-", data=whole), 176)).all()


LONG = b"a\0" + b"x" * (2 << 20)
ICC = b"p\0\0" + zlib.compress(b"no profile" * (2 << 18))


@pytest.mark.parametrize(
    "extra",
    [(b"tEXt", LONG), (b"zTXt", b"a\0\0" + zlib.compress(LONG)), (b"iTXt", b"a\0\0\0\0\0" + LONG), (b"iCCP", ICC)],
    ids=["tEXt", "zTXt", "iTXt", "iCCP"],
)
def test_a_png_with_a_large_text_or_profile_is_read_without_a_warning(extra):
    before = png(RGB, 8, 2, extra)
    after = saved(RGB, "PNG")[:-12] + chunk(extra) + saved(RGB, "PNG")[-12:]
    for data in (before, after):
        pixels, warning = loaded(data)
        assert warning is None
        assert np.abs(pixels - loaded(saved(RGB, "PNG"))[0]).max() <= 1


@pytest.mark.parametrize("name", [b"tEXt", b"gAMA", b"pHYs", b"tIME", b"eXIf", b"abCd"])
def test_a_png_whose_ancillary_chunk_has_a_bad_checksum_is_read(name):
    bad = chunk((name, b"a\0\0\0\0b"))
    data = saved(RGB, "PNG")
    for place in (33, len(data) - 12):
        damaged = data[:place] + bad[:-4] + b"\0\0\0\0" + data[place:]
        pixels, warning = loaded(damaged)
        assert warning is None
        assert (pixels == loaded(data)[0]).all()


PNGS = {
    "rgb": RGB,
    "alpha": RGBA,
    "grey": GREY,
    "palette": PHOTOGRAPH.quantize(64),
    "1 bit": PHOTOGRAPH.convert("1"),
    "16 bit": PHOTOGRAPH.convert("I;16"),
}


@pytest.mark.parametrize("kind", PNGS)
def test_a_png_without_its_end_is_whole_and_one_that_is_cut_off_is_read_where_half_of_the_rows_in_the_crop_are_there(
    kind,
):
    data = saved(PNGS[kind], "PNG")
    assert loaded(data[:-12])[1] is None
    whole = loaded(data)[0]
    shares = {}
    for percent in range(4, 100, 4):
        try:
            pixels, shares[percent] = loaded(data[: len(data) * percent // 100])
        except ImageError as error:
            assert "truncated" in str(error)  # noqa: PT017
            continue
        missing = int(shares[percent].partition("last ")[2].partition(" %")[0])
        there = int((1 - missing / 100 - 1 / 16) * 8 / 7 * 128) - 3  # of the crop, whose first row is a 16th
        assert (pixels[:there] == whole[:there]).all()
    least = min(shares)
    assert list(shares) == list(range(least, 100, 4))
    assert 38 <= int(shares[least].partition("last ")[2].partition(" %")[0]) <= 50


def in_chunks(data, size):
    """The same PNG with its pixels in chunks of `size` bytes."""
    start = data.index(b"IDAT") - 4
    length = int.from_bytes(data[start : start + 4], "big")
    pixels = data[start + 8 : start + 8 + length]
    pieces = [chunk((b"IDAT", pixels[place : place + size])) for place in range(0, length, size)]
    return data[:start] + b"".join(pieces) + data[start + 12 + length :]


def test_of_a_png_that_is_damaged_the_rows_before_the_damage_are_used():
    data = in_chunks(saved(RGB, "PNG"), 1000)
    assert (loaded(data)[0] == loaded(saved(RGB, "PNG"))[0]).all()
    damaged = bytearray(data)
    damaged[len(data) * 4 // 5] ^= 1
    pixels, warning = loaded(bytes(damaged))
    assert warning.startswith("the file is damaged; the last ")
    assert (pixels[:80] == loaded(data)[0][:80]).all()
    damaged[len(data) // 5] ^= 1
    with pytest.raises(ImageError, match="truncated or damaged"):
        loaded(bytes(damaged))


def test_pixels_that_do_not_match_their_checksums_are_never_silent():
    data = saved(RGB, "PNG")
    random = np.random.default_rng(3)
    for _ in range(40):
        damaged = bytearray(data)
        damaged[int(random.integers(60, len(data) - 20))] ^= 1 << int(random.integers(8))
        try:
            pixels, warning = loaded(bytes(damaged))
        except ImageError:
            continue
        assert warning is not None or (pixels == loaded(data)[0]).all()


def test_twelve_bits_in_sixteen_are_found_in_the_tags_or_said():
    samples = GREY.astype("u2") * 16
    expected = loaded(saved(GREY, "PNG"))[0]
    tags = ([(281, "H", 1, 4095, True)], [(340, "H", 1, 0, True), (341, "H", 1, 4095, True)])
    for extratags in tags:
        pixels, warning = loaded(tiff(samples, "minisblack", extratags=extratags))
        assert warning is None
        assert np.abs(pixels - expected).mean() < 1
    pixels, warning = loaded(tiff(samples, "minisblack"))
    assert "12 of its 16 bits" in warning
    assert np.abs(pixels - expected).mean() < 1
    assert "very dark" in loaded(tiff(GREY.astype("u2") * 40, "minisblack"))[1]
    assert loaded(tiff(wide(GREY), "minisblack"))[1] is None


def test_the_range_of_samples_that_nothing_says_is_a_guess_and_said():
    assert "white" in loaded(tiff(GREY.astype("f4") * 1e6, "minisblack"))[1]
    assert "range" in loaded(tiff(GREY.astype("i2") - 100, "minisblack"))[1]


def test_libtiff_prints_nothing(capfd):
    data = saved(PHOTOGRAPH.convert("1"), "TIFF", compression="group4")
    random = np.random.default_rng(5)
    for _ in range(20):
        damaged = bytearray(data)
        for place in random.integers(8, len(data) - 300, 20):
            damaged[place] ^= 0x55
        with contextlib.suppress(ImageError):
            loaded(bytes(damaged))
    assert capfd.readouterr().err == ""


def test_the_pipeline_carries_the_warning():
    from mobilenet_cli.pipeline import Task, run

    class Postprocessing:
        def records(self, outputs, images, model):
            return [image.warning for image in images]

        def failure(self, path, error, model):
            return error

    class Nothing(Engine):
        batch_size = 2

        def session(self):
            return lambda images: np.zeros((len(images), 1), np.float32)

    whole = saved(PHOTOGRAPH, "JPEG")
    sources = [Source("a", data=whole), Source("b", data=whole[:-2]), Source("c", data=whole[:800])]
    task = Task(Nothing(), Preprocessing(64), Postprocessing(), "m")
    said = [record for _, record in run(sources, task)]
    assert said[:2] == [None, "the file is cut off"]
    assert "truncated" in said[2] or "damaged" in said[2]
