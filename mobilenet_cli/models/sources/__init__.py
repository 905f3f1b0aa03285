"""Where a model can come from. Each source fills a folder with a SavedModel, or says why it can't."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Protocol

from mobilenet_cli.models.manifest import Kind
from mobilenet_cli.models.tensorflow_process import TensorFlowProcess


class Source(Protocol):
    """A place to get a model from."""

    title: ClassVar[str]
    """What it is called in messages: "TF Hub"."""
    needs_network: ClassVar[bool]
    """Whether it is left out where the user works offline."""

    @property
    def place(self) -> str:
        """Where exactly: a URL, a package."""
        ...

    def fetch(self, kind: Kind, destination: Path, process: TensorFlowProcess) -> None:
        """Put the SavedModel of that kind into `destination`, a folder that does not exist yet.

        Raises:
            ModelError: It is not to be had here; the message is the reason, in a few words.
        """
        ...
