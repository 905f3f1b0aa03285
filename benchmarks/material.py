"""The files and models of the benchmarks, made by `python -m benchmarks.material WORK IMAGES LARGE`.

    WORK/photos/    IMAGES photographs of about 500×375: hard links to those in ../shared/images, else synthetic
    WORK/one/       the first of them
    WORK/large/     LARGE JPEGs of 12 megapixels, upscaled from them
    WORK/formats/   folders of one of them in each of the formats of benchmarks.formats
    WORK/tiny/      IMAGES PNGs of 32×32
    WORK/models/    MobileNet V1 1.0/128 with seeded weights: a SavedModel, and model.onnx converted from it
    WORK/home/      mnclassify's store with the same model, compiled
    WORK/shards-N/  copies of N of the photographs as files, and in archives
    WORK/cluster-N/ N of them in 20 archives
Existing files are kept.
"""

from __future__ import annotations

import gzip
import io
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Sequence
from itertools import cycle, islice
from pathlib import Path

SHARED = Path(__file__).resolve().parents[2] / "shared" / "images"
SAVED_MODEL = "models/mobilenet_v1_100_128"
ONNX_MODEL = "models/model.onnx"
_LARGE = (4000, 3000)
_SMALL = (800, 600)
_SMOKE_TEST = 2
"""With so few large JPEGs, no figure counts, and encoding 12 megapixels in each format takes a minute."""
_MADE_UP = 200
A_FORMAT = 1
_FILES_A_FOLDER = 1000
_ARCHIVES = 20


def compiled_model(work: Path) -> Path:
    """Return the .tflite that mnclassify compiled from the SavedModel."""
    return next((work / "home").rglob("*.tflite"))


def make(work: Path, images: int, large: int) -> None:
    """Make everything that is missing."""
    originals = sorted(SHARED.glob("*.JPEG")) if SHARED.is_dir() else make_up(work / "originals", _MADE_UP)
    links(work / "photos", originals, images)
    links(work / "one", originals, 1)
    _resized(work / "large", originals[:large], ".jpg", _LARGE)
    _make_formats(work / "formats", originals[:A_FORMAT], _LARGE if large > _SMOKE_TEST else _SMALL)
    tiny = _resized(work / "originals-tiny", originals, ".png", (32, 32))
    links(work / "tiny", tiny, images)
    _make_models(work)


def links(folder: Path, originals: Sequence[Path], count: int) -> None:
    """Fill `folder` with `count` links, 00000000.jpg and up, that cycle through the originals."""
    _fill(folder, originals, count, _link)


def copies(folder: Path, originals: Sequence[Path], count: int) -> None:
    """Do as `links`, with copies: the system caches each by itself, as it does the members of an archive."""
    _fill(folder, originals, count, shutil.copyfile)


