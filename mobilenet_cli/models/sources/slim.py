"""TF-Slim's archive of the checkpoint that the hub's modules were exported from, converted here."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

from mobilenet_cli.in_tensorflow.process import TensorFlowProcess
from mobilenet_cli.models import registry
from mobilenet_cli.models.sources import Question, http, local
from mobilenet_cli.records import NetworkKind


@dataclass(frozen=True, slots=True)
class Slim:
    """An archive below TF-Slim's base URL, or a mirror's.

    Attributes:
        path: Its path there.
        sha256: What its SHA-256 must be, in hexadecimal.
    """

    title: ClassVar[str] = "TF-Slim checkpoint"
    path: str
    sha256: str

    @property
    def place(self) -> str:
        """The archive's URL."""
        return f"{registry.slim_url()}/{self.path}"

    def question(self, kind: NetworkKind) -> Question:
        """Ask for the archive."""
        return partial(http.reason_against, self.place)

    def fetch(self, kind: NetworkKind, destination: Path, process: TensorFlowProcess) -> Path:
        """Download the archive and convert its checkpoint.

        Raises:
            ModelError: It failed, or what is there is not a checkpoint of MobileNet V1.
        """
        arguments = {"url": self.place, "sha256": self.sha256, "destination": str(destination), "kind": kind}
        return Path(process.call("sources.slim:download", **arguments))


def download(url: str, sha256: str, destination: str, kind: NetworkKind) -> str:
    """Download and convert. Runs in the TensorFlow process; for the rest see `Slim.fetch`."""
    archive = Path(f"{destination}.tgz")
    try:
        http.download(url, archive, f"downloading {url}", sha256)
        return local.unpack(str(archive), destination, kind)
    finally:
        archive.unlink(missing_ok=True)
