"""One picture in many forms of file: formats, colour modes, depths, layouts, packings and colour profiles."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pillow_heif
import pillow_jxl  # noqa: F401 - so that Pillow writes JPEG XL
import tifffile
from PIL import Image, ImageCms

PROFILES = Path("/usr/share/color/icc/ghostscript")
"""Of Debian's libgs-common."""

_ROOT = Path(__file__).resolve().parents[2]
_CAT = Image.open(_ROOT / "sample_images" / "cat.jpg").convert("RGB").resize((176, 144), Image.Resampling.LANCZOS)
PHOTOGRAPH = Image.fromarray(np.asarray(_CAT))  # without metadata, which Pillow would write into each file
RGB = np.asarray(PHOTOGRAPH)
GREY = np.asarray(PHOTOGRAPH.convert("L"))
ALPHA = np.broadcast_to(np.linspace(60, 255, 176).astype(np.uint8), GREY.shape)
RGBA = np.dstack([RGB, ALPHA])
SRGB = ImageCms.createProfile("sRGB")


def profile(name):
    return (PROFILES / f"{name}.icc").read_bytes()


def through(name, mode="RGB"):
    """The photograph in a profile's own space."""
    target = ImageCms.ImageCmsProfile(io.BytesIO(profile(name)))
    converted = ImageCms.buildTransform(SRGB, target, "RGB", mode).apply(PHOTOGRAPH)
    return Image.frombytes(mode, converted.size, converted.tobytes())  # without the profile


def saved(image, kind, **options):
    buffer = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(buffer, kind, **options)
    return buffer.getvalue()


def tiff(samples, photometric="rgb", **options):
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, samples, photometric=photometric, metadata=None, **options)
    return buffer.getvalue()


def planes(samples, photometric="rgb", **options):
    return tiff(np.ascontiguousarray(samples.transpose(2, 0, 1)), photometric, planarconfig="separate", **options)


def heic(image, **options):
    buffer = io.BytesIO()
    pillow_heif.from_pillow(image).save(buffer, quality=95, chroma=444, **options)
    return buffer.getvalue()


def png(samples, depth, colour_type, *chunks):
    """A PNG of samples of 8 or 16 bits, written from the specification, with chunks before the pixels."""
    rows = b"".join(b"\0" + row.astype(f">u{depth // 8}").tobytes() for row in samples)
    header = struct.pack(">2I5B", samples.shape[1], samples.shape[0], depth, colour_type, 0, 0, 0)
    every = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(map(chunk, every))


