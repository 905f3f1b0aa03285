"""TF-Slim's archives of checkpoints."""

from __future__ import annotations

from pathlib import Path

from mobilenet_cli.in_tensorflow.downloads import http


def download(url: str, sha256: str, archive: Path) -> None:
    """Download an archive.

    Args:
        url: The archive's.
        sha256: Its SHA-256 in hexadecimal, or "" where it is not known.
        archive: Where it goes.

    Raises:
        ModelError: It failed.
    """
    http.download(url, archive, f"downloading {url}", sha256)
