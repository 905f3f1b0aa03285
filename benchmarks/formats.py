"""Files of 12 megapixels in each format: the decoder alone, the package, and the package before it spared pixels.

`python -m benchmarks.formats FOLDER SIZE REPEATS` prints JSON: for each folder in FOLDER, the CPU seconds that an image
took at its fastest:

- "decoder": the library's own call, at the least scale that covers the crop of SIZE pixels. This is the bound.
- "ours": reading, decoding, cropping and resizing it.
- "whole": the same with every pixel decoded; of a progressive JPEG, at the same scale with every scan decoded.

The three run in turn. CPU seconds are those of all threads.
"""

from __future__ import annotations

import io
import json
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from unittest import mock

import numpy as np
from PIL import Image
from pillow_heif import HeifImageFile
from simplejpeg import decode_jpeg

from mobilenet_cli import Source
from mobilenet_cli.images import jpeg, scaling
from mobilenet_cli.images.preprocess import CROP_FRACTION, Preprocessing, load_image

_QUICK = {"enc_params": {"preset": "ultrafast"}}  # of the encoder, or a file takes a minute

MATERIAL: dict[str, tuple[str, dict[str, object]]] = {
    "JPEG": (".jpg", {"quality": 90}),
    "JPEG, progressive": (".jpg", {"quality": 90, "progressive": True}),
    "JPEG, progressive, 4:4:4": (".jpg", {"quality": 90, "progressive": True, "subsampling": 0}),
    "JPEG 2000": (".jp2", {"irreversible": True, "quality_mode": "rates", "quality_layers": [12]}),
    "HEIC with a thumbnail": (".heic", {"quality": 80, "thumbnails": [320], **_QUICK}),
    "HEIC": (".heic", {"quality": 80, **_QUICK}),
    "TIFF, LZW in strips": (".tif", {"compression": "tiff_lzw"}),
    "WebP": (".webp", {"quality": 85}),
    "PNG": (".png", {"compress_level": 3}),
    "AVIF": (".avif", {"quality": 75, "speed": 10}),
}
"""Each folder's files: their ending, and the options of Pillow that write them."""


def main(folder: str, size: int, repeats: int) -> dict[str, dict[str, float]]:
    """Measure every format."""
    recipe, out = Preprocessing(size), np.empty((size, size, 3), np.uint8)

    def ours(path: Path) -> None:
        load_image(Source(str(path)), recipe, out)

    def whole(path: Path) -> None:
        with ExitStack() as stack:
            if "progressive" in path.parent.name:
                stack.enter_context(mock.patch.object(jpeg, "for_an_eighth", return_value=None))
            else:
                stack.enter_context(mock.patch.object(scaling, "fit", lambda image, box, size: box))
            ours(path)

    ways: dict[str, Callable[[Path], None]] = {
        "decoder": lambda path: decoder(path, size),
        "ours": ours,
        "whole": whole,
    }
    figures = {}
    for kind in MATERIAL:
        fastest = dict.fromkeys(ways, 0.0)
        for path in sorted((Path(folder) / kind).iterdir()):
            best = dict.fromkeys(ways, float("inf"))
            for _ in range(repeats + 1):  # the first imports the decoder
                for name, way in ways.items():
                    started = time.process_time()
                    way(path)
                    best[name] = min(best[name], time.process_time() - started)
            fastest = {name: fastest[name] + best[name] for name in ways}
        figures[kind] = fastest
    return figures


def decoder(path: Path, size: int) -> None:
    """Decode a file by its library's own call, at the least scale that covers the crop."""
    data = path.read_bytes()
    image = HeifImageFile(io.BytesIO(data)) if path.suffix == ".heic" else Image.open(io.BytesIO(data))
    spare = CROP_FRACTION * min(image.size) / size
    width, height = image.size
    if path.suffix == ".jpg":
        divisor = next((each for each in (8, 4, 2) if spare >= each), 1)
        decode_jpeg(data, "RGB", min_height=-(-height // divisor), min_width=-(-width // divisor))
        return
    if path.suffix == ".jp2":
        image.reduce = min(5, int(np.log2(spare)))  # type: ignore[method-assign, assignment]
    if path.suffix == ".heic":
        image.draft(None, (int(width / spare) + 1, int(height / spare) + 1))
    image.load()


if __name__ == "__main__":
    json.dump(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])), sys.stdout)
