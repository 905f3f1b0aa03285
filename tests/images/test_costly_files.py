"""Small files that used to take minutes: each is read, or refused, in a few seconds of the processor's time."""

from __future__ import annotations

import io
import struct
import time
import zlib

import numpy as np
import pytest
from PIL import Image

from mobilenet_cli.errors import ImageError
from mobilenet_cli.images.preprocess import Preprocessing, load_image
from mobilenet_cli.records import Source

PHOTO = Image.fromarray(np.random.default_rng(0).integers(0, 256, (12, 16, 3), np.uint8)).resize((320, 240))
SECONDS = 5.0


def saved(image: Image.Image, name: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, name, **options)
    return buffer.getvalue()


def loaded(data: bytes) -> np.ndarray:
    """Load an image, and check what that took of the processor's time."""
    out = np.empty((64, 64, 3), np.uint8)
    before = time.process_time()
    try:
        load_image(Source("-", data=data), Preprocessing(64), out)
    finally:
        assert time.process_time() - before < SECONDS
    return out.astype(int)


JPEG = saved(PHOTO, "JPEG")


def segments(marker: int, content: bytes, count: int) -> bytes:
    return (bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content) * count


@pytest.mark.parametrize(
    "added",
    [
        segments(0xE1, b"Exif\0\0xx", 300_000),
        segments(0xE1, b"Exif\0\0" + bytes(2000), 4_000),
        segments(0xE2, b"ICC_PROFILE\0\1\1x", 200_000),
        segments(0xED, b"Photoshop 3.0\0", 200_000),
        segments(0xFE, b"x", 400_000),
        b"\xff" * 4_000_000,
        b"\xff" + bytes(4_000_000),
    ],
    ids=["exif", "long exif", "profiles", "photoshop", "comments", "padding", "zeros"],
)
def test_a_jpeg_of_segments_or_padding_shows_its_picture(added):
    assert (loaded(JPEG[:2] + added + JPEG[2:]) == loaded(JPEG)).all()


def test_the_orientation_is_still_that_of_the_first_exif():
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = saved(PHOTO, "JPEG", exif=exif.tobytes())
    crowded = turned[:2] + segments(0xFE, b"x", 2_000) + turned[2:]
    assert (loaded(crowded) == loaded(turned)).all()
    assert (loaded(crowded) != loaded(JPEG)).any()


def test_a_progressive_jpeg_of_hundreds_of_scans_is_refused_where_it_is_large():
    large = saved(PHOTO.resize((2000, 1500)), "JPEG", progressive=True)
    first = large.index(b"\xff\xda")
    scan = large[first : large.index(b"\xff\xc4", first)]
    with pytest.raises(ImageError, match="progressive JPEG of 5"):
        loaded(large[:first] + scan * 500 + large[first:])
    small = saved(PHOTO, "JPEG", progressive=True)
    last = small.rindex(b"\xff\xda")
    assert (loaded(small[:last] + small[last:-2] * 100 + small[last:])).any()


WORDS = b" ".join(b"%d" % value for value in PHOTO.tobytes())


@pytest.mark.parametrize(
    "data",
    [
        b"P6\n" + b"#x\n" * 1_000_000 + b"320 240\n255\n" + PHOTO.tobytes(),
        b"P3 320 240 255\n" + b"#x\r" * 1_000_000 + WORDS,
        b"P3\n# 1 2 3\n320 240 # a comment\n255\n" + WORDS.replace(b" 7 ", b" 7 # seven\n"),
        b"P6 320 240 510 " + (np.asarray(PHOTO).astype(int) * 2).astype(">u2").tobytes(),
    ],
    ids=["comments in the header", "comments in the samples", "comments among them", "another white"],
)
def test_a_ppm_shows_its_picture(data):
    assert np.abs(loaded(data) - loaded(saved(PHOTO, "PNG"))).max() <= 1


@pytest.mark.parametrize(
    "data", [b"P2 4 4 15 " + b"3 7 " * 8, b"P5 4 4 15 " + b"\3\7" * 8, b"P2 4 4 300 " + b"60 140 " * 8]
)
def test_grey_samples_of_any_white_are_scaled(data):
    grey = Image.fromarray(np.tile(np.array([3 * 17, 7 * 17], np.uint8), (4, 2)))
    assert np.abs(loaded(data) - loaded(saved(grey, "PNG"))).max() <= 1


@pytest.mark.parametrize("data", [b"P1 4 2\n0 1 0 1 0101", b"P1\n4 2 #x\n01 #1111\n01\n0101", b"P4 4 2\n\x50\x50"])
def test_bits_are_black_where_they_are_1(data):
    stripes = Image.fromarray(np.tile(np.array([255, 0], np.uint8), (2, 2)))
    assert (loaded(data) == loaded(saved(stripes, "PNG"))).all()


