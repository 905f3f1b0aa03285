"""Opening never blocks, and what is wrong with reading a file is not taken for what is wrong with the file."""

from __future__ import annotations

import errno
import io
import os
import threading

import numpy as np
import pytest
from PIL import Image

from mobilenet_cli.errors import ImageError
from mobilenet_cli.images import opening
from mobilenet_cli.images.preprocess import Preprocessing, load_image
from mobilenet_cli.records import Source

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "PPM", "JPEG2000")


def failure(path) -> str:
    with pytest.raises(ImageError) as caught:
        load_image(Source(str(path)), Preprocessing(32), np.empty((32, 32, 3), np.uint8))
    return str(caught.value)


def encoded(name: str) -> bytes:
    buffer = io.BytesIO()
    noise = np.random.default_rng(1).integers(0, 256, (300, 300, 3), np.uint8)
    Image.fromarray(noise).save(buffer, name)
    return buffer.getvalue()


def test_a_fifo_that_takes_the_place_of_a_file_is_not_waited_for(tmp_path, monkeypatch):
    path, looked, swapped = tmp_path / "cat.jpg", os.stat, []
    path.write_bytes(encoded("JPEG"))

    def swapping(name, **options):
        found = looked(name, **options)
        if str(name) == str(path) and not swapped:
            swapped.append(True)
            path.unlink()
            os.mkfifo(path)
        return found

    monkeypatch.setattr(opening.os, "stat", swapping)
    reasons: list[str] = []
    thread = threading.Thread(target=lambda: reasons.append(failure(path)), daemon=True)
    thread.start()
    thread.join(10)
    assert reasons == ["not a regular file: a FIFO; pipe the image in with -"]


@pytest.mark.skipif(not os.access("/proc/kmsg", os.R_OK), reason="/proc/kmsg cannot be read here")
def test_a_file_of_the_kernels_that_waits_for_what_comes_is_no_file(tmp_path):
    link = tmp_path / "cat.jpg"
    link.symlink_to("/proc/kmsg")
    reasons: list[str] = []
    thread = threading.Thread(target=lambda: reasons.append(failure(link)), daemon=True)
    thread.start()
    thread.join(10)
    assert len(reasons) == 1


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("after", [64, 4096])
@pytest.mark.parametrize("name", FORMATS)
def test_a_disk_that_fails_is_said_whatever_the_decoder_makes_of_it(tmp_path, monkeypatch, name, after):
    path = tmp_path / "cat"
    path.write_bytes(encoded(name))

    class Failing(io.FileIO):
        def readinto(self, buffer):
            if self.tell() >= after:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return super().readinto(memoryview(buffer)[:after])

        def readall(self):
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(opening, "_File", type("_File", (opening._File, Failing), {}))
    assert failure(path) == f"cannot be read: {os.strerror(errno.EIO)}"


@pytest.mark.parametrize(
    "words", ["out of memory when reading image file", "Insufficient memory (case 4)", "bad_alloc"]
)
def test_out_of_memory_is_not_called_damage(tmp_path, monkeypatch, words):
    from mobilenet_cli.images.bmp import BmpFile

    path = tmp_path / "cat.bmp"
    path.write_bytes(encoded("BMP"))
    monkeypatch.setattr(BmpFile, "load", lambda self: (_ for _ in ()).throw(OSError(words)))
    assert failure(path) == "not enough memory to decode it"
