"""Asking a server whether it has something, with a time limit that holds whatever the network does."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
from http import HTTPStatus

from mobilenet_cli.errors import ModelError

PROBE_SECONDS = 4.0
"""How long finding out that there is no network may take."""
STALL_SECONDS = 30.0
"""How long a download may stand still."""


def probe(url: str) -> None:
    """Ask for `url` and look at the answer's head alone.

    In a thread: looking a name up has no time-out of its own.

    Raises:
        ModelError: There is no answer within PROBE_SECONDS, or it is an error or a web page; the message is
            the reason in a few words.
    """
    answers: list[str | None] = []
    thread = threading.Thread(target=lambda: answers.append(_reason_against(url)), daemon=True)
    thread.start()
    thread.join(PROBE_SECONDS)
    reason = answers[0] if answers else f"no answer within {PROBE_SECONDS:g} s"
    if reason is not None:
        raise ModelError(reason)


def _reason_against(url: str) -> str | None:
    try:
        with urllib.request.urlopen(url, timeout=PROBE_SECONDS) as answer:  # noqa: S310 - the user's own handle
            if answer.headers.get_content_type() == "text/html":
                return f"a web page instead of a model, at {answer.url}"
    except (
        OSError,
        ValueError,
    ) as error:  # HTTPException's are OSErrors or ValueErrors but for the exotic ones
        return describe(error)
    return None


def describe(error: BaseException) -> str:
    """Return in a few words why a request failed."""
    if isinstance(error, urllib.error.HTTPError):
        with error:
            known = error.code in HTTPStatus._value2member_map_
            return f"HTTP {error.code} {HTTPStatus(error.code).phrase if known else error.reason}"
    if isinstance(error, urllib.error.URLError) and isinstance(error.reason, BaseException):
        return describe(error.reason)
    if isinstance(error, TimeoutError):
        return "no answer in time"
    text = getattr(error, "strerror", None) or str(error)
    return next(iter(text.splitlines()), "") or type(error).__name__
