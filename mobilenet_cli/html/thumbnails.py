"""Thumbnails for a page."""

from __future__ import annotations

import base64
import io
import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from mobilenet_cli.errors import ImageError
from mobilenet_cli.images.preprocess import load_thumbnail
from mobilenet_cli.inputs.stdin import STDIN
from mobilenet_cli.machine.cores import usable_cores
from mobilenet_cli.records import Source
from mobilenet_cli.remote.urls import is_url

_QUALITY = 70
_METHOD = 2  # of WebP's 0 to 6; the default, 4, takes twice as long for 4 % fewer bytes
_WINDOW = 8  # thumbnails per thread that may be made ahead


def local_file(path: str, root: str = "") -> str | None:
    """Return the local path of a record's image, or None for a URL or standard input.

    Args:
        path: The record's path.
        root: The folder that relative paths start from; "" is the current one.
    """
    if path == STDIN or is_url(path):
        return None
    return os.path.join(root, path)  # noqa: PTH118 - a Path would rewrite "//" and "./"


def thumbnail(path: str, side: int, *, fast_previews: bool = False) -> str | None:
    """Return a thumbnail of the image at `path` as a data: URI of a WebP, or None if it cannot be read.

    Args:
        path: An image file.
        side: The longer side in pixels. At 192, a photograph takes about 4 kB, or 5.3 kB as a URI.
        fast_previews: See Preprocessing.
    """
    picture = _webp(path, side, fast_previews)
    return None if picture is None else data_uri(picture)


def data_uri(picture: bytes) -> str:
    """Return a WebP as a data: URI."""
    return "data:image/webp;base64," + base64.b64encode(picture).decode()


def thumbnails(paths: Iterable[str | None], side: int, *, fast_previews: bool = False) -> Iterator[bytes | None]:
    """Yield the thumbnail of each path as a WebP, or None for None and for what cannot be read, in order.

    Runs on all cores, a bounded number ahead. The arguments are those of `thumbnail`.
    """
    workers = usable_cores()
    waiting: deque[Future[bytes | None]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        for path in paths:
            waiting.append(pool.submit(_or_none, path, side, fast_previews))
            if len(waiting) > _WINDOW * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _or_none(path: str | None, side: int, fast_previews: bool) -> bytes | None:
    return None if path is None else _webp(path, side, fast_previews)


def _webp(path: str, side: int, fast_previews: bool) -> bytes | None:
    from PIL import Image

    try:
        pixels = load_thumbnail(Source(path), side, fast_previews=fast_previews)
    except ImageError:
        return None
    encoded = io.BytesIO()
    Image.fromarray(pixels).save(encoded, "WEBP", quality=_QUALITY, method=_METHOD)
    return encoded.getvalue()
