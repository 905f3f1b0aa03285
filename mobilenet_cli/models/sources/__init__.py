"""Where a model can come from. Each source fills a folder with a SavedModel, or says why it can't."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar, Protocol

from mobilenet_cli.in_tensorflow.process import TensorFlowProcess
from mobilenet_cli.records import NetworkKind

Question = Callable[[], str | None]
"""Asks a server whether it has something: None where it has, else the reason why not, in a few words."""


class ModelSource(Protocol):
    """A place to get a model from."""

    title: ClassVar[str]
    """What it is called in messages: "TF Hub"."""

    @property
    def place(self) -> str:
        """Where exactly: a URL, a package."""
        ...

    def question(self, kind: NetworkKind) -> Question | None:
        """Return what to ask the server before anything else, or None where the network is not needed."""
        ...

    def fetch(self, kind: NetworkKind, destination: Path, process: TensorFlowProcess) -> Path:
        """Get the model's network of that kind.

        Args:
            kind: Which of its networks.
            destination: A folder that does not exist yet; files beside it whose names begin with its name
                are the source's to use.
            process: Where TensorFlow runs.

        Returns:
            The folder of a SavedModel, or a .tflite file: at `destination`, beside it, or where it was already.

        Raises:
            ModelError: It is not to be had here; the message is the reason, in a few words.
        """
        ...
