"""Kaggle Models, where TF Hub's modules have moved to, fetched by kagglehub."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from mobilenet_cli.models.sources import Question
from mobilenet_cli.records import NetworkKind

if TYPE_CHECKING:
    from mobilenet_cli.in_tensorflow.process import TensorFlowProcess

_KAGGLE = "https://api.kaggle.com"


@dataclass(frozen=True, slots=True)
class Kaggle:
    """A model variation on Kaggle, or on the server that $MNCLASSIFY_KAGGLE_URL names.

    Attributes:
        handle: kagglehub's handle of the classification network, with its version.
    """

    title: ClassVar[str] = "Kaggle Models"
    handle: str

    @property
    def place(self) -> str:
        """The handle, and the server if that is not Kaggle."""
        url = _url()
        return self.handle if url == _KAGGLE else f"{self.handle} at {url}"

    def question(self, kind: NetworkKind) -> Question | None:
        """Ask whether Kaggle answers, unless the model is in the user's own cache of kagglehub."""
        from mobilenet_cli.in_tensorflow.downloads import kaggle
        from mobilenet_cli.models.sources import http

        cache = os.environ.get(kaggle.CACHE)
        if cache and Path(cache, "models", f"{self._variation(kind)}.complete").is_file():
            return None
        return partial(http.reason_against, _url(), any_answer=True)

    def fetch(self, kind: NetworkKind, destination: Path, process: TensorFlowProcess) -> Path:
        """Download the SavedModel's files into `destination`.

        Raises:
            ModelError: It failed, or what is there is not a SavedModel.
        """
        from mobilenet_cli.in_tensorflow.downloads import kaggle
        from mobilenet_cli.models.sources import pins

        variation, url = self._variation(kind), _url()
        place = f"{url} {variation}"
        pins.keep(place, process.call(kaggle.download, variation, url, destination, pins.expected(place)))
        return destination

    def _variation(self, kind: NetworkKind) -> str:
        return self.handle.replace("classification", kind.replace("_", "-"))


def _url() -> str:
    return (os.environ.get("MNCLASSIFY_KAGGLE_URL") or _KAGGLE).rstrip("/")
