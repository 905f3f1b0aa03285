"""ONNX Runtime with a pool of threads, each of which decodes and classifies images. MODEL is an .onnx file."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image

model, folder = sys.argv[1:]
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1  # the pool already keeps all cores busy
session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
inlet = session.get_inputs()[0].name


def classify(path: Path) -> int:
    """Return the best class of an image."""
    image = np.asarray(Image.open(path).convert("RGB").resize((128, 128)), np.float32) / 255
    return int(np.argmax(session.run(None, {inlet: image[np.newaxis]})[0]))


paths = sorted(Path(folder).iterdir())
with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
    for path, index in zip(paths, pool.map(classify, paths), strict=True):
        print(path, index, sep=",")
