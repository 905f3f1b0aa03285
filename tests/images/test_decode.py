"""Formats, colour modes and bad files. Images are stretched to their own size, so pixels compare one to one."""

from __future__ import annotations

import contextlib
import errno
import gc
import io
import os
import socket
import struct
import threading
import warnings
import zlib
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageCms

from mobilenet_cli.errors import ImageError
from mobilenet_cli.images.allowance import MAX_PIXELS
from mobilenet_cli.images.preprocess import Preprocessing, load_image, silence_decoder_warnings
from mobilenet_cli.records import Source

SIDE = 48
RAMP = np.rint(np.linspace(0, 255, SIDE))
GREY = np.add.outer(RAMP, RAMP[::-1] / 2) / 1.5
COLOUR = np.rint(np.stack([GREY, 255 - GREY.T, np.abs(GREY - 128)], axis=-1))
GREY = np.rint(GREY)


def load(source):
    out = np.full((SIDE, SIDE, 3), 77, np.uint8)
    load_image(source if isinstance(source, Source) else Source("-", data=source), Preprocessing(SIDE, "squash"), out)
    return out.astype(np.float64)


def failure(source):
    with pytest.raises(ImageError) as caught:
        load(source)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def saved(pixels, kind, **options):
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def u8(pixels):
    return np.asarray(pixels, np.uint8)


def rgb(grey):
    return np.repeat(np.asarray(grey, np.float64)[..., None], 3, axis=2)


def big_endian(samples):
    return samples.astype(samples.dtype.newbyteorder(">"))


