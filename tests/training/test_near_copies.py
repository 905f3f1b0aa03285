"""The same picture saved again stays on one side of a split, and is told."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from conftest import SAMPLES
from PIL import Image

from mobilenet_cli.images.preprocess import Preprocessing
from mobilenet_cli.records import Source
from mobilenet_cli.training.dataset import Dataset, read_dataset
from mobilenet_cli.training.features import NEARLY_LEARNT, Examples, check_images
from mobilenet_cli.training.near_copies import grouped
from mobilenet_cli.training.split import stratified_folds, stratified_split


def photograph() -> Image.Image:
    with Image.open(SAMPLES / "cat.jpg") as image:
        return image.convert("RGB")


def encoded(image: Image.Image, form: str, quality: int = 60) -> bytes:
    stream = io.BytesIO()
    image.save(stream, form, quality=quality)
    return stream.getvalue()


def another(seed: int) -> Image.Image:
    """A picture of coarse patches: each seed's is another one."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((96, 96), Image.Resampling.BICUBIC)


def groups_of(**images: bytes) -> dict[str, str]:
    return grouped({name: Source("-", data=data) for name, data in images.items()})


@pytest.mark.parametrize(
    ("form", "quality", "scale"), [("JPEG", 30, 1), ("WEBP", 40, 1), ("PNG", 0, 0.5), ("JPEG", 70, 2)]
)
def test_a_picture_saved_again_is_a_near_copy(form: str, quality: int, scale: float) -> None:
    image = photograph()
    again = image.resize((round(image.width * scale), round(image.height * scale)))
    assert groups_of(a=encoded(image, "PNG"), b=encoded(again, form, quality)) == {"a": "a", "b": "a"}


def test_other_pictures_are_not_nor_are_those_of_one_colour_or_that_cannot_be_read() -> None:
    images = {f"n{seed}": encoded(another(seed), "PNG") for seed in range(20)}
    plain = {f"p{shade}": encoded(Image.new("RGB", (64, 64), (shade, 0, 0)), "PNG") for shade in (200, 210)}
    mirrored = {"m": encoded(photograph().transpose(Image.Transpose.FLIP_LEFT_RIGHT), "PNG")}
    found = groups_of(**images, **plain, **mirrored, a=encoded(photograph(), "PNG"), x=b"no picture")
    assert all(key == group for key, group in found.items())


def dataset(folder: Path, *, split: bool = False) -> Dataset:
    """Two classes of 6 pictures, and 6 near copies of those of the first."""
    for label in ("cat", "dog"):
        for number in range(6):
            image = another(number + 10 * (label == "dog"))
            part = folder / ("train" if split else "") / label
            part.mkdir(parents=True, exist_ok=True)
            (part / f"{number}.png").write_bytes(encoded(image, "PNG"))
            copies = folder / ("val" if split else "") / label
            copies.mkdir(parents=True, exist_ok=True)
            if label == "cat":
                (copies / f"copy{number}.jpg").write_bytes(encoded(image.resize((80, 80)), "JPEG", 80))
    if split:
        (folder / "val" / "dog" / "own.png").write_bytes(encoded(another(99), "PNG"))
    return read_dataset([str(folder)])


def examples_of(found: Dataset) -> Examples:
    return check_images(found, Preprocessing(32, "center", "bilinear"), lambda failed: None)


def test_near_copies_are_on_one_side_of_every_split(tmp_path: Path) -> None:
    examples = examples_of(dataset(tmp_path))
    assert examples.near_copies == 6
    splits = [stratified_split(examples.labels, examples.kept_together, 0.3, seed) for seed in range(5)]
    splits += stratified_folds(examples.labels, examples.kept_together, 3, 0)
    groups = np.array(examples.kept_together)
    for train, validation in splits:
        assert len(validation) > 0
        assert not set(groups[train]) & set(groups[validation])


def test_a_near_copy_among_the_images_to_validate_with_is_left_out(tmp_path: Path) -> None:
    examples = examples_of(dataset(tmp_path, split=True))
    assert [Path(path).name for path, reason in examples.left_out if reason == NEARLY_LEARNT] == [
        f"copy{number}.jpg" for number in range(6)
    ]
    assert Path(examples.paths[-1]).name == "own.png"


def test_of_many_different_pictures_none_is_taken_for_another():
    random = np.random.default_rng(0)
    buffers = [io.BytesIO() for _ in range(150)]  # several batches
    for buffer in buffers:
        Image.fromarray(random.integers(0, 256, (16, 16, 3), np.uint8)).resize((64, 64)).save(buffer, "PNG")
    sources = {str(number): Source(str(number), data=each.getvalue()) for number, each in enumerate(buffers)}
    assert grouped(sources) == {key: key for key in sources}
