"""Decoding in processes of their own: the same pictures, and a crash is an error of one image."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from colour_engine import IMAGES, ColourEngine, image, records_of, task

from mobilenet_cli.errors import ImageError
from mobilenet_cli.files.in_hand import images_in_hand
from mobilenet_cli.images.allowance import Allowance, Guard, MemoryBudget, keep_to
from mobilenet_cli.images.isolated import IsolatedDecoder
from mobilenet_cli.images.preprocess import Preprocessing, load_image
from mobilenet_cli.records import Source

MISCHIEF = """
import signal, time
from mobilenet_cli.images import opening

begin = opening.Stream.__init__

def opened(self, source):
    if source.path.endswith("crash.png"):
        signal.raise_signal(signal.SIGSEGV)  # in this thread: it decodes nothing more
    if source.path.endswith("hang.png"):
        time.sleep(60)
    begin(self, source)

opening.Stream.__init__ = opened
"""


@pytest.fixture
def mischief(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for images, of which crash.png crashes its decoder and hang.png keeps it, in other processes."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(MISCHIEF)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path / "site"), str(Path(__file__).parents[2])]))
    return tmp_path


def test_the_pictures_are_the_same_also_those_that_are_no_files(tmp_path):
    decoder, preprocessing = IsolatedDecoder(), Preprocessing(32, "pad")
    damaged = tmp_path / "caf\udce9.png"
    damaged.write_bytes(image("red", 40, 30))
    try:
        for source in (
            Source(str(damaged)),
            Source("-", image("green", 30, 50)),
            Source("none.png"),
            Source("-", b"x"),
        ):
            pixels = [np.zeros((32, 32, 3), np.uint8) for _ in range(2)]
            found: list[object] = []
            for load, out in zip((load_image, decoder.load), pixels, strict=True):
                try:
                    found.append(load(source, preprocessing, out))
                except ImageError as error:
                    found.append(str(error))
            assert found[0] == found[1]
            assert isinstance(found[0], str) or (pixels[0] == pixels[1]).all()
    finally:
        decoder.close()


def test_a_crash_and_a_hang_are_errors_of_their_images(mischief):
    names = ["a.png", "crash.png", "b.png", "hang.png", "c.png"]
    for name in names:
        (mischief / name).write_bytes(IMAGES["blue"])
    isolated = replace(task(ColourEngine()), allowance=Allowance(isolate=True, timeout=3))
    before = time.monotonic()
    results = list(records_of([Source(str(mischief / name)) for name in names], isolated, workers=1))
    assert time.monotonic() - before < 50
    assert [result.error for result in results] == [
        None,
        "its decoder crashed (signal 11, Segmentation fault)",
        None,
        "decoding it took longer than 3 s (--timeout sets another limit)",
        None,
    ]
    assert [result.predictions[0].label for result in results if result.status == "ok"] == ["blue"] * 3


def test_the_memory_of_all_processes_is_one():
    decoder = IsolatedDecoder()
    keep_to(Guard(0, MemoryBudget(1000)))
    try:
        with pytest.raises(ImageError, match="too large: decoding it takes"):
            decoder.load(Source("-", image("red", 400, 400)), Preprocessing(8), np.empty((8, 8, 3), np.uint8))
    finally:
        keep_to(Guard())
        decoder.close()


def test_what_the_last_run_had_in_hand_is_an_error_only_if_it_crashes_again(mischief):
    names = ["a.png", "crash.png", "b.png"]
    for name in names:
        (mischief / name).write_bytes(IMAGES["blue"])
    paths = [str(mischief / name) for name in names]
    with images_in_hand(mischief / "o.csv.part.hand", resume=False) as hands:
        hands.suspects = frozenset(paths[:2])
        resumed = replace(task(ColourEngine()), in_hand=hands)
        results = list(records_of(map(Source, paths), resumed, workers=1))
    assert [result.status for result in results] == ["ok", "error", "ok"]
    assert results[1].error == (
        "the last run ended while this was decoded, and its decoder crashed (signal 11, Segmentation fault)"
    )
