"""An engine that any test can follow: its label is the mean colour of the image."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing

import numpy as np
from PIL import Image

from mobilenet_cli.images.preprocess import Preprocessing
from mobilenet_cli.pipeline import Task, run
from mobilenet_cli.postprocess.labelling import Labelling
from mobilenet_cli.postprocess.naming import Naming
from mobilenet_cli.postprocess.topk import TopK
from mobilenet_cli.records import ClassName, Source

COLOURS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255)}


class ColourEngine:
    """Outputs the mean of each channel as probabilities: the label is the image's colour."""

    batch_size = 4

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.sessions = 0
        self.threads: set[int] = set()

    def session(self):
        self.sessions += 1

        def run(batch: np.ndarray) -> np.ndarray:
            assert batch.dtype == np.float32
            assert batch.min() >= 0
            assert batch.max() <= 1
            self.batches.append(len(batch))
            self.threads.add(threading.get_ident())
            return batch.mean(axis=(1, 2))

        return run


def task(engine: ColourEngine) -> Task:
    names = tuple(ClassName("", name) for name in COLOURS)
    return Task(engine, Preprocessing(8), Labelling(TopK(names, "probabilities", k=1), Naming(names)), "colours")


def records_of(sources: Iterable[Source], work: Task, **options) -> Iterator:
    """Yield what `run` does, without the Sources."""
    with closing(run(sources, work, **options)) as pairs:
        for _, record in pairs:
            yield record


def image(colour: str | tuple[int, int, int], width: int = 10, height: int = 12) -> bytes:
    """Return a PNG of one colour: one of COLOURS by its name, or any RGB."""
    encoded = io.BytesIO()
    Image.new("RGB", (width, height), COLOURS[colour] if isinstance(colour, str) else colour).save(encoded, "PNG")
    return encoded.getvalue()


IMAGES = {name: image(name) for name in COLOURS}
