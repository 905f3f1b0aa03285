"""tf.data in front of the SavedModel: decoding on all cores, batching and prefetching."""

import sys
from pathlib import Path

import tensorflow as tf

model, folder = sys.argv[1:]
network = tf.saved_model.load(model)
paths = sorted(map(str, Path(folder).iterdir()))


def load(path: tf.Tensor) -> tf.Tensor:
    """Decode and resize one image, without antialiasing, which would take longer."""
    image = tf.io.decode_image(tf.io.read_file(path), channels=3, expand_animations=False)
    return tf.image.resize(image, (128, 128)) / 255


@tf.function(input_signature=[tf.TensorSpec([None, 128, 128, 3])])
def classify(images: tf.Tensor) -> tf.Tensor:
    """Return the best class of each image."""
    return tf.argmax(network(images, training=False), axis=1)


images = tf.data.Dataset.from_tensor_slices(paths).map(load, num_parallel_calls=tf.data.AUTOTUNE)
done = 0
for batch in images.batch(32).prefetch(tf.data.AUTOTUNE):
    for index in classify(batch).numpy():
        print(paths[done], index, sep=",")
        done += 1
