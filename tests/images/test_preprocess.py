"""The recipe: crop, resize, orientation and JPEG scaling against float64 arithmetic in NumPy."""

from __future__ import annotations

import io
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from conftest import SHARED
from PIL import Image

from mobilenet_cli.images.decode import open_image
from mobilenet_cli.images.preprocess import Preprocessing, _plan, load_image
from mobilenet_cli.images.scaling import fit
from mobilenet_cli.records import Source


def picture(width, height):
    """A smooth picture with nothing symmetric in it: float64 [height, width, 3], 0 to 255."""
    y, x = np.mgrid[0:height, 0:width]
    x, y = (x + 0.5) / width, (y + 0.5) / height
    red = 128 + 120 * np.sin(5 * x + 2 * y)
    green = 255 * x * (1 - y / 2)
    blue = 128 + 100 * np.cos(7 * y - 3 * x * y)
    return np.rint(np.clip(np.stack([red, green, blue], axis=-1), 0, 255))


def kernel(name, distance):
    distance = np.abs(distance)
    if name == "bilinear":
        return np.maximum(1 - distance, 0)
    near = 1.5 * distance**3 - 2.5 * distance**2 + 1
    far = -0.5 * distance**3 + 2.5 * distance**2 - 4 * distance + 2
    return np.where(distance < 1, near, np.where(distance < 2, far, 0))


def weights(length, start, stop, samples, name):
    """A matrix [samples, length] that resamples start…stop of a row, its filter widened when it shrinks."""
    step = (stop - start) / samples
    centres = start + (np.arange(samples) + 0.5) * step
    matrix = kernel(name, (np.arange(length) + 0.5 - centres[:, None]) / max(step, 1))
    return matrix / matrix.sum(axis=1, keepdims=True)


def resized(pixels, box, size, name="bilinear"):
    left, top, right, bottom = box
    rows = weights(pixels.shape[0], top, bottom, size[1], name)
    columns = weights(pixels.shape[1], left, right, size[0], name)
    across = np.clip(columns @ pixels, 0, 255)
    return np.clip(np.tensordot(rows, across, 1), 0, 255)


def reference(pixels, crop="center", size=64, name="bilinear"):
    height, width = pixels.shape[:2]
    if crop == "squash":
        return resized(pixels, (0, 0, width, height), (size, size), name)
    if crop == "center":
        side = min(width, height) * 7 / 8
        x, y = width / 2 - side / 2, height / 2 - side / 2
        return resized(pixels, (x, y, x + side, y + side), (size, size), name)
    out = np.zeros((size, size, 3))
    inner = tuple(max(1, round(size * edge / max(width, height))) for edge in (width, height))
    x, y = (size - inner[0]) // 2, (size - inner[1]) // 2
    out[y : y + inner[1], x : x + inner[0]] = resized(pixels, (0, 0, width, height), inner, name)
    return out


def encoded(pixels, kind, **options):
    buffer = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(buffer, kind, **options)
    return buffer.getvalue()


def loaded(data, crop="center", size=64, interpolation="bilinear"):
    out = np.full((size, size, 3), 77, np.uint8)
    shown = load_image(Source("-", data=data), Preprocessing(size, crop, interpolation), out)
    return out.astype(np.float64), (shown.width, shown.height)


@pytest.mark.parametrize("crop", ["center", "squash", "pad"])
@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
@pytest.mark.parametrize("size", [(200, 150), (111, 333), (40, 30), (64, 64), (1, 1), (3, 500)])
def test_crop_and_resize_are_those_of_the_recipe(crop, interpolation, size):
    pixels = picture(*size)
    out, shown = loaded(encoded(pixels, "PNG"), crop, interpolation=interpolation)
    assert shown == size
    assert np.abs(out - reference(pixels, crop, name=interpolation)).max() <= 1.2


def test_padding_is_black_and_centred():
    out, _ = loaded(encoded(np.full((50, 100, 3), 200), "PNG"), "pad")
    assert (out[16:48] == 200).all()
    assert (out[:16] == 0).all()
    assert (out[48:] == 0).all()


