"""Colour profiles and inks: the colours that a viewer shows."""

from __future__ import annotations

import io
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from conftest import program
from image_forms import PHOTOGRAPH, PROFILES, RGB, profile, saved, through
from PIL import Image, ImageCms

from mobilenet_cli.images import colour
from mobilenet_cli.images.colour import to_srgb
from mobilenet_cli.images.inks import cmyk_to_srgb
from mobilenet_cli.images.preprocess import Preprocessing, load_image
from mobilenet_cli.records import Source


@pytest.fixture(autouse=True)
def _profiles():
    if not PROFILES.is_dir():
        program("convert-im6.q16")  # fails in CI, which installs both, else skips
        pytest.skip("needs the profiles of Debian's libgs-common")


def loaded(data):
    out = np.zeros((128, 128, 3), np.uint8)
    load_image(Source("-", data=data), Preprocessing(128), out)
    return out.astype(np.float64)


@pytest.mark.parametrize("name", ["a98", "rommrgb"])
def test_converting_after_the_resize_is_near_to_converting_before(name):
    source, srgb = ImageCms.ImageCmsProfile(str(PROFILES / f"{name}.icc")), ImageCms.createProfile("sRGB")
    before = ImageCms.buildTransform(source, srgb, "RGB", "RGB").apply(through(name))
    shown = loaded(saved(through(name), "PNG", icc_profile=profile(name)))
    assert np.abs(shown - loaded(saved(before, "PNG"))).mean() < 0.7
    assert np.abs(shown - loaded(saved(through(name), "PNG"))).mean() > 3  # as if there were no profile


@pytest.mark.parametrize("made", [profile("srgb") if PROFILES.is_dir() else b"", None], ids=["Artifex", "littlecms"])
@pytest.mark.parametrize("mode", ["RGB", "L", "RGBa"])
def test_srgb_is_known_by_what_it_does_and_leaves_the_image_alone(made, mode):
    data = made or ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = PHOTOGRAPH.convert("RGBA").convert("RGBa") if mode == "RGBa" else PHOTOGRAPH.convert(mode)
    assert to_srgb(image, data) is image


def test_the_usual_srgb_is_known_without_littlecms(shared_images):
    code = (
        "import sys; from PIL import Image; from mobilenet_cli.images.colour import to_srgb;"
        "image = Image.open(sys.argv[1]); image.load(); assert len(image.info['icc_profile']) == 3144;"
        "assert to_srgb(image, image.info['icc_profile']) is image; sys.exit('PIL.ImageCms' in sys.modules)"
    )
    paths = sorted(shared_images.glob("*.JPEG"))
    path = next(path for path in paths if len(Image.open(path).info.get("icc_profile", b"")) == 3144)
    subprocess.run([sys.executable, "-c", code, str(path)], check=True)


def test_a_profile_is_looked_at_once(monkeypatch):
    calls = []
    monkeypatch.setattr(ImageCms, "buildTransform", lambda *_, **__: calls.append(1) or 1 / 0)
    colour._transform.cache_clear()
    for _ in range(5):
        to_srgb(PHOTOGRAPH, profile("a98"))
    colour._transform.cache_clear()
    assert len(calls) == 1


@pytest.mark.parametrize("broken", [b"", b"rubbish", b"\0" * 300, "cut", "of another space"])
def test_a_broken_profile_is_ignored(broken):
    data = {"cut": profile("a98")[:400], "of another space": profile("default_cmyk")}.get(broken, broken)
    assert to_srgb(PHOTOGRAPH, data) is PHOTOGRAPH
    cmyk = PHOTOGRAPH.convert("CMYK")
    assert to_srgb(cmyk, b"rubbish").tobytes() == cmyk_to_srgb(cmyk).tobytes()


def ink(*values):
    return cmyk_to_srgb(Image.frombytes("CMYK", (1, 1), bytes(values))).getpixel((0, 0))


def test_inks_look_as_in_print():
    assert ink(0, 0, 0, 0) == (255, 255, 255)
    assert ink(0, 255, 255, 0) == (237, 28, 36)  # no neon red
    assert ink(0, 0, 0, 255) == (35, 31, 32)  # no pure black
    assert max(ink(255, 255, 255, 255)) < 8
    ramp = [ink(0, 0, 0, value)[1] for value in range(256)]
    assert ramp == sorted(ramp, reverse=True)


def test_cmyk_without_a_profile_is_nearer_to_print_than_its_inversion():
    cmyk = through("default_cmyk", "CMYK")
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile("default_cmyk")))
    flags = ImageCms.Flags.BLACKPOINTCOMPENSATION
    intent = ImageCms.Intent.RELATIVE_COLORIMETRIC
    print_like = ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), "CMYK", "RGB", intent, flags)
    expected = np.asarray(print_like.apply(cmyk), np.float64)
    ours = np.abs(np.asarray(cmyk_to_srgb(cmyk)) - expected).mean()
    inversion = np.abs(np.asarray(cmyk.convert("RGB")) - expected).mean()
    assert ours < 5
    assert inversion > 2 * ours


def test_inverted_cmyk_of_adobe_and_that_of_a_tiff_are_the_same_picture():
    cmyk = through("default_cmyk", "CMYK")
    jpeg = loaded(saved(cmyk, "JPEG", quality=97, subsampling=0))
    assert np.abs(jpeg - loaded(saved(cmyk, "TIFF"))).mean() < 2
    assert np.abs(jpeg - loaded(saved(RGB, "PNG"))).mean() < 12


def test_many_threads_share_a_profile():
    data = saved(through("a98"), "JPEG", quality=95, icc_profile=profile("a98"))
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(loaded, [data] * 64))
    assert all((each == results[0]).all() for each in results)
