"""TF Hub: a SavedModel's archive at a handle, fetched by tensorflow_hub."""

from __future__ import annotations

import os
import shutil
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, get_args

from mobilenet_cli.errors import ModelError
from mobilenet_cli.models.manifest import Kind
from mobilenet_cli.models.sources import network
from mobilenet_cli.models.tensorflow_process import TensorFlowProcess, report_progress


@dataclass(frozen=True, slots=True)
class Hub:
    """A TF Hub handle, at tfhub.dev or at a mirror."""

    title: ClassVar[str] = "TF Hub"
    needs_network: ClassVar[bool] = True
    handle: str

    @property
    def place(self) -> str:
        """The handle."""
        return self.handle

    def fetch(self, kind: Kind, destination: Path, process: TensorFlowProcess) -> None:
        """Download and unpack the archive into `destination`.

        The server is asked from here first: TensorFlow takes seconds to start, and would then wait for ever.

        Raises:
            ModelError: The handle is out of reach, or what is there is not a SavedModel's archive.
        """
        handle = self._sibling(kind)
        if not os.environ.get("TFHUB_CACHE_DIR"):
            network.probe(f"{handle}?tf-hub-format=compressed")
        process.call("sources.hub:download", handle=handle, destination=str(destination))

    def _sibling(self, kind: Kind) -> str:
        """Return the handle of the module of that kind: TF Hub has the two beside each other."""
        for other in get_args(Kind):
            if f"/{other}/" in self.handle:
                return self.handle.replace(f"/{other}/", f"/{kind}/")
        return self.handle


def download(handle: str, destination: str) -> None:
    """Resolve a handle with tensorflow_hub, into $TFHUB_CACHE_DIR where that is set. Runs in the TensorFlow process.

    Raises:
        ModelError: It failed; the message is the reason.
    """
    from mobilenet_cli.engines.savedmodel import import_tensorflow

    import_tensorflow()
    import tensorflow_hub
    from tensorflow_hub import compressed_module_resolver, registry

    class Resolver(compressed_module_resolver.HttpCompressedFileResolver):  # type: ignore[misc]
        """tensorflow_hub's own, with a time-out, and counting the bytes."""

        def _call_urlopen(self, request: Any) -> Any:
            answer = urllib.request.urlopen(  # noqa: S310 - the user's own handle
                request, timeout=network.STALL_SECONDS, context=self._context
            )
            return _Counted(answer, f"downloading {handle}")

    private_cache = Path(f"{destination}.hub")
    user_cache = os.environ.get("TFHUB_CACHE_DIR")
    os.environ["TFHUB_CACHE_DIR"] = user_cache or str(private_cache)
    registry.resolver.add_implementation(Resolver())
    try:
        folder = Path(tensorflow_hub.resolve(handle))
        if not (folder / "saved_model.pb").is_file():
            raise ModelError("the archive holds no SavedModel")
        if user_cache:
            shutil.copytree(folder, destination)
        else:
            folder.rename(destination)
    except ModelError:
        raise
    except Exception as error:  # tensorflow_hub lets through what tarfile, zlib, urllib and gfile raise
        raise ModelError(network.describe(error)) from error
    finally:
        shutil.rmtree(private_cache, ignore_errors=True)


class _Counted:
    """An HTTP answer that reports how much of it has been read."""

    def __init__(self, answer: Any, text: str) -> None:
        self._answer, self._text, self._done = answer, text, 0
        length = answer.headers.get("Content-Length", "")
        self._total = int(length) if length.isdigit() else None

    def read(self, size: int = -1) -> bytes:
        data: bytes = self._answer.read(size)
        self._done += len(data)
        if not data and size and self._total is not None and self._done < self._total:
            raise ModelError(f"the connection ended after {self._done:,} of {self._total:,} bytes")
        report_progress(self._text, self._done, self._total)
        return data
