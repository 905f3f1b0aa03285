"""TF Hub: a SavedModel's archive at a handle, fetched by tensorflow_hub."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar, get_args

from mobilenet_cli.in_tensorflow.downloads import hub
from mobilenet_cli.in_tensorflow.process import TensorFlowProcess
from mobilenet_cli.models.sources import Question, http
from mobilenet_cli.records import NetworkKind


@dataclass(frozen=True, slots=True)
class Hub:
    """A TF Hub handle, at tfhub.dev or at a mirror."""

    title: ClassVar[str] = "TF Hub"
    handle: str

    @property
    def place(self) -> str:
        """The handle."""
        return self.handle

    def question(self, kind: NetworkKind) -> Question | None:
        """Ask for the archive, unless it is in the user's own cache of tensorflow_hub.

        From here, since TensorFlow takes seconds to start, and tensorflow_hub would then wait for ever.
        """
        handle = self._sibling(kind)
        if (cache := os.environ.get(hub.CACHE)) and _cached(Path(cache), handle).is_dir():
            return None
        return partial(http.reason_against, f"{handle}?tf-hub-format=compressed")

    def fetch(self, kind: NetworkKind, destination: Path, process: TensorFlowProcess) -> Path:
        """Download and unpack the archive into `destination`.

        Raises:
            ModelError: It failed, or what is there is not a SavedModel's archive.
        """
        process.call(hub.download, self._sibling(kind), destination)
        return destination

    def _sibling(self, kind: NetworkKind) -> str:
        """Return the handle of the module of that kind: TF Hub has the two beside each other."""
        for other in get_args(NetworkKind):
            if f"/{other}/" in self.handle:
                return self.handle.replace(f"/{other}/", f"/{kind}/")
        return self.handle


def _cached(cache: Path, handle: str) -> Path:
    """Return where tensorflow_hub keeps a module."""
    return cache / hashlib.sha1(handle.encode(), usedforsecurity=False).hexdigest()
