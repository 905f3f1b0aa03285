"""TF-Slim's archive of the checkpoint that the hub's modules were exported from, converted here."""

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

_SLIM = "https://storage.googleapis.com/download.tensorflow.org/models"


@dataclass(frozen=True, slots=True)
class Slim:
    """An archive below TF-Slim's base URL, or below that of the mirror $MNCLASSIFY_SLIM_URL.

    Attributes:
        path: Its path there.
        sha256: Its SHA-256 in hexadecimal.
    """

    title: ClassVar[str] = "TF-Slim checkpoint"
    path: str
    sha256: str

    @property
    def place(self) -> str:
        """The archive's URL."""
        return f"{_base_url()}/{self.path}"

    def question(self, kind: NetworkKind) -> Question:
        """Ask for the archive."""
        from mobilenet_cli.models.sources import http

        return partial(http.reason_against, self.place)

    def fetch(self, kind: NetworkKind, destination: Path, process: TensorFlowProcess) -> Path:
        """Download the archive and convert its checkpoint.

        Raises:
            ModelError: It failed, or what is there is not a checkpoint of MobileNet V1.
        """
        from mobilenet_cli.in_tensorflow.downloads import slim

        return process.call(slim.download, self.place, self.sha256, destination, kind)


def _base_url() -> str:
    return (os.environ.get("MNCLASSIFY_SLIM_URL") or _SLIM).rstrip("/")
