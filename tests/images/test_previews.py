"""`fast_previews`: a preview in a JPEG is read in its place where it is a true copy with enough pixels."""

from __future__ import annotations

import io

import numpy as np
import pytest
from image_forms import PHOTOGRAPH, PROFILES, profile, saved
from jpeg_previews import DISPARITY, FULL_HD, UNDEFINED, VGA, exif_with_thumbnail, with_mpf
from PIL import Image, ImageOps

from mobilenet_cli.errors import ImageError
from mobilenet_cli.images.preprocess import Preprocessing, load_image, load_thumbnail
from mobilenet_cli.records import Source

LARGE = PHOTOGRAPH.resize((1600, 1200), Image.Resampling.BICUBIC)


def coloured(size, colour=(250, 10, 10)):
    """A picture that is not the photograph: where it is seen, the preview was read."""
    return Image.new("RGB", size, colour)


def loaded(data, target=128, crop="center", *, fast_previews=True):
    out = np.zeros((target, target, 3), np.uint8)
    image = load_image(Source("-", data=data), Preprocessing(target, crop, fast_previews=fast_previews), out)
    return out, image


def reads_the_preview(data, target=128):
    """Whether a red preview of the photograph was read."""
    red, green, blue = loaded(data, target)[0].mean(axis=(0, 1))
    return bool(red > 240 and green < 20 and blue < 20)


def preview(*size, kind=FULL_HD, **options):
    return kind, saved(coloured(size), "JPEG", **options)


WITH_PREVIEW = with_mpf(LARGE, preview(800, 600))
SMALL_AND_LARGE = (((224, 168), (250, 10, 10)), ((720, 540), (10, 250, 10)))


def test_pillow_reads_the_index_of_these_files():
    with Image.open(io.BytesIO(WITH_PREVIEW)) as image:
        assert (image.format, image.n_frames) == ("MPO", 2)
        image.seek(1)
        assert image.size == (800, 600)


def test_a_preview_is_left_alone_unless_it_is_asked_for():
    plain = loaded(saved(LARGE, "JPEG"), fast_previews=False)[0]
    assert (loaded(WITH_PREVIEW, fast_previews=False)[0] == plain).all()
    assert (loaded(saved(LARGE, "JPEG"))[0] == plain).all()  # and the option changes no picture without previews


def test_the_size_is_the_photographs():
    assert reads_the_preview(WITH_PREVIEW)
    image = loaded(WITH_PREVIEW)[1]
    assert (image.width, image.height, image.warning) == (1600, 1200, None)


def test_a_preview_of_the_photograph_looks_as_the_photograph():
    data = with_mpf(LARGE, (VGA, saved(LARGE.resize((640, 480), Image.Resampling.LANCZOS), "JPEG", quality=95)))
    there, whole = (loaded(data, fast_previews=each)[0].astype(float) for each in (True, False))
    assert 0 < np.abs(there - whole).mean() < 3


@pytest.mark.parametrize(("target", "seen"), [(128, "small"), (200, "large"), (450, "large"), (600, "photograph")])
def test_the_smallest_preview_that_covers_the_crop_is_read(target, seen):
    small, large = (saved(coloured(size, colour), "JPEG") for size, colour in SMALL_AND_LARGE)
    red, green, blue = loaded(with_mpf(LARGE, (FULL_HD, large), (VGA, small)), target)[0].mean(axis=(0, 1))
    colours = {"small": red > 240 and green < 20, "large": green > 240 and red < 20}
    assert colours.get(seen, not any(colours.values()))
    assert blue < 20 or seen == "photograph"


