"""One picture in many forms of file, against what ImageMagick makes of them.

ImageMagick is the reference, but for JPEG XL, which Debian's cannot decode and libvips can, and where it is known to
err: there the reference is the picture that was written into the file.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from conftest import program
from image_forms import ALPHA, GREY, PROFILES, RGB, RGBA, forms, saved

from mobilenet_cli.images.preprocess import Preprocessing, load_image
from mobilenet_cli.records import Source

# What is written into the file, where ImageMagick 6 shows something else (see above).
KNOWN = {
    "tiff int8": (GREY, "read as unsigned"),
    "tiff int32": (GREY, "read as unsigned"),
    "tiff int16 positive": (GREY, "negative samples are taken to be possible, so it is half as bright"),
    "tiff 12 bit in 16": (GREY, "dark: it does not look at the samples"),
    "tiff 12 bit in 16, with tag": (GREY, "dark: it does not look at the tag"),
    "jpeg broken profile": (RGB, "refused"),
}
FORMS = forms() if PROFILES.is_dir() else {}


def loaded(data):
    out = np.zeros((128, 128, 3), np.uint8)
    load_image(Source("-", data=data), Preprocessing(128), out)
    return out.astype(np.float64)


def magick() -> str:
    return shutil.which("magick") or program("convert-im6.q16")


def by_imagemagick(data: bytes, folder: Path) -> np.ndarray:
    (folder / "form").write_bytes(data)
    command = [magick(), f"{folder}/form[0]", "-auto-orient", "-profile", str(PROFILES / "srgb.icc")]
    command += ["-background", "white", "-flatten", "-strip", "-depth", "8", f"PNG24:{folder}/shown.png"]
    subprocess.run(command, check=True, capture_output=True)
    return loaded((folder / "shown.png").read_bytes())


def by_vips(data: bytes, folder: Path) -> np.ndarray:
    (folder / "form.jxl").write_bytes(data)
    command = [program("vipsthumbnail"), f"{folder}/form.jxl", "-s", "1000x1000>", "-e", "srgb"]
    subprocess.run([*command, "-o", f"{folder}/shown.png"], check=True, capture_output=True)
    return loaded((folder / "shown.png").read_bytes())


def test_there_are_many_forms():
    program("convert-im6.q16")  # which comes with the profiles, where there are none
    assert len(FORMS) >= 60


@pytest.mark.parametrize("name", FORMS)
def test_every_form_of_file_looks_as_in_another_program(name, tmp_path):
    data = FORMS[name]
    if name in KNOWN:
        expected = loaded(saved(KNOWN[name][0], "PNG"))
    else:
        expected = (by_vips if name.startswith("jxl") else by_imagemagick)(data, tmp_path)
    assert np.abs(loaded(data) - expected).mean() < 2


def test_the_forms_are_the_same_picture():
    """So that no form is a picture which both programs get wrong."""
    truth = {None: loaded(saved(RGB, "PNG")), "grey": loaded(saved(GREY, "PNG")), "alpha": loaded(saved(RGBA, "PNG"))}
    both = loaded(saved(np.dstack([GREY, ALPHA]), "PNG"))
    for name, data in FORMS.items():
        if any(word in name for word in ("turned", "1 bit", "jxl grey")):  # the last is linear light
            continue
        # uint32, int8 and the like are grey, too.
        nearest = min(np.abs(loaded(data) - each).mean() for each in (*truth.values(), both))
        assert nearest < 3, name
