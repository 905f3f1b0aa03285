"""TF Hub: a SavedModel's archive at a handle, fetched by tensorflow_hub."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, get_args

from mobilenet_cli.models.sources import Question
from mobilenet_cli.records import NetworkKind

if TYPE_CHECKING:
    from mobilenet_cli.in_tensorflow.process import TensorFlowProcess

_HUB = "https://tfhub.dev"


@dataclass(frozen=True, slots=True)
class Hub:
    """A module of TF Hub, or of a mirror.

    Attributes:
        handle: Its handle: a URL, or a path below that of TF Hub or of $MNCLASSIFY_HUB_URL.
    """

    title: ClassVar[str] = "TF Hub"
    handle: str

    @property
    def place(self) -> str:
        """The handle, as a URL."""
        if "://" in self.handle:
            return self.handle
        return f"{_base_url()}/{self.handle}"

    def is_at(self, url: str) -> bool:
        """Return whether a handle, as a URL, stands for this module: at the mirror or at TF Hub itself."""
        return url in (self.place, f"{_HUB}/{self.handle}")

    def question(self, kind: NetworkKind) -> Question | None:
        """Ask for the archive, unless it is in the user's own cache of tensorflow_hub.

        From here, since TensorFlow takes seconds to start, and tensorflow_hub would then wait for ever.
        """
        from mobilenet_cli.in_tensorflow.downloads import hub, routes
        from mobilenet_cli.models.sources import http

        handle = self._sibling(kind)
        # A mirror is the user's own choice; a handle may be a stranger's.
        if "://" in self.handle and (reason := routes.reason_against(handle)) is not None:
            return lambda: reason
        if (cache := os.environ.get(hub.CACHE)) and _cached(Path(cache), handle).is_dir():
            return None
        return partial(http.reason_against, f"{handle}?tf-hub-format=compressed")

    def fetch(self, kind: NetworkKind, destination: Path, process: TensorFlowProcess) -> Path:
        """Download and unpack the archive into `destination`.

        Raises:
            ModelError: It failed, or what is there is not a SavedModel's archive.
        """
        from mobilenet_cli.in_tensorflow.downloads import hub
        from mobilenet_cli.models.sources import pins

        handle = self._sibling(kind)
        pins.keep(handle, process.call(hub.download, handle, destination, pins.expected(handle)))
        return destination

    def _sibling(self, kind: NetworkKind) -> str:
        """Return the handle of the module of that kind: TF Hub has the two beside each other."""
        for other in get_args(NetworkKind):
            if f"/{other}/" in self.place:
                return self.place.replace(f"/{other}/", f"/{kind}/")
        return self.place


def _cached(cache: Path, handle: str) -> Path:
    """Return where tensorflow_hub keeps a module."""
    import hashlib

    return cache / hashlib.sha1(handle.encode(), usedforsecurity=False).hexdigest()


def _base_url() -> str:
    return (os.environ.get("MNCLASSIFY_HUB_URL") or _HUB).rstrip("/")
