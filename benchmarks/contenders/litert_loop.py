"""LiteRT's interpreter, one image at a time in one thread. MODEL is a .tflite file."""

import sys
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from PIL import Image

model, folder = sys.argv[1:]
interpreter = Interpreter(model, num_threads=1)
interpreter.allocate_tensors()
inlet, outlet = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]
for path in sorted(Path(folder).iterdir()):
    image = np.asarray(Image.open(path).convert("RGB").resize((128, 128)), np.float32) / 255
    interpreter.set_tensor(inlet, image[np.newaxis])
    interpreter.invoke()
    print(path, int(np.argmax(interpreter.get_tensor(outlet))), sep=",")
