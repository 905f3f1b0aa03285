"""Kaggle Models, where TF Hub's modules have moved to, fetched by kagglehub."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

from mobilenet_cli.in_tensorflow.downloads import kaggle
from mobilenet_cli.in_tensorflow.process import TensorFlowProcess
from mobilenet_cli.models import registry
from mobilenet_cli.models.sources import Question, http
from mobilenet_cli.records import NetworkKind


@dataclass(frozen=True, slots=True)
class Kaggle:
    """A model variation on Kaggle.

    Attributes:
        handle: kagglehub's handle of the classification network, with its version.
    """

    title: ClassVar[str] = "Kaggle Models"
    handle: str

    @property
    def place(self) -> str:
        """The handle, and where it is asked for if that is not Kaggle."""
        url = registry.kaggle_url()
        return self.handle if url == registry.DEFAULT_KAGGLE else f"{self.handle} at {url}"

    def question(self, kind: NetworkKind) -> Question | None:
        """Ask whether Kaggle is there, unless the model is in the user's own cache of kagglehub."""
        cache = os.environ.get(kaggle.CACHE)
        if cache and Path(cache, "models", f"{self._variation(kind)}.complete").is_file():
            return None
        return partial(http.reason_against, registry.kaggle_url(), any_answer=True)

    def fetch(self, kind: NetworkKind, destination: Path, process: TensorFlowProcess) -> Path:
        """Download the SavedModel's files into `destination`.

        Raises:
            ModelError: It failed, or what is there is not a SavedModel.
        """
        process.call(kaggle.download, self._variation(kind), registry.kaggle_url(), destination)
        return destination

    def _variation(self, kind: NetworkKind) -> str:
        return self.handle.replace("classification", kind.replace("_", "-"))
