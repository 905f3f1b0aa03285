"""Where a download may come from: never from https to http, nor from the internet into a private network."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from mobilenet_cli.errors import ModelError

if TYPE_CHECKING:
    from urllib.request import OpenerDirector

INSECURE = "MNCLASSIFY_INSECURE"
"""The environment variable that `--insecure` sets: models may come over http from other machines."""


def reason_against(url: str) -> str | None:
    """Return why nothing is downloaded from a URL, None where it may be.

    Over plain http, anybody on the way can put another model in its place.
    """
    from urllib.parse import urlsplit

    is_plain = urlsplit(url).scheme.lower() == "http"
    if is_plain and os.environ.get(INSECURE, "").lower() in ("", "0", "false", "no") and not _is_this_machine(url):
        return "plain http, which anybody on the way can change: give an https URL, or --insecure"
    return None


def check_step(before: str, after: str) -> None:
    """Check that a redirection may be followed.

    Raises:
        ModelError: It leads from https to another protocol, or from a public address to a private one.
    """
    from urllib.parse import urlsplit

    protocols = [urlsplit(url).scheme.lower() for url in (before, after)]
    if protocols[1] != "https" and (protocols[0] == "https" or protocols[1] != "http"):
        raise ModelError(f"it is redirected from {protocols[0]} to {protocols[1]}, which is not followed")
    if _is_private(after) and not _is_private(before):
        host = urlsplit(after).hostname
        raise ModelError(f"it is redirected from a public address to a private one ({host}), which is not followed")


def opener() -> OpenerDirector:
    """Return a urllib opener that follows only such redirections."""
    from urllib.request import HTTPRedirectHandler, build_opener

    class Redirects(HTTPRedirectHandler):
        def redirect_request(self, request: Any, *rest: Any) -> Any:
            check_step(request.full_url, rest[-1])
            return super().redirect_request(request, *rest)

    return build_opener(Redirects)


def _is_this_machine(url: str) -> bool:
    import ipaddress
    from urllib.parse import urlsplit

    host = (urlsplit(url).hostname or "").rstrip(".").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_private(url: str) -> bool:
    """Return whether a URL's host has an address that is not of the internet. A name that is not known has none."""
    import ipaddress
    import socket
    from urllib.parse import urlsplit

    if _is_this_machine(url):
        return True
    try:
        found = socket.getaddrinfo(urlsplit(url).hostname, None, type=socket.SOCK_STREAM)
    except (OSError, ValueError):
        return False
    addresses = [ipaddress.ip_address(str(address[0]).partition("%")[0]) for *_, address in found]
    return any(not (getattr(address, "ipv4_mapped", None) or address).is_global for address in addresses)