# Where the stored rows and columns start on the picture as it is shown, from the table of EXIF's tag 274.
STORED = {
    1: lambda shown, r, c: shown[r, c],  # row 0 is the top, column 0 the left
    2: lambda shown, r, c: shown[r, -1 - c],  # top, right
    3: lambda shown, r, c: shown[-1 - r, -1 - c],  # bottom, right
    4: lambda shown, r, c: shown[-1 - r, c],  # bottom, left
    5: lambda shown, r, c: shown[c, r],  # left, top
    6: lambda shown, r, c: shown[c, -1 - r],  # right, top
    7: lambda shown, r, c: shown[-1 - c, -1 - r],  # right, bottom
    8: lambda shown, r, c: shown[-1 - c, r],  # left, bottom
}


def stored(shown, turn):
    """The pixels that a file of this orientation holds so that a viewer shows `shown`."""
    height, width = shown.shape[:2] if turn < 5 else shown.shape[1::-1]
    rows, columns = np.mgrid[0:height, 0:width]
    return STORED[turn](shown, rows, columns)


def oriented(shown, turn, kind, **options):
    exif = Image.Exif()
    exif[0x0112] = turn
    return encoded(stored(shown, turn), kind, exif=exif.tobytes(), **options)


def oriented_heic(shown, turn):
    exif = Image.Exif()
    exif[0x0112] = turn
    pixels = stored(shown, turn).astype(np.uint8)
    buffer = io.BytesIO()
    # The encoder writes the orientation as the container's own turn (irot, imir) beside the EXIF.
    size = pixels.shape[1::-1]
    pillow_heif.encode("RGB", size, pixels.tobytes(), buffer, quality=95, chroma=444, exif=exif.tobytes())
    return buffer.getvalue()


def eXIf_at_the_end(png):
    start = png.index(b"eXIf") - 4
    stop = start + 12 + int.from_bytes(png[start : start + 4], "big")
    end = png.index(b"IEND") - 4
    return png[:start] + png[stop:end] + png[start:stop] + png[end:]


ORIENTED = {
    "jpeg": lambda shown, turn: oriented(shown, turn, "JPEG", quality=97, subsampling=0),
    "png": lambda shown, turn: oriented(shown, turn, "PNG"),
    "png, EXIF last": lambda shown, turn: eXIf_at_the_end(oriented(shown, turn, "PNG")),
    "webp": lambda shown, turn: oriented(shown, turn, "WEBP", lossless=True),
    "tiff": lambda shown, turn: encoded(stored(shown, turn), "TIFF", tiffinfo={274: turn}),
    "tiff, lzw": lambda shown, turn: encoded(stored(shown, turn), "TIFF", tiffinfo={274: turn}, compression="tiff_lzw"),
    "avif": lambda shown, turn: oriented(shown, turn, "AVIF", quality=97, subsampling="4:4:4"),
    "heic": oriented_heic,
}


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("kind", ORIENTED)
def test_all_eight_orientations_are_applied_once(kind, turn):
    shown = picture(120, 80)
    data = ORIENTED[kind](shown, turn)
    for crop in ("center", "pad") if kind in ("jpeg", "tiff") else ("center",):
        out, size = loaded(data, crop)
        assert size == (120, 80)
        assert np.abs(out - reference(shown, crop)).mean() < 2.5
        # No other orientation would have passed.
        others = [np.abs(out - reference(stored(shown, other), crop)).mean() for other in range(2, 9)]
        assert min(others) > 10


