"""The images of a training in batches, each of which depends only on its number and the seed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

from mobilenet_cli.errors import ImageError, ModelError
from mobilenet_cli.images.preprocess import Preprocessing, load_image
from mobilenet_cli.records import Source
from mobilenet_cli.text import printable
from mobilenet_cli.training.whole.in_tensorflow.augmentation import distorted, random_transforms

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mobilenet_cli.images.preprocess import Pixels
    from mobilenet_cli.training.whole.options import Augmentation, LabelledPath

KEPT_BYTES = 1 << 30
"""Decoded images are kept in memory if they fit into this; otherwise they are decoded again in each epoch."""


class Images:
    """Images and their classes."""

    def __init__(
        self,
        examples: Sequence[LabelledPath],
        preprocessing: Preprocessing,
        pool: ThreadPoolExecutor,
        *,
        keep: bool,
        progress: Callable[[], None] = lambda: None,
    ) -> None:
        """Decode the images now if they are to be kept.

        Args:
            examples: The images and their classes.
            preprocessing: How images are decoded and resized.
            pool: The threads to decode in.
            keep: Whether to decode the images now and keep them in memory.
            progress: Called after each image that is decoded now.

        Raises:
            ModelError: An image cannot be read.
        """
        self.size = preprocessing.image_size
        self._preprocessing = preprocessing
        self._pool = pool
        self._examples = examples
        self._kept: Pixels | None = None
        if keep:
            self._kept = np.empty((len(examples), self.size, self.size, 3), np.uint8)
            for _ in pool.map(self._load, range(len(examples)), self._kept):
                progress()

    def __len__(self) -> int:
        return len(self._examples)

    def take(self, chosen: NDArray[np.int64]) -> tuple[Pixels, NDArray[np.int64]]:
        """Return the images at some positions, uint8 [N, size, size, 3], and their classes, int64 [N].

        Raises:
            ModelError: An image can no longer be read.
        """
        classes = np.array([self._examples[index][1] for index in chosen], np.int64)
        if self._kept is not None:
            return self._kept[chosen], classes
        pixels = np.empty((len(chosen), self.size, self.size, 3), np.uint8)
        for _ in self._pool.map(self._load, chosen, pixels):
            pass
        return pixels, classes

    def _load(self, index: int, out: Pixels) -> None:
        path = self._examples[index][0]
        try:
            load_image(Source(path), self._preprocessing, out)
        except ImageError as error:
            raise ModelError(f"{printable(path)} can no longer be read: {error}") from error


@dataclass(frozen=True, slots=True)
class Batches:
    """Batches of images, epoch after epoch.

    Attributes:
        images: The images; at least one.
        classes: The number of classes.
        batch_size: Maximum number of images per batch. An epoch's images are spread evenly over as few batches as
            that allows: a last batch of a single image would have no statistics to normalise by.
        seed: Seed of the order and the augmentation; None to keep the images in order.
        augmentation: How to distort the images; None for not at all.
    """

    images: Images
    classes: int
    batch_size: int
    seed: int | None = None
    augmentation: Augmentation | None = None

    @property
    def steps(self) -> int:
        """The number of batches per epoch: at least 1."""
        return math.ceil(len(self.images) / self.batch_size)

    def seen(self, steps: int) -> int:
        """Return how many images are in the first `steps` batches of an epoch."""
        images, more = divmod(len(self.images), self.steps)
        return steps * images + min(steps, more)

    def dataset(self, epochs: int) -> tf.data.Dataset:
        """Return batches of images, float32 [N, size, size, 3] in [0, 1], and classes, one-hot float32 [N, classes]."""
        types = (tf.uint8, tf.int64, tf.float32)
        size = self.images.size

        def load(number: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            pixels, classes, transforms = tf.numpy_function(self._batch, [number], types)
            images = tf.cast(tf.ensure_shape(pixels, [None, size, size, 3]), tf.float32) / 255
            if self.augmentation is not None:
                images = distorted(images, tf.ensure_shape(transforms, [None, 6]))
            return images, tf.one_hot(tf.ensure_shape(classes, [None]), self.classes)

        return tf.data.Dataset.range(epochs * self.steps).map(load).prefetch(2)

    def _batch(self, number: int) -> tuple[Pixels, NDArray[np.int64], NDArray[np.float32]]:
        epoch, step = divmod(int(number), self.steps)
        order = np.arange(len(self.images))
        if self.seed is not None:
            order = np.random.default_rng([self.seed, epoch]).permutation(order)
        pixels, classes = self.images.take(order[self.seen(step) : self.seen(step + 1)])
        transforms = np.empty((0, 6), np.float32)
        if self.augmentation is not None:
            rng = np.random.default_rng(
                [self.seed or 0, epoch, step + 1]
            )  # + 1, because a trailing 0 would change nothing
            transforms = random_transforms(self.augmentation, len(pixels), self.images.size, rng)
        return pixels, classes, transforms
