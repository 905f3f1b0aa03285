"""What went wrong between here and a server → one line for the record, and whether another try may help.

The reasons are made here and not taken from the libraries: their messages quote whole URLs, with the signatures
and passwords that may be in them. The libraries' errors are known by the names of their classes, so that none of
these libraries has to be imported, or be there at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus

from mobilenet_cli.remote.patience import silence_seconds


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a try has failed.

    Attributes:
        reason: One line.
        passing: Whether another try may help.
        wait: Seconds that the server asks to be left alone before that.
    """

    reason: str
    passing: bool = False
    wait: float = 0.0


class StatusError(Exception):
    """A server has answered with an HTTP status that is an error.

    Attributes:
        status: The status, such as 404.
        wait: Seconds that it asks to be left alone.
    """

    def __init__(self, status: int, wait: float = 0.0) -> None:
        super().__init__(status)
        self.status, self.wait = status, wait


_SILENT = "the server did not answer within {seconds:g} s"
_DROPPED = "the connection was dropped"
_KINDS = (
    # The first of these that is among an error's classes decides. The names are aiohttp's, botocore's,
    # gcsfs's, requests' and Python's own.
    ("NoCredentialsError", "no credentials were found; for a public bucket set FSSPEC_S3_ANON=true", 0),
    ("PartialCredentialsError", "the credentials are incomplete", 0),
    ("ProfileNotFound", "AWS_PROFILE names no profile of your AWS configuration", 0),
    ("DefaultCredentialsError", "no credentials: run `gcloud auth application-default login`", 0),
    ("InvalidURL", "not a valid URL", 0),
    ("NonHttpUrlClientError", "it redirects to what is no https:// URL", 0),
    ("NonHttpUrlRedirectClientError", "it redirects to what is no https:// URL", 0),
    ("TooManyRedirects", "too many redirects", 0),
    ("ClientConnectorCertificateError", "the server's certificate is not valid", 0),
    ("SSLError", "no secure connection to the server is possible", 0),
    ("ClientSSLError", "no secure connection to the server is possible", 0),
    ("ClientConnectorDNSError", "the server's name cannot be looked up", 1),
    ("gaierror", "the server's name cannot be looked up", 1),
    ("ServerTimeoutError", _SILENT, 1),
    ("ReadTimeoutError", _SILENT, 1),
    ("ConnectTimeoutError", _SILENT, 1),
    ("FSTimeoutError", _SILENT, 1),
    ("TimeoutError", _SILENT, 1),
    ("Timeout", _SILENT, 1),
    ("EndpointConnectionError", "the server cannot be reached", 1),
    ("ClientConnectorError", "the server cannot be reached", 1),
    ("ConnectionRefusedError", "the server cannot be reached", 1),
    ("RequestException", "the server cannot be reached", 1),
    ("ClientPayloadError", _DROPPED, 1),
    ("ServerDisconnectedError", _DROPPED, 1),
    ("ConnectionClosedError", _DROPPED, 1),
    ("IncompleteReadError", _DROPPED, 1),
    ("ResponseStreamingError", _DROPPED, 1),
    ("ConnectionError", _DROPPED, 1),
    ("ClientError", _DROPPED, 1),
    ("HTTPClientError", _DROPPED, 1),
    ("ChecksumError", "what arrived is not what was sent", 1),
    ("FileNotFoundError", "404 Not Found", 0),
    ("PermissionError", "access denied", 0),
    ("MemoryError", "not enough memory to hold it", 0),
)
_PASSING = {408, 425, 429}
# What an S3 error's code adds nothing to: its status says the same.
_PLAIN_CODES = {"", "AccessDenied", "Forbidden", "NoSuchKey", "NotFound", "SlowDown", "InternalError"}


def failure_of(error: BaseException) -> Failure:
    """Say why a try has failed."""
    if (status := _status(error)) is not None:
        return _refusal(status, wait=getattr(error, "wait", 0.0))
    for each in _chain(error):
        if isinstance(response := getattr(each, "response", None), dict):  # botocore's
            status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
            return _refusal(status, str(response.get("Error", {}).get("Code", "")))
    for each in _chain(error):
        names = {kind.__name__ for kind in type(each).__mro__}
        for name, reason, passing in _KINDS:
            if name in names:
                return Failure(reason.format(seconds=silence_seconds()), bool(passing))
    detail = " ".join(str(error).split())
    told = "" if "://" in detail or "?" in detail or not detail.isprintable() else f": {detail[:120]}"
    return Failure(f"cannot be fetched ({type(error).__name__}{told})")


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and those that it was made of: s3fs turns botocore's into Python's."""
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


def _refusal(status: int, code: str = "", wait: float = 0.0) -> Failure:
    if code == "NoSuchBucket":
        return Failure("no such bucket")
    more = "" if code in _PLAIN_CODES or code == str(status) or not code.isalnum() else f" {code}"
    if status in {401, 403}:
        return Failure(f"access denied ({status}{more})")
    try:
        phrase = f" {HTTPStatus(status).phrase}"
    except ValueError:
        phrase = ""
    return Failure(f"{status}{phrase}{more and f' ({more[1:]})'}", status in _PASSING or status >= 500, wait)
