"""Colour spaces that a file names by numbers, and profiles where few formats have them."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from image_forms import ALPHA, PHOTOGRAPH, RGB, heic, png, profile, saved, through

from mobilenet_cli.errors import ImageError
from mobilenet_cli.images.preprocess import Preprocessing, load_image
from mobilenet_cli.records import Source

P3, BT2020, BT709, SRGB = 12, 9, 1, 13
PQ, HLG = 16, 18

# The matrices of CSS Color 4 (W3C), chapter 18: from light of these primaries to XYZ, and from that to sRGB.s light.
TO_XYZ = {
    P3: [[0.4865709486, 0.2656676932, 0.1982172852], [0.2289745641, 0.6917385218, 0.0792869141],
         [0.0, 0.0451133819, 1.0439443689]],
    BT2020: [[0.6369580483, 0.1446169036, 0.1688809752], [0.2627002120, 0.6779980715, 0.0593017165],
             [0.0, 0.0280726930, 1.0609850577]],
}  # fmt: skip
FROM_XYZ = [[3.2409699419, -1.5373831776, -0.4986107603], [-0.9692436363, 1.8759675015, 0.0415550574],
            [0.0556300797, -0.2039769589, 1.0569715142]]  # fmt: skip


def loaded(data, size=64):
    out = np.zeros((size, size, 3), np.uint8)
    image = load_image(Source("-", data=data), Preprocessing(size), out)
    return out.astype(np.float64), image.warning


def shown(pixels, primaries):
    encoded = pixels / 255
    light = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    light = (light @ np.array(TO_XYZ[primaries]).T @ np.array(FROM_XYZ).T).clip(0, 1)
    return 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def png_of(primaries, transfer, samples=RGB, *chunks):
    kind = {2: 0, 3: 2, 4: 6}[samples.ndim if samples.ndim == 2 else samples.shape[2]]
    return png(samples, 8, kind, *chunks, (b"cICP", bytes([primaries, transfer, 0, 1])))


def renamed(container, primaries, transfer=SRGB):
    """The same container with other code points."""
    place = container.index(b"colrnclx") + 8
    return container[:place] + struct.pack(">2H", primaries, transfer) + container[place + 4 :]


@pytest.mark.parametrize("primaries", [P3, BT2020])
def test_wide_primaries_are_converted(primaries):
    plain = loaded(saved(RGB, "PNG"))[0]
    expected = shown(plain, primaries)
    assert np.abs(expected - plain).mean() > 1.5
    pixels, warning = loaded(png_of(primaries, SRGB))
    assert warning is None
    assert np.abs(pixels - expected).max() <= 1
    for write in (heic, lambda image: saved(image, "AVIF", quality=95, subsampling="4:4:4")):
        before = write(PHOTOGRAPH)
        assert np.abs(loaded(renamed(before, primaries))[0] - shown(loaded(before)[0], primaries)).max() <= 1.5


@pytest.mark.parametrize("points", [(BT709, SRGB), (BT709, 1), (5, 6), (6, 6), (2, 2)])
def test_video_and_unknown_code_points_change_nothing(points):
    assert (loaded(png_of(*points))[0] == loaded(saved(RGB, "PNG"))[0]).all()
    before = saved(PHOTOGRAPH, "AVIF", quality=90)
    assert (loaded(renamed(before, *points))[0] == loaded(before)[0]).all()


def test_alpha_lies_over_white_after_the_conversion():
    rgba = np.dstack([RGB, ALPHA])
    clear = np.dstack([RGB, np.full_like(ALPHA, 255)])
    opaque = loaded(png_of(P3, SRGB))[0]
    assert np.abs(loaded(png_of(P3, SRGB, clear))[0] - opaque).max() <= 1
    weight = loaded(saved(ALPHA, "PNG"))[0] / 255
    blended = weight * opaque + 255 * (1 - weight)
    assert np.abs(loaded(png_of(P3, SRGB, rgba))[0] - blended).mean() < 2


# ITU-R BT.2408: white paper, 203 nits, is 58 % of PQ's and 75 % of HLG's signal.
@pytest.mark.parametrize(("transfer", "white"), [(PQ, 0.5806), (HLG, 0.75)])
def test_a_high_dynamic_range_has_a_white_and_a_warning(transfer, white):
    for level, low, high in ((white, 250, 255), (1.0, 255, 255), (0.0, 0, 0), (white * 0.8, 90, 190)):
        pixels, warning = loaded(png_of(BT2020, transfer, np.full((70, 70, 3), round(255 * level), np.uint8)))
        assert low <= pixels.min() <= pixels.max() <= high
        assert "dynamic range" in warning


def test_code_points_of_a_png_go_before_its_profile():
    packed = saved(RGB, "PNG", icc_profile=profile("rommrgb"))
    start = packed.index(b"iCCP") + 4
    content = packed[start : start + int.from_bytes(packed[start - 8 : start - 4], "big")]
    assert (loaded(png_of(P3, SRGB, RGB, (b"iCCP", content)))[0] == loaded(png_of(P3, SRGB))[0]).all()


def bmp(image, icc):
    """A BMP with the fifth version of the header."""
    pixels = np.asarray(image)[::-1, :, ::-1].tobytes()
    header = struct.pack("<IiiHHIIiiII", 124, image.width, image.height, 1, 24, 0, len(pixels), 2835, 2835, 0, 0)
    header += bytes(16) + b"DEBM" + bytes(36 + 12) + struct.pack("<4I", 4, 124 + len(pixels), len(icc), 0)
    assert len(header) == 124
    return b"BM" + struct.pack("<IHHI", 138 + len(pixels) + len(icc), 0, 0, 138) + header + pixels + icc


def test_the_profile_of_a_bmp_is_used():
    image = through("a98")
    expected = loaded(saved(image, "PNG", icc_profile=profile("a98")))[0]
    assert (loaded(bmp(image, profile("a98")))[0] == expected).all()
    assert (loaded(bmp(image, b"rubbish"))[0] == loaded(saved(image, "PNG"))[0]).all()


def jp2(image, colours):
    """A JPEG 2000 with another colour box."""
    data = saved(image, "JPEG2000")
    inside, place = data.index(b"jp2h") - 4, data.index(b"colr") - 4
    length = int.from_bytes(data[place : place + 4], "big")
    box = struct.pack(">I", 8 + len(colours)) + b"colr" + colours
    more = len(box) - length
    head = struct.pack(">I", int.from_bytes(data[inside : inside + 4], "big") + more)
    return data[:inside] + head + data[inside + 4 : place] + box + data[place + length :]


@pytest.mark.parametrize("method", [2, 3])
def test_the_profile_of_a_jpeg_2000_is_used(method):
    image = through("a98")
    pixels, warning = loaded(jp2(image, bytes([method, 0, 0]) + profile("a98")))
    assert warning is None
    assert np.abs(pixels - loaded(saved(image, "PNG", icc_profile=profile("a98")))[0]).mean() < 1.5
    assert np.abs(pixels - loaded(saved(image, "PNG"))[0]).mean() > 2.5


def test_a_jpeg_2000_in_another_colour_space_is_refused_or_warned_of():
    assert loaded(jp2(PHOTOGRAPH, b"\1\0\0" + struct.pack(">I", 16)))[1] is None
    assert "number 21" in loaded(jp2(PHOTOGRAPH, b"\1\0\0" + struct.pack(">I", 21)))[1]
    with pytest.raises(ImageError, match="Lab"):
        loaded(jp2(PHOTOGRAPH, b"\1\0\0" + struct.pack(">I", 14)))
