"""S3 (and what speaks its protocol) and Google Cloud Storage, listed with one page at a time in memory."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from typing import Any

from mobilenet_cli.errors import ImageError
from mobilenet_cli.remote.failures import is_past_end
from mobilenet_cli.remote.patience import CONNECT, THREADS, Patience, silence_seconds
from mobilenet_cli.remote.pieces import WHOLE_IMAGE, Span, check_size, filled, ranges
from mobilenet_cli.remote.retries import TRIES, attempt
from mobilenet_cli.remote.store import ListedEntry


class S3:
    """`s3://`, with the credentials, region and AWS_ENDPOINT_URL that boto finds."""

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
        self._files.retries = 1  # `attempt` retries

    def pieces(self, url: str, patience: Patience, span: Span = WHOLE_IMAGE) -> Iterator[bytes]:
        """Yield the bytes of an object, or of a part of it, in pieces."""
        bucket, key = bucket_and_key(url)
        part = {} if span.header is None else {"Range": span.header}
        try:
            answer = patience.result(self._files._call_s3("get_object", Bucket=bucket, Key=key, **part))
        except Exception as error:
            if part and is_past_end(error):
                return
            raise
        body = answer["Body"]
        try:
            check_size(answer.get("ContentLength") if span.limited else None)
            while piece := patience.result(filled(body.read)):
                yield piece
        finally:
            self._files.loop.call_soon_threadsafe(body.close)

    def size(self, url: str, patience: Patience) -> int:
        """Return how many bytes an object has."""
        bucket, key = bucket_and_key(url)
        answer = patience.result(self._files._call_s3("head_object", Bucket=bucket, Key=key))
        return int(answer["ContentLength"])

    def entries(self, start: str, recursive: bool) -> Iterator[ListedEntry]:
        """Yield the objects whose URL begins with `start`, in the order of their keys in UTF-8.

        Raises:
            ImageError: A page cannot be fetched.
        """
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


class Google:
    """`gs://`, with the credentials that gcsfs finds; public buckets need none."""

    tries = 1  # gcsfs itself tries every request six times

    def __init__(self) -> None:
        from aiohttp import ClientTimeout
        from gcsfs.core import GCSFileSystem

        # Without a handler, logging would print each error, which becomes a row, with its traceback and the URL.
        logging.getLogger("gcsfs").addHandler(logging.NullHandler())
        timeout = ClientTimeout(sock_connect=min(CONNECT, silence_seconds()), sock_read=silence_seconds())
        try:
            self._files = GCSFileSystem(requests_timeout=timeout, skip_instance_cache=True)
        except (KeyError, ValueError) as error:  # a file without credentials, or a token that Google does not know
            raise ImageError("the credentials cannot be used: look at FSSPEC_GS_TOKEN") from error

    def pieces(self, url: str, patience: Patience, span: Span = WHOLE_IMAGE) -> Iterator[bytes]:
        """Yield the bytes of an object, or of a part of it, in pieces."""
        path = "/".join(bucket_and_key(url))
        return ranges(lambda start, end: patience.result(self._files._cat_file(path, start, end)), span)

    def size(self, url: str, patience: Patience) -> int:
        """Return how many bytes an object has."""
        return int(patience.result(self._files._info("/".join(bucket_and_key(url))))["size"])

    def entries(self, start: str, recursive: bool) -> Iterator[ListedEntry]:
        """Yield the objects whose URL begins with `start`, in the order of their keys in UTF-8.

        Raises:
            ImageError: A page cannot be fetched.
        """
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


def bucket_and_key(url: str) -> tuple[str, str]:
    """Return the bucket and the key in a URL as they were typed: nothing is unquoted."""
    bucket, _, key = url.partition("://")[2].partition("/")
    return bucket, key


def _sorted(root: str, names: Iterable[str], folders: Iterable[str]) -> Iterator[ListedEntry]:
    """Yield the entries of one page, in which the names of folders end in "/"."""
    for name in sorted([*names, *folders]):
        yield ListedEntry(root + name.removesuffix("/"), name.endswith("/"))
