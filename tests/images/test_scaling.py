"""Formats that are decoded at a smaller scale: the same picture, of no more pixels than the crop needs."""

from __future__ import annotations

import io

import numpy as np
import pillow_heif
import pytest
from image_forms import PHOTOGRAPH, heic, saved
from PIL import Image
from simplejpeg import decode_jpeg

from mobilenet_cli.errors import ImageError
from mobilenet_cli.images.decode import open_image
from mobilenet_cli.images.preprocess import Preprocessing, _plan, load_image
from mobilenet_cli.images.progressive import for_an_eighth
from mobilenet_cli.images.scaling import fit
from mobilenet_cli.records import Source

LARGE = PHOTOGRAPH.resize((640, 480), Image.Resampling.BICUBIC)
CROPS = ("center", "squash", "pad")


def loaded(data, target=128, crop="center"):
    out = np.zeros((target, target, 3), np.uint8)
    image = load_image(Source("-", data=data), Preprocessing(target, crop), out)
    return out.astype(np.float64), (image.width, image.height)


def fitted(data, target=128, crop="center"):
    """The size that is decoded, and how many pixels of it the crop has for each of the target's."""
    with open_image(Source("-", data=data)) as image:
        box, size = _plan(*image.size, Preprocessing(target, crop))
        box = fit(image, box, size)
        decoded = image.size
        image.load()
        assert image.size == decoded
        assert box[0] >= 0
        assert box[1] >= 0
        assert box[2] <= image.width
        assert box[3] <= image.height
    return decoded, min((box[2] - box[0]) / size[0], (box[3] - box[1]) / size[1])


def apart(data, other, **options):
    return np.abs(loaded(data, **options)[0] - loaded(other, **options)[0]).mean()


WITH_THUMBNAIL = heic(LARGE, thumbnails=[160, 320])
AS_PHONES_WRITE_IT = heic(LARGE, thumbnails=[160, 320], tile_size=256)  # a grid of tiles
WHOLE = saved(LARGE, "PNG")


