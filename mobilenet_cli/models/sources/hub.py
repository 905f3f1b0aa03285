"""TF Hub: a SavedModel's archive at a handle, fetched by tensorflow_hub."""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, get_args

from mobilenet_cli.errors import ModelError
from mobilenet_cli.in_tensorflow.process import TensorFlowProcess
from mobilenet_cli.models.sources import Question, archive, http
from mobilenet_cli.records import NetworkKind

_CACHE = "TFHUB_CACHE_DIR"


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
        if (cache := os.environ.get(_CACHE)) and _cached(Path(cache), handle).is_dir():
            return None
        return partial(http.reason_against, f"{handle}?tf-hub-format=compressed")

    def fetch(self, kind: NetworkKind, destination: Path, process: TensorFlowProcess) -> Path:
        """Download and unpack the archive into `destination`.

        Raises:
            ModelError: It failed, or what is there is not a SavedModel's archive.
        """
        process.call("sources.hub:download", handle=self._sibling(kind), destination=str(destination))
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


def download(handle: str, destination: str) -> None:
    """Resolve a handle with tensorflow_hub, into $TFHUB_CACHE_DIR where that is set. Runs in the TensorFlow process.

    Raises:
        ModelError: It failed; the message is the reason.
    """
    from mobilenet_cli.engines.savedmodel import import_tensorflow

    import_tensorflow()
    import tensorflow_hub
    from tensorflow_hub import compressed_module_resolver, registry

    file, private_cache = Path(f"{destination}.tar.gz"), Path(f"{destination}.hub")

    class Resolver(compressed_module_resolver.HttpCompressedFileResolver):  # type: ignore[misc]
        """tensorflow_hub's own, but nothing is unpacked before the whole archive is there and checked."""

        def _call_urlopen(self, request: Any) -> Any:
            http.download(request, file, f"downloading {handle}")
            archive.check(file)
            return file.open("rb")

    user_cache = os.environ.get(_CACHE)
    os.environ[_CACHE] = user_cache or str(private_cache)
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
    except Exception as error:  # tensorflow_hub lets through what tarfile, zlib and gfile raise
        raise ModelError(http.describe(error)) from error
    finally:
        os.environ[_CACHE] = user_cache or ""
        shutil.rmtree(private_cache, ignore_errors=True)
        file.unlink(missing_ok=True)