def chunk(named):
    name, data = named
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def wide(samples, kind="u2"):
    """8-bit samples over the full range of an integer type."""
    kind = np.dtype(kind)
    full = 2 ** (8 * kind.itemsize) - 1
    scaled = samples.astype(np.float64) * (full / 255)
    return (scaled - (full + 1) // 2 if kind.kind == "i" else scaled).round().astype(kind)


def exif(turn):
    tags = Image.Exif()
    tags[0x0112] = turn
    return tags.tobytes()


def lab16():
    """Lab as TIFF has it with 16 bits: L from 0 to 65535, a and b in 256ths, two's complement."""
    to_lab = ImageCms.buildTransform(SRGB, ImageCms.createProfile("LAB"), "RGB", "LAB")
    lab = np.frombuffer(to_lab.apply(PHOTOGRAPH).tobytes(), np.uint8).reshape(RGB.shape)
    return np.dstack([lab[..., 0].astype(np.uint16) * 257, lab[..., 1:].view(np.int8).astype(np.int16).view("u2") << 8])


def forms():
    """Return each form's name and file."""
    palette = PHOTOGRAPH.quantize(256)
    indexes = np.asarray(palette)
    colours = np.zeros((256, 3), np.uint8)
    used = np.asarray(palette.getpalette(), np.uint8).reshape(-1, 3)
    colours[: len(used)] = used
    map8, map16 = colours.T.astype("u2"), colours.T.astype("u2") * 257
    cmyk = through("default_cmyk", "CMYK")
    inks = np.asarray(cmyk)
    floats, twelve = RGB / np.float32(255), GREY.astype("u2") * 16
    grey_alpha = np.dstack([GREY, ALPHA])
    swop = {"icc_profile": profile("default_cmyk")}
    a98 = {"icc_profile": profile("a98")}
    icc = (34675, "B", len(profile("a98")), profile("a98"), True)
    swop_tag = [(34675, "B", len(swop["icc_profile"]), swop["icc_profile"], True)]
    return {
        "jpeg": saved(RGB, "JPEG", quality=95),
        "jpeg 4:4:4": saved(RGB, "JPEG", quality=95, subsampling=0),
        "jpeg 4:2:2": saved(RGB, "JPEG", quality=95, subsampling=1),
        "jpeg progressive": saved(RGB, "JPEG", quality=95, progressive=True),
        "jpeg restarts": saved(RGB, "JPEG", quality=95, restart_marker_rows=1),
        "jpeg rgb": saved(RGB, "JPEG", quality=95, keep_rgb=True),
        "jpeg grey": saved(GREY, "JPEG", quality=95),
        "jpeg turned": saved(RGB, "JPEG", quality=95, exif=exif(6)),
        "jpeg cmyk with profile": saved(cmyk, "JPEG", quality=95, **swop),
        "jpeg Adobe RGB": saved(through("a98"), "JPEG", quality=95, **a98),
        "jpeg ProPhoto": saved(through("rommrgb"), "JPEG", quality=97, icc_profile=profile("rommrgb")),
        "jpeg sRGB profile": saved(RGB, "JPEG", quality=95, icc_profile=profile("srgb")),
        "jpeg broken profile": saved(RGB, "JPEG", quality=95, icc_profile=profile("a98")[:200]),
        "jpeg grey with profile": saved(through("default_gray", "L"), "JPEG", icc_profile=profile("default_gray")),
        "jpeg grey with profile of sRGB": saved(GREY, "JPEG", quality=95, icc_profile=profile("srgb")),
        "png": saved(RGB, "PNG"),
        "png 16 bit": png(wide(RGB), 16, 2),
        "png grey": saved(GREY, "PNG"),
        "png grey 16 bit": png(wide(GREY)[..., None], 16, 0),
        "png grey alpha": png(np.dstack([GREY, ALPHA]), 8, 4),
        "png grey alpha 16 bit": png(wide(np.dstack([GREY, ALPHA])), 16, 4),
        "png alpha": saved(RGBA, "PNG"),
        "png alpha 16 bit": png(wide(RGBA), 16, 6),
        "png palette": saved(palette, "PNG"),
        "png palette clear": saved(palette, "PNG", transparency=3),
        "png 1 bit": saved(PHOTOGRAPH.convert("1"), "PNG"),
        "png Adobe RGB": saved(through("a98"), "PNG", **a98),
        "png palette Adobe RGB": saved(through("a98").quantize(256), "PNG", **a98),
        "png alpha Adobe RGB": saved(np.dstack([np.asarray(through("a98")), ALPHA]), "PNG", **a98),
        "gif": saved(palette, "GIF"),
        "bmp": saved(RGB, "BMP"),
        "bmp palette": saved(palette, "BMP"),
        "ppm": saved(RGB, "PPM"),
        "ppm 16 bit": b"P6 176 144 65535\n" + wide(RGB, ">u2").tobytes(),
        "pgm 12 bit": b"P5 176 144 4095\n" + (GREY.astype("u2") * 16).astype(">u2").tobytes(),
        "webp": saved(RGB, "WEBP", quality=95),
        "webp alpha": saved(RGBA, "WEBP", lossless=True, exact=True),
        "webp Adobe RGB": saved(through("a98"), "WEBP", quality=95, **a98),
        "jpeg 2000": saved(RGB, "JPEG2000"),
        "avif": saved(RGB, "AVIF", quality=95),
        "heic": heic(PHOTOGRAPH),
        "jxl": saved(RGB, "JXL", quality=95),
        "jxl lossless": saved(RGB, "JXL", lossless=True),
        "jxl grey 16 bit": saved(wide(GREY), "JXL", lossless=True),
        "tiff": saved(RGB, "TIFF"),
        "tiff lzw predictor": saved(RGB, "TIFF", compression="tiff_lzw", tiffinfo={317: 2}),
        "tiff jpeg": saved(RGB, "TIFF", compression="jpeg", quality=95),
        "tiff turned": saved(RGB, "TIFF", tiffinfo={274: 6}),
        "tiff planes": planes(RGB),
        "tiff alpha": tiff(RGBA, extrasamples=["unassalpha"]),
        "tiff big-endian": tiff(wide(RGB), byteorder=">"),
        "tiff 16 bit": tiff(wide(RGB)),
        "tiff 16 bit deflate predictor": tiff(wide(RGB), compression="zlib", predictor=2),
        "tiff 16 bit strips": tiff(wide(RGB), rowsperstrip=7),
        "tiff 16 bit strips deflate": tiff(wide(RGB), rowsperstrip=7, compression="zlib"),
        "tiff 16 bit tiles": tiff(wide(RGB), tile=(64, 48)),
        "tiff 16 bit tiles deflate": tiff(wide(RGB), tile=(64, 48), compression="zlib"),
        "tiff 16 bit planes": planes(wide(RGB)),
        "tiff 16 bit planes strips": planes(wide(RGB), rowsperstrip=10, compression="zlib"),
        "tiff 16 bit planes tiles": planes(wide(RGB), tile=(64, 48), compression="zlib"),
        "tiff 16 bit alpha": tiff(wide(RGBA), extrasamples=["unassalpha"]),
        "tiff 16 bit Adobe RGB": tiff(wide(np.asarray(through("a98"))), extratags=[icc]),
        "tiff 16 bit grey": tiff(wide(GREY), "minisblack"),
        "tiff 16 bit grey turned": tiff(wide(GREY), "minisblack", extratags=[(274, "H", 1, 8, True)]),
        "tiff 16 bit white is zero": tiff(65535 - wide(GREY), "miniswhite"),
        "tiff 16 bit grey lzw": saved(wide(GREY), "TIFF", compression="tiff_lzw"),
        "tiff grey alpha": tiff(grey_alpha, "minisblack", planarconfig="contig", extrasamples=["unassalpha"]),
        "tiff 16 bit grey alpha": tiff(
            wide(grey_alpha), "minisblack", planarconfig="contig", extrasamples=["unassalpha"]
        ),
        "tiff BigTIFF 16 bit": tiff(wide(RGB), bigtiff=True),
        "tiff white is zero": tiff(255 - GREY, "miniswhite"),
        "tiff uint32": tiff(wide(GREY, "u4"), "minisblack"),
        "tiff uint32 rgb": tiff(wide(RGB, "u4")),
        "tiff int8": tiff(wide(GREY, "i1"), "minisblack"),
        "tiff int16": tiff(wide(GREY, "i2"), "minisblack"),
        "tiff int16 positive": tiff((GREY.astype("i2") * 128), "minisblack"),
        "tiff int32": tiff(wide(GREY, "i4"), "minisblack"),
        "tiff float": tiff(floats),
        "tiff float planes": planes(floats),
        "tiff float grey deflate predictor": saved(
            Image.fromarray(GREY / np.float32(255)), "TIFF", compression="tiff_adobe_deflate", tiffinfo={317: 3}
        ),
        "tiff float grey": tiff(GREY / np.float32(255), "minisblack"),
        "tiff float16": tiff(floats.astype("f2")),
        "tiff float64": tiff(floats.astype("f8")),
        "tiff 12 bit in 16, with tag": tiff(twelve, "minisblack", extratags=[(281, "H", 1, 4080, True)]),
        "tiff 12 bit in 16": tiff(twelve, "minisblack"),
        "tiff palette": tiff(indexes, "palette", colormap=map16),
        "tiff palette of 8 bits": tiff(indexes, "palette", colormap=map8),
        "tiff cmyk with profile": tiff(inks, "separated", extratags=swop_tag),
        "tiff cmyk planes with profile": planes(inks, photometric="separated", extratags=swop_tag),
        "tiff cmyk 16 bit with profile": tiff(wide(inks), "separated", extratags=swop_tag),
        "tiff cmyk 16 bit planes with profile": planes(wide(inks), photometric="separated", extratags=swop_tag),
        "tiff lab 16 bit": tiff(lab16(), "cielab"),
    }  # fmt: skip
