"""An error from a remote library → one line for the record, and whether another try may help.

The libraries' own messages are not used: they quote whole URLs, with the signatures and passwords that may be in
them. Errors are identified by the names of their classes, so that the libraries need not be imported, or even
installed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus

from mobilenet_cli.remote.patience import silence_seconds


@dataclass(frozen=True, slots=True)
class FetchFailure:
    """Why a try failed.

    Attributes:
        reason: One line.
        passing: Whether another try may help.
        wait: Seconds that the server asks to wait before it.
    """

    reason: str
    passing: bool = False
    wait: float = 0.0


class StatusError(Exception):
    """A server answered with an HTTP status of 400 or more.

    Attributes:
        status: The status, such as 404.
        wait: Seconds that the server asks to wait before another try.
    """

    def __init__(self, status: int, wait: float = 0.0) -> None:
        super().__init__(status)
        self.status, self.wait = status, wait


_SILENT = "the server did not answer within {seconds:g} s"
# Classes of errors by their names, which are aiohttp's, botocore's, gcsfs's, requests' and Python's own; the reason;
# and whether another try may help. The first row that has one of an error's classes decides.
_REASONS: tuple[tuple[tuple[str, ...], str, bool], ...] = (
    (("NoCredentialsError",), "no credentials were found; for a public bucket set FSSPEC_S3_ANON=true", False),
    (("PartialCredentialsError",), "the credentials are incomplete", False),
    (("ProfileNotFound",), "AWS_PROFILE names no profile of your AWS configuration", False),
    (("DefaultCredentialsError",), "no credentials: run `gcloud auth application-default login`", False),
    (("InvalidURL",), "not a valid URL", False),
    (("NonHttpUrlClientError", "NonHttpUrlRedirectClientError"), "it redirects to what is no https:// URL", False),
    (("TooManyRedirects",), "too many redirects", False),
    (("ClientConnectorCertificateError",), "the server's certificate is not valid", False),
    (("SSLError", "ClientSSLError"), "no secure connection to the server is possible", False),
    (("ClientConnectorDNSError", "gaierror"), "the server's name cannot be looked up", True),
    (("ServerTimeoutError", "ReadTimeoutError", "ConnectTimeoutError"), _SILENT, True),
    (("FSTimeoutError", "TimeoutError", "Timeout"), _SILENT, True),
    (
        ("EndpointConnectionError", "ClientConnectorError", "ConnectionRefusedError", "RequestException"),
        "the server cannot be reached",
        True,
    ),
    (
        (
            "ClientPayloadError",
            "ServerDisconnectedError",
            "ConnectionClosedError",
            "IncompleteReadError",
            "ResponseStreamingError",
            "ConnectionError",
            "ClientError",
            "HTTPClientError",
        ),
        "the connection was dropped",
        True,
    ),
    (("ChecksumError",), "what arrived is not what was sent", True),
    (("FileNotFoundError",), "404 Not Found", False),
    (("PermissionError",), "access denied", False),
    (("MemoryError",), "not enough memory to hold it", False),
)
_PASSING = {408, 425, 429}
# Codes of S3's errors that add nothing to the status.
_PLAIN_CODES = {"", "AccessDenied", "Forbidden", "NoSuchKey", "NotFound", "SlowDown", "InternalError"}


def failure_of(error: BaseException) -> FetchFailure:
    """Return why a try failed."""
    if (status := _status(error)) is not None:
        return _refusal(status, wait=getattr(error, "wait", 0.0))
    if (answer := _answer_of_s3(error)) is not None:
        return _refusal(*answer)
    for each in _chain(error):
        names = {kind.__name__ for kind in type(each).__mro__}
        for classes, reason, passing in _REASONS:
            if not names.isdisjoint(classes):
                return FetchFailure(reason.format(seconds=silence_seconds()), passing)
    message = " ".join(str(error).split())
    detail = "" if "://" in message or "?" in message or not message.isprintable() else f": {message[:120]}"
    return FetchFailure(f"cannot be fetched ({type(error).__name__}{detail})")


def is_past_end(error: BaseException) -> bool:
    """Return whether the part of a file that was asked for begins at the file's end or behind it."""
    status = _status(error)
    if status is None and (answer := _answer_of_s3(error)) is not None:
        status = answer[0]
    return status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE


def _answer_of_s3(error: BaseException) -> tuple[int, str] | None:
    """Return the status and the code in one of botocore's errors, or None."""
    for each in _chain(error):
        if isinstance(response := getattr(each, "response", None), dict):
            status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
            return status, str(response.get("Error", {}).get("Code", ""))
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and its causes: s3fs turns botocore's errors into Python's."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__


def _status(error: BaseException) -> int | None:
    if type(error) is OSError and str(error).startswith("Forbidden: "):  # gcsfs's
        return 403
    status = getattr(error, "status" if hasattr(error, "status") else "code", None)  # aiohttp's and ours, gcsfs's
    status = getattr(getattr(error, "response", None), "status_code", status)  # requests'
    return int(str(status)) if str(status).isdecimal() and int(str(status)) >= 400 else None


def _refusal(status: int, code: str = "", wait: float = 0.0) -> FetchFailure:
    if code == "NoSuchBucket":
        return FetchFailure("no such bucket")
    more = "" if code in _PLAIN_CODES or code == str(status) or not code.isalnum() else f" {code}"
    if status in {401, 403}:
        return FetchFailure(f"access denied ({status}{more})")
    try:
        phrase = f" {HTTPStatus(status).phrase}"
    except ValueError:
        phrase = ""
    return FetchFailure(f"{status}{phrase}{more and f' ({more[1:]})'}", status in _PASSING or status >= 500, wait)
