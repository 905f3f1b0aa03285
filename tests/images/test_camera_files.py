"""Raw files, Photoshop documents, JPEG XL, and TIFFs whose first page is a thumbnail."""

from __future__ import annotations

import io
import struct
import sys

import numpy as np
import pytest
import tifffile
from image_forms import PHOTOGRAPH, RGB, exif, saved
from PIL import Image

from mobilenet_cli.errors import ImageError
from mobilenet_cli.images import formats, jxl
from mobilenet_cli.images.formats import format_of
from mobilenet_cli.images.preprocess import Preprocessing, load_image
from mobilenet_cli.records import Source

LARGE = PHOTOGRAPH.resize((704, 576))
THUMBNAIL = np.full((120, 160, 3), (0, 0, 255), np.uint8)  # no picture: whoever shows it shows blue
CAMERA = [
    (50706, "B", 4, bytes([1, 4, 0, 0]), True),
    (50708, "s", 0, "Test Camera", True),
    (50721, "2i", 9, (32406, 10000, -15372, 10000, -4986, 10000, -9689, 10000, 18758, 10000, 415, 10000,
                      557, 10000, -2040, 10000, 10570, 10000), True),
    (50728, "2I", 3, (1, 1, 1, 1, 1, 1), True),
    (50778, "H", 1, 21, True),
    (271, "s", 0, "Test", True),
    (272, "s", 0, "Camera", True),
]  # fmt: skip
SENSOR = [
    (33421, "H", 2, (2, 2), True),
    (33422, "B", 4, bytes([0, 1, 1, 2]), True),
    (50714, "H", 1, 0, True),
    (50717, "I", 1, 16383, True),
    (50710, "B", 3, bytes([0, 1, 2]), True),
    (50711, "H", 1, 1, True),
]


def dng(preview=None, turn=1):
    """A DNG: a thumbnail, the sensor's data, and perhaps the JPEG that the camera made."""
    light = np.asarray(LARGE) / 255.0
    light = np.where(light <= 0.04045, light / 12.92, ((light + 0.055) / 1.055) ** 2.4)
    sensor = np.zeros(light.shape[:2])
    for row, column, channel in ((0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 2)):
        sensor[row::2, column::2] = light[row::2, column::2, channel]
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as file:
        tags = [*CAMERA, (274, "H", 1, turn, True)]
        file.write(THUMBNAIL, photometric="rgb", subfiletype=1, extratags=tags, subifds=1, metadata=None)
        file.write((sensor * 16383).astype("u2"), photometric=32803, subfiletype=0, extratags=SENSOR, metadata=None)
    data = buffer.getvalue()
    return data if preview is None else with_preview(data, saved(preview, "JPEG", quality=95))


def with_preview(data, jpeg):
    """Put a JPEG behind a DNG, and its page behind the sensor's: tags 513 and 514 say where it is."""
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        sub = file.pages[0].tags[330]
        first = sub.value[0]
        place = len(data)
        width, height = Image.open(io.BytesIO(jpeg)).size
    tags = [(254, 4, 1), (256, 4, width), (257, 4, height), (258, 3, 8), (259, 3, 7), (262, 3, 6), (273, 4, place),
            (277, 3, 3), (278, 4, height), (279, 4, len(jpeg))]  # fmt: skip
    page = place + len(jpeg) + len(jpeg) % 2
    entries = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    behind = struct.pack("<H", len(tags)) + entries + bytes(4)
    lists = page + len(behind)
    whole = bytearray(data + jpeg + b"\0" * (len(jpeg) % 2) + behind + struct.pack("<2I", first, page))
    struct.pack_into("<II", whole, sub.offset + 4, 2, lists)
    return bytes(whole)


def loaded(data):
    out = np.zeros((128, 128, 3), np.uint8)
    image = load_image(Source("-", data=data), Preprocessing(128), out)
    return out.astype(np.float64), (image.width, image.height)


def expected(image=LARGE):
    return loaded(saved(image, "PNG"))[0]


def missing(monkeypatch, library):
    monkeypatch.setattr(formats, "_is_missing", lambda name: name == library)


@pytest.mark.parametrize(("turn", "shown"), [(1, LARGE), (6, LARGE.rotate(-90, expand=True))])
def test_the_preview_of_a_raw_file_is_the_picture(turn, shown):
    preview = LARGE.copy()
    preview.paste((0, 255, 0), (340, 260, 364, 316))  # what only the preview has
    stored = LARGE.copy()
    stored.paste((0, 255, 0), (340, 260, 364, 316))
    pixels, size = loaded(dng(preview, turn))
    assert size == shown.size
    turned = stored if turn == 1 else stored.rotate(-90, expand=True)
    assert np.abs(pixels - expected(turned)).mean() < 3


def test_a_preview_that_was_turned_already_is_not_turned_again():
    upright = LARGE.rotate(-90, expand=True)
    pixels, size = loaded(dng(upright, 6))
    assert size == upright.size
    assert np.abs(pixels - expected(upright)).mean() < 3


@pytest.mark.parametrize("preview", [None, PHOTOGRAPH.resize((160, 120)), LARGE.crop((0, 0, 704, 96))])
@pytest.mark.parametrize("turn", [1, 6, 8])
def test_a_raw_file_without_a_preview_worth_the_name_is_developed(preview, turn):
    pixels, _ = loaded(dng(preview, turn))
    angle = {1: 0, 6: -90, 8: 90}[turn]
    shown = expected(LARGE.rotate(angle, expand=True))
    assert np.corrcoef(pixels.ravel(), shown.ravel())[0, 1] > 0.95  # LibRaw brightens


