"""The places that URLs lead to, each behind the same two questions: what is in this file, and what lies below.

Everything here goes through fsspec, whose filesystems work in one event loop in a thread of its own; the threads
that call these functions wait for it. fsspec and its filesystems are imported when the first URL is met.
"""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any, Protocol

from mobilenet_cli._version import __version__
from mobilenet_cli.errors import ImageError, InputError
from mobilenet_cli.remote.ahead import THREADS
from mobilenet_cli.remote.failures import StatusError
from mobilenet_cli.remote.patience import CONNECT, TRIES, Patience, attempt, silence_seconds
from mobilenet_cli.remote.urls import check_installed, scheme_of

MAX_BYTES = 256 << 20
"""How large an image may be: what is larger is refused before it fills the memory."""
_PIECE = 1 << 20
_RANGE = 8 << 20

Entry = tuple[str, bool]
"""The URL of a file or, if True, of a folder, which has no "/" at its end."""


class Store(Protocol):
    """What can be asked of a place. Both methods raise whatever their library raises."""

    tries: int
    """How often each question is worth asking."""

    def pieces(self, url: str, patience: Patience) -> Iterator[bytes]:
        """Yield what is in a file, piece by piece."""
        ...

    def entries(self, start: str, recursive: bool) -> Iterator[Entry]:
        """Yield the files whose URL begins with `start`, sorted by URL.

        If not `recursive`, those that have no further "/"; what has one is the entry of a folder.
        """
        ...


def store_of(url: str) -> Store:
    """Return the store that a URL leads to.

    Raises:
        ImageError: What reads it is not installed.
    """
    scheme = scheme_of(url)
    kinds: dict[str, Callable[[], Store]] = {"http": _Web, "s3": _S3, "s3a": _S3, "gs": _Google, "gcs": _Google}
    with _making:
        if scheme not in _stores:
            try:
                check_installed(url)
            except InputError as error:
                raise ImageError(str(error)) from error
            _stores[scheme] = kinds.get("http" if scheme == "https" else scheme, _Other)()
        return _stores[scheme]


_stores: dict[str, Store] = {}
_making = threading.Lock()


def check_size(size: int | None) -> None:
    """Raise an ImageError if a file of this many bytes is too large."""
    if size is not None and size > MAX_BYTES:
        raise ImageError(f"too large: the limit is {MAX_BYTES >> 20} MiB")


class _Web:
    """`https://` and `http://`: files, and nothing to list."""

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
            while piece := patience.result(_filled(response.content.read)):
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

    def entries(self, start: str, recursive: bool) -> Iterator[Entry]:
        raise ImageError("a web server's files cannot be listed")


class _S3:
    """`s3://`: credentials, region and AWS_ENDPOINT_URL as boto finds them."""

    tries = TRIES

    def __init__(self) -> None:
        from s3fs import S3FileSystem

        settings = {
            "connect_timeout": min(CONNECT, silence_seconds()),
            "read_timeout": silence_seconds(),
            "retries": {"total_max_attempts": 1},
            "max_pool_connections": THREADS + 1,
        }
        self._files = S3FileSystem(config_kwargs=settings, skip_instance_cache=True)
        self._files.retries = 1  # `attempt` is enough

    def pieces(self, url: str, patience: Patience) -> Iterator[bytes]:
        bucket, key = bucket_and_key(url)
        answer = patience.result(self._files._call_s3("get_object", Bucket=bucket, Key=key))
        body = answer["Body"]
        try:
            check_size(answer.get("ContentLength"))
            while piece := patience.result(_filled(body.read)):
                yield piece
        finally:
            self._files.loop.call_soon_threadsafe(body.close)

    def entries(self, start: str, recursive: bool) -> Iterator[Entry]:
        bucket, prefix = bucket_and_key(start)
        query = {"Bucket": bucket, "Prefix": prefix, "Delimiter": "" if recursive else "/"}
        patience = Patience()

        def page() -> dict[str, Any]:
            found: dict[str, Any] = patience.result(self._files._call_s3("list_objects_v2", **query))
            return found

        root = start[: len(start) - len(prefix)]
        while True:
            found = attempt(page, patience, self.tries)
            names = (each["Key"] for each in found.get("Contents", ()))
            yield from _sorted(root, names, (each["Prefix"] for each in found.get("CommonPrefixes", ())))
            if not found.get("IsTruncated"):
                return
            query["ContinuationToken"] = found["NextContinuationToken"]


