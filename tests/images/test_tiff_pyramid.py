"""TIFFs: strips and tiles outside the crop are not read, and smaller copies in the file are used if they are true."""

from __future__ import annotations

import io

import numpy as np
import pytest
import tifffile
from image_forms import PHOTOGRAPH, profile, saved, through
from PIL import Image

from mobilenet_cli.images import decode, opening
from mobilenet_cli.images.decode import open_image
from mobilenet_cli.images.preprocess import Preprocessing, _plan, load_image
from mobilenet_cli.images.scaling import fit
from mobilenet_cli.records import Source

LARGE = PHOTOGRAPH.resize((704, 576), Image.Resampling.BICUBIC)
HALVES = [LARGE.resize((352, 288), Image.Resampling.BOX), PHOTOGRAPH]
BLUE = [Image.new("RGB", half.size, (0, 0, 255)) for half in HALVES]
CROPS = ("center", "squash", "pad")


class Watched(io.BytesIO):
    """A file that counts the bytes that are read of it."""

    read_bytes = 0

    def read(self, size=-1, /):
        data = super().read(size)
        self.read_bytes += len(data)
        return data


def pyramid(levels, inside=True, bigtiff=False, **options):
    """A page and smaller copies of it: in its SubIFDs, or as pages behind it that say that they are reduced."""
    buffer = io.BytesIO()
    options = {"photometric": "rgb", "metadata": None} | options
    with tifffile.TiffWriter(buffer, bigtiff=bigtiff) as file:
        for number, level in enumerate(levels):
            subifds = len(levels) - 1 if inside and not number else None
            file.write(np.asarray(level), subfiletype=bool(number), subifds=subifds, **options)
    return buffer.getvalue()


def loaded(data, target=64, crop="center"):
    out = np.zeros((target, target, 3), np.uint8)
    image = load_image(Source("-", data=data), Preprocessing(target, crop), out)
    return out.astype(np.float64), (image.width, image.height)


def decoded(data, target=64, crop="center"):
    with open_image(Source("-", data=data)) as image:
        box, size = _plan(*image.size, Preprocessing(target, crop))
        box = fit(image, box, size)
        image.load()
        assert box[0] >= 0
        assert box[1] >= 0
        assert box[2] <= image.width + 1e-6
        assert box[3] <= image.height + 1e-6
        return image.size


LAYOUTS = {
    "strips": {"rowsperstrip": 16},
    "strips, deflate": {"rowsperstrip": 16, "compression": "zlib", "predictor": 2},
    "tiles": {"tile": (64, 64)},
    "tiles, deflate": {"tile": (64, 64), "compression": "zlib"},
    "tiles, big": {"tile": (64, 48), "bigtiff": True},
    "tiles, big-endian": {"tile": (48, 64), "byteorder": ">"},
}


def written(layout, levels=(LARGE,), inside=True):
    options = dict(LAYOUTS[layout])
    order, big = options.pop("byteorder", None), options.pop("bigtiff", False)
    if order is None:
        return pyramid(levels, inside, big, **options)
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer, byteorder=order) as file:
        for number, level in enumerate(levels):
            subifds = len(levels) - 1 if inside and not number else None
            file.write(np.asarray(level), photometric="rgb", metadata=None, subfiletype=bool(number), subifds=subifds,
                       **options)  # fmt: skip
    return buffer.getvalue()


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("crop", CROPS)
def test_the_picture_is_that_of_the_whole_page(layout, crop):
    pixels, size = loaded(written(layout), 128, crop)
    assert size == LARGE.size
    assert (pixels == loaded(saved(LARGE, "PNG"), 128, crop)[0]).all()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_strips_and_tiles_outside_the_crop_are_not_read(layout, monkeypatch):
    portrait = LARGE.transpose(Image.Transpose.ROTATE_90)
    data, file = written(layout, [portrait]), []
    monkeypatch.setattr(opening.io, "BytesIO", lambda data: file.append(Watched(data)) or file[-1])
    with open_image(Source("-", data=data)) as image:
        fit(image, (36, 100, 540, 604), (64, 64))
        image.load()
        width, height = image.size
    monkeypatch.undo()
    step = LAYOUTS[layout].get("tile", (16, 576))
    assert height <= 504 + 2 * step[0]
    assert width <= 504 + 2 * step[1]
    assert file[0].read_bytes < len(data) * 0.95


