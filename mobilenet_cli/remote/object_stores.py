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
from mobilenet_cli.remote.failures import StatusError, is_past_end
from mobilenet_cli.remote.patience import CONNECT, Patience, silence_seconds
from mobilenet_cli.remote.pieces import WHOLE_IMAGE, Span, check_size, filled, ranges
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


_NO_PARTS = "the server sends no parts of files, which such an archive is read by: download it"


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

    def pieces(self, url: str, patience: Patience, span: Span = WHOLE_IMAGE) -> Iterator[bytes]:
        try:
            response = patience.result(self._answer(url, span.header))
        except StatusError as error:
            if span.begin and is_past_end(error):
                return
            raise
        try:
            is_part = response.status == 206
            if span.end is not None and not is_part:
                raise ImageError(_NO_PARTS)
            before = 0 if is_part else span.begin  # a server that sends no parts begins again
            check_size(response.content_length if span.limited else None)
            while piece := patience.result(filled(response.content.read)):
                before, piece = max(0, before - len(piece)), piece[before:]
                if piece:
                    yield piece
        finally:
            self._files.loop.call_soon_threadsafe(response.close)

    def size(self, url: str, patience: Patience) -> int:
        response = patience.result(self._answer(url, "bytes=0-0"))  # HEAD is refused by URLs that are signed for GET
        try:
            whole = response.headers.get("Content-Range", "").rpartition("/")[2]
            if response.status != 206 or not whole.isdecimal():
                raise ImageError(_NO_PARTS)
            return int(whole)
        finally:
            self._files.loop.call_soon_threadsafe(response.close)

    async def _answer(self, url: str, part: str | None) -> Any:
        session = await self._files.set_session()
        # As it is: an offset in a file that is compressed on its way is no offset in the file.
        headers = {} if part is None else {"Range": part, "Accept-Encoding": "identity"}
        response = await session.get(self._files.encode_url(url), headers=headers)
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

    def pieces(self, url: str, patience: Patience, span: Span = WHOLE_IMAGE) -> Iterator[bytes]:
        files, path = _filesystem(url)
        if files.async_impl:
            return ranges(lambda start, end: patience.result(files._cat_file(path, start=start, end=end)), span)
        return ranges(lambda start, end: files.cat_file(path, start=start, end=end), span)

    def size(self, url: str, patience: Patience) -> int:
        files, path = _filesystem(url)
        return int((patience.result(files._info(path)) if files.async_impl else files.info(path))["size"])

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
