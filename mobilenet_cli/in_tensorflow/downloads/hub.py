"""A module of TensorFlow Hub, resolved by tensorflow_hub."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

from mobilenet_cli.errors import ModelError
from mobilenet_cli.in_tensorflow.downloads import http
from mobilenet_cli.in_tensorflow.downloads.expected import NOTHING, Expected

CACHE = "TFHUB_CACHE_DIR"
"""The variable that names the folder where the user has tensorflow_hub keep modules."""


def download(handle: str, destination: Path, expected: Expected = NOTHING) -> str:
    """Download and unpack a handle's module into `destination`, by way of $TFHUB_CACHE_DIR where that is set.

    Returns:
        The archive's SHA-256 in hexadecimal, or "" where the module was in that cache.

    Raises:
        ModelError: It failed; the message is the reason.
    """
    from mobilenet_cli.engines.loading import import_tensorflow
    from mobilenet_cli.in_tensorflow import archive

    import_tensorflow()
    import tensorflow_hub
    from tensorflow_hub import compressed_module_resolver, registry

    file, private_cache = Path(f"{destination}.tar.gz"), Path(f"{destination}.hub")

    digest = ""

    class Resolver(compressed_module_resolver.HttpCompressedFileResolver):  # type: ignore[misc]
        """tensorflow_hub's own, but nothing is unpacked before the whole archive is there and checked."""

        def _call_urlopen(self, request: Any) -> Any:
            nonlocal digest
            digest = http.download(request, file, f"downloading {handle}")
            expected.check(digest)
            archive.check(file)
            return file.open("rb")

    user_cache = os.environ.get(CACHE)
    os.environ[CACHE] = user_cache or str(private_cache)
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
        os.environ[CACHE] = user_cache or ""
        shutil.rmtree(private_cache, ignore_errors=True)
        file.unlink(missing_ok=True)
    return digest