@pytest.mark.parametrize("crop", ["squash", "pad"])
def test_other_crops_need_a_preview_for_the_whole_picture(crop):
    data = with_mpf(LARGE, preview(160, 120))
    limit = 120 if crop == "squash" else 160
    for target, read in ((limit, True), (limit + 1, False)):
        middle = loaded(data, target, crop)[0][target // 2, target // 2]
        assert (middle[0] > 240 and middle[1] < 20) == read


@pytest.mark.parametrize("size", [(800, 533), (800, 450), (640, 640), (600, 800), (1600, 1200), (3200, 2400)])
def test_a_preview_of_another_shape_or_of_no_fewer_pixels_is_not_read(size):
    assert not reads_the_preview(with_mpf(LARGE, preview(*size)))


def test_a_thumbnail_with_black_bars_is_not_read():
    photograph = LARGE.resize((1500, 1000))
    assert not reads_the_preview(saved(photograph, "JPEG", exif=exif_with_thumbnail(preview(160, 120)[1])), 64)
    assert reads_the_preview(saved(photograph, "JPEG", exif=exif_with_thumbnail(preview(160, 107)[1])), 64)


def test_a_preview_whose_sides_were_rounded_is_read():
    assert reads_the_preview(with_mpf(LARGE.resize((1500, 1000)), preview(808, 540)))  # 3:2 would be 810


@pytest.mark.parametrize("kind", [UNDEFINED, DISPARITY])
def test_other_pictures_of_the_file_are_not_read(kind):
    assert not reads_the_preview(with_mpf(LARGE, preview(800, 600, kind=kind)))


def test_the_thumbnail_of_exif_is_read():
    data = saved(LARGE, "JPEG", exif=exif_with_thumbnail(preview(160, 120)[1]))
    assert reads_the_preview(data, 96)
    assert not reads_the_preview(data, 128)


@pytest.mark.parametrize("turn", range(1, 9))
def test_a_preview_is_turned_as_its_photograph_is(turn):
    exif = Image.Exif()
    exif[0x0112] = turn
    small = saved(LARGE.resize((640, 480), Image.Resampling.LANCZOS), "JPEG", quality=95)
    data = with_mpf(LARGE, (VGA, small), exif=exif.tobytes())
    pixels, image = loaded(data)
    with Image.open(io.BytesIO(saved(LARGE, "JPEG", exif=exif.tobytes()))) as turned:
        expected = ImageOps.exif_transpose(turned)
    assert (image.width, image.height) == expected.size
    assert np.abs(pixels.astype(float) - loaded(saved(expected, "PNG"))[0]).mean() < 3


@pytest.mark.parametrize(("turn", "own", "read"), [(6, 6, True), (6, 1, False), (None, 3, False), (6, None, True)])
def test_a_preview_with_a_turn_of_its_own_is_read_where_it_is_the_photographs(turn, own, read):
    exif = Image.Exif()
    exif[0x0112] = own or 1
    options = {} if own is None else {"exif": exif.tobytes()}
    large = with_mpf(LARGE, preview(800, 600, **options), exif=exif_with_thumbnail(b"", turn=turn))
    assert reads_the_preview(large) is read
    data = saved(LARGE, "JPEG", exif=exif_with_thumbnail(preview(160, 120)[1], turn=turn, thumbnail_turn=own))
    assert reads_the_preview(data, 96) is read


@pytest.mark.parametrize(("recorded", "read"), [((1600, 1200), True), ((1200, 1600), True), ((3200, 2400), False)])
def test_no_preview_is_read_of_a_photograph_that_was_resized_since(recorded, read):
    exif = exif_with_thumbnail(preview(160, 120)[1], recorded=recorded)
    assert reads_the_preview(with_mpf(LARGE, preview(800, 600), exif=exif), 96) is read


def test_a_preview_of_another_colour_mode_is_not_read():
    grey = saved(coloured((800, 600)).convert("L"), "JPEG")
    pixels = loaded(with_mpf(LARGE, (FULL_HD, grey)))[0]
    assert pixels.std() > 10  # and not one grey


@pytest.mark.skipif(not PROFILES.is_dir(), reason="needs the profiles of Debian's libgs-common")
def test_a_preview_without_a_colour_profile_has_the_photographs():
    brown = coloured((800, 600), (200, 100, 50))
    pixels = loaded(with_mpf(LARGE, (FULL_HD, saved(brown, "JPEG")), icc_profile=profile("a98")))[0].astype(int)
    assert np.abs(pixels - loaded(saved(brown, "JPEG", icc_profile=profile("a98")))[0]).max() <= 1
    assert np.abs(pixels - loaded(saved(brown, "JPEG"))[0]).max() > 5


@pytest.mark.parametrize("cut", [1000, 4000])
def test_in_place_of_a_damaged_preview_the_photograph_is_read(cut):
    small = saved(LARGE.resize((800, 600)), "JPEG")
    assert len(small) > 5000
    pixels, image = loaded(with_mpf(LARGE, (FULL_HD, small), cut=cut))
    assert (pixels == loaded(saved(LARGE, "JPEG"))[0]).all()
    assert image.warning is None


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_an_index_that_is_damaged_costs_no_photograph():
    plain = loaded(saved(LARGE, "JPEG"))[0]
    start = WITH_PREVIEW.index(b"MPF\0") + 4
    for place in range(start, start + 82):
        changed = WITH_PREVIEW[:place] + bytes([WITH_PREVIEW[place] ^ 0xFF]) + WITH_PREVIEW[place + 1 :]
        pixels = loaded(changed)[0]
        assert (pixels == plain).all() or pixels[..., 1].mean() < 20


def test_a_photograph_too_large_to_decode_is_read_by_its_preview(limit_pixels):
    limit_pixels(700_000)
    data = with_mpf(LARGE, preview(800, 600), progressive=True)
    with pytest.raises(ImageError, match="too large"):
        loaded(data, fast_previews=False)
    assert reads_the_preview(data)


def test_thumbnails_of_pages_are_made_of_previews():
    shown = load_thumbnail(Source("-", data=WITH_PREVIEW), 192, fast_previews=True)
    assert shown.shape == (144, 192, 3)
    assert shown[..., 0].mean() > 240
    assert load_thumbnail(Source("-", data=WITH_PREVIEW), 192)[..., 0].mean() < 240