def _fill(folder: Path, originals: Sequence[Path], count: int, put: Callable[[Path, Path], object]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        original = originals[number % len(originals)]
        file = folder / f"{number:08}{original.suffix.lower()}"
        if not file.exists():
            put(original, file)


def tree(folder: Path, originals: Sequence[Path], count: int) -> None:
    """Fill `folder` with `count` links as `links` does, a thousand per subfolder."""
    for start in range(0, count, _FILES_A_FOLDER):
        links(folder / f"{start // _FILES_A_FOLDER:04}", originals, min(_FILES_A_FOLDER, count - start))


FOLDER = "files"


def archives(folder: Path) -> tuple[str, ...]:
    """Put the files of `folder`/FOLDER into one archive of each kind beside it, and return their names."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    files = sorted((folder / FOLDER).iterdir())
    names = ("x.tar", "stored.zip", "deflated.zip", "x.parquet", "x.tar.gz")
    if not (folder / names[-1]).exists():
        _add(folder / "x.tar", ((file.name, file) for file in files))
        for name, method in (("stored.zip", zipfile.ZIP_STORED), ("deflated.zip", zipfile.ZIP_DEFLATED)):
            with zipfile.ZipFile(folder / name, "w", method) as zipped:
                for file in files:
                    zipped.write(file, file.name)
        schema = pa.schema([("image", pa.struct([("bytes", pa.binary()), ("path", pa.string())]))])
        # As the data sets of Hugging Face have images: uncompressed, without a dictionary, 100 in a row group.
        with pq.ParquetWriter(folder / "x.parquet", schema, compression="none", use_dictionary=False) as table:
            for begin in range(0, len(files), 100):
                rows = [{"image": {"bytes": each.read_bytes(), "path": each.name}} for each in files[begin:][:100]]
                table.write_table(pa.Table.from_pylist(rows, schema))
        with open(folder / "x.tar", "rb") as tarred, gzip.open(folder / "x.tar.gz", "wb", 1) as packed:  # noqa: PTH123
            shutil.copyfileobj(tarred, packed)
    return names


def _link(original: Path, link: Path) -> None:
    try:
        link.hardlink_to(original)
    except OSError:  # another file system, or too many links already
        shutil.copyfile(original, link)


def tars(folder: Path, originals: Sequence[Path], count: int) -> None:
    """Fill `folder` with 20 archives of `count` photographs in all, and `folder`/start with two of one photograph."""
    _make_tars(folder, originals, _ARCHIVES, count // _ARCHIVES)
    _make_tars(folder / "start", originals, 2, 1)


def _make_tars(folder: Path, originals: Sequence[Path], archives: int, of_each: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    photographs = cycle(originals)
    for archive in range(archives):
        files = [(f"{number:06}{photo.suffix}", photo) for number, photo in enumerate(islice(photographs, of_each))]
        if not (path := folder / f"{archive:02}.tar").exists():
            _add(path, files)


def _add(path: Path, files: Iterable[tuple[str, Path]]) -> None:
    """Write a .tar that has each file under its name."""
    with tarfile.open(path, "w") as tar:
        for name, file in files:
            member = tarfile.TarInfo(name)
            data = file.read_bytes()
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))


def make_up(folder: Path, count: int) -> list[Path]:
    """Make `count` synthetic JPEGs as large as ImageNet's photographs and about as slow to decode."""
    import numpy as np
    from PIL import Image

    rng = np.random.default_rng(0)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number in range(count):
        path = folder / f"{number:04}.jpg"
        width, height = [(500, 375), (375, 500), (500, 333), (500, 500)][number % 4]
        scene = np.zeros((height, width, 3), np.float32)
        # As in a photograph, finer detail is weaker.
        for cell in (128, 64, 32, 16, 8, 4, 2):
            noise = rng.normal(0, 12 * cell**0.3, (height // cell + 2, width // cell + 2, 3)).astype(np.float32)
            for channel in range(3):
                layer = Image.fromarray(noise[..., channel])
                scene[..., channel] += np.asarray(layer.resize((width, height), Image.Resampling.BICUBIC))
        Image.fromarray((128 + scene).clip(0, 255).astype(np.uint8)).save(path, quality=95)
        paths.append(path)
    return paths


def _resized(folder: Path, originals: Sequence[Path], ending: str, size: tuple[int, int]) -> list[Path]:
    from PIL import Image

    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{original.stem}{ending}" for original in originals]
    for original, path in zip(originals, paths, strict=True):
        if not path.exists():
            with Image.open(original) as image:
                image.convert("RGB").resize(size, Image.Resampling.BICUBIC).save(path, quality=90)
    return paths


def _make_formats(folder: Path, originals: Sequence[Path], size: tuple[int, int]) -> None:
    """Make files of `size` in each format, with the noise that a camera's have."""
    import numpy as np
    import pillow_heif
    from PIL import Image

    from benchmarks.formats import MATERIAL

    pillow_heif.register_heif_opener()
    for number, original in enumerate(originals):
        paths = {folder / kind / f"{number}{ending}": options for kind, (ending, options) in MATERIAL.items()}
        if all(path.exists() for path in paths):
            continue
        with Image.open(original) as image:
            large = np.asarray(image.convert("RGB").resize(size, Image.Resampling.BICUBIC), np.int16)
        noise = np.random.default_rng(number).normal(0, 3, large.shape)
        picture = Image.fromarray((large + noise).clip(0, 255).astype(np.uint8))
        for path, options in paths.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            picture.save(path, **options)


def _make_models(work: Path) -> None:
    saved_model, onnx_model = work / SAVED_MODEL, work / ONNX_MODEL
    if not (saved_model / "saved_model.pb").exists():
        from mobilenet_cli.in_tensorflow import hub_module
        from mobilenet_cli.in_tensorflow.networks.mobilenet_v1 import MobilenetV1

        hub_module.save(MobilenetV1(1.0, 1001, seed=7), saved_model, "classification")
    if not onnx_model.exists():
        _make_onnx(saved_model, onnx_model)
    one = next((work / "one").iterdir())
    subprocess.run([mnclassify(), "-m", str(saved_model), str(one)], check=True, stdout=subprocess.DEVNULL)


def _make_onnx(saved_model: Path, onnx_model: Path) -> None:
    try:
        import tf2onnx
    except ImportError:
        return  # ONNX Runtime is not measured then
    import tensorflow as tf

    network = tf.saved_model.load(str(saved_model))
    images = tf.TensorSpec([None, 128, 128, 3], tf.float32, name="images")
    function = tf.function(lambda images: network(images, training=False), input_signature=[images])
    tf2onnx.convert.from_function(function, [images], opset=17, output_path=str(onnx_model))


def mnclassify() -> str:
    """Return the installed command that belongs to this Python."""
    return str(Path(sys.executable).with_name("mnclassify"))


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    make(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
