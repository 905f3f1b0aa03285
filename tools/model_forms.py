"""Label photographs with one network in every form of file, and print how often the best label is the checkpoint's.

    python -m tools.model_forms CHECKPOINT PHOTOGRAPHS SAMPLES [--only WORD …]

CHECKPOINT is TF-Slim's MobileNet V1 for 224 pixels with 1001 classes; SAMPLES are photographs to quantise by. The
photographs are cropped and resized here, so that nothing but the model differs. A form that is refused for its range
is labelled once more with --input-range. Exit code 1 if a form is neither right (2 of 200 best labels differ at most,
12 where it is quantised) nor refused.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf

from tools.exported_forms import SIZE, Exporter, Network

_CROP = 0.875  # of the short side: TF-Slim's central_fraction
_RIGHT, _RIGHT_QUANTISED = 0.01, 0.06
_REFUSED = 3  # the exit code
_PROGRESS = re.compile("classified|: getting |: compiling ")
Form = Callable[[], Path]


def forms(exporter: Exporter) -> dict[str, tuple[Form, float]]:
    """Return each form's name → a function that writes it, and the share of labels that may differ."""
    import keras
    import tf_keras

    network = exporter.network

    def logits(low: float = -1.0, high: float = 1.0) -> Callable[[Any], Any]:
        return lambda images: network.logits(images, low, high)

    def softmax(low: float = -1.0, high: float = 1.0) -> Callable[[Any], Any]:
        return lambda images: tf.nn.softmax(network.logits(images, low, high))

    def tflite(name: str, function: Any, allowed: float = _RIGHT, **options: Any) -> None:
        found[name] = (lambda: exporter.tflite(name, function, **options), allowed)

    def kept(name: str, write: Form) -> None:
        found[name] = (write, _RIGHT)

    found: dict[str, tuple[Form, float]] = {}
    kept("checkpoint", lambda: exporter.network.checkpoint)
    for text, low, high in (("pm1", -1, 1), ("0_255", 0, 255), ("0_1", 0, 1)):
        tflite(f"{text}_softmax", softmax(low, high))
        tflite(f"{text}_logits", logits(low, high))
        spec = tf.TensorSpec([None, SIZE, SIZE, 3], tf.float32)
        name = f"savedmodel_{text}_logits"
        function = logits(low, high)
        kept(name, lambda name=name, function=function, spec=spec: exporter.saved_model(name, function, spec))
    tflite("pm1_batch_8", softmax(), batch=8)
    tflite("pm1_any_batch", softmax(), batch=None)
    tflite("pm1_metadata", softmax(), metadata=(127.5, 127.5))
    tflite("0_255_metadata", softmax(0, 255), metadata=(0, 1))
    tflite("rescales_0_255", lambda images: tf.nn.softmax(network.logits(images / 127.5 - 1)))
    tflite("nchw_pm1", lambda images: softmax()(tf.transpose(images, [0, 2, 3, 1])), shape=(3, SIZE, SIZE))
    tflite("pm1_1_1_n", lambda images: tf.reshape(logits()(images), [-1, 1, 1, 1001]))
    tflite("pm1_log_softmax", lambda images: tf.nn.log_softmax(network.logits(images)))
    for kind in ("float16", "dynamic"):
        tflite(f"pm1_{kind}", softmax(), _RIGHT if kind == "float16" else _RIGHT_QUANTISED, weights=kind)
    for text, low, high in (("pm1", -1, 1), ("0_255", 0, 255), ("0_1", 0, 1)):
        for io in (tf.float32, tf.uint8, tf.int8):
            function = logits(low, high) if io is tf.uint8 and low == 0 else softmax(low, high)
            tflite(f"int8_{text}_{io.name}", function, _RIGHT_QUANTISED, weights="int8", io=io, range_=(low, high))
    tflite("int8_metadata", softmax(), _RIGHT_QUANTISED, weights="int8", io=tf.uint8, metadata=(127.5, 127.5))
    for name in ("plain.h5", "plain.keras"):
        kept(name, lambda name=name: exporter.keras_file(name, network.keras(keras)))
        rescaling = keras.layers.Rescaling(1 / 127.5, offset=-1)
        kept(
            f"rescaling_{name}",
            lambda n=f"rescaling_{name}", r=rescaling: exporter.keras_file(n, network.keras(keras, r)),
        )
    kept("keras2.h5", lambda: exporter.keras_file("keras2.h5", network.keras(tf_keras)))
    kept("logits.keras", lambda: exporter.keras_file("logits.keras", network.keras(keras, last=None)))
    labels = "".join(f"{index} {label}\n" for index, label in enumerate(exporter.labels))
    model = "keras_model.h5"
    kept(
        "teachable.zip",
        lambda: exporter.zipped(
            "teachable.zip", {model: exporter.keras_file(model, network.keras(keras)), "labels.txt": labels}
        ),
    )
    predictions = "MobilenetV1/Predictions/Reshape_1"
    kept("slim_frozen.pb", lambda: exporter.frozen("slim_frozen.pb", softmax(), predictions, 1))
    kept("any_batch_frozen.pb", lambda: exporter.frozen("any_batch_frozen.pb", softmax(), predictions, None))
    kept("retrained.pb", lambda: exporter.frozen("retrained.pb", softmax(), "final_result", None))

    def saved(name: str, function: Any, spec: Any) -> None:
        kept(name, lambda: exporter.saved_model(name, function, spec))

    saved(
        "savedmodel_uint8",
        lambda pixels: softmax()(tf.cast(pixels, tf.float32) / 127.5 - 1),
        tf.TensorSpec([None, SIZE, SIZE, 3], tf.uint8),
    )
    saved(
        "savedmodel_nchw",
        lambda pixels: softmax()(tf.transpose(pixels, [0, 2, 3, 1])),
        tf.TensorSpec([None, 3, SIZE, SIZE], tf.float32),
    )
    saved("savedmodel_any_size_224", softmax(), tf.TensorSpec([None, None, None, 3], tf.float32))
    saved(
        "savedmodel_encoded",
        lambda encoded: softmax()(tf.map_fn(_decoded, encoded, tf.float32)),
        tf.TensorSpec([None], tf.string),
    )
    return found