@pytest.mark.parametrize(
    "data", [b"P3 9 9 255 1 2 3", b"P2 2 2 9 1 2 3 10", b"P2 2 2 9 1 2 3 -1", b"P5 4 4 15 x", b"P5 4 4 0 x"]
)
def test_a_ppm_with_too_few_samples_or_wrong_ones_is_refused(data):
    with pytest.raises(ImageError):
        loaded(data)


def bmp(width: int, height: int, runs: bytes, *, bits: int = 8) -> bytes:
    palette = b"".join(bytes([value, 255 - value, value // 2, 0]) for value in range(1 << bits))
    start = 54 + len(palette)
    head = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, 1 if bits == 8 else 2, len(runs), 0, 0, 1 << bits, 0)
    return b"BM" + struct.pack("<IHHI", start + len(runs), 0, 0, start) + head + palette + runs


def in_colours(rows: list[list[int]], bits: int = 8) -> bytes:
    """A PNG of what rows of palette indexes show, from the top."""
    colours = [[(value // 2, 255 - value, value) for value in row] for row in rows]
    return saved(Image.fromarray(np.array(colours, np.uint8)), "PNG")


def test_the_run_lengths_of_a_bmp():
    # Of 8 bits, from the bottom: a run; five literal pixels, padded; a place that is skipped to; nothing more.
    runs = bytes([6, 9, 0, 0, 0, 5, 1, 2, 3, 4, 5, 0, 1, 8, 0, 0, 0, 2, 2, 1, 2, 7, 0, 1])
    rows = [[0, 0, 7, 7, 0, 0], [0] * 6, [1, 2, 3, 4, 5, 8], [9] * 6]
    assert (loaded(bmp(6, 4, runs)) == loaded(in_colours(rows))).all()
    # Of 4 bits: pairs of pixels, one run that is odd, three literal pixels.
    runs = bytes([5, 0x12, 0, 0, 0, 3, 0x34, 0x50, 2, 0x66, 0, 1])
    assert (loaded(bmp(5, 2, runs, bits=4)) == loaded(in_colours([[3, 4, 5, 6, 6], [1, 2, 1, 2, 1]]))).all()


@pytest.mark.parametrize("runs", [b"\0\0" * 3000, b"\1\7" * 500_000 + b"\0\1", b"\0\2\0\1" * 2999 + b"\0\1"])
def test_a_large_bmp_of_small_runs_is_read(runs):
    assert loaded(bmp(3000, 3000, runs)).any()


def test_a_bmp_that_is_cut_off_is_refused():
    with pytest.raises(ImageError, match="truncated"):
        loaded(bmp(6, 4, bytes([6, 9, 0, 0])))


def chunk(kind: bytes, content: bytes = b"") -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


@pytest.mark.parametrize("added", [chunk(b"teSt"), chunk(b"tEXt", b"k\0v")], ids=["private", "texts"])
def test_a_png_of_chunks_shows_its_picture(added):
    plain = saved(PHOTO, "PNG")
    assert (loaded(plain[:33] + added * 300_000 + plain[33:]) == loaded(plain)).all()


def tiff(tags: list[tuple[int, int, int, int]], data: bytes) -> bytes:
    entries = b"".join(
        struct.pack("<HHI", tag, kind, count)
        + (struct.pack("<HH", value, 0) if kind == 3 else struct.pack("<I", value))
        for tag, kind, count, value in sorted(tags)
    )
    head = b"II*\0" + struct.pack("<I", 8 + len(data)) + data
    return head + struct.pack("<H", len(tags)) + entries + bytes(4)


GREY = [(256, 4, 1, 64), (257, 4, 1, 64), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (277, 3, 1, 1)]


def test_a_tiff_of_millions_of_strips_is_refused_by_their_number():
    many = 1_000_000
    tags = [*GREY, (273, 4, many, 8), (278, 4, 1, 1), (279, 4, many, 8)]
    with pytest.raises(ImageError, match="a TIFF of 1,000,000 strips"):
        loaded(tiff(tags, bytes(4 * many)))


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_tags_that_all_have_the_same_megabytes_are_not_all_read():
    tags = [*GREY, (273, 4, 1, 8), (278, 4, 1, 64), (279, 4, 1, 4096)]
    tags += [(2000 + number, 4, 1_000_000, 8) for number in range(2000)]
    assert (loaded(tiff(tags, b"\x80" * 4_000_000)) == 128).all()
