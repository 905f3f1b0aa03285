r"""Where a page's links lead: from the page's folder to the images, or below a URL of the user's.

Every byte of a path but letters, digits and the like is escaped, so that no path is taken for a protocol, a query or
a folder above. A path that was read from JSON may have lost its bytes that are not UTF-8 to the text \xff: the file
of the right name is found again.
"""

from __future__ import annotations

import os
import re
from urllib.parse import quote, urlsplit

from mobilenet_cli.inputs.archives import is_archive
from mobilenet_cli.inputs.stdin import STDIN
from mobilenet_cli.remote.urls import is_url, is_web

# A path stays the string that it was: a Path would rewrite "//" and "./".
# ruff: noqa: PTH100, PTH113, PTH117, PTH118, PTH120

_UNESCAPED = "/!~*'()"  # beside letters, digits, "_", ".", "-": what JavaScript's encodeURIComponent leaves, and "/"
_OF_URLS = ":/?#[]@!$&'()*+,;=%~"
_LOST_BYTE = re.compile(r"\\x([89a-f][0-9a-f])")


def escaped(path: str) -> str:
    """Return a path's exact bytes as the path of a URL."""
    return quote(os.fsencode(path), safe=_UNESCAPED)


def exact_path(path: str, root: str = "") -> str:
    r"""Return the path of a record with the bytes that JSON shows as \xff, if there is such a file, else as it is.

    Args:
        path: The record's path.
        root: The folder that relative paths start from; "" is the current one.
    """
    if "\\x" not in path or os.path.lexists(os.path.join(root, path)):
        return path
    found = _LOST_BYTE.sub(lambda match: chr(0xDC00 + int(match[1], 16)), path)
    return found if os.path.lexists(os.path.join(root, found)) else path


def is_link_base(url: str) -> bool:
    """Return whether the links of a page may begin with `url`: it leads to a server or a folder, and runs nothing."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    leads = parts.netloc if parts.scheme in ("http", "https") else parts.path.startswith("/")
    plain = url.isascii() and url.isprintable() and not set(url) & set(" \"'<>\\^`{|};,")
    return parts.scheme in ("http", "https", "file") and bool(leads) and plain


class Links:
    """The links of one page.

    Args:
        folder: The page's folder; "" is the current one, and None a place from which no relative link leads here.
        root: The folder that relative paths start from; "" is the current one.
        base: The URL that stands for `root` instead, which `is_link_base`; None: links are relative.
        common: The folder that all paths begin with, ending in "/", or "".

    Attributes:
        common: That folder.
        start: The link to that folder, which ends in "/"; None where it has none.
    """

    def __init__(self, folder: str | None, root: str, base: str | None, common: str) -> None:
        self.common = common
        self._root = os.path.abspath(root)
        self._folder = None if folder is None else os.path.abspath(folder)
        self._base = base if base is None or base.endswith("/") or urlsplit(base).query else f"{base}/"
        self.start = None if is_url(common) else self._target(common or "./", is_folder=True)

    @property
    def origin(self) -> str:
        """The origin of `base`, for a Content-Security-Policy; "" where there is none or it is this machine."""
        parts = urlsplit(self._base or "")
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}" if parts.netloc else ""

    @property
    def scheme(self) -> str:
        """The protocol of `base`, such as "https:"; "" where there is none."""
        return f"{urlsplit(self._base).scheme}:" if self._base else ""

    def link(self, path: str) -> str | None:
        """Return the link to an image; None where none leads there.

        That is so for standard input, for members of archives, for URLs of object stores and, where links are
        relative, for files that are not there.
        """
        if path == STDIN:
            return None
        if is_url(path):
            return quote(os.fsencode(path), safe=_OF_URLS) if is_web(path) else None
        if self._base is None:
            return self._target(path) if os.path.isfile(os.path.join(self._root, path)) else None
        return None if _is_member(path) else self._target(path)

    def by_rule(self, path: str) -> str | None:
        """Return the link that the page itself makes of a path: `start` and what follows the common folder."""
        rest = path[len(self.common) :]
        return None if self.start is None or rest.startswith("/") or is_url(path) else self.start + escaped(rest)

    def _target(self, path: str, *, is_folder: bool = False) -> str | None:
        end = "/" if is_folder else ""
        whole = os.path.normpath(os.path.join(self._root, path))
        if self._base is None:
            if self._folder is None:
                return None
            relative = os.path.relpath(whole, self._folder)
            return "" if is_folder and relative == "." else escaped(relative) + end
        relative = os.path.relpath(whole, self._root)
        if relative == "..":
            return None
        if relative.startswith("../"):
            if not os.path.isabs(path):
                return None
            relative = whole.lstrip("/")
        return self._base if is_folder and relative == "." else self._base + escaped(relative) + end


def _is_member(path: str) -> bool:
    """Return whether a path is that of an image in an archive, by the ending of a folder above it."""
    above = os.path.dirname(path)
    while above not in ("", "/"):
        if is_archive(above):
            return True
        above = os.path.dirname(above) if os.path.dirname(above) != above else ""
    return is_archive(path.partition("#")[0])