def _decoded(encoded: Any) -> Any:
    image = tf.image.resize(tf.io.decode_jpeg(encoded, 3), [SIZE, SIZE])
    return tf.ensure_shape(image / 127.5 - 1, [SIZE, SIZE, 3])


def main() -> int:
    """Print the table, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("checkpoint", "photographs", "samples"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--only", nargs="+", default=[""], help="only forms whose names have one of these in them")
    arguments = parser.parse_args()
    network = Network(arguments.checkpoint)
    crops = [_crop(path) for path in sorted(arguments.photographs.iterdir()) if path.is_file()]
    run = tf.function(network.logits)
    own = [int(np.argmax(run(crop[None] * 2 - 1))) for crop in crops]
    samples = [_crop(path) for path in sorted(arguments.samples.rglob("*.jpg"))[::10][:60]]
    code = 0
    with tempfile.TemporaryDirectory() as temporary:
        files = [Path(temporary) / f"{number:03}.png" for number in range(len(crops))]
        for file, crop in zip(files, crops, strict=True):
            Image.fromarray(np.rint(crop * 255).astype(np.uint8)).save(file)
        labels = tuple(f"class{index}" for index in range(1001))
        exporter = Exporter(network, Path(temporary), np.stack(samples), labels)
        print(f"{'form':28}{'differ':>8}  of {len(files)}", flush=True)
        for name, (write, allowed) in forms(exporter).items():
            if not any(word in name for word in arguments.only):
                continue
            model = write()
            found, said = _labelled(model, files, Path(temporary))
            if found is None:
                print(f"{name:28}{'refused':>8}  {said}", flush=True)
                if "give --input-range" not in said:
                    continue
                range_ = "0:255" if "0_255" in name else "0:1" if "0_1" in name else "-1:1"
                found, said = _labelled(model, files, Path(temporary), f"--input-range={range_}")
                said = f"--input-range {range_} {said}"
            if found is None:
                print(f"{name:28}{'refused':>8}  {said}", flush=True)
                continue
            different = sum(found.get(path) != index for path, index in zip(files, own, strict=True))
            is_right = different <= allowed * len(files)
            code |= not is_right
            print(f"{name:28}{different:>8}  {'' if is_right else 'WRONG  '}{said}", flush=True)
    return code


def _crop(path: Path) -> Any:
    with Image.open(path) as image:
        side = round(min(image.size) * _CROP)
        left, top = (image.width - side) / 2, (image.height - side) / 2
        box = (left, top, left + side, top + side)
        resized = image.convert("RGB").resize((SIZE, SIZE), Image.Resampling.BILINEAR, box)
    return np.asarray(resized, np.float32) / 255


def _labelled(model: Path, files: Sequence[Path], home: Path, *options: str) -> tuple[dict[Path, int] | None, str]:
    """Return the index of each photograph's best label by the command, and its messages; None if it refuses."""
    program = Path(sys.executable).with_name("mnclassify")
    command = [program, *files, "-m", model, "-f", "jsonl", "--crop", "squash", *options]
    environment = os.environ | {"MNCLASSIFY_HOME": str(home / "home")}
    ended = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    said = " | ".join(line for line in ended.stderr.splitlines() if not _PROGRESS.search(line))
    if ended.returncode == _REFUSED:
        return None, said
    if ended.returncode:
        return {}, f"exit code {ended.returncode}: {said}"
    rows = map(json.loads, ended.stdout.splitlines())
    return {Path(row["path"]): row["predictions"][0]["index"] for row in rows}, said


if __name__ == "__main__":
    sys.exit(main())
