"""Which sources are URLs, which of those are refused, and which need a package that is not installed."""

from __future__ import annotations

import re
from importlib.util import find_spec

from mobilenet_cli.errors import InputError
from mobilenet_cli.machine.extras import install_command

_URL = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]+)://")

_LOCAL = ("file", "local", "git", "reference")
"""The protocols by which fsspec reads this machine's own files: `git` its repositories, `reference` a file of paths."""
_CHAIN = "::"
_CREDENTIALS = re.compile(r"((?:\A|::)[a-zA-Z][a-zA-Z0-9+.-]+://)[^/?#]*@")
_MODULES = {
    **dict.fromkeys(("http", "https"), ("fsspec", "aiohttp")),
    **dict.fromkeys(("s3", "s3a"), ("fsspec", "s3fs")),
    **dict.fromkeys(("gs", "gcs"), ("fsspec", "gcsfs")),
    **dict.fromkeys(_LOCAL, ()),
}
"""The modules that read each protocol. Any other protocol needs fsspec and a package of its own."""


def scheme_of(path: str) -> str:
    """Return a URL's protocol in lower case ("s3"), or "" for a local path."""
    match = _URL.match(path) if "://" in path else None
    return match[1].lower() if match else ""


def is_url(path: str) -> bool:
    """Return whether a path begins with a protocol, as in `s3://bucket/key`; `./s3://…` is a local path."""
    return scheme_of(path) != ""


def is_web(path: str) -> bool:
    """Return whether a path is an `https://` or `http://` URL, which is always one file: the web cannot be listed."""
    return scheme_of(path) in {"http", "https"}


def without_credentials(path: str) -> str:
    """Return a URL without the user and password before its host; any other path as it is."""
    return _CREDENTIALS.sub(r"\1", path) if "@" in path and is_url(path) else path


def refusal(url: str) -> str | None:
    """Return why a URL is refused wherever it is given; None if it may be read.

    A URL never leads to a file of this machine, not even as a link of fsspec's chains (`zip://a.jpg::file:///b.zip`,
    or `zip://a.jpg::/b.zip`): the lists and tables that URLs come from may be a stranger's.
    """
    first, *others = url.split(_CHAIN)
    if (scheme := scheme_of(first)) in _LOCAL:
        return f"name a file of this machine by its path, without {scheme}://"
    if others and not is_web(first) and any(scheme_of(link) in ("", *_LOCAL) for link in others):
        return f"a chain of URLs must not end in a file of this machine ({first}{_CHAIN}…)"
    return None


def check_installed(url: str, use: str = "sources") -> None:
    """Raise an InputError that says what to install, if the modules for this URL are missing; `use`: its use."""
    scheme = scheme_of(url)
    if not all(map(_is_installed, _MODULES.get(scheme, ("fsspec",)))):
        raise InputError(f"{scheme}:// {use} need an extra: {install_command('remote')}")


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return False
