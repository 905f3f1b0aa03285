"""Print how often a thumbnail's best label is the whole photograph's, by how the thumbnail was made.

    python -m tools.thumbnail_labels MODEL PHOTOGRAPHS SIDE

Each photograph is enlarged to 3 megapixels with a camera's noise; its thumbnail has SIDE pixels at the longer side.
Where the whole photograph's best two scores are within 0.02, another best label counts as a tie. The last row is a
control: the whole photograph again, as a JPEG.
"""

from __future__ import annotations

import argparse
import io
import tempfile
from pathlib import Path

import numpy as np
import pillow_heif
from PIL import Image

from mobilenet_cli import Classifier
from mobilenet_cli.records import Prediction

_PIXELS, _NOISE, _TIE = 3_000_000, 2.0, 0.02
_RESAMPLED = {"averaged (Lanczos)": Image.Resampling.LANCZOS, "picked pixels": Image.Resampling.NEAREST}


def enlarged(photograph: Image.Image, noise: np.random.Generator) -> Image.Image:
    """Return a photograph as a camera might have taken it."""
    factor = (_PIXELS / (photograph.width * photograph.height)) ** 0.5
    size = round(photograph.width * factor), round(photograph.height * factor)
    pixels = np.asarray(photograph.resize(size, Image.Resampling.BICUBIC), np.float32)
    return Image.fromarray((pixels + noise.normal(0, _NOISE, pixels.shape)).clip(0, 255).astype(np.uint8))


def compressed(image: Image.Image, quality: int) -> Image.Image:
    """Return an image after HEIC."""
    buffer = io.BytesIO()
    pillow_heif.from_pillow(image).save(buffer, quality=quality)
    return pillow_heif.open_heif(buffer).to_pillow()


def variants(whole: Image.Image, side: int) -> dict[str, Image.Image]:
    """Return how the thumbnail was made → the thumbnail."""
    factor = side / max(whole.size)
    found = {}
    for name, resampling in _RESAMPLED.items():
        thumbnail = whole.resize((round(whole.width * factor), round(whole.height * factor)), resampling)
        found[f"{name}, not compressed"] = thumbnail
        found |= {f"{name}, quality {quality}": compressed(thumbnail, quality) for quality in (92, 70, 50)}
    buffer = io.BytesIO()
    whole.save(buffer, "JPEG", quality=95)
    return found | {"no thumbnail: JPEG, quality 95": Image.open(buffer)}


def best(classifier: Classifier, image: Image.Image, folder: str) -> list[Prediction]:
    """Return the best two predictions."""
    path = Path(folder, "image.png")
    image.save(path, compress_level=1)
    (result,) = classifier.classify([str(path)])
    return list(result.predictions[:2])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("photographs", type=Path)
    parser.add_argument("side", type=int)
    arguments = parser.parse_args()
    classifier, noise = Classifier(arguments.model), np.random.default_rng(0)
    equal: dict[str, list[bool]] = {}
    changes: dict[str, list[float]] = {}
    ties = []
    with tempfile.TemporaryDirectory() as folder:
        for path in sorted(arguments.photographs.iterdir()):
            whole = enlarged(Image.open(path).convert("RGB"), noise)
            first, second = best(classifier, whole, folder)
            ties.append(first.score - second.score < _TIE)
            for name, image in variants(whole, arguments.side).items():
                other = best(classifier, image, folder)[0]
                equal.setdefault(name, []).append(other.index == first.index)
                changes.setdefault(name, []).append(abs(other.score - first.score))
    print(f"{len(ties)} photographs, {arguments.model}, thumbnails of {arguments.side} pixels")
    for name, same in equal.items():
        apart = [tie or one for tie, one in zip(ties, same, strict=True)]
        print(f"{name}: {np.mean(apart):.1%} equal or ties, {np.mean(same):.1%} equal, {np.mean(changes[name]):.3f}")


if __name__ == "__main__":
    main()