class _Google:
    """`gs://`: credentials as gcsfs finds them, none for public buckets."""

    tries = 1  # gcsfs tries everything six times itself

    def __init__(self) -> None:
        from aiohttp import ClientTimeout
        from gcsfs.core import GCSFileSystem

        timeout = ClientTimeout(sock_connect=min(CONNECT, silence_seconds()), sock_read=silence_seconds())
        self._files = GCSFileSystem(requests_timeout=timeout, skip_instance_cache=True)

    def pieces(self, url: str, patience: Patience) -> Iterator[bytes]:
        path = "/".join(bucket_and_key(url))
        return _ranges(lambda start, end: patience.result(self._files._cat_file(path, start, end)))

    def entries(self, start: str, recursive: bool) -> Iterator[Entry]:
        bucket, prefix = bucket_and_key(start)
        query = {"prefix": prefix or None, "delimiter": None if recursive else "/", "pageToken": None}
        patience = Patience()

        def page() -> dict[str, Any]:
            call = self._files._call("GET", "b/{}/o", bucket, json_out=True, maxResults=1000, **query)
            found: dict[str, Any] = patience.result(call)
            return found

        root = start[: len(start) - len(prefix)]
        while True:
            found = attempt(page, patience, self.tries)
            yield from _sorted(root, (each["name"] for each in found.get("items", ())), found.get("prefixes", ()))
            query["pageToken"] = found.get("nextPageToken")
            if query["pageToken"] is None:
                return


class _Other:
    """Any other protocol that fsspec has a filesystem for, which is one a thread: few of them may be shared."""

    tries = TRIES

    def pieces(self, url: str, patience: Patience) -> Iterator[bytes]:
        files, path = _filesystem(url)
        if files.async_impl:
            return _ranges(lambda start, end: patience.result(files._cat_file(path, start=start, end=end)))
        return _ranges(lambda start, end: files.cat_file(path, start=start, end=end))

    def entries(self, start: str, recursive: bool) -> Iterator[Entry]:
        folder = start[: start.rfind("/") + 1]
        files, root = _filesystem(folder)
        root = root.rstrip("/") + "/"
        depth = None if recursive else 1
        found = attempt(
            lambda: files.find(root, maxdepth=depth, withdirs=not recursive, detail=True), Patience(), self.tries
        )
        for path in sorted(found):
            url = folder + path.removeprefix(root)
            if path.startswith(root) and url.startswith(start):
                yield url, found[path].get("type") == "directory"


def bucket_and_key(url: str) -> tuple[str, str]:
    """Return what a URL of an object store names, both as they are typed: nothing is unquoted."""
    bucket, _, key = url.partition("://")[2].partition("/")
    return bucket, key


def _sorted(root: str, names: Iterable[str], folders: Iterable[str]) -> Iterator[Entry]:
    """Yield the entries of one page, whose folders end in "/"."""
    for name in sorted([*names, *folders]):
        yield root + name.removesuffix("/"), name.endswith("/")


async def _filled(read: Callable[[int], Awaitable[bytes]]) -> bytes:
    """Read a whole piece: what a stream gives at once is often less, and each call from a thread has its price."""
    piece = bytearray()
    while len(piece) < _PIECE and (some := await read(_PIECE - len(piece))):
        piece += some
    return bytes(piece)


def _ranges(read: Callable[[int, int], bytes]) -> Iterator[bytes]:
    """Yield a file in ranges: one alone for most images, and no question for their size before."""
    start = 0
    while True:
        try:
            piece = read(start, start + _RANGE)
        except Exception as error:
            if getattr(error, "code", None) == 416:  # nothing is left
                return
            raise
        yield piece
        start += len(piece)
        if len(piece) < _RANGE:
            return


def _filesystem(url: str) -> Any:
    """Return this thread's filesystem for a URL, and the path in it.

    Raises:
        ImageError: There is none.
    """
    import fsspec

    try:
        return fsspec.url_to_fs(url)
    except (ImportError, ValueError) as error:  # ValueError: no such protocol
        raise ImageError(f"{scheme_of(url)}:// cannot be read: {error}") from error