def png(samples, depth, colour_type, **chunks):
    """A PNG of rows of packed samples, written from the specification: Pillow cannot write all of its kinds."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = b"".join(b"\0" + row.tobytes() for row in big_endian(samples))
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", struct.pack(">2I5B", SIDE, len(samples), depth, colour_type, 0, 0, 0)),
            *(chunk(name.encode(), data) for name, data in chunks.items()),
            chunk(b"IDAT", zlib.compress(rows)),
            chunk(b"IEND", b""),
        ]
    )


def tiff(samples, photometric=1, kind=1):
    """An uncompressed big-endian TIFF. kind: 1 unsigned, 2 signed, 3 float."""
    channels = samples.shape[2] if samples.ndim == 3 else 1
    bits = samples.dtype.itemsize * 8
    data = big_endian(samples).tobytes()
    fields = [
        (256, 4, samples.shape[1]), (257, 4, samples.shape[0]), (258, 3, bits), (259, 3, 1), (262, 3, photometric),
        (273, 4, 8 + 2 + 10 * 12 + 4), (277, 3, channels), (278, 4, samples.shape[0]), (279, 4, len(data)),
        (339, 3, kind),
    ]  # fmt: skip
    entries = b"".join(
        struct.pack(">HHI4s", tag, type_, 1, struct.pack(">I" if type_ == 4 else ">Hxx", value))
        for tag, type_, value in fields
    )
    return b"MM\0*" + struct.pack(">IH", 8, len(fields)) + entries + bytes(4) + data


# Files whose pixels are known exactly.

INDEXES = np.arange(SIDE * SIDE).reshape(SIDE, SIDE) // 7 % 4
PALETTE = np.array([[250, 10, 20], [0, 200, 30], [5, 6, 200], [90, 90, 90]])
PALETTE_ALPHA = np.array([255, 128, 0, 255])
DARK16 = np.rint(GREY * 3).astype("u2")  # far below full scale, all above what 8 bits hold counts
WIDE16 = np.rint(GREY * 257).astype("u2")
BITS = INDEXES % 2
ALPHA = np.rint(255 - GREY.T)
KEYED = INDEXES == 2


def palette_image(mode="P"):
    image = Image.fromarray(u8(INDEXES))
    image.putpalette(PALETTE.astype(np.uint8).tobytes())
    return image.convert(mode) if mode != "P" else image


def over_white(colours, alpha):
    alpha = alpha[..., None] / 255
    return colours * alpha + 255 * (1 - alpha)


def ppm(header, samples):
    return header % (SIDE, SIDE) + samples.tobytes()


OTHER = Image.new("RGB", (SIDE, SIDE), (1, 2, 3))
FLOATS = (GREY / 255).astype("f4")
SPOILT = FLOATS.copy()
SPOILT[0, :4] = (np.nan, np.inf, -np.inf, -3)
INDEXED = PALETTE[INDEXES].astype(np.float64)
RGBA = u8(np.concatenate([COLOUR, ALPHA[..., None]], axis=2))
COMPOSITE = over_white(COLOUR, ALPHA)
BE16 = COLOUR.astype("u2") * 257

EXACT = {
    "png rgb": (saved(u8(COLOUR), "PNG"), COLOUR),
    "png rgb 16 bit": (png(BE16, 16, 2), COLOUR),
    "png rgb, one colour clear": (
        png(u8(INDEXED), 8, 2, tRNS=struct.pack(">3H", *PALETTE[2])),
        over_white(INDEXED, 255.0 * ~KEYED),
    ),
    "png rgb 16 bit, one colour clear": (
        png((INDEXED * 256 + 99).astype("u2"), 16, 2, tRNS=struct.pack(">3H", *PALETTE[2] * 256 + 99)),
        over_white(INDEXED, 255.0 * ~KEYED),
    ),
    "png grey": (png(u8(GREY), 8, 0), rgb(GREY)),
    "png grey, one level clear": (
        png(u8(INDEXES * 60), 8, 0, tRNS=struct.pack(">H", 120)),
        rgb(np.where(KEYED, 255, INDEXES * 60.0)),
    ),
    "png 1 bit": (png(np.packbits(u8(BITS), axis=1), 1, 0), rgb(BITS * 255)),
    "png 1 bit, black clear": (
        png(np.packbits(u8(BITS), axis=1), 1, 0, tRNS=b"\0\0"),
        rgb(np.full_like(BITS, 255)),
    ),
    "png grey 16 bit": (png(WIDE16, 16, 0), rgb(GREY)),
    "png grey 16 bit, dark": (png(DARK16, 16, 0), rgb(DARK16 / 257)),
    "png grey 16 bit, one level clear": (
        png(INDEXES.astype("u2") * 9000, 16, 0, tRNS=struct.pack(">H", 18000)),
        rgb(np.where(KEYED, 255, INDEXES * 9000 / 257)),
    ),
    "png grey with alpha": (
        png(u8(np.stack([GREY, ALPHA], axis=-1)), 8, 4),
        over_white(rgb(GREY), ALPHA),
    ),
    "png grey with alpha 16 bit": (
        png(np.stack([GREY, ALPHA], axis=-1).astype("u2") * 257, 16, 4),
        over_white(rgb(GREY), ALPHA),
    ),
    "png rgba": (png(RGBA, 8, 6), COMPOSITE),
    "png rgba 16 bit": (png(RGBA.astype("u2") * 257, 16, 6), COMPOSITE),
    "png palette": (png(u8(INDEXES), 8, 3, PLTE=u8(PALETTE).tobytes()), INDEXED),
    "png palette with alpha": (
        png(u8(INDEXES), 8, 3, PLTE=u8(PALETTE).tobytes(), tRNS=u8(PALETTE_ALPHA).tobytes()),
        over_white(INDEXED, PALETTE_ALPHA[INDEXES]),
    ),
    "png palette, one colour clear": (
        png(u8(INDEXES), 8, 3, PLTE=u8(PALETTE).tobytes(), tRNS=b"\xff\xff\0"),
        over_white(INDEXED, 255.0 * ~KEYED),
    ),
    "apng": (saved(u8(COLOUR), "PNG", save_all=True, append_images=[OTHER], duration=50), COLOUR),
    "gif": (saved(palette_image(), "GIF"), INDEXED),
    "gif, one colour clear": (saved(palette_image(), "GIF", transparency=2), over_white(INDEXED, 255.0 * ~KEYED)),
    "gif animated": (saved(palette_image(), "GIF", save_all=True, append_images=[OTHER], duration=50), INDEXED),
    "gif grey": (saved(u8(GREY), "GIF"), rgb(GREY)),
    "webp lossless": (saved(u8(COLOUR), "WEBP", lossless=True), COLOUR),
    "webp with alpha": (saved(Image.fromarray(RGBA), "WEBP", lossless=True, exact=True), COMPOSITE),
    "webp animated": (
        saved(u8(COLOUR), "WEBP", lossless=True, save_all=True, append_images=[OTHER], duration=50),
        COLOUR,
    ),
    "bmp": (saved(u8(COLOUR), "BMP"), COLOUR),
    "bmp palette": (saved(palette_image(), "BMP"), INDEXED),
    "bmp 1 bit": (saved(Image.fromarray(u8(BITS * 255)).convert("1"), "BMP"), rgb(BITS * 255)),
    "dib": (saved(u8(COLOUR), "DIB"), COLOUR),
    "tiff": (saved(u8(COLOUR), "TIFF"), COLOUR),
    "tiff lzw": (saved(u8(COLOUR), "TIFF", compression="tiff_lzw"), COLOUR),
    "tiff fax": (
        saved(Image.fromarray(u8(BITS * 255)).convert("1"), "TIFF", compression="group4"),
        rgb(BITS * 255),
    ),
    "tiff pages": (saved(u8(COLOUR), "TIFF", save_all=True, append_images=[OTHER]), COLOUR),
    "tiff rgba": (saved(Image.fromarray(RGBA), "TIFF"), COMPOSITE),
    "tiff 16 bit, big-endian": (tiff(WIDE16), rgb(GREY)),
    "tiff 16 bit, little-endian": (saved(Image.fromarray(WIDE16), "TIFF"), rgb(GREY)),
    "tiff 16 bit, dark": (tiff(DARK16), rgb(DARK16 / 257)),
    "tiff 32 bit, up to 255": (tiff(GREY.astype("i4"), kind=2), rgb(GREY)),
    "tiff 32 bit, up to 65535": (tiff(DARK16.astype("i4"), kind=2), rgb(DARK16 / 257)),
    "tiff 32 bit, more": (tiff(GREY.astype("i4") * 10**6, kind=2), rgb(GREY * 255 / GREY.max())),
    "tiff float, up to 1": (tiff(FLOATS, kind=3), rgb(GREY)),
    "tiff float, up to 255": (tiff(FLOATS * 255, kind=3), rgb(GREY)),
    "tiff float, up to 65535": (tiff(FLOATS * 65535, kind=3), rgb(GREY)),
    "tiff float, more": (tiff(FLOATS * 1e9, kind=3), rgb(GREY * 255 / GREY.max())),
    "tiff float, all black": (tiff(FLOATS * 0, kind=3), rgb(GREY * 0)),
    "pbm": (ppm(b"P4 %d %d\n", np.packbits(u8(BITS), axis=1)), rgb(255 - BITS * 255.0)),
    "pgm": (ppm(b"P5 %d %d 255\n", u8(GREY)), rgb(GREY)),
    "pgm 16 bit, dark": (ppm(b"P5 %d %d 65535\n", INDEXES.astype(">u2")), rgb(GREY * 0)),
    "ppm": (ppm(b"P6 %d %d 255\n", u8(COLOUR)), COLOUR),
    "pfm": (ppm(b"Pf %d %d -1.0\n", FLOATS[::-1].astype("<f4")), rgb(GREY)),
    "jpeg 2000": (saved(u8(COLOUR), "JPEG2000"), COLOUR),
    "jpeg 2000 codestream": (saved(u8(GREY), "JPEG2000", no_jp2=True), rgb(GREY)),
}


@pytest.mark.parametrize("name", EXACT)
def test_every_kind_of_pixel_becomes_the_same_colour_in_rgb(name):
    data, expected = EXACT[name]
    assert np.abs(load(data) - expected).max() <= 1.01


def test_floats_that_are_no_colours_are_black_or_white():
    out = load(tiff(SPOILT, kind=3))
    assert (out[0, :4] == [[0] * 3, [255] * 3, [0] * 3, [0] * 3]).all()
    assert np.abs(out[1:] - rgb(GREY)[1:]).max() <= 1


def heic(pixels, mode="RGB", **options):
    buffer = io.BytesIO()
    pillow_heif.encode(mode, (SIDE, SIDE), u8(pixels).tobytes(), buffer, quality=98, chroma=444, **options)
    return buffer.getvalue()


TO_LAB = ImageCms.buildTransform(ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB")

# What a lossy encoder leaves of a smooth picture is near to it.
LOSSY = {
    "jpeg": (saved(u8(COLOUR), "JPEG", quality=97, subsampling=0), COLOUR),
    "jpeg progressive": (saved(u8(COLOUR), "JPEG", quality=97, subsampling=0, progressive=True), COLOUR),
    "jpeg grey": (saved(u8(GREY), "JPEG", quality=97), rgb(GREY)),
    "mpo": (saved(u8(COLOUR), "MPO", quality=97, subsampling=0, save_all=True, append_images=[OTHER]), COLOUR),
    "webp": (saved(u8(COLOUR), "WEBP", quality=98), COLOUR),
    "avif": (saved(u8(COLOUR), "AVIF", quality=98, subsampling="4:4:4"), COLOUR),
    "avif with alpha": (saved(Image.fromarray(RGBA), "AVIF", quality=98, subsampling="4:4:4"), COMPOSITE),
    "avif sequence": (
        saved(u8(COLOUR), "AVIF", quality=98, subsampling="4:4:4", save_all=True, append_images=[OTHER]),
        COLOUR,
    ),
    "heic": (heic(COLOUR), COLOUR),
    "heic with alpha": (heic(RGBA, "RGBA"), COMPOSITE),
    "heic named by its second brand": (heic(COLOUR).replace(b"ftypheix", b"ftypmif1", 1), COLOUR),
    "tiff lab": (saved(TO_LAB.apply(Image.fromarray(u8(COLOUR))), "TIFF"), COLOUR),
    "tiff ycbcr": (saved(Image.fromarray(u8(COLOUR)).convert("YCbCr"), "TIFF"), COLOUR),
}


@pytest.mark.parametrize("name", LOSSY)
def test_lossy_formats_come_near_to_what_was_encoded(name):
    data, expected = LOSSY[name]
    assert np.abs(load(data) - expected).mean() < 4


@pytest.mark.parametrize("name", ["png rgba", "tiff lzw", "gif animated", "webp animated", "bmp"])
def test_a_file_gives_what_its_bytes_give_whatever_it_is_called(name, tmp_path):
    data, expected = EXACT[name]
    path = tmp_path / "photo.of-no-known-kind"
    path.write_bytes(data)
    assert np.abs(load(Source(str(path))) - expected).max() <= 1.01


def test_nothing_is_left_open_and_nothing_global_is_changed(tmp_path):
    limit, openers = Image.MAX_IMAGE_PIXELS, set(Image.OPEN)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name, (data, _) in (EXACT | LOSSY).items():
            path = tmp_path / name
            path.write_bytes(data)
            load(Source(str(path)))
            path.write_bytes(data[: len(data) // 2])
            with contextlib.suppress(ImageError):  # a first page may be complete in half a file
                load(Source(str(path)))
        gc.collect()
    assert limit == Image.MAX_IMAGE_PIXELS
    assert not {"HEIF", "EPS"} & (set(Image.OPEN) - openers)
    assert not [link for link in Path("/proc/self/fd").iterdir() if str(tmp_path) in str(link.resolve())]


# Bad files.


def test_what_is_no_file_says_so(tmp_path):
    assert failure(Source(str(tmp_path / "missing.jpg"))) == "no such file"
    assert failure(Source("nul\0byte.jpg")) == "no such file"
    assert failure(Source(str(tmp_path))) == "a folder, not an image"
    assert failure(Source("/dev/null")) == "not a regular file: a device"
    assert failure(Source("photo.jpg", error="the reason found before")) == "the reason found before"
    with socket.socket(socket.AF_UNIX) as end:
        end.bind(str(tmp_path / "s"))
        assert failure(Source(str(tmp_path / "s"))) == "not a regular file: a socket"
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    assert failure(Source(str(loop))) == f"cannot be read: {os.strerror(errno.ELOOP)}"
    assert failure(Source("x" * 5000)) == f"cannot be read: {os.strerror(errno.ENAMETOOLONG)}"


def test_a_fifo_is_refused_at_once(tmp_path):
    fifo = tmp_path / "pipe.jpg"
    os.mkfifo(fifo)
    said = []
    thread = threading.Thread(target=lambda: said.append(failure(Source(str(fifo)))), daemon=True)
    thread.start()
    thread.join(10)
    assert said == ["not a regular file: a FIFO; pipe the image in with -"]


def test_a_file_without_permission_says_so(unprivileged):
    path = unprivileged / "a.png"
    path.write_bytes(EXACT["png rgb"][0])
    path.chmod(0)
    assert failure(Source(str(path))) == "permission denied"


@pytest.mark.parametrize(
    "data",
    [
        b"not an image at all",
        b"<html>404</html>",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        b"\0\0\0\x20ftypisom\0\0\0\0isommp41",
        b"%PDF-1.7",
        b"\0",
        b"P",
    ],
)
def test_what_is_no_image_says_so(data):
    assert failure(data) == "not an image in a format that can be read"


def test_an_empty_file_says_so(tmp_path):
    (tmp_path / "a.jpg").touch()
    assert "empty" in failure(Source(str(tmp_path / "a.jpg")))
    assert "empty" in failure(b"")


@pytest.mark.parametrize("name", ["jpeg", "jpeg progressive", "webp", "avif", "heic"])
def test_a_truncated_image_is_an_error_in_words(name):
    data = LOSSY[name][0]
    # Two thirds of a JPEG are enough: see test_damage.
    for size in (4, 30, len(data) // 3, len(data) * (1 if name.startswith("jpeg") else 2) // 3):
        reason = failure(data[:size])
        assert "truncated" in reason or "damaged" in reason or reason == "not an image in a format that can be read"


def test_decoders_words_are_cleaned_for_a_terminal():
    reason = failure(b"P6 \x1b]0;title\x07 9 255\n")
    assert reason.isprintable()
    assert "damaged" in reason


@pytest.mark.parametrize("name", [*EXACT, *LOSSY])
def test_random_damage_gives_a_picture_or_an_image_error(name, capfd):
    data = (EXACT | LOSSY)[name][0]
    random = np.random.default_rng(zlib.crc32(name.encode()))
    start = 40 if name == "webp animated" else 0  # a damaged canvas size is legal, and slow: 16383 x 16383
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reasons = []
        for _ in range(25):
            damaged = bytearray(data)
            for place in random.integers(start, min(len(data), 2000), 6):
                damaged[place] = random.integers(256)
            try:
                load(bytes(damaged))
            except ImageError as error:
                reasons.append(str(error))
    assert all(reason.isprintable() for reason in reasons)
    assert capfd.readouterr().err == ""


def test_an_image_of_too_many_pixels_is_refused_before_it_is_decoded():
    data = png(u8(GREY), 8, 0)
    header = struct.pack(">2I", 30000, 20000)
    crc = struct.pack(">I", zlib.crc32(b"IHDR" + header + data[24:29]))
    huge = data[:16] + header + data[24:29] + crc + data[33:]
    assert failure(huge) == f"too large: 30000 x 20000 pixels (the limit is {MAX_PIXELS:,} pixels)"


def with_size(jpeg, marker, width, height):
    frame = jpeg.index(marker) + 5
    return jpeg[:frame] + struct.pack(">2H", height, width) + jpeg[frame + 4 :]


def test_a_progressive_jpeg_counts_in_full_since_it_is_held_in_full():
    huge = with_size(LOSSY["jpeg progressive"][0], b"\xff\xc2", 65500, 65500)
    assert "too large: 65500 x 65500 pixels" in failure(huge)


def test_a_jpeg_too_large_to_decode_whole_is_read_at_a_smaller_scale():
    width, height = 16000, 12000
    assert width * height > MAX_PIXELS
    image = Image.new("L", (width, height), 40)
    image.paste(200, (0, 0, width // 2, height))
    out = np.zeros((SIDE, SIDE, 3), np.uint8)
    shown = load_image(Source("-", data=saved(image, "JPEG")), Preprocessing(SIDE), out)
    assert (shown.width, shown.height) == (width, height)
    assert np.abs(out[:, : SIDE // 2 - 1].astype(int) - 200).max() <= 2
    assert np.abs(out[:, SIDE // 2 + 1 :].astype(int) - 40).max() <= 2


def test_warnings_of_decoders_can_be_silenced():
    damaged_exif = saved(u8(COLOUR), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff")
    with pytest.warns(UserWarning, match="EXIF"):
        load(damaged_exif)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        silence_decoder_warnings()
        load(damaged_exif)
