"""Downloading a file over HTTP, checked, and in time whatever the server does."""

from __future__ import annotations

import base64
import hashlib
from http import HTTPStatus
from pathlib import Path
from typing import Any

from mobilenet_cli.errors import ModelError
from mobilenet_cli.in_tensorflow.channel import report_progress
from mobilenet_cli.in_tensorflow.downloads import caps, routes
from mobilenet_cli.text import first_line

STALL_SECONDS = 30.0
"""How long a download may stand still."""
_CHUNK = 1 << 18


def download(request: Any, file: Path, text: str, sha256: str = "") -> str:
    """Download into `file`, with progress in bytes, and return its SHA-256 in hexadecimal.

    The content is checked against what the server sends: its length, and its MD5 as Cloud Storage (X-Goog-Hash)
    and other stores (Content-MD5) give it; and against the limits of `caps` and `routes`.

    Args:
        request: A URL or a urllib Request.
        file: Where it goes; it is removed again where the download fails.
        text: The stage that the progress shows.
        sha256: The content's SHA-256 in hexadecimal, or "" where it is not known.

    Raises:
        ModelError: It failed; the message is the reason in a few words.
    """
    try:
        with (
            routes.opener().open(request, timeout=STALL_SECONDS) as answer,
            file.open("wb") as stream,
        ):
            if reason := web_page(answer):
                raise ModelError(reason)
            return _save(answer, stream, text, sha256)
    except ModelError:
        file.unlink(missing_ok=True)
        raise
    except Exception as error:  # urllib lets through OSErrors, ValueErrors and http.client's own
        file.unlink(missing_ok=True)
        raise ModelError(describe(error)) from error


def _save(answer: Any, stream: Any, text: str, sha256: str) -> str:
    length = answer.headers.get("Content-Length", "")
    total = int(length) if length.isdigit() else None
    digests = {"MD5": hashlib.md5(usedforsecurity=False), "SHA-256": hashlib.sha256()}
    caps.check_bytes(total or 0)
    done, pace = 0, caps.Pace()
    while data := answer.read1(_CHUNK):
        stream.write(data)
        for digest in digests.values():
            digest.update(data)
        done += len(data)
        caps.check_bytes(done)
        pace.came(len(data))
        report_progress(text, done, total)
    if total is not None and done < total:
        raise ModelError(f"the connection ended after {done:,} of {total:,} bytes")
    for name, expected in (("MD5", _sent_md5(answer.headers)), ("SHA-256", sha256)):
        actual = digests[name].hexdigest()
        if expected and actual != expected:
            raise ModelError(f"a wrong checksum: {name} {actual}, not {expected}")
    return digests["SHA-256"].hexdigest()


def _sent_md5(headers: Any) -> str:
    """Return the MD5 that the server sent, in hexadecimal, or ""."""
    sent = [part.strip() for line in headers.get_all("X-Goog-Hash", []) for part in line.split(",")]
    encoded: list[str] = [part.removeprefix("md5=") for part in sent if part.startswith("md5=")]
    encoded += headers.get_all("Content-MD5", [])
    try:
        return base64.b64decode(encoded[0], validate=True).hex() if encoded else ""
    except ValueError:
        return encoded[0]  # which no content has


def web_page(answer: Any) -> str | None:
    """Return why an answer is of no use if it is a web page, else None."""
    is_page = answer.headers.get_content_type() == "text/html"
    return f"a web page instead of a model, at {answer.url}" if is_page else None


def describe(error: BaseException) -> str:
    """Return in a few words why a request failed."""
    from urllib.error import HTTPError, URLError

    if isinstance(error, HTTPError):
        with error:
            return status(error.code, str(error.reason))
    if isinstance(error, URLError) and isinstance(error.reason, BaseException):
        return describe(error.reason)
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return getattr(error, "strerror", None) or first_line(error)


def status(code: int, reason: str = "") -> str:
    """Return an HTTP status in words: "HTTP 403 Forbidden"."""
    known = code in HTTPStatus._value2member_map_
    return f"HTTP {code} {HTTPStatus(code).phrase if known else reason}".strip()
