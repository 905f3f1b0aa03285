"""Decoding a JPEG at a smaller scale is fast; here it shows that it does not change the labels."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from image_forms import saved
from PIL import Image

from mobilenet_cli import Classifier, Prediction
from mobilenet_cli.images import jpeg
from mobilenet_cli.images.progressive import for_an_eighth

AGREEMENT = 0.99
AGREEMENT_OF_JPEG_2000 = 0.98
TIE = 0.02
"""Two scores nearer than this change places when a pixel's value changes by 1, which proves nothing."""


@pytest.fixture
def classifier(embedded_home: Path, monkeypatch: pytest.MonkeyPatch) -> Classifier:
    monkeypatch.setenv("MNCLASSIFY_HOME", str(embedded_home))
    return Classifier("efficientnet_lite0")


def best_two(classifier: Classifier, images: Iterable[str | bytes]) -> list[tuple[Prediction, ...]]:
    # One worker and one image a batch: few of the large images wait in memory.
    return [result.predictions for result in classifier.classify(images, top_k=2, batch_size=1, workers=1)]


def whole(images: Iterable[Image.Image]) -> Iterator[bytes]:
    """Decode images at full scale, and encode their pixels in a format that has no other scale."""
    for image in images:
        with image:
            yield saved(image.convert("RGB"), "PPM")


def same_or_tied(some: Iterable[tuple[Prediction, ...]], full: Iterable[tuple[Prediction, ...]]) -> float:
    """The share of the images whose best label is that of full decoding, where that is not a tie."""
    same = [
        one[0].index == other[0].index or other[0].score - other[1].score < TIE
        for one, other in zip(some, full, strict=True)
    ]
    return sum(same) / len(same)


@pytest.mark.slow
def test_photographs_get_the_label_that_full_decoding_gives(classifier: Classifier, shared_images: Path):
    jpegs = [str(path) for path in sorted(shared_images.glob("*.JPEG"))]
    scaled, full = best_two(classifier, jpegs), best_two(classifier, whole(map(Image.open, jpegs)))
    same = [one[0].index == other[0].index for one, other in zip(scaled, full, strict=True)]
    assert sum(same) >= AGREEMENT * len(jpegs)


@pytest.mark.slow
def test_photographs_of_12_megapixels_get_the_label_that_full_decoding_gives(
    classifier: Classifier, shared_images: Path, tmp_path: Path
):
    jpegs = []
    for path in sorted(shared_images.glob("*.JPEG"))[::5]:
        with Image.open(path) as image:
            factor = (12e6 / (image.width * image.height)) ** 0.5
            large = image.convert("RGB").resize((round(image.width * factor), round(image.height * factor)))
        jpegs.append(str(tmp_path / path.name))
        large.save(jpegs[-1], quality=90)
    scaled, full = best_two(classifier, jpegs), best_two(classifier, whole(map(Image.open, jpegs)))
    assert same_or_tied(scaled, full) >= AGREEMENT


@pytest.mark.slow
def test_jpeg_2000_gets_the_label_that_full_decoding_gives(classifier: Classifier, shared_images: Path):
    files = []
    for path in sorted(shared_images.glob("*.JPEG"))[::2]:
        with Image.open(path) as image:
            double = image.convert("RGB").resize((2 * image.width, 2 * image.height))
        files.append(saved(double, "JPEG2000", irreversible=True, quality_mode="rates", quality_layers=[12]))
    some, full = best_two(classifier, files), best_two(classifier, whole(map(Image.open, map(io.BytesIO, files))))
    assert some != full  # fewer pixels were decoded
    assert same_or_tied(some, full) >= AGREEMENT_OF_JPEG_2000


@pytest.mark.slow
def test_progressive_jpegs_get_the_very_scores_that_all_of_their_scans_give(
    classifier: Classifier, shared_images: Path, monkeypatch: pytest.MonkeyPatch
):
    files = []
    for path in sorted(shared_images.glob("*.JPEG"))[::20]:
        with Image.open(path) as image:
            factor = 2100 / min(image.size)  # so that the model's 224 pixels are covered at 1/8
            large = image.convert("RGB").resize((round(image.width * factor), round(image.height * factor)))
        files.append(saved(large, "JPEG", quality=90, progressive=True))
    shortened: list[bytes | None] = []
    monkeypatch.setattr(jpeg, "_WORTH_SHORTENING", 0)
    monkeypatch.setattr(jpeg, "for_an_eighth", lambda data: shortened.append(for_an_eighth(data)) or shortened[-1])
    some = best_two(classifier, files)
    assert len(shortened) == len(files)
    assert all(shortened)
    monkeypatch.setattr(jpeg, "for_an_eighth", lambda data: None)
    assert some == best_two(classifier, files)
