"""The loop suggested by the model's web page: a KerasLayer, one image at a time."""

import sys
from pathlib import Path

import numpy as np
import tensorflow_hub as hub
import tf_keras
from PIL import Image

model, folder = sys.argv[1:]
network = tf_keras.Sequential([hub.KerasLayer(model)])
network.build([None, 128, 128, 3])
for path in sorted(Path(folder).iterdir()):
    image = np.asarray(Image.open(path).convert("RGB").resize((128, 128)), np.float32) / 255
    # Called, not network.predict(), which takes about three times as long for one image.
    print(path, int(np.argmax(network(image[np.newaxis]))), sep=",")
