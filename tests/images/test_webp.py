"""WebP: the pixels are those that Pillow decodes, whichever way they are decoded."""

from __future__ import annotations

import io

import numpy as np
import pytest
from image_forms import PHOTOGRAPH, RGB, RGBA, saved
from PIL import Image

from mobilenet_cli.errors import ImageError
from mobilenet_cli.images import webp
from mobilenet_cli.images.decode import open_image
from mobilenet_cli.images.libraries import library
from mobilenet_cli.records import Source

FORMS = {
    "lossy": saved(RGB, "WEBP", quality=90),
    "lossless": saved(RGB, "WEBP", lossless=True),
    "alpha": saved(RGBA, "WEBP", quality=90),
    "animation": saved(PHOTOGRAPH, "WEBP", save_all=True, append_images=[PHOTOGRAPH.rotate(180)], lossless=True),
    "with a profile": saved(RGB, "WEBP", quality=90, icc_profile=b"anything"),
    "odd size": saved(RGB[:77, :33], "WEBP", quality=90),
}


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("is_found", [True, False])
def test_the_pixels_are_those_of_pillow(name, is_found, monkeypatch):
    if not is_found:
        monkeypatch.setattr(webp, "library", lambda name: None)
    with Image.open(io.BytesIO(FORMS[name])) as image:
        expected = np.asarray(image)
    with open_image(Source("-", data=FORMS[name])) as image:
        assert (np.asarray(image) == expected).all()
        image.load()
        assert (np.asarray(image) == expected).all()


def test_pillow_s_own_library_is_found_where_it_is_a_file():
    if (found := library("libwebp")) is None:
        pytest.skip("Pillow is linked to libwebp in another way")
    assert found.WebPGetDecoderVersion() >= 1 << 16
    assert library("libnothing") is None or not hasattr(library("libnothing"), "WebPGetDecoderVersion")


@pytest.mark.parametrize("share", [0.99, 0.5, 0.1])
def test_a_webp_that_is_cut_off_is_refused_as_such(share):
    for data in FORMS.values():
        cut = data[: int(len(data) * share)]
        with pytest.raises(ImageError, match="truncated"), open_image(Source("-", data=cut)) as image:
            image.load()
