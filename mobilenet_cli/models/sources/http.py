"""Asking servers whether they have something, and downloading it, in time whatever the network does."""

from __future__ import annotations

import base64
import hashlib
import threading
import time
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any

from mobilenet_cli.errors import ModelError
from mobilenet_cli.in_tensorflow.process import report_progress
from mobilenet_cli.models.sources import Question

PROBE_SECONDS = 4.0
"""How long a server may take to say whether it has something."""
HEAD_START = 1.0
"""How long a server may be silent before the ones after it are asked too."""
STALL_SECONDS = 30.0
"""How long a download may stand still."""
_CHUNK = 1 << 18


def answers(questions: Sequence[Question | None]) -> Iterator[str | None]:
    """Yield the answer to each question, in their order; None at once for those that are None.

    A question is asked when the one before it has been answered, or has gone without an answer for
    HEAD_START seconds: so that no server is troubled while another delivers, and that all of them together
    take no more than HEAD_START + PROBE_SECONDS to find out that there is no network.
    """
    asked: dict[int, _Asked] = {}
    for index, question in enumerate(questions):
        if question is None:
            yield None
            continue
        here = asked[index] if index in asked else _Asked(question)
        if not here.answered_within(HEAD_START):
            for later, other in enumerate(questions):
                if later > index and later not in asked and other is not None:
                    asked[later] = _Asked(other)
        yield here.answer()


class _Asked:
    """A question that is being asked in a thread: looking a host's name up has no time-out of its own."""

    def __init__(self, question: Question) -> None:
        self._deadline = time.monotonic() + PROBE_SECONDS
        self._answers: list[str | None] = []
        self._thread = threading.Thread(target=lambda: self._answers.append(question()), daemon=True)
        self._thread.start()

    def answered_within(self, seconds: float) -> bool:
        self._thread.join(seconds)
        return bool(self._answers)

    def answer(self) -> str | None:
        self._thread.join(max(0.0, self._deadline - time.monotonic()))
        return self._answers[0] if self._answers else f"no answer within {PROBE_SECONDS:g} s"


def reason_against(url: str, *, any_answer: bool = False) -> str | None:
    """Ask for `url`, look at the answer's head, and return why it is of no use, or None.

    Args:
        url: What to ask for.
        any_answer: The server need only be there, whatever it answers.
    """
    from urllib.error import HTTPError
    from urllib.request import urlopen

    try:
        with urlopen(url, timeout=PROBE_SECONDS) as answer:  # noqa: S310 - the user's own handle
            return None if any_answer else _web_page(answer)
    except HTTPError as error:
        return None if any_answer else describe(error)
    except Exception as error:  # urllib lets through OSErrors, ValueErrors and http.client's own
        return describe(error)


def download(request: Any, file: Path, text: str, sha256: str = "") -> None:
    """Download into `file`, reporting the bytes. Runs in the TensorFlow process.

    What the server says of the content is checked: its length, and its MD5 as Cloud Storage (X-Goog-Hash) and
    other stores (Content-MD5) send it.

    Args:
        request: A URL or a urllib Request.
        file: Where it goes; it is removed again where the download fails.
        text: What the reports say is going on.
        sha256: What the content's SHA-256 must be, in hexadecimal, where that is known.

    Raises:
        ModelError: It failed; the message is the reason in a few words.
    """
    from urllib.request import urlopen

    try:
        with (
            urlopen(request, timeout=STALL_SECONDS) as answer,  # noqa: S310 - the user's own handle
            file.open("wb") as stream,
        ):
            if reason := _web_page(answer):
                raise ModelError(reason)
            _save(answer, stream, text, sha256)
    except ModelError:
        file.unlink(missing_ok=True)
        raise
    except Exception as error:  # as above
        file.unlink(missing_ok=True)
        raise ModelError(describe(error)) from error


def _save(answer: Any, stream: Any, text: str, sha256: str) -> None:
    length = answer.headers.get("Content-Length", "")
    total = int(length) if length.isdigit() else None
    digests = {"MD5": hashlib.md5(usedforsecurity=False), "SHA-256": hashlib.sha256()}
    done = 0
    while data := answer.read1(_CHUNK):
        stream.write(data)
        for digest in digests.values():
            digest.update(data)
        done += len(data)
        report_progress(text, done, total)
    if total is not None and done < total:
        raise ModelError(f"the connection ended after {done:,} of {total:,} bytes")
    for name, expected in (("MD5", _sent_md5(answer.headers)), ("SHA-256", sha256)):
        actual = digests[name].hexdigest()
        if expected and actual != expected:
            raise ModelError(f"a wrong checksum: {name} {actual}, not {expected}")


def _sent_md5(headers: Any) -> str:
    """Return the MD5 that the server sent, in hexadecimal, or ""."""
    sent = [part.strip() for line in headers.get_all("X-Goog-Hash", []) for part in line.split(",")]
    encoded: list[str] = [part.removeprefix("md5=") for part in sent if part.startswith("md5=")]
    encoded += headers.get_all("Content-MD5", [])
    try:
        return base64.b64decode(encoded[0], validate=True).hex() if encoded else ""
    except ValueError:
        return encoded[0]  # which no content has


def _web_page(answer: Any) -> str | None:
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
    text = getattr(error, "strerror", None) or str(error)
    return next(iter(text.splitlines()), "") or type(error).__name__


def status(code: int, reason: str = "") -> str:
    """Return an HTTP status in words: "HTTP 403 Forbidden"."""
    known = code in HTTPStatus._value2member_map_
    return f"HTTP {code} {HTTPStatus(code).phrase if known else reason}".strip()
