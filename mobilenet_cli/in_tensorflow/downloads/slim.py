"""TF-Slim's archives of checkpoints, converted to SavedModels."""

from __future__ import annotations

from pathlib import Path

from mobilenet_cli.in_tensorflow import packaged
from mobilenet_cli.in_tensorflow.downloads import http
from mobilenet_cli.records import NetworkKind


def download(url: str, sha256: str, destination: Path, kind: NetworkKind) -> Path:
    """Download an archive and convert its checkpoint.

    Args:
        url: The archive's.
        sha256: Its SHA-256 in hexadecimal, or "" where it is not known.
        destination: Where the SavedModel goes.
        kind: Which network to make of the checkpoint.

    Returns:
        The model's path: see packaged.convert_packaged.

    Raises:
        ModelError: It failed, or the archive holds no checkpoint of MobileNet V1.
    """
    archive = Path(f"{destination}.tgz")
    try:
        http.download(url, archive, f"downloading {url}", sha256)
        return packaged.convert_packaged(archive, destination, kind)
    finally:
        archive.unlink(missing_ok=True)
