"""The program of the process that `isolated` decodes in. It ends when its standard input closes."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from typing import IO

import numpy as np

from mobilenet_cli.errors import ImageError
from mobilenet_cli.images.allowance import Guard, keep_to
from mobilenet_cli.images.preprocess import Preprocessing, load_image, silence_decoder_warnings
from mobilenet_cli.records import Source


class _AskingGuard(Guard):
    """Asks the parent for memory."""

    def __init__(self, max_pixels: int, requests: IO[bytes], answers: IO[bytes]) -> None:
        super().__init__(max_pixels)
        self._requests, self._answers = requests, answers
        self._asked = 0

    def need(self, count: int) -> None:
        """Wait until the image may take `count` bytes in all."""
        if count <= self._asked:
            return
        _send(self._answers, {"need": count})
        answer = json.loads(self._requests.readline())
        if "error" in answer:
            raise ImageError(answer["error"])
        self._asked = count


def _send(stream: IO[bytes], message: dict[str, object]) -> None:
    stream.write(json.dumps(message).encode() + b"\n")
    stream.flush()


def serve() -> None:
    """Decode until standard input closes."""
    requests = sys.stdin.buffer
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    silence_decoder_warnings()
    while line := requests.readline():
        request = json.loads(line)
        preprocessing = Preprocessing(**request["preprocessing"])
        data = None if request["bytes"] is None else requests.read(request["bytes"])
        out = np.empty((preprocessing.image_size, preprocessing.image_size, 3), np.uint8)
        keep_to(_AskingGuard(request["max_pixels"], requests, answers))
        try:
            loaded = load_image(Source(request["path"], data), preprocessing, out)
        except ImageError as error:
            _send(answers, {"error": str(error)})
            continue
        answers.write(json.dumps({"width": loaded.width, "height": loaded.height, "warning": loaded.warning}).encode())
        answers.write(b"\n" + out.tobytes())
        answers.flush()


if __name__ == "__main__":
    serve()
