"""Different pictures of one thing, as somebody would photograph it: none is a near copy of another."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PIL import Image


def save_views(picture: Path, folder: Path, numbers: Iterable[int], prefix: str = "") -> None:
    """Write views of a picture into a new folder: each turned and cut in another way.

    Args:
        picture: The picture.
        folder: Where they go, as PREFIX0.jpg, PREFIX1.jpg, …
        numbers: Which of the views, from 0 to 7.
        prefix: The beginning of their names.
    """
    folder.mkdir(parents=True)
    with Image.open(picture) as opened:
        whole = opened.convert("RGB").resize((320, 320))
    for number in numbers:
        left, top = 24 * (number % 4), 64 * (number // 4)
        cut = whole.crop((left, top, left + 240, top + 240))
        (cut.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if number % 2 else cut).save(folder / f"{prefix}{number}.jpg")
