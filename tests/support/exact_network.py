"""A network that gives the same numbers on every processor and in batches of every size.

Other networks' outputs differ in their last digits where a kernel adds in another order, so bytes that hold them
cannot be compared. Here no sum is rounded, since only one of its terms is not 0.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

SIZE = 32
"""Width and height in pixels of the images that it takes."""
_CHANNELS = 63
_LAYERS = 16
"""They make it as slow as a real network of this size, so that a run is still under way when a test kills it."""


def save_exact_network(file: Path) -> Path:
    """Compile it to a .tflite file with ImageNet's 1000 classes, whose logits are the image's values, scaled."""
    import tensorflow as tf

    rng = np.random.default_rng(0)
    kernels = [_picks(np.arange(_CHANNELS) % 3, inputs=3)]
    kernels += [_picks(rng.permutation(_CHANNELS), inputs=_CHANNELS) for _ in range(_LAYERS - 1)]
    scales = np.linspace(4, 8, 1000, dtype=np.float32)  # so that scores differ

    @tf.function(input_signature=[tf.TensorSpec([None, SIZE, SIZE, 3], tf.float32)])
    def logits(images: tf.Tensor) -> tf.Tensor:
        for kernel in kernels:
            images = tf.nn.conv2d(images, kernel, 1, "SAME")
        return tf.reshape(images[:, ::8, ::8], [-1, 16 * _CHANNELS])[:, :1000] * scales

    file.write_bytes(tf.lite.TFLiteConverter.from_concrete_functions([logits.get_concrete_function()]).convert())
    return file


def save_squares(folder: Path, count: int) -> Path:
    """Make a folder of images that it takes, which are one file under many names, and return it."""
    folder.mkdir()
    Image.new("RGB", (SIZE, SIZE), "teal").save(folder / "0.png")
    for number in range(1, count):
        (folder / f"{number}.png").hardlink_to(folder / "0.png")
    return folder


def _picks(picked: np.ndarray, inputs: int) -> np.ndarray:
    """Return the kernel of a 1 × 1 convolution, each of whose channels is the input channel picked for it."""
    return np.eye(inputs, dtype=np.float32)[:, picked][np.newaxis, np.newaxis]