@pytest.mark.parametrize("data", [WITH_THUMBNAIL, AS_PHONES_WRITE_IT], ids=["one image", "a grid"])
@pytest.mark.parametrize(("target", "side"), [(64, 160), (128, 320), (224, 640), (600, 640)])
def test_the_smallest_thumbnail_of_a_heic_that_covers_the_crop_is_decoded(data, target, side):
    assert fitted(data, target) == ((side, side * 3 // 4), pytest.approx(side * 3 / 4 * 7 / 8 / target))
    pixels, size = loaded(data, target)
    assert size == LARGE.size
    assert np.abs(pixels - loaded(WHOLE, target)[0]).mean() < 6  # libheif's encoder picks pixels for thumbnails


@pytest.mark.parametrize("turn", [2, 3, 6, 7])
def test_a_thumbnail_is_turned_as_its_heic_is(turn):
    exif = Image.Exif()
    exif[0x0112] = turn
    buffer = io.BytesIO()
    pixels = np.asarray(LARGE).tobytes()
    options = {"quality": 90, "thumbnails": [160], "exif": exif.tobytes()}
    pillow_heif.encode("RGB", LARGE.size, pixels, buffer, **options)
    turned = loaded(saved(LARGE, "PNG", exif=exif.tobytes()), 64)
    for crop in CROPS:
        decoded, spare = fitted(buffer.getvalue(), 64, crop)
        assert max(decoded) == 160
        assert spare >= 1
    pixels, size = loaded(buffer.getvalue(), 64)
    assert size == turned[1]
    assert np.abs(pixels - turned[0]).mean() < 6


def test_a_heic_is_too_large_by_what_is_decoded(limit_pixels):
    limit_pixels(200_000)
    assert loaded(WITH_THUMBNAIL)[1] == LARGE.size
    with pytest.raises(ImageError, match="too large: 640 x 480"):
        loaded(WITH_THUMBNAIL, 600)


def test_a_thumbnail_that_is_too_large_is_not_even_tried(limit_pixels):
    limit_pixels(100_000)
    assert fitted(WITH_THUMBNAIL)[0] == LARGE.size


WAYS = {
    "as it is": {},
    "irreversible": {"irreversible": True},
    "in tiles": {"tile_size": (100, 64)},
    "three resolutions": {"num_resolutions": 3},
    "one resolution": {"num_resolutions": 1},
    "bare": {"no_jp2": True},
    "beside the origin": {"offset": (13, 7), "tile_offset": (5, 3), "tile_size": (128, 128)},
}


@pytest.mark.parametrize("size", [(500, 401), (401, 500), (511, 257), (32, 32)])
@pytest.mark.parametrize("options", [*WAYS.values()], ids=WAYS)
def test_a_jpeg_2000_is_decoded_at_its_smallest_resolution_that_covers_the_crop(size, options):
    image = LARGE.resize(size)
    data, whole = saved(image, "JPEG2000", **options), saved(image, "PNG")
    for crop in CROPS:
        decoded, spare = fitted(data, 32, crop)
        halvings = round(np.log2(size[0] / decoded[0]))
        assert decoded == (-(-size[0] >> halvings), -(-size[1] >> halvings))
        plain = min((size[0], size[1])) * (7 / 8 if crop == "center" else 1)
        most = 0 if "offset" in options else options.get("num_resolutions", 6) - 1
        assert spare >= 1 or halvings == 0
        assert spare < 2.1 or halvings == most or plain < 32
        pixels, shown = loaded(data, 32, crop)
        assert shown == size
        # The wavelets' low passes are sharper than the resize.
        assert np.abs(pixels - loaded(whole, 32, crop)[0]).mean() < 3


def test_a_component_or_a_tile_with_fewer_resolutions_decides():
    data = saved(LARGE, "JPEG2000", tile_size=(320, 240), no_jp2=True)
    style = data.index(b"\xff\x52")
    length = int.from_bytes(data[style + 2 : style + 4], "big")
    component = b"\xff\x53" + (length - 3).to_bytes(2, "big") + b"\0\0" + b"\2" + data[style + 10 : style + 2 + length]
    assert len(component) == length - 1
    with open_image(Source("-", data=data[:style] + component + data[style:])) as image:
        assert image._halvings() == 2
    tile = data.index(b"\xff\x90", data.index(b"\xff\x90") + 1)
    length = int.from_bytes(data[tile + 6 : tile + 10], "big") + len(component)
    inside = data[: tile + 6] + length.to_bytes(4, "big") + data[tile + 10 : tile + 12] + component + data[tile + 12 :]
    with open_image(Source("-", data=inside)) as image:
        assert image._halvings() == 2


@pytest.mark.parametrize("place", range(100, 400, 7))
def test_a_damaged_jpeg_2000_ends(place):
    data = saved(PHOTOGRAPH, "JPEG2000", no_jp2=True)
    damaged = data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :]
    try:
        loaded(damaged)
    except ImageError as error:
        assert str(error)  # noqa: PT017


SAMPLINGS = {"4:4:4": 0, "4:2:2": 1, "4:2:0": 2}
GRAINY = Image.fromarray(
    (np.asarray(PHOTOGRAPH.resize((1280, 960)), np.int16) + np.random.default_rng(0).integers(-9, 10, (960, 1280, 3)))
    .clip(0, 255)
    .astype(np.uint8)
)


def an_eighth(jpeg, mode="RGB"):
    image = Image.open(io.BytesIO(jpeg))
    width, height = -(-image.width // 8), -(-image.height // 8)
    return decode_jpeg(jpeg, {"RGB": "RGB", "L": "GRAY"}[mode], min_height=height, min_width=width, strict=True)


@pytest.mark.parametrize("sampling", SAMPLINGS.values(), ids=SAMPLINGS)
@pytest.mark.parametrize("options", [{}, {"restart_marker_rows": 1}, {"restart_marker_blocks": 7}, {"quality": 20}])
@pytest.mark.parametrize("size", [(1280, 960), (643, 481), (129, 1111), (8, 8), (17, 15)])
def test_scans_that_change_nothing_are_left_out_bit_for_bit(sampling, options, size):
    for mode in ("RGB", "L"):
        picture = GRAINY.crop((0, 0, *size)).convert(mode)
        data = saved(picture, "JPEG", progressive=True, subsampling=sampling, **({"quality": 90} | options))
        short = for_an_eighth(data)
        assert short is not None
        assert len(short) < len(data)
        assert (an_eighth(short, mode) == an_eighth(data, mode)).all()


def test_a_progressive_jpeg_is_the_picture_that_its_whole_data_give(monkeypatch):
    for image, least in ((GRAINY, 0.7), (GRAINY.convert("L"), 0.9)):
        data = saved(image.resize((1600, 1200)), "JPEG", quality=92, progressive=True)
        assert len(for_an_eighth(data)) < (1 - least) * len(data)
        shortened = loaded(data)[0]
        monkeypatch.setattr("mobilenet_cli.images.jpeg.for_an_eighth", lambda data: None)
        assert (loaded(data)[0] == shortened).all()
        monkeypatch.undo()


def test_a_progressive_jpeg_that_is_cut_off_or_lacks_scans_is_left_as_it_is():
    data = saved(GRAINY, "JPEG", progressive=True)
    scans = [place for place in range(len(data)) if data[place : place + 2] == b"\xff\xda"]
    assert for_an_eighth(data[: len(data) * 9 // 10]) is None
    assert for_an_eighth(data[:-2]) is None
    assert for_an_eighth(data[: scans[-1]] + b"\xff\xd9") is None
    assert for_an_eighth(saved(GRAINY, "JPEG")) is None
    random = np.random.default_rng(1)
    for _ in range(200):
        damaged = bytearray(data)
        damaged[int(random.integers(2, 700))] ^= 1 << int(random.integers(8))
        for_an_eighth(bytes(damaged))  # raises nothing