@pytest.mark.parametrize(
    "kind", ["jpeg", "palette", "palette of 8 bits", "1 bit", "grey, white is zero", "profile", "alpha"]
)
def test_every_kind_of_page_keeps_what_belongs_to_it(kind):
    image = LARGE
    palette = image.quantize(64)
    colours = np.zeros((256, 3), np.uint16)
    colours[:64] = np.reshape(palette.getpalette(), (-1, 3))
    a98 = profile("a98") if kind == "profile" else b""
    data = {
        "jpeg": lambda: pyramid([image], photometric="rgb", tile=(64, 64)),
        "palette": lambda: pyramid([palette], photometric="palette", colormap=colours.T * 257, rowsperstrip=16),
        "palette of 8 bits": lambda: pyramid([palette], photometric="palette", colormap=colours.T, rowsperstrip=16),
        "1 bit": lambda: saved(image.convert("1"), "TIFF", compression="group4", strip_size=2000),
        "grey, white is zero": lambda: pyramid(
            [255 - np.asarray(image.convert("L"))], photometric="miniswhite", tile=(64, 64)
        ),
        "profile": lambda: saved(through("a98").resize(LARGE.size), "TIFF", compression="tiff_lzw", icc_profile=a98),
        "alpha": lambda: pyramid([np.dstack([image, image.convert("L")])], extrasamples=["unassalpha"], tile=(64, 64)),
    }[kind]()  # fmt: skip
    if kind == "jpeg":
        data = saved(image, "TIFF", compression="jpeg", quality=95, strip_size=20000)
    pixels = loaded(data)[0]
    with open_image(Source("-", data=data)) as whole:
        whole.page = None  # so that nothing is left out
        box, size = _plan(*whole.size, Preprocessing(64))
        assert fit(whole, box, size) == box
    reference = {"jpeg": LARGE, "palette": palette, "palette of 8 bits": palette, "1 bit": image.convert("1"),
                 "grey, white is zero": image.convert("L"),
                 "alpha": Image.merge("RGBA", (*image.split(), image.convert("L")))}  # fmt: skip
    if kind == "profile":
        expected = saved(through("a98").resize(LARGE.size), "PNG", icc_profile=a98)
    else:
        expected = saved(reference[kind], "PNG")
    assert np.abs(pixels - loaded(expected)[0]).mean() < (1 if kind == "jpeg" else 0.01)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("inside", [True, False])
def test_a_smaller_copy_is_decoded_in_place_of_the_page(layout, inside):
    data = written(layout, [LARGE, *HALVES], inside)
    for target in (64, 128, 224, 300):
        for crop in CROPS:
            covers = {"center": 7 / 8 * 144, "squash": 144, "pad": 176}[crop]
            width, _ = decoded(data, target, crop)
            scale = next((scale for scale in (1, 2) if covers * scale >= target), 4)
            assert 176 * scale / 2 < width <= 176 * scale
    pixels, size = loaded(data)
    assert size == LARGE.size
    assert np.abs(pixels - loaded(saved(LARGE, "PNG"))[0]).mean() < 1.5


@pytest.mark.parametrize("copies", [BLUE, [PHOTOGRAPH.transpose(Image.Transpose.FLIP_TOP_BOTTOM)],
                                    [PHOTOGRAPH.resize((176, 120))], [HALVES[0].convert("L")]])  # fmt: skip
@pytest.mark.parametrize("inside", [True, False])
@pytest.mark.parametrize("layout", ["strips", "tiles, deflate"])
def test_another_picture_is_no_copy(copies, inside, layout):
    if copies[0].mode == "L":
        buffer = io.BytesIO()
        with tifffile.TiffWriter(buffer) as file:
            file.write(np.asarray(LARGE), photometric="rgb", metadata=None, tile=(64, 64), subifds=1)
            file.write(np.asarray(copies[0]), photometric="minisblack", metadata=None, tile=(64, 64), subfiletype=1)
        data = buffer.getvalue()
    else:
        data = written(layout, [LARGE, *copies], inside)
    for target in (64, 128):
        assert (loaded(data, target)[0] == loaded(saved(LARGE, "PNG"), target)[0]).all()


def test_a_turned_pyramid_is_turned():
    turned = LARGE.transpose(Image.Transpose.ROTATE_90)  # as it is stored; tag 6 says to turn it clockwise
    levels = [turned, *(half.transpose(Image.Transpose.ROTATE_90) for half in HALVES)]
    data = pyramid(levels, tile=(64, 64), extratags=[(274, "H", 1, 6, True)])
    for crop in CROPS:
        assert decoded(data, 64, crop)[0] < 704
        pixels, size = loaded(data, 64, crop)
        assert size == LARGE.size
        assert np.abs(pixels - loaded(saved(LARGE, "PNG"), 64, crop)[0]).mean() < 1.5


def test_a_pyramid_is_too_large_by_what_is_decoded(limit_pixels):
    data = pyramid([LARGE, *HALVES], tile=(64, 64))
    limit_pixels(100_000)
    assert loaded(data)[1] == LARGE.size


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_damaged_pyramids_end():
    data = pyramid([LARGE, *HALVES], tile=(64, 64))
    random = np.random.default_rng(4)
    for _ in range(150):
        damaged = bytearray(data)
        place = int(random.integers(0, 3000)) if random.random() < 0.5 else int(random.integers(4, 40))
        damaged[place] ^= 1 << int(random.integers(8))
        try:
            loaded(bytes(damaged))
        except decode.ImageError as error:
            assert str(error)  # noqa: PT017
