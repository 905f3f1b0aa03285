"""A URL → the store that reads it: S3, Google Cloud Storage, the web, or another of fsspec's filesystems.

fsspec's filesystems work in one event loop in a thread of its own, and the threads that call these functions wait
for it. fsspec and its filesystems are imported when the first URL comes.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

from mobilenet_cli._version import __version__
from mobilenet_cli.errors import ImageError, InputError
from mobilenet_cli.remote.failures import StatusError
from mobilenet_cli.remote.patience import CONNECT, Patience, silence_seconds
from mobilenet_cli.remote.pieces import check_size, filled, ranges
from mobilenet_cli.remote.retries import TRIES, attempt
from mobilenet_cli.remote.store import ListedEntry, ObjectStore
from mobilenet_cli.remote.urls import check_installed, refusal, scheme_of


def store_of(url: str, patience: Patience | None = None) -> ObjectStore:
    """Return the store that reads a URL, which is created with the first URL of its protocol.

    Args:
        url: The URL to read or list.
        patience: How long to wait; None for a new one that nobody can stop.

    Raises:
        ImageError: The URL is refused, or its library is not installed or cannot be set up, for example for lack of
            credentials.
    """
    if (reason := refusal(url)) is not None:
        raise ImageError(reason)
    scheme = scheme_of(url)
    from mobilenet_cli.remote.buckets import S3, Google

    kinds: dict[str, type[ObjectStore]] = {
        **dict.fromkeys(("http", "https"), _Web),
        **dict.fromkeys(("s3", "s3a"), S3),
        **dict.fromkeys(("gs", "gcs"), Google),
    }
    kind = kinds.get(scheme, _Other)
    # One lock per protocol: gcsfs asks a server about its credentials, and no other protocol should wait for that.
    with _making.setdefault(scheme, threading.Lock()):
        if scheme not in _stores:
            try:
                check_installed(url)
            except InputError as error:
                raise ImageError(str(error)) from error
            _stores[scheme] = attempt(kind, patience or Patience(), kind.tries)
        return _stores[scheme]


_stores: dict[str, ObjectStore] = {}
_making: dict[str, threading.Lock] = {}


class _Web:
    """`https://` and `http://`: files that can be read but not listed."""

    tries = TRIES

    def __init__(self) -> None:
        from aiohttp import ClientTimeout
        from fsspec.implementations.http import HTTPFileSystem

        connect = min(CONNECT, silence_seconds())
        options = {
            "timeout": ClientTimeout(connect=connect, sock_connect=connect, sock_read=silence_seconds()),
            "headers": {"User-Agent": f"mnclassify/{__version__}"},
            "trust_env": True,  # proxies
        }
        self._files = HTTPFileSystem(client_kwargs=options, skip_instance_cache=True)

    def pieces(self, url: str, patience: Patience) -> Iterator[bytes]:
        response = patience.result(self._answer(url))
        try:
            check_size(response.content_length)
            while piece := patience.result(filled(response.content.read)):
                yield piece
        finally:
            self._files.loop.call_soon_threadsafe(response.close)

    async def _answer(self, url: str) -> Any:
        session = await self._files.set_session()
        response = await session.get(self._files.encode_url(url))
        if response.status >= 400:
            response.close()
            wait = response.headers.get("Retry-After", "")
            raise StatusError(response.status, float(wait) if wait.isdecimal() else 0.0)
        return response

    def entries(self, start: str, recursive: bool) -> Iterator[ListedEntry]:
        raise ImageError("a web server's files cannot be listed")


class _Other:
    """Any other protocol that fsspec has a filesystem for. Each thread has its own: few of them are thread-safe."""

    tries = TRIES

    def pieces(self, url: str, patience: Patience) -> Iterator[bytes]:
        files, path = _filesystem(url)
        if files.async_impl:
            return ranges(lambda start, end: patience.result(files._cat_file(path, start=start, end=end)))
        return ranges(lambda start, end: files.cat_file(path, start=start, end=end))

    def entries(self, start: str, recursive: bool) -> Iterator[ListedEntry]:
        folder = start[: start.rfind("/") + 1]

        def listed() -> tuple[str, dict[str, Any]]:
            files, path = _filesystem(folder)
            root = path.rstrip("/") + "/"
            return root, files.find(root, maxdepth=None if recursive else 1, withdirs=not recursive, detail=True)

        root, found = attempt(listed, Patience(), self.tries)
        for path in sorted(found):
            url = folder + path.removeprefix(root)
            if path.startswith(root) and url.startswith(start):
                yield ListedEntry(url, found[path].get("type") == "directory")


def _filesystem(url: str) -> Any:
    """Return this thread's filesystem for a URL, and the path in it.

    Raises:
        ImageError: fsspec has none for its protocol.
        Exception: The filesystem cannot be set up. The message may quote the URL.
    """
    import fsspec

    scheme = scheme_of(url)
    try:
        fsspec.get_filesystem_class(scheme)
    except (ImportError, ValueError) as error:  # ValueError: no such protocol
        raise ImageError(f"{scheme}:// cannot be read: {error}") from error
    return fsspec.url_to_fs(url)