def test_an_odd_rest_of_the_padding_lies_where_it_would_for_the_upright_image():
    shown = picture(100, 51)
    upright, _ = loaded(encoded(shown, "PNG"), "pad", 99)
    turned, _ = loaded(oriented(shown, 3, "PNG"), "pad", 99)
    assert np.abs(upright - turned).max() <= 1


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
@pytest.mark.parametrize("exif", [b"Exif\0\0", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff", b"Exif\0\0rubbish" * 9])
def test_damaged_exif_does_not_cost_the_image(exif):
    pixels = picture(90, 60)
    out, size = loaded(encoded(pixels, "JPEG", quality=97, exif=exif))
    assert size == (90, 60)
    assert np.abs(out - reference(pixels)).mean() < 2


@pytest.mark.parametrize("options", [{}, {"progressive": True}], ids=["baseline", "progressive"])
@pytest.mark.parametrize("scale", [1, 2, 4, 8])
def test_a_scaled_jpeg_gives_the_picture_of_the_whole_one(scale, options):
    width, height = 130 * scale + 3, 80 * scale + 5
    pixels = picture(width, height)
    data = encoded(pixels, "JPEG", quality=95, subsampling=0, **options)
    for crop in ("center", "squash", "pad"):
        out, size = loaded(data, crop)
        assert size == (width, height)
        assert np.abs(out - reference(pixels, crop)).mean() < 1.5


def jpeg_of_size(width, height):
    """A JPEG whose header says width x height; there is no need to decode it."""
    data = encoded(np.zeros((8, 8, 3)), "JPEG")
    frame = data.index(b"\xff\xc0") + 5
    return data[:frame] + height.to_bytes(2, "big") + width.to_bytes(2, "big") + data[frame + 4 :]


@pytest.mark.parametrize("crop", ["center", "squash", "pad"])
@pytest.mark.parametrize("target", [1, 128, 224, 299])
def test_a_jpeg_is_decoded_at_the_smallest_scale_that_covers_the_crop(crop, target):
    random = np.random.default_rng(target)
    edges = [target * scale * 8 // 7 + step for scale in (1, 2, 4, 8) for step in (-1, 0, 1, 2)]
    sizes = [(width, height) for width in edges for height in edges]
    sizes += [tuple(map(int, random.integers(1, 6000, 2))) for _ in range(200)]
    seen = set()
    for width, height in sizes:
        if min(width, height) < 1:
            continue
        with open_image(Source("-", data=jpeg_of_size(width, height))) as image:
            box, size = _plan(width, height, Preprocessing(target, crop))
            scale = round((box[2] - box[0]) / np.subtract(*fit(image, box, size)[2::-2]))
            assert image.size == (-(-width // scale), -(-height // scale))
        spare = min((box[2] - box[0]) / size[0], (box[3] - box[1]) / size[1])
        assert scale == 1 or spare >= scale, "the crop would be upsampled"
        assert scale == 8 or spare < 2 * scale, "a smaller scale would have done"
        seen.add(scale)
    assert seen == {1, 2, 4, 8}


def test_one_bit_and_palette_images_are_smoothed_not_sampled():
    checks = np.indices((128, 128)).sum(axis=0) % 2 * 255
    for mode in ("1", "P"):
        buffer = io.BytesIO()
        Image.fromarray(checks.astype(np.uint8)).convert(mode).save(buffer, "PNG")
        out, _ = loaded(buffer.getvalue(), "squash", 32)
        assert np.abs(out - 127.5).max() < 3


def test_the_colour_of_transparent_pixels_does_not_run_into_the_others():
    rgba = np.zeros((120, 120, 4), np.uint8)
    rgba[:, :, 0], rgba[:, 60:, 3] = 255, 255
    rgba[:, :60, :3] = (0, 255, 0)  # invisible
    over_white = np.where(rgba[..., 3:] > 0, rgba[..., :3], 255).astype(np.float64)
    for interpolation in ("bilinear", "bicubic"):
        out, _ = loaded(encoded(rgba, "PNG"), "center", 50, interpolation)
        assert np.abs(out - reference(over_white, "center", 50, interpolation)).max() <= 2


def test_many_threads_at_once_get_what_one_gets():
    options = [("JPEG", {"quality": 90}), ("PNG", {}), ("WEBP", {}), ("TIFF", {}), ("GIF", {}), ("AVIF", {})]
    files = [encoded(picture(150 + n, 140), *kind[:1], **kind[1]) for kind in options for n in range(5)]
    alone = [loaded(data)[0] for data in files]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda data: loaded(data)[0], files * 4))
    assert all(np.array_equal(one, other) for one, other in zip(alone * 4, together, strict=True))


def test_photographs_match_arithmetic_on_their_full_decode():
    photographs = sorted((SHARED / "images").glob("*.JPEG"))[::20]
    if not photographs:
        pytest.skip(f"needs the photographs in {SHARED / 'images'}")
    for path in photographs:
        with Image.open(path) as image:
            pixels = np.asarray(image.convert("RGB"), np.float64)
        for size, tolerance in ((224, 2.5), (128, 4)):
            out = np.empty((size, size, 3), np.uint8)
            load_image(Source(str(path)), Preprocessing(size), out)
            assert np.abs(out - reference(pixels, size=size)).mean() < tolerance, path.name


def test_the_recipe_can_be_named_without_numpy_or_pillow():
    code = (
        "import sys, mobilenet_cli.images.preprocess as p, mobilenet_cli.inputs.find; p.Preprocessing(128);"
        "sys.exit(bool({'numpy', 'PIL', 'pillow_heif'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])
