"""Decoding a JPEG at a smaller scale is fast; here it shows that it does not change the labels."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from mobilenet_cli import Classifier, Prediction

AGREEMENT = 0.99
TIE = 0.02
"""Two scores nearer than this change places when a pixel's value changes by 1, which proves nothing."""


@pytest.fixture
def classifier(embedded_home: Path, monkeypatch: pytest.MonkeyPatch) -> Classifier:
    monkeypatch.setenv("MNCLASSIFY_HOME", str(embedded_home))
    return Classifier("efficientnet_lite0")


def best_two(classifier: Classifier, images: Iterable[str | bytes]) -> list[tuple[Prediction, ...]]:
    # One worker and one image a batch: few of the large images wait in memory.
    return [result.predictions for result in classifier.classify(images, top_k=2, batch_size=1, workers=1)]


def fully_decoded(jpegs: Iterable[str]) -> Iterator[bytes]:
    """Decode JPEGs at full scale, and encode their pixels in a format that has no other scale."""
    for jpeg in jpegs:
        pixels = io.BytesIO()
        with Image.open(jpeg) as image:
            image.convert("RGB").save(pixels, "PPM")
        yield pixels.getvalue()


@pytest.mark.slow
def test_photographs_get_the_label_that_full_decoding_gives(classifier: Classifier, shared_images: Path):
    jpegs = [str(path) for path in sorted(shared_images.glob("*.JPEG"))]
    scaled, full = best_two(classifier, jpegs), best_two(classifier, fully_decoded(jpegs))
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
    scaled, full = best_two(classifier, jpegs), best_two(classifier, fully_decoded(jpegs))
    same = [
        one[0].index == other[0].index or other[0].score - other[1].score < TIE
        for one, other in zip(scaled, full, strict=True)
    ]
    assert sum(same) >= AGREEMENT * len(jpegs)