@pytest.mark.parametrize("kind", ["a page", "in SubIFDs", "in SubIFDs, not said"])
def test_a_page_beside_a_thumbnail_is_the_picture(kind):
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as file:
        inside = {"subifds": 1} if "SubIFDs" in kind else {}
        file.write(THUMBNAIL, photometric="rgb", subfiletype=int("not said" not in kind), metadata=None, **inside)
        file.write(RGB, photometric="rgb", subfiletype=0, metadata=None)
    pixels, size = loaded(buffer.getvalue())
    assert size == PHOTOGRAPH.size
    assert (pixels == expected(PHOTOGRAPH)).all()


@pytest.mark.parametrize("inside", [{}, {"subifds": 1}])
def test_the_first_page_is_the_picture_where_it_is_no_thumbnail(inside):
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as file:
        file.write(RGB, photometric="rgb", metadata=None, **inside)
        file.write(THUMBNAIL, photometric="rgb", subfiletype=1 if inside else 0, metadata=None)
        file.write(np.full((300, 400, 3), 9, np.uint8), photometric="rgb", metadata=None)  # a second page
    assert (loaded(buffer.getvalue())[0] == expected(PHOTOGRAPH)).all()


def unknown_raw(says=1):
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as file:
        file.write(THUMBNAIL, photometric="rgb", subfiletype=says, subifds=1, metadata=None)
        file.write(RGB[..., 0], photometric=32803, subfiletype=0, metadata=None)
    return buffer.getvalue()


def test_the_thumbnail_of_an_unknown_raw_file_is_never_the_picture():
    for says in (0, 1):
        with pytest.raises(ImageError, match="a raw file that cannot be read"):
            loaded(unknown_raw(says))


HEADS = {
    "cr2": b"II*\0\x10\0\0\0CR\x02\0",
    "cr3": b"\0\0\0\x18ftypcrx \0\0\0\1",
    "raf": b"FUJIFILMCCD-RAW 0201",
    "rw2": b"IIU\0\x18\0\0\0",
    "orf": b"IIRO\x08\0\0\0",
}


@pytest.mark.parametrize("data", [*HEADS.values(), dng(), unknown_raw()], ids=[*HEADS, "dng", "nef"])
def test_without_the_extra_a_raw_file_says_what_to_install(data, monkeypatch):
    missing(monkeypatch, "rawpy")
    with pytest.raises(ImageError) as caught:
        loaded(data)
    assert str(caught.value) == f"raw files need an extra package: {sys.executable} -m pip install 'mobilenet-cli[raw]'"


@pytest.mark.parametrize("data", [*HEADS.values(), dng()[:3000]], ids=[*HEADS, "dng"])
def test_a_damaged_raw_file_is_an_error(data, capfd):
    with pytest.raises(ImageError):
        loaded(data + bytes(500))
    assert capfd.readouterr().err == ""


def test_jpeg_xl_is_read_with_its_own_orientation():
    turned = saved(RGB, "JXL", lossless=True, exif=exif(6))
    assert (loaded(turned)[0] == expected(PHOTOGRAPH)).all()  # the codestream's counts, and says nothing
    with pytest.raises(ImageError, match="damaged"):
        loaded(turned[:-200])


@pytest.mark.parametrize(
    "size", [(8, 8), (256, 8), (300, 200), (400, 300), (5000, 16), (704, 576), (640, 360), (37, 1100)]
)
@pytest.mark.parametrize("options", [{}, {"use_container": True}])
def test_the_size_of_a_jpeg_xl_is_known_before_it_is_decoded(size, options):
    assert jxl._size(saved(Image.new("L", size), "JXL", **options)) == size


def test_a_jpeg_xl_of_too_many_pixels_is_refused_before_it_is_decoded():
    bits = 3 << 1 | (29999 << 3) | (1 << 33)  # not small; a height of 30 bits; as wide as high
    with pytest.raises(ImageError, match="too large: 30000 x 30000"):
        loaded(b"\xff\x0a" + bits.to_bytes(8, "little") + bytes(90))


def test_without_the_extra_jpeg_xl_says_what_to_install(monkeypatch):
    missing(monkeypatch, "pillow_jxl")
    with pytest.raises(ImageError, match=r"JPEG XL files need an extra package: .*mobilenet-cli\[jxl\]"):
        loaded(saved(RGB, "JXL"))


def psd(has_composite=True, depth=8, mode=3, planes=None):
    planes = [RGB[..., channel] for channel in range(3)] if planes is None else planes
    height, width = RGB.shape[:2]
    head = b"8BPS" + struct.pack(">H6xHIIHH", 1, len(planes), height, width, depth, mode)
    info = struct.pack(">IB", 1, has_composite) + bytes(8)
    resources = b"8BIM" + struct.pack(">HHI", 1057, 0, len(info)) + info + b"\0" * (len(info) % 2)
    pixels = b"".join(plane.tobytes() for plane in planes)
    return head + bytes(4) + struct.pack(">I", len(resources)) + resources + bytes(4) + b"\0\0" + pixels


def test_the_composite_of_a_photoshop_document_is_the_picture():
    assert (loaded(psd())[0] == expected(PHOTOGRAPH)).all()


def test_a_photoshop_document_without_a_composite_is_refused():
    with pytest.raises(ImageError, match="without a picture of all layers"):
        loaded(psd(has_composite=False))
    with pytest.raises(ImageError, match="more than 8 bits"):
        loaded(psd(depth=16))


def test_other_documents_are_no_format():
    assert format_of(b"8BPS\0\x02" + bytes(60)) is None
